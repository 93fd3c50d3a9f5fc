"""Where each chip stands and when: it keeps its place as long as it stands, and none meets another.

Events take places in the order in which they begin. One that finds no place waits as long as it
lasts, or sends off a chip that is far less sure and has stood long enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from overlay.datatypes import TagEvent

IN_S, OUT_S = 0.12, 0.12
"""How long a chip takes to appear and to leave."""
STAY_S = 1.2
"""It stands at least so long."""
_AGAIN_S = 0.8
"""An event that begins again sooner goes on."""
_LATEST_S = 0.6
"""Of an event that had to wait at least so much must be left."""
_LEAD = 0.1
"""By how much surer one must be to send off another."""
_MOST_WAITING = 8


@dataclass(slots=True)
class Chip:
    """An event that stands in a place for a while."""

    event: TagEvent
    start_s: float
    """It begins to appear."""
    end_s: float
    """It begins to leave, and is gone ``OUT_S`` later."""
    line: int
    """0 is the one nearest to the edge of the picture."""
    x: int
    """First column; even."""
    width: int

    def opacity(self, t: float) -> float:
        """From 0 to 1 at second ``t``."""
        coming, going = (t - self.start_s) / IN_S, (self.end_s + OUT_S - t) / OUT_S
        return min(max(min(coming, going), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Seats:
    """The places that there are."""

    width: int
    """Columns of a line."""
    n_lines: int
    gap: int
    """Columns between two chips."""
    most: int
    """Chips at a time."""
    side: float
    """To which chips keep: 0 the left, 0.5 the middle, 1 the right."""

    def free(self, width: int, taken: list[Chip]) -> tuple[int, int] | None:
        """Line and first column of a place of this width; ``None`` if there is none."""
        room = self.width - width
        best = 2 * round(self.side * room / 2)
        for line in range(self.n_lines):
            there = [chip for chip in taken if chip.line == line]
            ends = [x for c in there for x in (c.x - self.gap - width, c.x + c.width + self.gap)]
            free = [
                x for x in (best, *ends)
                if 0 <= x <= room and all(self._apart(x, width, chip) for chip in there)
            ]  # fmt: skip
            if free:
                return line, min(free, key=lambda x: abs(x - best))
        return None

    def _apart(self, x: int, width: int, chip: Chip) -> bool:
        return x + width + self.gap <= chip.x or chip.x + chip.width + self.gap <= x


def seated(events: Iterable[TagEvent], seats: Seats, width_of: Callable[[int], int]) -> list[Chip]:
    """The chips of some events, by start.

    Args:
        events: By onset.
        seats: Where there is room.
        width_of: Columns of the chip of a class, even.
    """
    coming = [(event.onset_s, number, event) for number, event in enumerate(_lasting(events))]
    heapify(coming)
    chips: list[Chip] = []
    on: list[Chip] = []
    late: dict[int, TagEvent] = {}
    """The surest of those that wait."""
    seen: set[int] = set()
    while coming:
        t, number, event = heappop(coming)
        waited = late.pop(number, None) is not None
        if (number in seen and not waited) or (waited and event.offset_s - t < _LATEST_S):
            continue
        seen.add(number)
        on = [chip for chip in on if chip.end_s + OUT_S > t]
        width = width_of(event.index)
        place = seats.free(width, on) if len(on) < seats.most else None
        if place is not None:
            chip = Chip(event, t, max(event.offset_s, t + STAY_S), *place, width)
            chips.append(chip)
            on.append(chip)
        elif len(late) < _MOST_WAITING or event.peak > min(e.peak for e in late.values()):
            late[number] = event
            heappush(coming, (_next_try(event, on, t), number, event))
            if len(late) > _MOST_WAITING:
                del late[min(late, key=lambda n: late[n].peak)]
    return chips


def _next_try(event: TagEvent, on: list[Chip], t: float) -> float:
    """When there may be room; a chip that is far less sure leaves as soon as it may."""
    weakest = min(on, key=lambda chip: chip.event.peak, default=None)
    if weakest is not None and weakest.event.peak + _LEAD < event.peak:
        free_s = max(t, weakest.start_s + STAY_S)
        if free_s < weakest.end_s and event.offset_s - free_s - OUT_S >= _LATEST_S:
            weakest.end_s = free_s
    return max(min((chip.end_s + OUT_S for chip in on), default=event.offset_s), t + 1e-3)


def _lasting(events: Iterable[TagEvent]) -> Iterator[TagEvent]:
    """The same; one that begins again while its chip may still stand goes on."""
    open_events: dict[int, TagEvent] = {}
    for event in events:
        before = open_events.get(event.index)
        if before is None:
            open_events[event.index] = event
        elif event.onset_s <= max(before.offset_s + _AGAIN_S, before.onset_s + STAY_S + OUT_S):
            open_events[event.index] = replace(
                before, offset_s=max(before.offset_s, event.offset_s),
                peak=max(before.peak, event.peak),
            )  # fmt: skip
        else:
            yield before
            open_events[event.index] = event
    yield from open_events.values()
