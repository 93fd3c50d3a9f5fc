"""Chapters as lines for the description of a film on YouTube."""

from __future__ import annotations

from overlay.export.chapters import LEAST_S, chapters_of
from overlay.export.formats import Format, Run

_LEAST = 3


def _write(run: Run) -> str:
    return "".join(f"{_clock(each.start_s)} {each.title}\n" for each in chapters_of(run))


def _lacks(run: Run) -> str:
    n = len(chapters_of(run))
    if n >= _LEAST:
        return ""
    return f"YouTube shows chapters from {_LEAST} of {LEAST_S:g} s on; what is heard makes {n}"


def _clock(seconds: float) -> str:
    """``0:00``, ``12:34``, ``1:02:03``: whole seconds, never later than the sound."""
    minutes, s = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"


FORMAT = Format(
    "youtube", ".chapters.txt", "chapters for a YouTube description", _write, lacks=_lacks
)
