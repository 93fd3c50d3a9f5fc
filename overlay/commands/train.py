"""``tag-overlay train``: teach a model your own labels."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.console import Bars, show
from overlay.errors import UsageError

if TYPE_CHECKING:
    from overlay.judging import Corrected
    from overlay.pipeline import Taught

HELP = "teach a model your own labels"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and those of tagging."""
    parser.add_argument(
        "folder", nargs="?", metavar="DIR", help="one folder of clips for each label"
    )
    parser.add_argument(
        "--labels", metavar="CSV", help="columns file, label instead of folders; 'a;b' for several"
    )
    flags.option(
        parser, "from-verdicts", nargs="+", metavar="FILE",
        help="instead: of 'tag-overlay review'; right events are examples, wrong ones "
        "counter-examples",
    )  # fmt: skip
    parser.add_argument(
        "--media", metavar="DIR", help="where what was judged is (beside its verdicts)"
    )
    flags.add_output(parser, "target (default: DIR.model.npz, or verdicts.model.npz)")
    flags.add_common(parser)
    flags.add_tagging(parser)


def run(args: argparse.Namespace) -> None:
    """Train and say how well it does.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    if (args.folder is None) == (args.from_verdicts is None):
        raise UsageError("give a folder of clips, or --from-verdicts FILE…")
    if args.from_verdicts is not None:
        _train_on_verdicts(args)
        return
    if args.media is not None:
        raise UsageError("--media goes with --from-verdicts")
    from overlay import pipeline

    settings = flags.settings_of(args)
    with Bars(quiet=args.quiet) as bars:
        made = pipeline.train(
            args.folder, args.output, settings, table=args.labels, reporter=bars.reporter
        )
    if args.quiet:
        return
    _show_model(made)
    show(
        f"  right for {made.n_right} of {made.n_tested} clips "
        "while they were left out of the training"
    )


def _train_on_verdicts(args: argparse.Namespace) -> None:
    from overlay import judging

    if args.labels is not None:
        raise UsageError("--labels goes with a folder of clips")
    settings = flags.settings_of(args)
    with Bars(quiet=args.quiet) as bars:
        made = judging.train_on_verdicts(
            args.from_verdicts, args.output, settings, media=args.media, reporter=bars.reporter
        )
    if args.quiet:
        return
    _show_model(made)
    show(f"  from {made.n_right} right and {made.n_wrong} wrong events")
    show(
        f"  of {made.n_held_back} verdicts that were held back it gives {made.n_after} as people "
        f"did; before, {made.n_before} were right as they were shown"
    )


def _show_model(made: Taught | Corrected) -> None:
    show(f"wrote {made.path}; use it with --model {made.path}")
    show(f"  {len(made.labels)} labels on {made.base}: {', '.join(made.labels)}")
