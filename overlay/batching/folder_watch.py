"""New files as they appear: looked for again and again, taken when they have stopped growing."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from overlay.batching.sources import Found

EVERY_S = 2.0
"""Seconds between two looks where nobody tells of changes."""

_AGAIN_S = 600.0
_ROOM_BYTES = 1_000_000
"""More room than before is so much more."""

State = tuple[int, int]
"""Size and last change."""


class Watch:
    """Which sources have stood still for a while; each is given out once a state.

    Args:
        find: Finds the sources that are there now.
        settle_s: Seconds for which size and last change must have stood still.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        find: Callable[[], Iterable[Found]],
        settle_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find, self._settle_s, self._clock = find, settle_s, clock
        self._since: dict[str, tuple[State, float]] = {}
        self._taken: dict[str, State] = {}

    def look(self) -> list[Found]:
        """The sources that have got ready since the last look.

        One that changes after it was taken comes once more; one that goes is forgotten.
        """
        now, there, ready = self._clock(), set(), []
        for found in self._find():
            there.add(found.place)
            if self._taken.get(found.place) != _state(found) and self._is_still(found, now):
                self._taken[found.place] = _state(found)
                ready.append(found)
        for known in (self._since, self._taken):
            for place in known.keys() - there:
                del known[place]
        return ready

    def _is_still(self, found: Found, now: float) -> bool:
        state, since = self._since.get(found.place, (None, now))
        if state != _state(found):
            self._since[found.place] = _state(found), now
            return self._settle_s <= 0
        return now - since >= self._settle_s


def _state(found: Found) -> State:
    return found.size, found.mtime_ns


def watched(watch: Watch, pause: Callable[[float], object] = time.sleep) -> Iterator[Found | None]:
    """Sources as they get ready, without end; ``None`` at each moment without any.

    Args:
        watch: What is looked at.
        pause: Waits for some seconds; may come back early when something changed.
    """
    while True:
        yield from watch.look()
        yield None
        pause(EVERY_S)


def wait_for_room(out: Path, had: int, pause: Callable[[float], object] = time.sleep) -> None:
    """Wait until an output is worth another try: it has got room, or ten minutes are over.

    One that is not there is waited for however long it takes: what it was on may be away.

    Args:
        out: The output.
        had: What ``free_bytes`` was when it had no room.
        pause: Waits for some seconds.
    """
    until = time.monotonic() + _AGAIN_S
    while (had_now := free_bytes(out)) < had + _ROOM_BYTES:
        if had_now and time.monotonic() >= until:
            return
        pause(EVERY_S)


def free_bytes(folder: Path) -> int:
    """Bytes that may be written there and one more; 0 where it is not there."""
    try:
        return shutil.disk_usage(folder).free + 1
    except OSError:
        return 0


@contextmanager
def changes(folders: Sequence[Path], *, recursive: bool) -> Iterator[Callable[[float], object]]:
    """A pause that ends early when the system tells of a change, where ``watchdog`` is installed.

    Shared folders tell nobody of what other machines do, so the pause ends anyway.

    Args:
        folders: What to watch.
        recursive: The folders below, too.
    """
    try:
        from watchdog.observers import Observer
    except ImportError:
        yield time.sleep
        return
    changed = threading.Event()

    class Handler:
        def dispatch(self, event: object) -> None:
            changed.set()

    def pause(seconds: float) -> None:
        if changed.wait(seconds):
            time.sleep(min(seconds, 0.2))  # a file that is being written tells of it all the time
            changed.clear()

    observer = Observer()
    try:
        for folder in folders:
            observer.schedule(Handler(), str(folder), recursive=recursive)
        observer.start()
    except OSError:  # no more watches are to be had
        yield time.sleep
        return
    try:
        yield pause
    finally:
        observer.stop()
        observer.join()
