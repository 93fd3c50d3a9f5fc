"""Chapters of what is heard, as players and YouTube take them.

The first begins at 0:00, none is shorter than ten seconds, none is silence. A chapter begins where
a sound does, and is called by what is heard most in it; neighbours of one name are one.

Source:
    YouTube Help, "Video Chapters": the first at 00:00, at least three, in ascending order, each at
    least 10 seconds. ffmpeg-formats, "Metadata": ``=``, ``;``, ``#`` and the backslash are escaped
    by one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from overlay.datatypes import TagEvent
from overlay.export.escaping import one_line
from overlay.export.formats import Format, Run

LEAST_S = 10.0
"""Of a chapter."""
_LONGEST = 100
"""Letters of a title."""
_SILENCE = "/m/028v0c"
_ESCAPED = str.maketrans({c: f"\\{c}" for c in "=;#\\"})


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of a film."""

    start_s: float
    end_s: float
    title: str


def chapters_of(run: Run) -> list[Chapter]:
    """The chapters of what is heard; none where nothing is."""
    mids = run.mids
    heard = [event for event in run.events if mids.get(event.label) != _SILENCE]
    length_s = max([run.duration_s, *(event.offset_s for event in heard)])
    starts = [0.0]
    for event in heard:
        if min(event.onset_s - starts[-1], length_s - event.onset_s) >= LEAST_S:
            starts.append(event.onset_s)
    titles = _titles(heard, starts)
    chapters: list[Chapter] = []
    for start_s, end_s, title in zip(starts, [*starts[1:], length_s], titles, strict=True):
        before = chapters[-1] if chapters else None
        if before is not None and title == before.title:
            chapters[-1] = Chapter(before.start_s, end_s, before.title)
        elif before is not None and not before.title:
            chapters[-1] = Chapter(before.start_s, end_s, title)
        else:
            chapters.append(Chapter(start_s, end_s, title))
    return [chapter for chapter in chapters if chapter.title]


def _titles(events: Iterable[TagEvent], starts: list[float]) -> list[str]:
    """What is heard most in each span, by time and sureness; empty where nothing is."""
    most: list[dict[str, float]] = [{} for _ in starts]
    for event in events:
        n = bisect_right(starts, event.onset_s) - 1
        while n < len(starts) and starts[n] < event.offset_s:
            end_s = starts[n + 1] if n + 1 < len(starts) else event.offset_s
            shared = min(event.offset_s, end_s) - max(event.onset_s, starts[n])
            label = one_line(event.label)[:_LONGEST]
            most[n][label] = most[n].get(label, 0.0) + shared * event.mean
            n += 1
    return [max(each, key=lambda label: each[label], default="") for each in most]


def metadata(run: Run) -> str:
    """Chapters as ffmpeg reads them."""
    blocks = [
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={round(1000 * each.start_s)}\n"
        f"END={round(1000 * each.end_s)}\ntitle={each.title.translate(_ESCAPED)}\n"
        for each in chapters_of(run)
    ]
    return ";FFMETADATA1\n" + "".join(blocks)


FORMAT = Format("chapters", ".ffmeta", "chapters for mp4 and mkv (FFMETADATA)", metadata)
