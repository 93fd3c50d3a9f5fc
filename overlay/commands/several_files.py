"""One file or many: all are planned before the first is worked on, and one that fails is said.

plan each    everything that can be refused; two that would write one file stop it all
do each      one after the other; whatever is raised ends that one file
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands.console import Bars, report, say
from overlay.errors import BatchError, OverlayError, UsageError
from overlay.files import is_folder, is_there, make_folder
from overlay.reporting import Reporter

if TYPE_CHECKING:
    from overlay.pipeline import Job, Rendered

Plan = Callable[[str, Path | None, Reporter], "Job"]
"""From a path, a target or folder, and whom to tell, to a job."""


def for_each(
    paths: Sequence[str], args: argparse.Namespace, plan: Plan, show: Callable[[Rendered], None]
) -> None:
    """Make a product of every path.

    Args:
        paths: Files.
        args: ``output``, ``quiet``, ``debug``; no file that a flag names is ever a target.
        plan: Makes the job for one file.
        show: Prints what came out of one.

    Raises:
        OverlayError: The failure itself, if there is one file.
        UsageError: Two files would be written to one target, or over a file that is named.
        BatchError: Some of several files failed.
    """
    with output_place(args.output, len(paths)) as out:
        failures = _Failures(len(paths), debug=args.debug)
        jobs = []
        for number, path in enumerate(paths, start=1):
            with failures.of(path), Bars(quiet=args.quiet, prefix=_prefix(path, paths)) as bars:
                jobs.append((number, path, plan(path, out, bars.reporter)))
        _check_targets([(path, job.target) for _, path, job in jobs], args)
        for number, path, job in jobs:
            if len(paths) > 1 and not args.quiet:
                say(f"{number}/{len(paths)} {path}")
            with failures.of(path):
                with Bars(quiet=args.quiet) as bars:
                    done = job.run(bars.reporter)
                show(done)
        failures.check()


def _prefix(path: str, paths: Sequence[str]) -> str:
    return f"{path}: " if len(paths) > 1 else ""


class _Failures:
    """What went wrong with some of several files; with one file it is raised as it is."""

    def __init__(self, n_files: int, *, debug: bool) -> None:
        self._n_files, self._debug = n_files, debug
        self._codes: list[int] = []

    @contextmanager
    def of(self, path: str) -> Iterator[None]:
        """Whatever the block raises is said and counted, if there are more files."""
        try:
            yield
        except Exception as error:
            if self._n_files == 1:
                raise
            if not isinstance(error, OverlayError):
                say(f"{path}:")
            report(error, debug=self._debug)
            self._codes.append(getattr(error, "exit_code", 1))

    def check(self) -> None:
        """Say how many failed.

        Raises:
            BatchError: Some did.
        """
        if self._codes:
            raise BatchError(len(self._codes), self._n_files, self._codes[-1])


def _check_targets(targets: Sequence[tuple[str, Path]], args: argparse.Namespace) -> None:
    inputs = {_real(each): each for each in _named_files(args)}
    taken: dict[str, str] = {}
    for path, target in targets:
        place = _real(target)
        if place in inputs:
            raise UsageError(f"{target}: is an input; choose another name with -o")
        if place in taken:
            raise UsageError(
                f"{taken[place]} and {path} would both be written to {target}; "
                "do them apart, or give each its own folder with -o"
            )
        taken[place] = path


def _real(path: str | Path) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


def _named_files(args: argparse.Namespace) -> Iterator[str]:
    """All that the command line names and that could be a file, but for where results go."""
    for name, value in vars(args).items():
        if name in ("output", "output_dir", "contact_sheet", "command"):
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each


@contextmanager
def output_place(output: str | None, n_files: int) -> Iterator[Path | None]:
    """The target or folder that ``-o`` names; a folder is made, and goes again if nothing came.

    Several files need a folder, and a name that ends in a slash is one.

    Args:
        output: As it was given.
        n_files: How many files go there.

    Raises:
        UsageError: Several files are to go into something that is no folder.
        OutputError: The folder cannot be made.
    """
    if output is None:
        yield None
        return
    folder = Path(output)
    named_as_folder = output.endswith(("/", os.sep))
    if is_folder(folder) or not (named_as_folder or n_files > 1):
        yield folder
        return
    if is_there(folder) or (folder.suffix and not named_as_folder):
        raise UsageError(f"{output}: several files need a folder to go to")
    make_folder(folder)
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()  # refused as long as anything is in it
