"""Clips that are reviewed together: their pages, made in turn, and their files of verdicts.

Pages and copies are made by whoever calls ``work``, one after the other, what is asked for first;
verdicts are kept by whichever thread hears them.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from overlay.errors import ExportError, OverlayError
from overlay.files import is_there, reason
from overlay.reporting import Reporter
from overlay.verdicts import Entry, Media, Verdicts, read_verdicts, write_verdicts

Task = Callable[[Reporter], None]
_ASKED, _IN_TURN = 0, 1


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is ready: its HTML, and what verdicts on it are of."""

    content: bytes
    media: Media


@dataclass(eq=False)
class Clip:
    """One medium on the desk.

    Attributes:
        path: The medium.
        verdicts_path: Where what is said of it is kept.
        make: Makes its page.
        copy: Makes a copy of it that every browser plays.
        page: Once it is made.
        playable: The copy, once it is made.
        failure: Why there is no page.
        copy_failure: Why there is no copy.
        share: How much of the copy is made, in [0, 1].
        copy_asked: Whether it is to be made.
        stamp: Which file was listened to, and in which state (``stamp_of``).
    """

    path: Path
    verdicts_path: Path
    make: Callable[[Reporter], Page]
    copy: Callable[[Reporter], Path]
    page: Page | None = None
    playable: Path | None = None
    failure: str = ""
    copy_failure: str = ""
    share: float = 0.0
    copy_asked: bool = False
    stamp: tuple[int, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """Of the medium."""
        return self.path.name

    def verdicts(self) -> Verdicts:
        """What has been said.

        Raises:
            ExportError: The file is damaged, or is of another sound.
        """
        assert self.page is not None
        if not is_there(self.verdicts_path):
            return Verdicts(self.page.media)
        found = read_verdicts(self.verdicts_path)
        if found.media.fingerprint != self.page.media.fingerprint:
            raise ExportError(
                f"{self.verdicts_path}: is of another sound ({found.media.name}); move it away"
            )
        return found

    def add(self, entries: Iterable[Entry]) -> int:
        """Keep what is said, whole or not at all; returns how much of it was new.

        Raises:
            OverlayError: The file cannot be used or written.
        """
        with self._lock:
            known = self.verdicts()
            merged = known.with_entries(entries)
            n_new = len(merged.entries) - len(known.entries)
            if n_new:
                write_verdicts(self.verdicts_path, merged)
            return n_new


class Desk:
    """All clips, and what is to be made of them.

    Args:
        clips: In the order in which their pages are made, unless one is asked for.
    """

    def __init__(self, clips: Iterable[Clip]) -> None:
        self.clips = list(clips)
        self._order = itertools.count()
        self._tasks: queue.PriorityQueue[tuple[int, int, Task]] = queue.PriorityQueue()
        for clip in self.clips:
            self._put(_IN_TURN, _page_task(clip))

    def want_page(self, clip: Clip) -> None:
        """Make the page of a clip next."""
        self._put(_ASKED, _page_task(clip))

    def want_copy(self, clip: Clip) -> None:
        """Make a copy of a clip that every browser plays, once."""
        if not clip.copy_asked:
            clip.copy_asked = True
            self._put(_ASKED, _copy_task(clip))

    def _put(self, priority: int, task: Task) -> None:
        self._tasks.put((priority, next(self._order), task))

    def work(self, reporter: Reporter, *, for_ever: bool = True) -> None:
        """Make what is asked for.

        Args:
            reporter: Told how far it is.
            for_ever: Whether to wait for more when all is made.
        """
        while True:
            try:
                _, _, task = self._tasks.get(timeout=1.0) if for_ever else self._tasks.get_nowait()
            except queue.Empty:
                if for_ever:
                    continue
                return
            task(reporter)


def _page_task(clip: Clip) -> Task:
    def task(reporter: Reporter) -> None:
        if clip.page is not None or clip.failure:
            return
        try:
            clip.stamp = stamp_of(clip.path.stat())
            clip.page = clip.make(reporter)
        except Exception as error:  # one clip never ends the review of the others
            clip.failure = _why(error, clip)
            reporter.note(f"error: {clip.failure}")

    return task


def _copy_task(clip: Clip) -> Task:
    def task(reporter: Reporter) -> None:
        def progress(step: str, done: float, total: float | None) -> None:
            clip.share = min(done / total, 1.0) if total else 0.0
            reporter.progress(step, done, total)

        try:
            clip.playable = clip.copy(Reporter(progress, reporter.note))
        except Exception as error:
            clip.copy_failure = _why(error, clip)
            reporter.note(f"error: {clip.copy_failure}")

    return task


def _why(error: Exception, clip: Clip) -> str:
    if isinstance(error, OverlayError):
        return str(error)
    why = reason(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
    return f"{clip.path}: {why}"


def stamp_of(status: os.stat_result) -> tuple[int, ...]:
    """What differs once another file is there, or the same one was written to."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def copy_state(clip: Clip) -> dict[str, Any]:
    """How far the copy of a clip is, as JSON has it."""
    return {
        "ready": clip.playable is not None,
        "share": round(clip.share, 3),
        "failure": clip.copy_failure,
    }
