"""``tag-overlay learn``: thresholds for a wanted precision, from verdicts."""

from __future__ import annotations

import argparse

from overlay.commands import flags
from overlay.commands.console import show, show_table

HELP = "learn thresholds from the verdicts of 'tag-overlay review'"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own."""
    parser.add_argument(
        "files", nargs="+", metavar="VERDICTS", help="NAME.verdicts.json, or folders of them"
    )
    flags.add_output(parser, "target, a file for --thresholds (thresholds.toml)")
    parser.add_argument(
        "--precision", type=flags.share, default=0.9, metavar="P",
        help="wanted share of right ones among the events that are shown (0.9)",
    )  # fmt: skip
    parser.add_argument(
        "--plot", metavar="FILE", help="also draw what was learnt: .html, or .svg alone"
    )
    flags.add_common(parser)


def run(args: argparse.Namespace) -> None:
    """Learn, and say what was learnt.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    from overlay import judging
    from overlay.export.threshold_plots import COLUMNS, row_of

    made = judging.learn(
        args.files, args.output, flags.settings_of(args), precision=args.precision,
        plot=args.plot,
    )  # fmt: skip
    if args.quiet:
        return
    show(f"wrote {made.path}; use it with --thresholds {made.path}")
    if made.plot is not None:
        show(f"wrote {made.plot}")
    show_table([COLUMNS, *map(row_of, (made.together, *made.curves))])
    if made.together.is_reached:
        show(f"labels without verdicts: --event-threshold {made.together.threshold:.2f}")
