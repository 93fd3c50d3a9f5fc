"""``tag-overlay agree``: how far two reviewers, or two lists of what was heard, agree."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from overlay.commands import flags
from overlay.commands.console import show, show_table
from overlay.errors import UsageError

if TYPE_CHECKING:
    from overlay.verdicts.agreement import Agreement, Conflict

HELP = "say how far two reviewers, or two lists of events, agree"
_MOST_SHOWN = 20


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Its own, and how scores become events."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE",
        help="verdicts of two or more reviewers; or two of: an NPZ of 'tag-overlay tag', Audacity "
        "labels, a Raven table, CSV",
    )  # fmt: skip
    flags.add_output(parser, "write all verdicts into one file, whose conflicts the page lists")
    flags.add_events(parser)
    flags.add_common(parser)


def run(args: argparse.Namespace) -> None:
    """Print tables of agreement, and the conflicts.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    from overlay import judging

    settings = flags.settings_of(args)
    if not all(each.endswith(".json") for each in args.files):
        if len(args.files) != 2 or args.output:
            raise UsageError("give files of verdicts (.json), or two lists of events without -o")
        one, other = args.files
        _show_agreements(judging.agreement_of_events(one, other, settings), "seconds")
        return
    made = judging.agreement(args.files, args.output, settings)
    for (one, other), found in made.pairs.items():
        show(f"{one} and {other}")
        _show_agreements(found, "events")
    if not args.quiet:
        _show_conflicts(made.conflicts)
    if made.path is not None and not args.quiet:
        show(f"wrote {made.path}; 'tag-overlay review MEDIA --verdicts {made.path}' shows them")


def _show_agreements(found: list[Agreement], unit: str) -> None:
    rows = [("label", unit, "agree", "kappa")]
    for each in found:
        kappa = "–" if each.kappa is None else f"{each.kappa:.2f}"
        rows.append(
            (each.label or "(all labels)", f"{each.n:g}", f"{100 * each.share:.0f} %", kappa)
        )
    show_table(rows)


def _show_conflicts(found: list[Conflict]) -> None:
    show(f"{len(found)} {'conflict' if len(found) == 1 else 'conflicts'}")
    for each in found[:_MOST_SHOWN]:
        where = "" if each.onset_s is None else f"  {each.onset_s:.1f} to {each.offset_s:.1f} s"
        said = "; ".join(f"{who}: {what}" for who, what in each.said)
        show(f"  {each.label}{where}  {said}")
    if len(found) > _MOST_SHOWN:
        show(f"  and {len(found) - _MOST_SHOWN} more")
