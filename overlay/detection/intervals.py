"""Stretches of time that grow, and how much of another stretch they cover."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Spans:
    """A union of stretches of time; those that touch become one."""

    def __init__(self) -> None:
        self._begins: list[float] = []
        self._ends: list[float] = []

    def add(self, begin: float, end: float) -> None:
        """Take one more in, from ``begin`` to ``end`` in seconds."""
        first, stop = bisect_left(self._ends, begin), bisect_right(self._begins, end)
        if first < stop:
            begin, end = min(begin, self._begins[first]), max(end, self._ends[stop - 1])
        self._begins[first:stop], self._ends[first:stop] = [begin], [end]

    def gaps(self, begin: float, end: float) -> list[tuple[float, float]]:
        """The parts of a stretch that they do not cover, by time."""
        first, stop = bisect_right(self._ends, begin), bisect_left(self._begins, end)
        starts = [begin, *self._ends[first:stop]]
        stops = [*self._begins[first:stop], end]
        return [(a, b) for a, b in zip(starts, stops, strict=True) if a < b]

    def share(self, begin: float, end: float) -> float:
        """Part of a stretch that they cover, 0 to 1."""
        first, stop = bisect_right(self._ends, begin), bisect_left(self._begins, end)
        pairs = zip(self._begins[first:stop], self._ends[first:stop], strict=True)
        covered = sum(min(e, end) - max(b, begin) for b, e in pairs)
        return covered / max(end - begin, 1e-9)
