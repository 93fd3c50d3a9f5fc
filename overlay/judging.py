"""What follows from verdicts, readable top to bottom: thresholds, and how far people agree."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overlay.errors import UsageError
from overlay.export.curves import curves_page, curves_svg
from overlay.export.thresholds import thresholds_text
from overlay.files import check_target, write_bytes
from overlay.products.lanes import lane_of
from overlay.settings import Settings, override
from overlay.verdicts import learning, read_verdicts, write_verdicts
from overlay.verdicts.agreement import (
    Agreement,
    Conflict,
    agreements,
    agreements_in_time,
    conflicts,
    named_union,
    raters,
)
from overlay.verdicts.learning import Curve, judgements

__all__ = ["Agreed", "Learned", "agreement", "agreement_of_events", "learn"]


@dataclass(frozen=True, eq=False, slots=True)
class Learned:
    """Thresholds from verdicts."""

    path: Path
    """To be named as ``thresholds_file``."""
    together: Curve
    """Of all labels; its threshold is for those without verdicts."""
    curves: list[Curve]
    """One for each label, by name."""
    plot: Path | None = None


def learn(
    verdicts: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    precision: float = 0.9,
    plot: str | Path | None = None,
    **options: Any,
) -> Learned:
    """Learn from verdicts which score each label needs to be right as often as is wanted.

    Args:
        verdicts: Files of ``tag-overlay review``, on events of one model.
        out: Target; ``thresholds.toml`` here if ``None``.
        settings: ``video.overwrite`` counts.
        precision: Wanted share of right ones among the events that are shown, in (0, 1).
        plot: Where to draw what was learnt: ``.html``, or ``.svg`` alone.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    files = [verdicts] if isinstance(verdicts, str | Path) else list(verdicts)
    if not 0 < precision < 1:
        raise UsageError(f"a precision of {precision} is not between 0 and 1")
    target = Path("thresholds.toml" if out is None else out)
    drawn = None if plot is None else Path(plot)
    if drawn is not None and drawn.suffix.lower() not in (".html", ".svg"):
        raise UsageError(f"{drawn}: the plot is an .html or an .svg")
    overwrite = settings.video.overwrite
    for each in (target, drawn):
        if each is not None:
            check_target(each, *files, overwrite=overwrite)
    found = judgements(map(read_verdicts, files))
    together, curves = learning.learn(found, precision)
    text = thresholds_text(together, curves, precision)
    write_bytes(target, text.encode(), overwrite=overwrite, inputs=files)
    if drawn is not None:
        draw = curves_page if drawn.suffix.lower() == ".html" else _all_curves_svg
        picture = draw(together, curves, precision).encode("utf-8", "replace")
        write_bytes(drawn, picture, overwrite=overwrite, inputs=[*files, target])
    return Learned(target, together, curves, drawn)


def _all_curves_svg(together: Curve, curves: Sequence[Curve], precision: float) -> str:
    return curves_svg((together, *curves), precision)


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far reviewers agree."""

    pairs: dict[tuple[str, str], list[Agreement]]
    """For each two, on all labels together, then on each."""
    conflicts: list[Conflict]
    path: Path | None = None
    """Where all verdicts are, if that was wanted."""


def agreement(
    verdicts: Sequence[str | Path],
    out: str | Path | None = None,
    settings: Settings | None = None,
    **options: Any,
) -> Agreed:
    """Say how far reviewers agree (Cohen's kappa), and on what they do not.

    Args:
        verdicts: Files of ``tag-overlay review``, of one reviewer each or of several; who has no
            name is called by the file.
        out: Where to write all of them as one file of verdicts, whose conflicts the page lists.
        settings: ``video.overwrite`` counts.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    overwrite = settings.video.overwrite
    if out is not None:
        check_target(out, *verdicts, overwrite=overwrite)
    files = {_reviewer_by(each): read_verdicts(each) for each in verdicts}
    if len(files) < len(verdicts):
        raise UsageError("two of the files have one name; give each reviewer's its own")
    said = raters(files)
    pairs = {
        (one, other): agreements(said[one], said[other])
        for one, other in itertools.combinations(said, 2)
    }
    if out is not None:
        write_verdicts(out, named_union(files), overwrite=overwrite, inputs=verdicts)
    return Agreed(pairs, conflicts(said), None if out is None else Path(out))


def _reviewer_by(path: str | Path) -> str:
    """What somebody without a name is called."""
    return Path(path).name.removesuffix(".json").removesuffix(".verdicts")


def agreement_of_events(
    one: str | Path, other: str | Path, settings: Settings | None = None, **options: Any
) -> list[Agreement]:
    """How far two lists of what was heard agree, label by label, second by second.

    Args:
        one: The npz of ``TagTrack.save``, Audacity labels, a Raven table, or CSV.
        other: The same.
        settings: Options for what is on in a track; the defaults if ``None``.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = override(settings or Settings(), **options)
    lists = [lane_of(each, settings) for each in (one, other)]
    lengths = [lane.length_s for lane in lists if lane.length_s is not None]
    ends = [event.offset_s for lane in lists for event in lane.events]
    length_s = min(lengths) if lengths else max(ends, default=0.0)
    return agreements_in_time(lists[0].events, lists[1].events, length_s)
