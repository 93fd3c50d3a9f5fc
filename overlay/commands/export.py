"""``tag-overlay export``: events as tables, labels, chapters, the animated panel."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.console import show
from overlay.commands.several_files import for_each
from overlay.errors import UsageError
from overlay.reporting import Reporter

if TYPE_CHECKING:
    from overlay.pipeline import Job, Rendered

HELP = "write events as tables, labels, chapters, ..."


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of captions, events, tagging and panel."""
    parser.add_argument("media", nargs="*", metavar="MEDIA|NPZ")
    parser.add_argument("--format", metavar="NAME", required=True, help="'list' lists them")
    parser.add_argument(
        "--size", type=flags.size, metavar="WxH",
        help="of the video that ass-panel of an NPZ is for (1920x1080)",
    )  # fmt: skip
    flags.switch(
        parser, "frames", "number events by frames, too, in csv, json, jsonl and vtt-metadata"
    )
    flags.option(
        parser, "hop-top-k", type=int, metavar="K", help="tags a hop in hops and parquet (10)"
    )
    flags.add_captioning(parser)
    flags.add_output(parser)
    flags.add_events(parser)
    flags.add_verdicts(parser)
    flags.add_common(parser)
    flags.add_tagging(parser)
    flags.add_panel(parser, "panel, for ass-panel", beside_events=True)


def run(args: argparse.Namespace) -> None:
    """Write the events of every file.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    if args.format == "list":
        _list()
        return
    if not args.media:
        raise UsageError("give a media file, or the npz of 'tag-overlay tag'")
    settings = flags.settings_of(args)

    def plan(path: str, out: Path | None, reporter: Reporter) -> Job:
        from overlay import pipeline
        from overlay.products.table import Table

        product = Table(args.format, args.size) if args.size else Table(args.format)
        return pipeline.plan(path, product, out, settings, reporter=reporter)

    def told(done: Rendered) -> None:
        if not args.quiet:
            show(f"wrote {done.path}: {done.content}")

    for_each(args.media, args, plan, told)


def _list() -> None:
    from overlay.pipeline import export_formats

    for each in export_formats().values():
        show(f"{each.name:<12} {each.extension:<20} {each.description}")
