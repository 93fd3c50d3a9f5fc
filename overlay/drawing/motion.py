"""How tags move: when each comes, glides and goes, as numbers over time; one source of truth.

The drawn panel, the ASS panel and the effect for moviepy all look here. Curves are linear between
their points, so that a player which draws straight pieces shows what we draw.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from overlay.datatypes import TagTimeline
from overlay.drawing.interpolation import Curve, constant_until, value_at

_NUMBER_S = 0.24
"""Numbers stand at least so long: quicker ones cannot be read."""

_INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class RowSpan:
    """One tag from its coming to its going."""

    index: int
    """Class."""
    start_s: float
    end_s: float
    """When it is gone; infinite for what stays."""
    rank: Curve
    """0 is the top row; between integers while it glides."""
    opacity: Curve


@dataclass(frozen=True, slots=True)
class Change:
    """All that changes at one time: what goes is gone before the rest glides and the new comes."""

    start_s: float
    due_s: float
    """When the sound changes."""
    end_s: float
    tags: tuple[int, ...]
    """Classes shown behind it, from the top row down."""


@dataclass(frozen=True, slots=True)
class Row:
    """One tag at one moment."""

    index: int
    """Class."""
    rank: float
    opacity: float
    score: float
    """Length of the bar, in [0, 1]."""
    number: int
    """Score in percent, 1 to 100."""


@dataclass(frozen=True, slots=True)
class Moment:
    """All that is shown at one second; no two rows that can be seen are closer than one rank."""

    rows: tuple[Row, ...]
    plate: float
    """Opacity of the plate."""
    height: float
    """Rows that the plate has room for."""
    drop: float = 0.0
    """Rows by which all hangs lower where it is to end at the bottom."""


@dataclass(frozen=True)
class Motion:
    """The motion of all tags of a timeline; made by ``choreography.arranged``."""

    timeline: TagTimeline
    changes: tuple[Change, ...]
    """By time; the first is in force from the start on."""
    spans: tuple[RowSpan, ...]
    """By start."""
    plate: Curve
    height: Curve
    drop: Curve = ((-_INFINITE, 0.0),)
    """Constant as long as any row is seen."""

    def at(self, t: float) -> Moment:
        """What is shown at second ``t``."""
        rows = (self._row(span.index, value_at(span.rank, t), value_at(span.opacity, t), t)
                for span in self._alive(t))  # fmt: skip
        seen = tuple(row for row in rows if row.opacity > 0)
        height, drop = value_at(self.height, t), value_at(self.drop, t)
        return Moment(seen, value_at(self.plate, t), height, drop)

    def settled(self, t: float) -> Moment:
        """What is shown at second ``t`` as it looks when nothing is under way, for a still."""
        change = self._settled_change(t)
        tags = () if change is None else change.tags
        rows = tuple(self._row(index, rank, 1.0, t) for rank, index in enumerate(tags))
        drop = 0.0 if change is None else value_at(self.drop, change.end_s)
        return Moment(rows, 1.0 if rows else 0.0, max(len(rows), 1), drop)

    def still_until(self, t: float) -> float:
        """Second up to which everything stays as it is at ``t``; ``t`` itself if anything moves."""
        until = self.standing_until(t)
        for span in self._alive(t):
            if until <= t:
                break
            until = min(until, self._score_constant_until(span.index, t, until))
        return until

    def standing_until(self, t: float) -> float:
        """The same, but whatever the bars and numbers do."""
        curves = [self.plate, self.height, self.drop]
        curves += [curve for span in self._alive(t) for curve in (span.rank, span.opacity)]
        return min(self._next_edge(t), *(constant_until(curve, t) for curve in curves))

    def score(self, index: int, t: float) -> float:
        """Length of a tag's bar at second ``t``: a smooth curve through the hops' scores."""
        return score_at(self.timeline, self._times, index, t)

    def numbers(self, index: int, start_s: float, end_s: float) -> list[tuple[float, int]]:
        """From when on which number stands beside a tag, between two seconds."""
        starts, hops = self._number_hops
        first = bisect_right(starts, start_s) - 1
        last = bisect_right(starts, end_s)
        found = [(max(starts[i], start_s), self._percent(hops[i], index))
                 for i in range(max(first, 0), last)]  # fmt: skip
        kept = found[:1]
        kept += [b for a, b in pairwise(found) if a[1] != b[1] and b[0] < end_s]
        return kept

    def _row(self, index: int, rank: float, opacity: float, t: float) -> Row:
        starts, hops = self._number_hops
        hop = hops[max(bisect_right(starts, t) - 1, 0)]
        return Row(index, rank, opacity, self.score(index, t), self._percent(hop, index))

    def _percent(self, hop: int, index: int) -> int:
        return max(1, round(100 * float(self.timeline.scores[hop, index])))

    def _alive(self, t: float) -> Sequence[RowSpan]:
        edges, alive = self._index
        return alive[bisect_right(edges, t)]

    def _next_edge(self, t: float) -> float:
        edges, _ = self._index
        place = bisect_right(edges, t)
        return edges[place] if place < len(edges) else _INFINITE

    def _settled_change(self, t: float) -> Change | None:
        """The latest change that is due."""
        if not self.changes:
            return None
        place = bisect_right(self.changes, t, key=lambda change: change.due_s) - 1
        return self.changes[max(place, 0)]

    def _score_constant_until(self, index: int, t: float, limit: float) -> float:
        """Where a tag's bar or number changes next, but no later than ``limit``."""
        times, column = self._times, self.timeline.scores[:, index]
        hop = max(bisect_right(times, t) - 1, 0)
        while hop + 1 < len(times) and times[hop] < limit and column[hop] == column[hop + 1]:
            hop += 1
        if hop + 1 < len(times):
            limit = min(limit, max(times[hop], t))
        later = self.numbers(index, t, min(limit, times[-1] + 1))[1:]
        return min(limit, later[0][0]) if later else limit

    @cached_property
    def _times(self) -> list[float]:
        times: list[float] = self.timeline.times.tolist()
        return times

    @cached_property
    def _index(self) -> tuple[list[float], list[list[RowSpan]]]:
        """Edges of spans, and which spans are alive before each of them and behind the last."""
        edges = sorted({edge for span in self.spans for edge in (span.start_s, span.end_s)})
        waiting, alive = list(reversed(self.spans)), [list[RowSpan]()]
        for edge in edges:
            now = [span for span in alive[-1] if span.end_s > edge]
            while waiting and waiting[-1].start_s <= edge:
                now.append(waiting.pop())
            alive.append(now)
        return edges, alive

    @cached_property
    def _number_hops(self) -> tuple[list[float], list[int]]:
        """From when on the number of which hop stands."""
        hops: list[int] = []
        for hop, time in enumerate(self._times):
            if not hops or time - self._times[hops[-1]] >= _NUMBER_S:
                hops.append(hop)
        middles = [(self._times[a] + self._times[b]) / 2 for a, b in pairwise(hops)]
        return [-_INFINITE, *middles][: len(hops)], hops


def score_at(timeline: TagTimeline, times: Sequence[float], index: int, t: float) -> float:
    """Score of a class at second ``t``, on a smooth curve through the hops' scores.

    Args:
        timeline: Has the scores.
        times: Its times as plain numbers, which are looked up faster.
        index: Class.
        t: Second.
    """
    a = max(bisect_right(times, t) - 1, 0)
    b = min(a + 1, len(times) - 1)
    fraction = min(max((t - times[a]) / ((times[b] - times[a]) or 1.0), 0.0), 1.0)
    return curve_through(timeline.scores[:, index], a, fraction)


def curve_through(
    scores: np.ndarray[tuple[int], np.dtype[np.float32]], hop: int, fraction: float
) -> float:
    """A smooth curve through the hops' scores that never overshoots them.

    Source:
        Fritsch and Butland, "A method for constructing local monotone piecewise cubic
        interpolants", 1984 (harmonic mean of the neighbouring slopes).
    """
    last = len(scores) - 1
    y = [float(scores[min(max(hop + i, 0), last)]) for i in (-1, 0, 1, 2)]
    if y[1] == y[2]:
        return min(max(y[1], 0.0), 1.0)
    slopes = [right - left for left, right in pairwise(y)]
    m0, m1 = (2 * p * q / (p + q) if p * q > 0 else 0.0 for p, q in pairwise(slopes))
    x = fraction
    h00, h10, h01, h11 = (
        (1 + 2 * x) * (1 - x) ** 2, x * (1 - x) ** 2, x * x * (3 - 2 * x), x * x * (x - 1),
    )  # fmt: skip
    return min(max(h00 * y[1] + h10 * m0 + h01 * y[2] + h11 * m1, 0.0), 1.0)
