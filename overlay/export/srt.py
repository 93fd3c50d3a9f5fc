"""SubRip. It has no escapes, so the few characters that players take for markup are replaced."""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.cues import cues_of
from overlay.export.formats import Format, Run, clock

_REPLACED = str.maketrans({"<": "\u2039", ">": "\u203a", "{": "(", "}": ")", "\\": "\\\u2060"})
"""A word joiner keeps players that turn SubRip into ASS from taking a backslash for a command."""


def _write(events: Sequence[TagEvent], run: Run) -> str:
    return "\n".join(
        f"{number}\n{clock(cue.start_s, ',')} --> {clock(cue.end_s, ',')}\n"
        + "".join(f"{line.translate(_REPLACED)}\n" for line in cue.lines)
        for number, cue in enumerate(cues_of(events), start=1)
    )


FORMAT = Format("srt", ".srt", "SubRip captions", _write)
