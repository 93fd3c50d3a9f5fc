"""What is told while the work goes on, and how the work is stopped: one type for all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, float, float | None], None]
"""Called with the step (``tag``, ``render``, ``train``), what is done, and the whole if known."""

Note = Callable[[str], None]
"""Called with one line that a user should see."""


def _nobody(*_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Told how far the work is and what a user should know.

    To cancel the work, raise from either callable: ffmpeg is ended, nothing partial stays, and the
    exception arrives at the caller.

    Attributes:
        on_progress: Called often, from the thread that works.
        on_note: Called with one line, without a line break.
    """

    on_progress: Progress = _nobody
    on_note: Note = _nobody

    def progress(self, step: str, done: float, total: float | None = None) -> None:
        """Say that ``done`` of ``total`` (seconds, clips) of a step are done."""
        self.on_progress(step, done, total)

    def note(self, line: str) -> None:
        """Say what a user should know."""
        self.on_note(line)


SILENT = Reporter()
"""Tells nobody."""
