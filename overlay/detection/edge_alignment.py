"""Edges of several events that lie close together become one: what changes changes at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from overlay.datatypes import TagEvent

_NEAR_S = 0.35
"""Edges up to this far apart are one."""
_WIDEST_S = 0.56
"""And all of them are within this."""
_SHORTEST_S = 0.1
"""An event that would become shorter stays as it is."""

Edge = tuple[float, float]
"""Second, and the peak of its event."""


def aligned(events: Sequence[TagEvent]) -> list[TagEvent]:
    """The same events, in their order, with edges that lie close together moved to one of them.

    It is the edge with half of the peaks of all before it: that of the sound that is heard best.
    Events of one class may touch or overlap afterwards.
    """
    edges = sorted((t, event.peak) for event in events for t in (event.onset_s, event.offset_s))
    place = {t: middle for group in _groups(edges) for middle in [_middle(group)] for t, _ in group}
    made = []
    for event in events:
        onset_s, offset_s = place[event.onset_s], place[event.offset_s]
        long_enough = offset_s - onset_s >= _SHORTEST_S
        made.append(replace(event, onset_s=onset_s, offset_s=offset_s) if long_enough else event)
    return made


def _groups(edges: Sequence[Edge]) -> Iterator[list[Edge]]:
    group: list[Edge] = []
    for edge in edges:
        if group and (edge[0] - group[-1][0] > _NEAR_S or edge[0] - group[0][0] > _WIDEST_S):
            yield group
            group = []
        group.append(edge)
    if group:
        yield group


def _middle(group: Sequence[Edge]) -> float:
    half, so_far = sum(peak for _, peak in group) / 2, 0.0
    for t, peak in group:
        so_far += peak
        if so_far >= half:
            return t
    return group[-1][0]
