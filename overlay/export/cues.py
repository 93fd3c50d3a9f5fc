"""Captions: events as text that a player shows, never two cues at one time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from overlay.datatypes import TagEvent
from overlay.export.formats import one_line

MAX_LINES = 2
_MIN_CUE_S = 0.7


@dataclass(frozen=True, slots=True)
class Cue:
    """Text from one time to another."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]
    """Without markup or line breaks."""


def cues_of(events: Sequence[TagEvent]) -> list[Cue]:
    """One cue for each stretch in which the same events last; at most two lines, the surest.

    A stretch too short to be read goes to its neighbour.
    """
    cues: list[Cue] = []
    edges = sorted({edge for event in events for edge in (event.onset_s, event.offset_s)})
    for start, end in pairwise(edges):
        lasting = [e for e in events if e.onset_s <= start and e.offset_s >= end]
        best = sorted(lasting, key=lambda event: -event.peak)[:MAX_LINES]
        lines = tuple(dict.fromkeys(f"[{one_line(event.label)}]" for event in best))
        touches = bool(cues) and cues[-1].end_s == start
        if not lines:
            continue
        if touches and (cues[-1].lines == lines or end - start < _MIN_CUE_S):
            cues[-1] = replace(cues[-1], end_s=end)
        elif touches and cues[-1].end_s - cues[-1].start_s < _MIN_CUE_S:
            cues[-1] = Cue(cues[-1].start_s, end, lines)
        else:
            cues.append(Cue(start, end, lines))
    return cues
