"""``tag-overlay train``: teach a model your own labels."""

from __future__ import annotations

import argparse

from overlay.commands import flags
from overlay.commands.printing import Bars, show

HELP = "teach a model your own labels"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of tagging."""
    parser.add_argument("folder", metavar="DIR", help="one folder of clips for each label")
    parser.add_argument(
        "--labels", metavar="CSV", help="columns file, label instead of folders; 'a;b' for several"
    )
    flags.add_output(parser, "target (default: DIR.model.npz)")
    flags.add_common(parser)
    flags.add_tagging(parser)


def run(args: argparse.Namespace) -> None:
    """Train and say how well it does.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    from overlay import pipeline

    settings = flags.settings_of(args)
    with Bars(quiet=args.quiet) as bars:
        made = pipeline.train(
            args.folder, args.output, settings, table=args.labels, reporter=bars.reporter
        )
    if args.quiet:
        return
    show(f"wrote {made.path}; use it with --model {made.path}")
    show(f"  {len(made.labels)} labels on {made.base}: {', '.join(made.labels)}")
    show(
        f"  right for {made.n_right} of {made.n_tested} clips "
        "while they were left out of the training"
    )
