"""``tag-overlay tag``: the scores of media files as npz."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.console import show, show_track, tagger_line
from overlay.commands.several_files import for_each
from overlay.errors import UsageError
from overlay.reporting import Reporter

if TYPE_CHECKING:
    from overlay.pipeline import Job, Rendered

HELP = "write the scores of media files as npz"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, those of PaddleAudio's demo, and those of tagging."""
    parser.add_argument("media", nargs="*", metavar="MEDIA")
    parser.add_argument("--wav", metavar="FILE", help="as PaddleAudio's demo takes its one file")
    flags.add_output(parser, "target file, or folder (default: NAME.tags.npz)")
    flags.option(
        parser, "output-dir", metavar="DIR",
        help="write DIR/audioset_tagging_sr_RATE.npz, as PaddleAudio's demo does",
    )  # fmt: skip
    flags.add_decoding(parser)
    flags.add_common(parser)
    flags.add_tagging(parser)


def run(args: argparse.Namespace) -> None:
    """Score every file.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    if args.wav or args.output_dir:  # as PaddleAudio's demo scores
        args.windows = args.windows or "isolated"
    settings = flags.settings_of(args)
    media = [*args.media, *([args.wav] if args.wav else [])]
    if not media:
        raise UsageError("give a media file to tag")
    if args.output_dir is not None:
        if len(media) > 1 or args.output:
            raise UsageError("--output_dir goes with one file, and without -o")
        args.output = f"{args.output_dir}/"

    def plan(path: str, out: Path | None, reporter: Reporter) -> Job:
        from overlay import pipeline
        from overlay.products.scores import Scores

        product = Scores(as_demo=args.output_dir is not None)
        return pipeline.plan(path, product, out, settings, reporter=reporter)

    def told(done: Rendered) -> None:
        if args.quiet or done.track is None:
            return
        show(f"wrote {done.path}")
        show(f"  {done.content}; tagger {tagger_line(done.track)}")
        show_track(done.track, settings)

    for_each(media, args, plan, told)
