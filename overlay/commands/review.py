"""``tag-overlay review``: a page on which a person judges what was heard."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.many import for_each
from overlay.commands.printing import show
from overlay.errors import UsageError
from overlay.reporting import Reporter

if TYPE_CHECKING:
    from overlay.pipeline import Job, Rendered

HELP = "make a page to judge what was heard, one key a verdict"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of events and tagging."""
    parser.add_argument("media", nargs="+", metavar="MEDIA")
    flags.add_output(parser, "target file, or folder (default: NAME.review.html)")
    parser.add_argument("--tags", metavar="NPZ", help="judge these saved scores; do not tag again")
    parser.add_argument("--reviewer", metavar="NAME", default="", help="who judges")
    parser.add_argument(
        "--lang", dest="language", choices=("en", "zh"), help="of the page (the browser's)"
    )
    flags.add_events(parser)
    flags.add_common(parser)
    flags.add_tagging(parser)
    flags.add_decoding(parser.add_argument_group("media"))


def run(args: argparse.Namespace) -> None:
    """Write a page for every file.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    if len(args.media) > 1 and args.tags:
        raise UsageError("--tags goes with one file")
    language, args.language = args.language, None  # the page holds both
    settings = flags.settings_of(args)

    def plan(path: str, out: Path | None, reporter: Reporter) -> Job:
        from overlay import pipeline
        from overlay.products.review import Review

        product = Review(args.reviewer, language)
        return pipeline.plan(path, product, out, settings, track=args.tags, reporter=reporter)

    def told(done: Rendered) -> None:
        if not args.quiet:
            show(f"wrote {done.path}: {done.content}")

    for_each(args.media, args, plan, told)
