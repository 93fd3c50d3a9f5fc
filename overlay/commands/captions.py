"""``tag-overlay captions``: captions of what is heard; merged into others, or checked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.console import show
from overlay.commands.several_files import for_each
from overlay.errors import RulesBroken, UsageError
from overlay.reporting import Reporter

if TYPE_CHECKING:
    from overlay.pipeline import Job, Rendered

HELP = "write captions of what is heard"
_FORMATS = ("srt", "vtt", "ass", "ttml", "sbv")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of captions, events and tagging."""
    parser.add_argument("media", nargs="*", metavar="MEDIA|NPZ")
    parser.add_argument(
        "--format", choices=_FORMATS, help="kind of file (what -o's extension says, or srt)"
    )
    parser.add_argument(
        "--merge", metavar="FILE", help="write a copy of these subtitles with the sounds added"
    )
    parser.add_argument(
        "--check", metavar="FILE", help="write nothing; say which rules of the style it breaks"
    )
    parser.add_argument(
        "--sdh", action="store_true",
        help="name the file NAME.en.sdh.srt, as players and shops know captions for the deaf",
    )  # fmt: skip
    flags.add_captioning(parser)
    flags.add_output(parser)
    flags.add_events(parser)
    flags.add_verdicts(parser)
    flags.add_common(parser)
    flags.add_tagging(parser)


def run(args: argparse.Namespace) -> None:
    """Write captions of every file, or check a subtitle file.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    if args.check:
        _check(args)
        return
    if not args.media:
        raise UsageError("give a media file, or the npz of 'tag-overlay tag'")
    if args.merge and args.format:
        raise UsageError("--merge keeps the kind of the file; leave --format out")
    if args.merge and len(args.media) != 1:
        raise UsageError("--merge goes with one media file, or its npz")
    settings = flags.settings_of(args)

    def plan(path: str, out: Path | None, reporter: Reporter) -> Job:
        from overlay import pipeline
        from overlay.products.captions import Captions
        from overlay.products.merged_captions import Merged

        merge = Path(args.merge) if args.merge else None
        product = Merged(merge, args.sdh) if merge else Captions(args.format, args.sdh)
        return pipeline.plan(path, product, out, settings, reporter=reporter)

    def told(done: Rendered) -> None:
        if not args.quiet:
            show(f"wrote {done.path}: {done.content}")

    for_each(args.media, args, plan, told)


def _check(args: argparse.Namespace) -> None:
    from overlay.pipeline import check_captions

    if len(args.media) > 1 or args.merge or args.format or args.output:
        raise UsageError("--check FILE goes with the video that it is shown with, or alone")
    style = flags.settings_of(args).captions.style
    video = args.media[0] if args.media else None
    broken = check_captions(args.check, style, language=args.language, video=video)
    for each in broken:
        show(f"{args.check}: {each}")
    if broken:
        n_cues = len({each.number for each in broken})
        said = f"{n_cues} {'cue does' if n_cues == 1 else 'cues do'} not keep the rules of {style}"
        raise RulesBroken(f"{args.check}: {said}")
    if not args.quiet:
        show(f"{args.check}: no cue breaks a rule of {style}")
