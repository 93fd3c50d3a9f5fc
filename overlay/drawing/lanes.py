"""Events put into lanes: in one lane none meets another, and the surest find a place first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from overlay.datatypes import TagEvent

_FADING_S = 0.8
"""Events of a class that are closer than this are one bar."""


@dataclass(slots=True)
class Lane:
    """Events that follow each other, by onset."""

    events: list[TagEvent] = field(default_factory=list)

    def place_of(self, event: TagEvent, gap_s: float) -> int | None:
        """Where an event goes that keeps a distance to its neighbours; ``None`` if nowhere."""
        place = bisect_left(self.events, event.onset_s, key=_onset)
        before = self.events[place - 1].offset_s if place else -float("inf")
        behind = self.events[place].onset_s if place < len(self.events) else float("inf")
        fits = before + gap_s <= event.onset_s and event.offset_s + gap_s <= behind
        return place if fits else None

    def between(self, start_s: float, end_s: float) -> list[tuple[TagEvent, float]]:
        """The events that touch a stretch of time, and when the one behind each begins."""
        first = bisect_left(self.events, start_s, key=lambda event: event.offset_s)
        last = bisect_left(self.events, end_s, key=_onset)
        following = [event.onset_s for event in self.events[first + 1 : last + 1]]
        return list(zip(self.events[first:last], [*following, float("inf")], strict=False))


def in_lanes(events: Iterable[TagEvent], n_lanes: int, gap_s: float, label_s: float) -> list[Lane]:
    """Events in lanes; what finds no room is left out.

    Args:
        events: By onset.
        n_lanes: How many lanes there are.
        gap_s: Seconds between two bars of a lane, at least.
        label_s: Seconds that a label is about as wide as: kept free where it can be.
    """
    lanes = [Lane() for _ in range(n_lanes)]
    usual: dict[int, int] = {}
    for event in sorted(_joined(events, gap_s), key=lambda event: -_weight(event)):
        own = usual.get(event.index)
        order = [] if own is None else [own]
        order += [number for number in range(n_lanes) if number != own]
        for distance in (label_s, gap_s):
            roomy = replace(event, offset_s=max(event.offset_s, event.onset_s + distance))
            found = next((n for n in order if lanes[n].place_of(roomy, gap_s) is not None), None)
            if found is not None:
                place = lanes[found].place_of(roomy, gap_s)
                assert place is not None
                lanes[found].events.insert(place, event)
                usual.setdefault(event.index, found)
                break
    return lanes


def _joined(events: Iterable[TagEvent], gap_s: float) -> Sequence[TagEvent]:
    """The same, but of one class neighbours that a bar could not tell apart are one."""
    joined: list[TagEvent] = []
    last: dict[int, int] = {}
    for event in events:
        place = last.get(event.index)
        if place is not None and event.onset_s - joined[place].offset_s <= max(gap_s, _FADING_S):
            before = joined[place]
            joined[place] = replace(
                before, offset_s=max(before.offset_s, event.offset_s),
                peak=max(before.peak, event.peak), mean=max(before.mean, event.mean),
            )  # fmt: skip
        else:
            last[event.index] = len(joined)
            joined.append(event)
    return joined


def _weight(event: TagEvent) -> float:
    """How much an event should be seen: how sure it is, and a little how long it lasts."""
    return event.peak + min(event.offset_s - event.onset_s, 10.0) / 100


def _onset(event: TagEvent) -> float:
    return event.onset_s
