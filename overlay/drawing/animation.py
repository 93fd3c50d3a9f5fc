"""Which rows stand where at a second: pure numbers, a function of the time alone.

At a hop's own time the panel shows that hop exactly. Half way to the next one rows change place,
and bars run on a curve through the hops' scores.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.datatypes import TagTimeline

_HOLD_S = 1.5
"""The card keeps room for the rows of this long before and after."""

TRANSITION_S = 0.4
"""Longest time in which rows change place, however long the hops are."""


@dataclass(frozen=True, slots=True)
class Row:
    """One tag at one moment."""

    index: int
    """Class."""
    rank: float
    """0 is the top row; between integers while it moves."""
    opacity: float
    """Below 1 while it comes or goes, or is being overtaken."""
    score: float
    """Length of the bar, in [0, 1]."""
    number: int
    """Score of the nearest hop in percent, 0 to 100."""


def rows_held(timeline: TagTimeline, n_rows: int) -> npt.NDArray[np.int64]:
    """How many rows the card has room for at each hop, ``[n_hops]``, at least 1.

    The most that are shown within a few seconds before and after, so that the card fits its rows
    but does not follow every tag that comes and goes.
    """
    shown = (timeline.classes[:, :n_rows] >= 0).sum(axis=1)
    if len(shown) < 2:
        return _at_least_one(shown)
    reach = int(np.ceil(_HOLD_S / (timeline.times[1] - timeline.times[0])))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(shown, reach), 2 * reach + 1)
    return _at_least_one(around.max(axis=1))


def _at_least_one(counts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    held: npt.NDArray[np.int64] = np.maximum(counts, 1).astype(np.int64)
    return held


def height_at(timeline: TagTimeline, held: npt.NDArray[np.int64], t: float) -> float:
    """Height of the card in rows at second ``t``; between integers while it changes.

    Args:
        timeline: The tags to show.
        held: What ``rows_held`` gave for it.
        t: Second on the picture's clock.
    """
    if not len(held):
        return 1.0
    moment = _moment(timeline, t)
    return float(held[moment.a] + (held[moment.b] - held[moment.a]) * moment.progress)


def rows_at(timeline: TagTimeline, t: float, n_rows: int) -> list[Row]:
    """The rows at second ``t``, the faintest first, so that drawing them in turn is right.

    Before the first hop's time its tags are shown, after the last hop's time those.

    Args:
        timeline: The tags to show, hop by hop.
        t: Second on the picture's clock.
        n_rows: How many ranks there is room for.
    """
    if not len(timeline.times):
        return []
    moment = _moment(timeline, t)
    before, after = (_ranks(timeline, hop, n_rows) for hop in (moment.a, moment.b))
    rows = [
        _row(timeline, index, before.get(index), after.get(index), moment)
        for index in before | after
    ]
    return sorted(rows, key=lambda row: (row.opacity, -row.rank))


@dataclass(frozen=True, slots=True)
class _Moment:
    """A second, between two hops."""

    a: int
    b: int
    fraction: float
    """0 at hop a, 1 at hop b."""
    progress: float
    """How much of the change from a to b is done."""


def _moment(timeline: TagTimeline, t: float) -> _Moment:
    times = timeline.times
    a = max(bisect_right(times, t) - 1, 0)  # ten times as quick as searchsorted for one number
    b = min(a + 1, len(times) - 1)
    gap_s = float(times[b] - times[a]) or 1.0
    fraction = min(max((float(t) - float(times[a])) / gap_s, 0.0), 1.0)
    return _Moment(a, b, fraction, _progress(fraction, gap_s))


def _ranks(timeline: TagTimeline, hop: int, n_rows: int) -> dict[int, int]:
    shown = timeline.classes[hop, :n_rows].tolist()
    return {index: rank for rank, index in enumerate(shown) if index >= 0}


def _progress(fraction: float, gap_s: float) -> float:
    """How much of the change between two hops is done: a smooth step around the middle."""
    x = (fraction - 0.5) * gap_s / min(gap_s, TRANSITION_S) + 0.5
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def _row(
    timeline: TagTimeline,
    index: int,
    before: int | None,
    after: int | None,
    moment: _Moment,
) -> Row:
    opacity, progress = 1.0, moment.progress
    if before is None or after is None:
        opacity = progress if before is None else 1 - progress
        rank = float(after if before is None else before)  # type: ignore[arg-type]
    else:
        rank = before + (after - before) * progress
        if after > before:  # overtaken: step back, so that two labels in one place stay legible
            opacity -= 2.4 * progress * (1 - progress)
    score = curve(timeline.scores[:, index], moment.a, moment.fraction)
    nearest = moment.a if moment.fraction < 0.5 else moment.b
    number = round(100 * float(timeline.scores[nearest, index]))
    return Row(index, rank, opacity, score, number)


def curve(scores: np.ndarray[tuple[int], np.dtype[np.float32]], hop: int, fraction: float) -> float:
    """A smooth curve through the hops' scores that never overshoots them.

    Source:
        Fritsch and Butland, "A method for constructing local monotone piecewise cubic
        interpolants", 1984 (harmonic mean of the neighbouring slopes).
    """
    last = len(scores) - 1
    y = [float(scores[min(max(hop + i, 0), last)]) for i in (-1, 0, 1, 2)]
    slopes = [right - left for left, right in pairwise(y)]
    m0, m1 = (2 * p * q / (p + q) if p * q > 0 else 0.0 for p, q in pairwise(slopes))
    x = fraction
    h00, h10, h01, h11 = (
        (1 + 2 * x) * (1 - x) ** 2, x * (1 - x) ** 2, x * x * (3 - 2 * x), x * x * (x - 1),
    )  # fmt: skip
    return min(max(h00 * y[1] + h10 * m0 + h01 * y[2] + h11 * m1, 0.0), 1.0)
