"""``tag-overlay parse``: the best tags of an npz as text, as PaddleAudio's demo writes it."""

from __future__ import annotations

import argparse

from overlay.commands import flags
from overlay.commands.console import show
from overlay.errors import UsageError

HELP = "write the best tags of an npz as text"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Those of PaddleAudio's demo."""
    flags.option(parser, "tagging-file", required=True, metavar="NPZ")
    flags.option(parser, "top-k", type=int, default=10, metavar="K")
    parser.add_argument("--smooth", type=flags.boolean, default=True, metavar="True|False")
    flags.option(parser, "smooth-size", type=int, default=5, metavar="HOPS")
    flags.option(
        parser, "label-file", metavar="TXT", help="one name a line (default: the npz's own)"
    )
    flags.option(parser, "output-dir", default="./output_dir", metavar="DIR")


def run(args: argparse.Namespace) -> None:
    """Write the text.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    from overlay.export.demo_text import write_text
    from overlay.scoring.saved_tracks import labels_of

    if args.top_k < 1 or args.smooth_size < 1:
        raise UsageError("--top_k and --smooth_size must be at least 1")
    labels = labels_of(args.tagging_file, args.label_file)
    size = args.smooth_size if args.smooth else None
    inputs = [] if args.label_file is None else [args.label_file]
    path = write_text(
        args.tagging_file, labels, args.output_dir, top_k=args.top_k, smooth_size=size,
        inputs=inputs,
    )  # fmt: skip
    show(f"wrote {path}")
