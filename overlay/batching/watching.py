"""New files as they appear: looked for again and again, taken when they have stopped growing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from overlay.batching.sources import Found


def settled(
    find: Callable[[], Iterable[Found]],
    settle_s: float,
    *,
    every_s: float = 2.0,
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[list[Found]]:
    """The sources that have not changed for a while, as they get there; without end.

    A source that changes after it was taken comes once more.

    Args:
        find: Finds the sources that are there now.
        settle_s: Seconds for which size and last change must have stood still.
        every_s: Seconds between two looks.
        pause: Waits for some seconds; may come back early when something changed.
        clock: Seconds that only rise.

    Yields:
        The sources that are ready since the last look, possibly none.
    """
    known: dict[str, tuple[int, int, float]] = {}
    taken: dict[str, tuple[int, int]] = {}
    while True:
        now, there, ready = clock(), set(), []
        for found in find():
            there.add(found.place)
            state = found.size, found.mtime_ns
            if taken.get(found.place) == state:
                continue
            size, mtime, since = known.get(found.place, (-1, -1, now))
            if (size, mtime) != state:
                known[found.place] = (*state, now)
            elif now - since >= settle_s:
                taken[found.place] = state
                ready.append(found)
        for place in known.keys() - there:  # it vanished
            known.pop(place, None)
            taken.pop(place, None)
        yield ready
        pause(every_s)


def pause_until_change(roots: Iterable[str]) -> Callable[[float], object]:
    """Waits that end early when the system tells of a change, where watchfiles is installed."""
    try:
        from watchfiles import watch
    except ImportError:
        return time.sleep

    def pause(seconds: float) -> None:
        for _ in watch(*roots, rust_timeout=round(seconds * 1000), yield_on_timeout=True):
            return

    return pause
