"""Events put into lanes: in one lane none meets another, and the surest find a place first."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from overlay.datatypes import TagEvent

_FADING_S = 0.8
"""Events of a class that are closer than this are one bar."""
_TIGHT = 0.55
"""Part of a label's usual length for which a lane is still taken: the label is cut then."""


@dataclass(slots=True)
class Lane:
    """Events that follow each other, by onset."""

    events: list[TagEvent] = field(default_factory=list)

    def place_of(self, event: TagEvent, gap_s: float, label_s: float) -> int | None:
        """Where an event goes; ``None`` if nowhere.

        Args:
            event: To be put in.
            gap_s: Seconds between two bars, at least.
            label_s: Seconds from an onset that a label takes, unless the next bar is of its class.
        """
        place = bisect_left(self.events, event.onset_s, key=_onset)
        before = self.events[place - 1] if place else None
        behind = self.events[place] if place < len(self.events) else None
        fits = (before is None or _follows(before, event, gap_s, label_s)) and (
            behind is None or _follows(event, behind, gap_s, label_s)
        )
        return place if fits else None

    def between(self, start_s: float, end_s: float) -> Sequence[TagEvent]:
        """The events that touch a stretch of time."""
        first = bisect_left(self.events, start_s, key=lambda event: event.offset_s)
        return self.events[first : bisect_left(self.events, end_s, key=_onset)]

    def runs(self, again_s: float) -> Iterator[list[TagEvent]]:
        """Events of one class that nothing else comes between, and no more than some seconds."""
        run: list[TagEvent] = []
        for event in self.events:
            if run and not (
                event.index == run[-1].index and event.onset_s - run[-1].offset_s <= again_s
            ):
                yield run
                run = []
            run.append(event)
        if run:
            yield run


def in_lanes(events: Iterable[TagEvent], n_lanes: int, gap_s: float, label_s: float) -> list[Lane]:
    """Events in lanes; one whose bar or label finds no room is left out.

    Args:
        events: By onset.
        n_lanes: How many lanes there are.
        gap_s: Seconds between two bars of a lane, at least.
        label_s: Seconds that a label is about as wide as.
    """
    lanes = [Lane() for _ in range(n_lanes)]
    usual: dict[int, int] = {}
    for event in sorted(_joined(events, gap_s), key=lambda event: -_weight(event)):
        own = usual.get(event.index)
        order = [] if own is None else [own]
        order += [number for number in range(n_lanes) if number != own]
        tries = ((n, length) for length in (label_s, _TIGHT * label_s) for n in order)
        for number, length_s in tries:
            place = lanes[number].place_of(event, gap_s, length_s)
            if place is not None:
                lanes[number].events.insert(place, event)
                usual.setdefault(event.index, number)
                break
    return lanes


def _follows(first: TagEvent, second: TagEvent, gap_s: float, label_s: float) -> bool:
    """Whether one may stand in a lane behind the other."""
    label_s = 0.0 if first.index == second.index else label_s
    return max(first.offset_s, first.onset_s + label_s) + gap_s <= second.onset_s


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
    """How much an event should be seen: how sure it is, and how long it lasts."""
    return event.peak + min(event.offset_s - event.onset_s, 10.0) / 30


def _onset(event: TagEvent) -> float:
    return event.onset_s
