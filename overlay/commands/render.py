"""``tag-overlay VIDEO``: the video with its tags, or what the flags make of it instead."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.console import show, show_track, tagger_line
from overlay.commands.several_files import for_each
from overlay.errors import UsageError
from overlay.reporting import Reporter
from overlay.settings import AUDIO_CODECS, FITS, PRESETS, Settings

if TYPE_CHECKING:
    from overlay.pipeline import Job, Rendered
    from overlay.products.base import Product

HELP = "write videos with live sound tags"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of tagging, panel and video."""
    parser.add_argument("videos", nargs="+", metavar="VIDEO")
    flags.add_output(parser, "target file, or folder (default: NAME.tagged.mp4)")
    parser.add_argument("--tags", metavar="NPZ", help="draw these saved scores; do not tag again")
    parser.add_argument(
        "--preview", type=flags.clock_time, metavar="T",
        help="write one PNG of the frame at T seconds instead",
    )  # fmt: skip
    parser.add_argument(
        "--contact-sheet", metavar="PNG",
        help="write one picture instead: a small frame of each event, with label, time and score",
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
    group.add_argument(
        "--preset", metavar="NAME",
        help=f"{', '.join(PRESETS)}: view, size, place, threshold and encoding in one word, over "
        "which other options win; any other name is a --speed",
    )  # fmt: skip
    group.add_argument(
        "--speed", metavar="NAME", help="ultrafast ... veryslow, or the encoder's own"
    )
    group.add_argument("--frame", metavar="W:H", help="another shape, such as 9:16 or 1:1")
    group.add_argument("--fit", choices=FITS, help="how it gets that shape (pad)")
    flags.switch(group, "deinterlace", "make whole pictures of an interlaced video's fields")
    group.add_argument(
        "--audio", choices=AUDIO_CODECS, help="what the sound becomes (copy: every packet as it is)"
    )
    flags.switch(group, "chapters", "write chapters of what is heard, instead of the video's own")
    flags.switch(
        group, "soft", "add captions as a subtitle track and copy the rest, instead of drawing"
    )
    flags.switch(
        group, "overlay-only",
        "write the panel alone with transparency: mov, webm, a new folder or a-%%05d.png",
    )  # fmt: skip
    flags.switch(
        group, "gif", "write a moving picture without sound; -o NAME.gif or NAME.webp does, too"
    )
    flags.option(
        group, "max-mb", type=float, metavar="MB", help="largest size of a moving picture (8)"
    )
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
    if args.contact_sheet is not None and (
        len(args.videos) > 1 or args.output or args.preview is not None
    ):
        raise UsageError("--contact-sheet goes with one video, without -o and --preview")
    if settings.video.overlay_only and len(args.videos) == 1 and args.output:
        args.output = str(Path(args.output))  # a new folder is one of pictures

    def plan(path: str, out: Path | None, reporter: Reporter) -> Job:
        from overlay import pipeline
        from overlay.products.contact_sheet import ContactSheet
        from overlay.products.still import Still

        product: Product | None = None
        if args.preview is not None:
            product = Still(args.preview)
        if args.contact_sheet is not None:
            product, out = ContactSheet(), Path(args.contact_sheet)
        return pipeline.plan(path, product, out, settings, track=args.tags, reporter=reporter)

    def told(done: Rendered) -> None:
        if args.preview is not None or args.contact_sheet is not None:
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
