"""``tag-overlay batch``: folders of sources, by several workers, and nothing done twice."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands import flags, render
from overlay.commands.batch_progress import Board
from overlay.commands.console import say, show
from overlay.commands.signals import hurry
from overlay.errors import BatchStopped, OutputError, OverlayError, UsageError
from overlay.reporting import SILENT, Reporter

if TYPE_CHECKING:
    from overlay.batching.run import Batch, BatchSettings, Outlook, Report
    from overlay.batching.sources import Found, Root

HELP = "make videos, captions, tables of whole folders, and nothing twice"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of tagging, panel, captions and video."""
    parser.add_argument("folders", nargs="*", metavar="DIR", help="where sources are; files, too")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="folder of results")
    parser.add_argument("-r", "--recursive", action="store_true", help="folders below, too")
    parser.add_argument(
        "--do", default="render", metavar="KIND,…",
        help="render, soft, panel, captions, events, review, tags, or formats of export (render)",
    )  # fmt: skip
    flags.option(parser, "jobs", type=_jobs, default=0, metavar="N", help="workers (auto: cores)")
    flags.option(parser, "shard", default="1/1", metavar="I/N", help="the I-th of N parts alone")
    flags.switch(parser, "resume", "go on where the last run ended, as always")
    flags.switch(parser, "retry-failed", "try again what failed before")
    flags.switch(parser, "skip-existing", "leave targets that are there, whoever made them")
    flags.switch(parser, "content-keys", "know sources by their content, not by their last change")
    flags.switch(parser, "dry-run", "say what there is to do, and stop")
    parser.add_argument(
        "--include", action="append", default=[], metavar="PATTERN",
        help="names or paths below DIR to take, such as '*.mp4' (media by their extension)",
    )  # fmt: skip
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="to leave out"
    )
    parser.add_argument("--manifest", metavar="FILE", help="a list of sources, or CSV with 'file'")
    parser.add_argument(
        "--timeout", type=_factor, default=20.0, metavar="3x",
        help="time for a product, by the source's length (20x, and two minutes)",
    )  # fmt: skip
    parser.add_argument(
        "--memory", type=_megabytes, metavar="MB",
        help="memory of a worker, which is ended if it takes more (its share of nine tenths)",
    )  # fmt: skip
    parser.add_argument(
        "--watch", action="store_true", help="go on with new files as they come, until Ctrl-C"
    )
    parser.add_argument(
        "--settle", type=_seconds, default=10.0, metavar="S",
        help="seconds for which a new file must not have grown (10)",
    )  # fmt: skip
    parser.add_argument(
        "--ray", metavar="ADDRESS", default="",
        help="work on a Ray cluster: auto, local, or where its head is",
    )  # fmt: skip
    parser.add_argument(
        "--report", type=_ending(".html"), metavar="HTML", help="write a page of everything in OUT"
    )
    parser.add_argument(
        "--jsonl",
        type=_ending(".jsonl"),
        metavar="JSONL",
        help="write a line a product of everything",
    )
    flags.add_common(parser)
    flags.add_tagging(parser)
    flags.add_panel(parser, beside_events=True)
    flags.add_events(parser)
    flags.add_captioning(parser)
    flags.add_verdicts(parser)
    render.add_video(parser)


def _jobs(text: str) -> int:
    if text == "auto":
        return 0
    if not text.isdecimal() or not 1 <= int(text[:4]) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, or a number from 1 to 1024")
    return int(text)


def _ending(extension: str) -> Callable[[str], str]:
    """A file that is replaced without being asked for: so it is never one of the sources."""

    def ending(text: str) -> str:
        if not text.lower().endswith(extension):
            raise argparse.ArgumentTypeError(f"{text!r} does not end in {extension}")
        return text

    return ending


def _factor(text: str) -> float:
    try:
        value = float(text.removesuffix("x"))
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a factor such as 3x")
    return value


def _megabytes(text: str) -> float:
    return _number(text, 100, 1e7, "a number of megabytes from 100 on")


def _seconds(text: str) -> float:
    return _number(text, 0, 1e6, "a number of seconds")


def _number(text: str, least: float, most: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value


def run(args: argparse.Namespace) -> int:
    """Do what is not done yet; returns 0 if all worked, 7 if some failed, 3 if none worked.

    Raises:
        OverlayError: The batch cannot begin.
        BatchStopped: It ended early, and no source is to blame.
    """
    from overlay.batching.run import Batch
    from overlay.files import is_folder, is_there, make_folder

    settings = flags.settings_of(args)
    out, roots = Path(args.output), _roots(args)
    if is_there(out) and not is_folder(out):
        raise OutputError("is no folder; give another name with -o", path=out)
    _check_reports(args, out)
    find = partial(_found, args, roots, out)
    reporter = Reporter(on_note=lambda line: None if args.quiet else say(line))
    batch = Batch(find, out, settings, _batch_settings(args), reporter=reporter)
    outlook = batch.outlook(find(Reporter(on_note=say)))
    if not args.quiet:
        for line in _plan_lines(outlook, args):
            show(line)
    if args.dry_run:
        return 0
    if not (outlook.n_new or args.watch):  # nothing has to be looked at once more
        make_folder(out)
        return _ended(args, out, outlook.report(), settings.panel.language)
    try:
        with Board(outlook.n_new, 0 if args.ray else batch.n_workers, quiet=args.quiet) as board:
            report = _run(args, batch, find, [root.path for root in roots], board)
    except BaseException:
        with contextlib.suppress(OverlayError):  # what ended it is what is said
            _write_reports(args, out, settings.panel.language)
        raise
    return _ended(args, out, report, settings.panel.language)


def _ended(args: argparse.Namespace, out: Path, report: Report, language: str) -> int:
    _write_reports(args, out, language)
    if not args.quiet:
        show(_end_line(report))
    return report.exit_code


def _run(
    args: argparse.Namespace,
    batch: Batch,
    find: Callable[[], Iterable[Found]],
    roots: list[Path],
    board: Board,
) -> Report:
    if not args.watch:
        return batch.run(board, hurry=hurry)
    from overlay.batching.folder_watch import Watch, changes, free_bytes, wait_for_room, watched
    from overlay.files import is_folder

    folders = [root for root in roots if is_folder(root)]
    with changes(folders, recursive=args.recursive) as pause:
        while True:
            try:
                return batch.run(board, watched(Watch(find, args.settle), pause), hurry=hurry)
            except BatchStopped as error:
                had = free_bytes(Path(args.output))
                board.note(f"{error}; waiting for that")
                wait_for_room(Path(args.output), had, pause)


def _plan_lines(outlook: Outlook, args: argparse.Namespace) -> Iterator[str]:
    yield (
        f"{outlook.n_new} new, {outlook.n_done} done, {outlook.n_failed} failed before; "
        f"{_work(outlook)}"
    )
    if outlook.n_failed:
        yield "what failed before is left: --retry-failed takes it, --report says why"
    if outlook.is_empty and not args.watch:
        what = "nothing there matches --include" if args.include else "no media files were found"
        yield what + (
            "" if args.recursive or args.manifest else "; -r looks into the folders below, too"
        )


def _work(outlook: Outlook) -> str:
    if not outlook.n_new:
        return "nothing to do"
    length = "" if outlook.seconds is None else f", {_about(outlook.seconds)} long"
    sources = "1 source" if outlook.n_sources == 1 else f"{outlook.n_sources} sources"
    megabytes = outlook.n_bytes / 1e6
    return f"{sources} of {megabytes:.{0 if megabytes >= 10 else 1}f} MB to do{length}"


def _about(seconds: float) -> str:
    if seconds < 100:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 6000 else f"about {seconds / 3600:.1f} h"


def _roots(args: argparse.Namespace) -> list[Root]:
    from overlay.batching.sources import read_manifest, roots_of

    if bool(args.folders) == bool(args.manifest):
        raise UsageError("name folders, or a --manifest")
    return read_manifest(Path(args.manifest)) if args.manifest else roots_of(args.folders)


def _found(
    args: argparse.Namespace, roots: list[Root], out: Path, reporter: Reporter = SILENT
) -> Iterable[Found]:
    from overlay.batching.sources import find_sources

    return find_sources(
        roots, out, recursive=args.recursive, include=args.include, exclude=args.exclude,
        reporter=reporter,
    )  # fmt: skip


def _batch_settings(args: argparse.Namespace) -> BatchSettings:
    from overlay.batching.pool import Limits
    from overlay.batching.run import BatchSettings, checked_shard

    return BatchSettings(
        tuple(kind for kind in args.do.split(",") if kind), args.jobs, checked_shard(args.shard),
        bool(args.skip_existing), bool(args.retry_failed), bool(args.content_keys),
        Limits(args.timeout, args.memory), args.ray,
    )  # fmt: skip


def _check_reports(args: argparse.Namespace, out: Path) -> None:
    """Refuse before the work what could not be written behind it."""
    from overlay.files import check_target, is_there

    for target in filter(None, (args.report, args.jsonl)):
        if is_there(out) or Path(target).absolute().parent != out.absolute():  # it will be made
            check_target(target, *filter(None, (args.manifest, args.config)), overwrite=True)


def _write_reports(args: argparse.Namespace, out: Path, language: str) -> None:
    from overlay.batching.report import write_lines, write_report

    if args.report:
        write_report(out, Path(args.report), language)
    if args.jsonl:
        write_lines(out, Path(args.jsonl))


_ENDS = {"done": "done", "skipped": "done before", "failed": "failed", "busy": "others are at"}


def _end_line(report: Report) -> str:
    """How many products came to which end."""
    counts = {words: report.counts[state] for state, words in _ENDS.items()}
    return ", ".join(f"{n} {words}" for words, n in counts.items() if n or words == "done")
