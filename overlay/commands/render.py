"""``tag-overlay VIDEO``: the video with its tags, or what the flags make of it instead."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.many import for_each
from overlay.commands.printing import show, show_track, tagger_line
from overlay.errors import UsageError
from overlay.reporting import Reporter
from overlay.settings import Settings

if TYPE_CHECKING:
    from overlay.pipeline import Job, Rendered

HELP = "write videos with live sound tags"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of tagging, panel and video."""
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    flags.add_output(parser, "target file, or folder (default: NAME.tagged.mp4)")
    parser.add_argument("--tags", metavar="NPZ", help="draw these saved scores; do not tag again")
    parser.add_argument(
        "--preview", type=flags.second, metavar="T",
        help="write one PNG of the frame at T seconds instead",
    )  # fmt: skip
    flags.add_common(parser)
    flags.add_tagging(parser)
    flags.add_panel(parser)
    flags.add_verdicts(parser)
    add_video(parser)


def add_video(parser: argparse.ArgumentParser) -> None:
    """How the picture is written."""
    group = parser.add_argument_group("video")
    group.add_argument("--encoder", metavar="NAME", help="auto, libx264, libx265, libvpx-vp9, ...")
    group.add_argument("--crf", type=int, metavar="N", help="quality, by the encoder's own scale")
    group.add_argument("--preset", metavar="NAME", help="speed, by the encoder's own names")
    flags.switch(group, "deinterlace", "make whole pictures of an interlaced video's fields")
    flags.switch(
        group, "soft", "add captions as a subtitle track and copy the rest, instead of drawing"
    )
    flags.switch(
        group, "overlay-only",
        "write the panel alone with transparency: mov, webm, a new folder or a-%%05d.png",
    )  # fmt: skip
    flags.switch(group, "allow-silent", "copy the picture of a video without sound")
    flags.add_decoding(group)


def run(args: argparse.Namespace) -> None:
    """Make what the flags ask for of every video.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = flags.settings_of(args)
    if len(args.videos) > 1 and args.tags:
        raise UsageError("--tags goes with one video")
    if settings.video.overlay_only and len(args.videos) == 1 and args.output:
        args.output = str(Path(args.output))  # a new folder is one of pictures

    def plan(path: str, out: Path | None, reporter: Reporter) -> Job:
        from overlay import pipeline
        from overlay.products.still import Still

        product = None if args.preview is None else Still(args.preview)
        return pipeline.plan(path, product, out, settings, track=args.tags, reporter=reporter)

    def told(done: Rendered) -> None:
        if args.preview is not None:
            show(str(done.path))
        elif not args.quiet:
            _summarize(done, settings)

    for_each(args.videos, args, plan, told)


def _summarize(done: Rendered, settings: Settings) -> None:
    show(f"wrote {done.path}: {done.content}")
    if done.track is None:
        return
    frames = f"{done.n_frames} frames, " if done.n_frames else ""
    show(f"  {frames}encoder {done.encoder}; tagger {tagger_line(done.track)}")
    show_track(done.track, settings)
