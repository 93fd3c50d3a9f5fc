"""Which events are worth a caption: fewer, or more."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass

from overlay.captioning.mentions import Mention

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Density:
    """How much is captioned.

    A sound is captioned if its peak score reaches the number for its worth; of too many in a minute
    those of more worth stay, then those with the higher peak.
    """

    least_peak: tuple[float, float, float]
    """Peak score that a sound of worth 1, 2 and 3 needs; worth 0 is never captioned."""
    a_minute: int
    """Sounds captioned in any minute, at most."""
    again_s: float | None
    """Seconds until a sound that goes on is captioned again, as going on; ``None``: never."""
    after_others_s: float | None
    """The same where captions of other sounds have come between."""


DENSITIES = {
    "low": Density((2.0, 0.7, 0.0), 4, None, None),
    "medium": Density((0.6, 0.4, 0.0), 10, 60.0, 15.0),
    "high": Density((0.0, 0.0, 0.0), 20, 30.0, 10.0),
}
"""Ours: no guideline has numbers, they ask for what matters to the viewer."""

EVERYTHING = Density((0.0, 0.0, 0.0), 10**6, None, None)
"""No dial: even worth 0."""


def worth_showing(mentions: Iterable[Mention], density: Density) -> list[Mention]:
    """Those that are worth a caption, by onset."""
    if density is EVERYTHING:
        return sorted(mentions, key=lambda mention: mention.onset_s)
    kept: list[Mention] = []
    onsets: list[float] = []
    wanted = [m for m in mentions if m.worth > 0 and m.peak >= density.least_peak[m.worth - 1]]
    for mention in sorted(wanted, key=lambda m: (-m.importance, m.onset_s)):
        if _n_in_a_minute(onsets, mention.onset_s) <= density.a_minute:
            insort(onsets, mention.onset_s)
            kept.append(mention)
    return sorted(kept, key=lambda mention: mention.onset_s)


def _n_in_a_minute(onsets: list[float], onset: float) -> int:
    """Most onsets in a minute that has this one in it, this one included."""
    first = bisect_left(onsets, onset - _MINUTE_S)
    last = bisect_right(onsets, onset + _MINUTE_S)
    near = sorted([*onsets[first:last], onset])
    return max(bisect_left(near, start + _MINUTE_S) - i for i, start in enumerate(near))
