"""``tag-overlay review``: pages on which a person judges what was heard."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.console import Bars, report, show
from overlay.commands.several_files import for_each
from overlay.errors import BatchError, OverlayError, UsageError
from overlay.files import temporary_folder
from overlay.reporting import Reporter
from overlay.settings import Settings

if TYPE_CHECKING:
    from overlay.batching.sources import Found
    from overlay.pipeline import Job, Rendered
    from overlay.reviewing.session import Clip

HELP = "make a page to judge what was heard, one key a verdict"
_PROXY = ("auto", "always", "never")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of events and tagging."""
    parser.add_argument("media", nargs="+", metavar="MEDIA", help="with --serve also folders")
    flags.add_output(parser, "target file, or folder (default: NAME.review.html)")
    parser.add_argument("--tags", metavar="NPZ", help="judge these saved scores; do not tag again")
    parser.add_argument("--reviewer", metavar="NAME", default="", help="who judges")
    parser.add_argument(
        "--verdicts", action="append", default=[], metavar="FILE|DIR",
        help="what was said already (NAME.verdicts.json beside the file, if it is there)",
    )  # fmt: skip
    parser.add_argument(
        "--beside", metavar="FILE", action="append", default=[],
        help="judge these, too: another model's NPZ, Audacity labels, a Raven table, CSV; may come "
        "several times",
    )  # fmt: skip
    parser.add_argument(
        "--proxy", choices=_PROXY, default="auto",
        help="put a small copy beside the page, to be played instead (auto: where browsers "
        "cannot play the file)",
    )  # fmt: skip
    parser.add_argument(
        "--lang", dest="page_language", choices=("en", "zh"), help="of the page (the browser's)"
    )
    _add_serving(parser.add_argument_group("serving"))
    flags.add_events(parser)
    flags.add_common(parser)
    flags.add_tagging(parser)
    flags.add_decoding(parser.add_argument_group("media"))


def _add_serving(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--serve", action="store_true",
        help="write no page; hand them out to a browser here, and keep verdicts beside the media",
    )  # fmt: skip
    group.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    group.add_argument("--port", type=int, default=0, help="port (any that is free)")
    group.add_argument("-r", "--recursive", action="store_true", help="look into folders below")


def run(args: argparse.Namespace) -> None:
    """Write a page for every file, or serve them until stopped.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    if len(args.media) > 1 and (args.tags or args.beside):
        raise UsageError("--tags and --beside go with one file")
    settings = flags.settings_of(args)
    if args.serve:
        _serve(args, settings)
        return

    def plan(path: str, out: Path | None, reporter: Reporter) -> Job:
        from overlay import pipeline
        from overlay.products.review import Review

        beside = tuple(Path(each) for each in args.beside)
        product = Review(args.reviewer, args.page_language, args.proxy, beside)
        return pipeline.plan(path, product, out, settings, track=args.tags, reporter=reporter)

    def told(done: Rendered) -> None:
        if not args.quiet:
            show(f"wrote {done.path}: {done.content}")

    for_each(args.media, args, plan, told)


def _serve(args: argparse.Namespace, settings: Settings) -> None:
    """Make the pages in this thread, hand them out in others; ends when a signal comes."""
    from overlay.reviewing.server import ReviewServer
    from overlay.reviewing.session import Desk

    if args.output or args.verdicts:
        raise UsageError("--serve writes no page, and keeps verdicts beside the media")
    if not 0 <= args.port <= 65535:
        raise UsageError(f"there is no port {args.port}")
    with temporary_folder() as folder:
        desk = Desk(_clips(args, settings, folder))
        with ReviewServer(desk, args.host, args.port) as server:
            show(f"open {server.link} in a browser; Ctrl-C ends it")
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                with Bars(quiet=args.quiet) as bars:
                    desk.work(bars.reporter)
            finally:
                server.shutdown()


def _clips(args: argparse.Namespace, settings: Settings, folder: Path) -> list[Clip]:
    """All files that can be reviewed; why others cannot is said.

    Those that are named are looked at now. Of folders, in which there may be thousands, the first
    that can be reviewed is looked for; the others are looked at when their turn comes.

    Raises:
        OverlayError: None can.
    """
    from overlay.batching.sources import find_sources, roots_of

    clips: list[Clip] = []
    failures: list[OverlayError] = []
    named = set(map(Path, args.media))
    for found in find_sources(roots_of(args.media), folder, recursive=args.recursive):
        try:
            clip, plan = _clip(found, args, settings, folder / f"{len(clips)}.html")
            if found.path in named or not clips:
                plan()
            clips.append(clip)
        except OverlayError as error:
            failures.append(error)
            report(error, debug=args.debug)
    if not clips and failures:
        raise BatchError(len(failures), len(failures), failures[-1].exit_code)
    if not clips:
        raise UsageError(f"{args.media[0]}: there are no media files in it")
    return clips


def _clip(
    found: Found, args: argparse.Namespace, settings: Settings, page: Path
) -> tuple[Clip, Callable[[], Job]]:
    """A file, and what plans its page: it refuses what can be refused, and is asked once."""
    from overlay import pipeline
    from overlay.products.review import Review
    from overlay.reviewing.proxy_cache import proxy_of
    from overlay.reviewing.session import Clip, Page
    from overlay.verdicts import Media, fingerprint_of

    beside = tuple(Path(each) for each in args.beside)
    product = Review(args.reviewer, args.page_language, beside=beside, served=True)

    @cache
    def plan() -> Job:
        return pipeline.plan(found.path, product, page, settings, track=args.tags)

    def make(reporter: Reporter) -> Page:
        track = plan().run(reporter).track
        assert track is not None
        media = Media(found.path.name, fingerprint_of(track), track.duration_s, track.model,
                      track.vocabulary)  # fmt: skip
        return Page(page.read_bytes(), media)

    verdicts = found.path.with_name(f"{found.stem}.verdicts.json")
    return Clip(
        found.path, verdicts, make,
        lambda reporter: proxy_of(plan().source, reporter, settings.video.ffmpeg),
    ), plan  # fmt: skip
