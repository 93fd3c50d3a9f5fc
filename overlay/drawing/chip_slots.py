"""Where each chip stands and when, so that none ever meets another.

Events take places in the order in which they begin. One that finds no place waits as long as it
lasts, or sends off a chip that is far less sure and has stood long enough. Where a chip has gone
the others of its line close up, all in one and the same motion, so that they keep their distance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from overlay.datatypes import TagEvent
from overlay.drawing.interpolation import value_at

EASED = ((0.25, 0.15625), (0.5, 0.5), (0.75, 0.84375), (1.0, 1.0))
"""A smooth step x² (3 - 2x) in straight pieces."""
GLIDE_S = 0.25

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
    across: list[tuple[float, float]]
    """First column over time, linear between its points."""
    width: int

    def x(self, t: float) -> int:
        """First column at second ``t``."""
        return round(value_at(self.across, t))

    def extent(self, t: float) -> tuple[int, int]:
        """First column, and the one behind the last, that it takes from second ``t`` on."""
        xs = self.x(t), round(self.across[-1][1])
        return min(xs), max(xs) + self.width

    def glide(self, t: float, x: int) -> None:
        """Go to a column from second ``t`` on."""
        start = value_at(self.across, t)
        self.across = [point for point in self.across if point[0] < t]
        self.across += [(t, start), *((t + GLIDE_S * a, start + (x - start) * b) for a, b in EASED)]

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

    def free(self, width: int, taken: list[Chip], t: float) -> tuple[int, int] | None:
        """Line and first column of a place of this width from second ``t`` on, if there is one."""
        room = self.width - width
        best = 2 * round(self.side * room / 2)
        for line in range(self.n_lines):
            there = [chip.extent(t) for chip in taken if chip.line == line]
            ends = [x for a, b in there for x in (a - self.gap - width, b + self.gap)]
            free = [
                x for x in (best, *ends)
                if 0 <= x <= room and all(self._apart(x, width, each) for each in there)
            ]  # fmt: skip
            if free:
                return line, min(free, key=lambda x: abs(x - best))
        return None

    def close_up(self, chips: list[Chip], t: float) -> None:
        """The chips of a line move together, from second ``t`` on."""
        chips = sorted(chips, key=lambda chip: chip.x(t))
        length = sum(chip.width + self.gap for chip in chips) - self.gap
        x = 2 * round(self.side * (self.width - length) / 2)
        for chip in chips:
            if value_at(chip.across, t) != x or chip.across[-1][1] != x:
                chip.glide(t, x)
            x += chip.width + self.gap

    def _apart(self, x: int, width: int, taken: tuple[int, int]) -> bool:
        return x + width + self.gap <= taken[0] or taken[1] + self.gap <= x


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
        on = _gone(on, seats, t)
        width = width_of(event.index)
        place = seats.free(width, on, t) if len(on) < seats.most else None
        if place is not None:
            line, x = place
            chip = Chip(event, t, max(event.offset_s, t + STAY_S), line, [(t, float(x))], width)
            chips.append(chip)
            on.append(chip)
            seats.close_up([other for other in on if other.line == line], t)
        elif len(late) < _MOST_WAITING or event.peak > min(e.peak for e in late.values()):
            late[number] = event
            heappush(coming, (_next_try(event, on, t), number, event))
            if len(late) > _MOST_WAITING:
                del late[min(late, key=lambda n: late[n].peak)]
    _gone(on, seats, float("inf"))
    return chips


def _gone(on: list[Chip], seats: Seats, t: float) -> list[Chip]:
    """The chips that are not gone at second ``t``; they have closed up."""
    on = sorted(on, key=lambda chip: chip.end_s)
    while on and on[0].end_s + OUT_S <= t and on[0].end_s < float("inf"):
        first, *on = on
        seats.close_up([chip for chip in on if chip.line == first.line], first.end_s + OUT_S)
    return on


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
