"""SubRip. It has no escapes, so the few characters that players take for markup are replaced."""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import Cue
from overlay.export.formats import CaptionFormat, clock, one_line

_REPLACED = str.maketrans({"<": "\u2039", ">": "\u203a", "{": "(", "}": ")", "\\": "\\\u2060"})
"""A word joiner keeps players that turn SubRip into ASS from taking a backslash for a command."""


def block(cue: Cue) -> str:
    """A cue without its number."""
    times = f"{clock(cue.start_s, ',')} --> {clock(cue.end_s, ',')}\n"
    return times + "".join(f"{one_line(line).translate(_REPLACED)}\n" for line in cue.lines)


def _write(cues: Sequence[Cue], language: str) -> str:
    return "\n".join(f"{number}\n{block(cue)}" for number, cue in enumerate(cues, start=1))


FORMAT = CaptionFormat("srt", ".srt", "SubRip captions", _write)
