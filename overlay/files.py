"""Where results go: names, and files that appear only when they are complete."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from overlay.errors import OutputError


def check_target(out: Path, source: Path, *, overwrite: bool) -> None:
    """Refuse a target that is the source, exists, or has no folder to be in.

    Raises:
        OutputError: As said; a source is never overwritten, not even through a link.
    """
    if out.exists() and source.exists() and out.samefile(source):
        raise OutputError("is the input itself; choose another name with -o", path=out)
    if out.is_dir():
        raise OutputError("is a folder; give a file name", path=out)
    if not out.parent.is_dir():
        raise OutputError(f"there is no folder {out.parent}; make it first", path=out)
    if os.path.lexists(out) and not overwrite:
        raise OutputError("exists already; use --overwrite or another name with -o", path=out)


@contextmanager
def complete_or_absent(out: Path) -> Iterator[Path]:
    """A temporary path beside ``out``, renamed to it if the block ends well and removed if not.

    Raises:
        OutputError: The folder cannot be written to.
    """
    temporary = out.with_name(f".{out.stem[:80]}.{os.getpid()}.part{out.suffix}")
    try:
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise OutputError(f"cannot write here: {error.strerror}", path=out) from error
    try:
        yield temporary
        temporary.replace(out)
    except OSError as error:
        raise _not_written(out, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _not_written(out: Path, error: OSError) -> OutputError:
    full = error.errno == errno.ENOSPC
    reason = "the disk is full; nothing was kept" if full else str(error.strerror)
    return OutputError(f"cannot be written: {reason}", path=out)


def check_folder_target(folder: Path, pattern: str, *, overwrite: bool) -> None:
    """Refuse a folder for numbered pictures that holds anything else than such pictures.

    Args:
        folder: Where they go; it need not be there.
        pattern: Their name, with one number such as ``%05d`` in it.
        overwrite: Whether pictures of this name may be replaced.

    Raises:
        OutputError: As said.
    """
    if not folder.absolute().parent.is_dir():
        raise OutputError(f"there is no folder {folder.parent}; make it first", path=folder)
    if not os.path.lexists(folder):
        return
    if not folder.is_dir() or folder.is_symlink():
        raise OutputError("exists and is no folder; choose another name with -o", path=folder)
    before, after = re.split(r"%0?\d*d", pattern)
    own = re.compile(f"{re.escape(before)}\\d+{re.escape(after)}")
    for entry in folder.iterdir():
        if not own.fullmatch(entry.name):
            raise OutputError(
                f"holds {entry.name}; give an empty folder or a new one with -o", path=folder
            )
        if not overwrite:
            raise OutputError("exists already; use --overwrite or another name", path=folder)


@contextmanager
def complete_or_absent_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder``, as ``complete_or_absent`` for a file.

    A folder of this name is replaced as a whole, and comes back if that fails.

    Raises:
        OutputError: The folder cannot be written to.
    """
    folder = folder.absolute()
    temporary = folder.with_name(f".{folder.name[:80]}.{os.getpid()}.part")
    old = temporary.with_suffix(".old")
    try:
        temporary.mkdir()
    except OSError as error:
        raise OutputError(f"cannot write here: {error.strerror}", path=folder) from error
    try:
        yield temporary
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
    except OSError as error:
        raise _not_written(folder, error) from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for rest in (temporary, old):
            shutil.rmtree(rest, ignore_errors=True)
