"""Which events are worth a caption: fewer, or more."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass

from overlay.captioning.phrasing import Mention

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Density:
    """How much is captioned.

    A sound is captioned if its peak score reaches the number for its worth. Of sounds of one kind
    at one time, and of too many in a minute, those of more worth stay, then those with the higher
    peak.
    """

    least_peak: tuple[float, float, float]
    """Peak score that a sound of worth 1, 2 and 3 needs; worth 0 is never captioned."""
    a_minute: int
    """Sounds captioned in any minute, at most."""
    again_s: float | None
    """Seconds until a sound that goes on is captioned again, as going on; ``None``: never."""
    after_others_s: float | None
    """The same where captions of other sounds have come between."""
    alike: bool
    """Whether sounds of one kind at one time are captioned each, or the best of them alone."""


DENSITIES = {
    "low": Density((2.0, 0.75, 0.6), 5, None, None, alike=False),
    "medium": Density((0.65, 0.55, 0.5), 12, 60.0, 15.0, alike=False),
    "high": Density((0.0, 0.0, 0.0), 30, 30.0, 10.0, alike=True),
}
"""Ours: no guideline has numbers, they ask for what matters to the viewer."""

EVERYTHING = Density((0.0, 0.0, 0.0), 10**6, None, None, alike=True)
"""No dial: even worth 0."""


def worth_showing(mentions: Iterable[Mention], density: Density) -> list[Mention]:
    """Those that are worth a caption, by onset."""
    if density is EVERYTHING:
        return sorted(mentions, key=lambda mention: mention.onset_s)
    kept: list[Mention] = []
    taken: dict[str, list[tuple[float, float]]] = {}
    onsets: list[float] = []
    wanted = [m for m in mentions if m.worth > 0 and m.peak >= density.least_peak[m.worth - 1]]
    for mention in sorted(wanted, key=lambda m: (-m.importance, m.onset_s)):
        if not density.alike and _is_taken(mention, taken):
            continue
        if _n_in_a_minute(onsets, mention.onset_s) <= density.a_minute:
            insort(onsets, mention.onset_s)
            kept.append(mention)
            for kind in mention.kind:
                insort(taken.setdefault(kind, []), (mention.onset_s, mention.offset_s))
    return sorted(kept, key=lambda mention: mention.onset_s)


def _is_taken(mention: Mention, taken: dict[str, list[tuple[float, float]]]) -> bool:
    """Whether one of its kind stands at its time: both music, or named by the same word.

    Spans of one kind are apart, since each of them was asked this before.
    """
    for kind in mention.kind:
        spans = taken.get(kind, [])
        before = bisect_left(spans, (mention.offset_s,)) - 1
        if before >= 0 and spans[before][1] > mention.onset_s:
            return True
    return False


def _n_in_a_minute(onsets: list[float], onset: float) -> int:
    """Most onsets in a minute that has this one in it, this one included."""
    first = bisect_left(onsets, onset - _MINUTE_S)
    last = bisect_right(onsets, onset + _MINUTE_S)
    near = sorted([*onsets[first:last], onset])
    return max(bisect_left(near, start + _MINUTE_S) - i for i, start in enumerate(near))
