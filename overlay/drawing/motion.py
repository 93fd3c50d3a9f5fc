"""The panel as things that move, for a player that draws them itself: numbers, no pixels.

A ``Curve`` is a value over time, linear between its points. Where the drawn panel eases, a curve
has so many points that it stays within a pixel or two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from overlay.datatypes import TagTimeline
from overlay.drawing.animation import TRANSITION_S, curve, rows_at, rows_held
from overlay.drawing.layout import Layout
from overlay.drawing.theme import RowTheme

Curve = tuple[tuple[float, float], ...]
"""Points (second, value); before the first and behind the last it is constant."""

_EASED = 0.1
"""Part of a change at either end in which an eased motion hardly moves."""

_LONGEST_S = 3.0
"""Nothing lasts longer, so that a player that jumps into the video soon shows all of it."""

_BAR_ERROR = 0.0016
"""How far a bar may be from its curve, in parts of its full length: under a pixel at 480."""

_FINEST, _STEPS = 6, (6, 3, 2, 1)
"""A curve is looked at in sixths of a hop, and becomes 1, 2, 3 or 6 straight pieces."""


@dataclass(frozen=True, slots=True)
class Number:
    """A score in percent, from when to when."""

    start_s: float
    end_s: float
    value: int


@dataclass(frozen=True, slots=True)
class RowSpan:
    """One tag for a while, standing still or gliding once."""

    index: int
    """Class."""
    start_s: float
    end_s: float
    behind: bool
    """Whether it is being overtaken or goes: what comes is drawn over it."""
    baseline: Curve
    """Row of pixels in the panel's box on which the text stands: constant, or one slope."""
    opacity: Curve
    text_opacity: Curve
    score: Curve
    """Length of the bar, in [0, 1]."""
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class CardSpan:
    """The plate behind the rows for a while."""

    start_s: float
    end_s: float
    top: Curve
    """Its first row of pixels in the panel's box: constant, or one slope."""
    height: Curve
    opacity: Curve


@dataclass(frozen=True, slots=True)
class _Segment:
    """From one hop to the next; before the first and behind the last hop nothing changes."""

    start_s: float
    end_s: float
    a: int
    b: int

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2

    @property
    def change_s(self) -> tuple[float, float]:
        """When a change is under way."""
        half = min(self.end_s - self.start_s, TRANSITION_S) * (0.5 - _EASED)
        return self.middle_s - half, self.middle_s + half

    def eased(self, before: float, after: float, middle: float | None = None) -> Curve:
        """From one value to the other, through a third one if it is said."""
        if before == after == (before if middle is None else middle):
            return ((self.start_s, before),)
        first, last = self.change_s
        straight = middle is None or abs(middle - (before + after) / 2) < 0.01
        between = () if straight or middle is None else ((self.middle_s, middle),)
        return ((first, before), *between, (last, after))


def row_spans(
    timeline: TagTimeline, layout: Layout, theme: RowTheme, end_s: float
) -> Iterator[RowSpan]:
    """The rows from second 0 to ``end_s``, each in pieces that stand still or glide once.

    Args:
        timeline: The tags to show.
        layout: Where the rows stand.
        theme: How weak tags are dimmed.
        end_s: Where the video ends.
    """
    held = rows_held(timeline, layout.n_rows)
    still: dict[int, RowSpan] = {}
    for segment in _segments(timeline, end_s):
        tops = [_card_top(layout, layout.card_height(float(held[i]))) for i in _hops(segment)]
        seen: set[int] = set()
        for span, stays in _rows_of(timeline, layout, theme, segment, (tops[0], tops[1])):
            known = still.pop(span.index, None)
            seen.add(span.index)
            joined = _joined(known, span) if known is not None and stays else None
            if known is not None and joined is None:
                yield known
            if stays:
                still[span.index] = joined or span
            else:
                yield span
        for index in still.keys() - seen:
            yield still.pop(index)
    yield from still.values()


def card_spans(timeline: TagTimeline, layout: Layout, end_s: float) -> Iterator[CardSpan]:
    """The card from second 0 to ``end_s``."""
    held = rows_held(timeline, layout.n_rows)
    still: CardSpan | None = None
    for segment in _segments(timeline, end_s):
        heights = [layout.card_height(float(held[i])) for i in _hops(segment)]
        tops = [_card_top(layout, height) for height in heights]
        moments = segment.start_s, segment.middle_s, segment.end_s
        shown = [_card_opacity(timeline, layout, t) for t in moments]
        span = CardSpan(
            segment.start_s, segment.end_s, segment.eased(*tops), segment.eased(*heights),
            segment.eased(shown[0], shown[2], shown[1]),
        )  # fmt: skip
        if still is not None and _same_card(still, span):
            still = replace(still, end_s=span.end_s)
            continue
        if still is not None:
            yield still
        still = span
    if still is not None:
        yield still


def _same_card(a: CardSpan, b: CardSpan) -> bool:
    curves = [(a.top, b.top), (a.height, b.height), (a.opacity, b.opacity)]
    constant = all(len(x) == len(y) == 1 and x[0][1] == y[0][1] for x, y in curves)
    return constant and b.end_s - a.start_s <= _LONGEST_S


def _segments(timeline: TagTimeline, end_s: float) -> Iterator[_Segment]:
    times = [float(time) for time in timeline.times if time < end_s]
    times = times or [float(time) for time in timeline.times[:1]]
    if not times:
        return
    for number, (start, stop) in enumerate(pairwise([0.0, *times, end_s])):
        last = len(timeline.times) - 1
        a, b = max(number - 1, 0), min(number, last)
        if number == 0 or number == len(times):  # held, in pieces that are not too long
            hop = 0 if number == 0 else number - 1
            for begin in np.arange(start, stop, _LONGEST_S).tolist():
                yield _Segment(begin, min(begin + _LONGEST_S, stop), hop, hop)
        elif stop > start:
            yield _Segment(start, stop, a, b)


def _hops(segment: _Segment) -> tuple[int, int]:
    return segment.a, segment.b


def _card_top(layout: Layout, card_height: int) -> int:
    return round((layout.box.height - card_height) * layout.anchor)


def _card_opacity(timeline: TagTimeline, layout: Layout, t: float) -> float:
    return max((row.opacity for row in rows_at(timeline, t, layout.n_rows)), default=0.0)


def _rows_of(
    timeline: TagTimeline,
    layout: Layout,
    theme: RowTheme,
    segment: _Segment,
    tops: tuple[int, int],
) -> Iterator[tuple[RowSpan, bool]]:
    """The rows of a segment, and whether each stands still."""
    start, middle, end = (
        {row.index: row for row in rows_at(timeline, t, layout.n_rows)}
        for t in (segment.start_s, segment.middle_s, segment.end_s)
    )
    for index, between in middle.items():
        first, last = start.get(index), end.get(index)
        opacities = first.opacity if first else 0.0, last.opacity if last else 0.0
        if max(*opacities, between.opacity) == 0:
            continue
        ranks = (first or between).rank, (last or between).rank
        if opacities[1] == 0:  # what goes stays where it is
            ranks = ranks[0], ranks[0]
        levels = [top + layout.baseline(rank) for top, rank in zip(tops, ranks, strict=True)]
        baseline = segment.eased(levels[0], levels[1])
        opacity = segment.eased(opacities[0], opacities[1], between.opacity)
        behind = ranks[1] > ranks[0] or opacities[1] == 0
        numbers = _numbers(timeline, index, segment)
        span = RowSpan(
            index, segment.start_s, segment.end_s, behind, baseline, opacity,
            _dimmed(opacity, numbers, theme), _bar(timeline, index, segment), numbers,
        )  # fmt: skip
        yield span, len(baseline) == 1 and opacity == ((segment.start_s, 1.0),)


def _numbers(timeline: TagTimeline, index: int, segment: _Segment) -> tuple[Number, ...]:
    a, b = (round(100 * float(timeline.scores[hop, index])) for hop in _hops(segment))
    if a == b:
        return (Number(segment.start_s, segment.end_s, a),)
    middle = segment.middle_s
    return Number(segment.start_s, middle, a), Number(middle, segment.end_s, b)


def _dimmed(opacity: Curve, numbers: tuple[Number, ...], theme: RowTheme) -> Curve:
    """Opacity of the text: less for weak tags."""
    points: list[tuple[float, float]] = []
    for number in numbers:
        strength = min(number.value / 100 / theme.full_at, 1.0) if theme.full_at else 1.0
        factor = theme.dim + (1 - theme.dim) * strength
        inside = [t for t, _ in opacity if number.start_s < t < number.end_s]
        for t in (number.start_s, *inside, number.end_s):
            points.append((t, factor * value_at(opacity, t)))
    return _thinned(points)


def _bar(timeline: TagTimeline, index: int, segment: _Segment) -> Curve:
    """The score as it runs between two hops, in as few straight pieces as will do."""
    column = timeline.scores[:, index]
    if segment.a == segment.b:
        return ((segment.start_s, float(column[segment.a])),)
    fine = np.linspace(0, 1, _FINEST + 1)
    exact = np.array([curve(column, segment.a, float(x)) for x in fine])
    for step in _STEPS:
        x, y = fine[::step], exact[::step]
        if np.abs(np.interp(fine, x, y) - exact).max() <= _BAR_ERROR:
            break
    times = segment.start_s + x * (segment.end_s - segment.start_s)
    return tuple(zip(times.tolist(), y.tolist(), strict=True))


def _joined(a: RowSpan, b: RowSpan) -> RowSpan | None:
    """Two spans that follow each other in one place as one; ``None`` if they must stay apart."""
    if a.end_s != b.start_s or b.end_s - a.start_s > _LONGEST_S:
        return None
    if a.baseline[0][1] != b.baseline[0][1]:
        return None
    numbers = a.numbers + b.numbers
    last, first = a.numbers[-1], b.numbers[0]
    if last.value == first.value:
        whole = replace(last, end_s=first.end_s)
        numbers = (*a.numbers[:-1], whole, *b.numbers[1:])
    text_opacity = _thinned([*a.text_opacity, *b.text_opacity])
    score = _thinned([*a.score, *b.score])
    return replace(a, end_s=b.end_s, numbers=numbers, text_opacity=text_opacity, score=score)


def value_at(points: Curve, t: float) -> float:
    """The curve's value at second ``t``; at a step, the one behind it."""
    for (t0, v0), (t1, v1) in pairwise(points):
        if t0 <= t < t1:
            return v0 + (v1 - v0) * (t - t0) / (t1 - t0)
    return points[0][1] if t < points[0][0] else points[-1][1]


def _thinned(points: list[tuple[float, float]]) -> Curve:
    """Without points that repeat the one before and the one behind."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and kept[-2][1] == kept[-1][1] == point[1]:
            kept.pop()
        kept.append(point)
    if len(kept) == 2 and kept[0][1] == kept[1][1]:
        kept.pop()
    return tuple(kept)
