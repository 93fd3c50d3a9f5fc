"""Values over time that are linear between their points."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from overlay.datatypes import Times

Curve = tuple[tuple[float, float], ...]
"""Points (second, value); before the first and behind the last it is constant."""

_LONGEST_S = 3.0
"""No piece lasts longer, so that a player that jumps into the video soon shows all of it."""
_INSTANT_S = 1e-6
"""Points closer than this are one."""


def usual_step(times: Times) -> float:
    """The median distance of two times, 1 s where there are no two."""
    steps = np.sort(np.diff(times))
    return float(steps[len(steps) // 2]) if len(steps) else 1.0  # np.median would load numpy.ma


def value_at(points: Sequence[tuple[float, float]], t: float) -> float:
    """The curve's value at second ``t``; at a step, the one behind it."""
    place = bisect_right(points, t, key=_time)
    if place == 0:
        return points[0][1]
    if place == len(points):
        return points[-1][1]
    (t0, v0), (t1, v1) = points[place - 1], points[place]
    return v0 if v0 == v1 else v0 + (v1 - v0) * (t - t0) / (t1 - t0)


def value_before(points: Curve, t: float) -> float:
    """The curve's value just before second ``t``: at a step, the one before it."""
    place = bisect_left(points, t, key=_time)
    if place in (0, len(points)):
        return points[min(place, len(points) - 1)][1]
    (t0, v0), (t1, v1) = points[place - 1], points[place]
    return v0 if v0 == v1 else v0 + (v1 - v0) * (t - t0) / (t1 - t0)


def constant_until(points: Sequence[tuple[float, float]], t: float) -> float:
    """Where the curve next begins to change; ``t`` if it is changing."""
    place = bisect_right(points, t, key=_time)
    for number in range(max(place, 1), len(points)):
        if points[number][1] != points[number - 1][1]:
            return max(t, points[number - 1][0])
    return float("inf")


def cut(points: Curve, start_s: float, end_s: float) -> Curve:
    """The part of a curve from one second to another."""
    first = bisect_right(points, start_s, key=_time)
    last = bisect_left(points, end_s, key=_time)
    inside = points[first:last]
    return (start_s, value_at(points, start_s)), *inside, (end_s, value_before(points, end_s))


def pieces(start_s: float, end_s: float, points: Curve) -> Iterator[tuple[float, float]]:
    """From a start (not before second 0) to an end, cut at the curve's points."""
    start_s = max(start_s, 0.0)
    inside = {t for t, _ in points if start_s < t < end_s}
    for a, b in pairwise(sorted({start_s, end_s, *inside} if start_s < end_s else ())):
        n = max(1, -(-(b - a) // _LONGEST_S))
        for number in range(int(n)):
            yield a + (b - a) * number / n, a + (b - a) * (number + 1) / n


def thinned(points: Sequence[tuple[float, float]]) -> Curve:
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


def straightened(points: Sequence[tuple[float, float]], error: float) -> Curve:
    """A curve of few points that passes all of these by no more than ``error``.

    Source:
        Elmeleegy and others, "Online piece-wise linear approximation of numerical streams with
        precision guarantees", 2009 (swing filter).
    """
    kept, last = [points[0]], points[0][0]
    low, high = -float("inf"), float("inf")
    for t, value in points[1:]:
        if t - last < _INSTANT_S:
            continue
        t0, v0 = kept[-1]
        if not _meet((low, high), _slopes(kept[-1], t, value, error)):
            kept.append((last, v0 + (low + high) / 2 * (last - t0)))
            low, high = _slopes(kept[-1], t, value, error)
        else:
            slopes = _slopes(kept[-1], t, value, error)
            low, high = max(low, slopes[0]), min(high, slopes[1])
        last = t
    t0, v0 = kept[-1]
    if last > t0:
        kept.append((last, v0 + (low + high) / 2 * (last - t0)))
    return thinned(kept)


def _slopes(
    start: tuple[float, float], t: float, value: float, error: float
) -> tuple[float, float]:
    """The least and the steepest line from a start that pass a value at second ``t``."""
    t0, v0 = start
    return (value - error - v0) / (t - t0), (value + error - v0) / (t - t0)


def _meet(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return max(a[0], b[0]) <= min(a[1], b[1])


def _time(point: tuple[float, float]) -> float:
    return point[0]
