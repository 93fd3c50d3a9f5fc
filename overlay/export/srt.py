"""SubRip. It has no escapes, so the few characters that players take for markup are replaced."""

from __future__ import annotations

import re

from overlay.datatypes import Cue
from overlay.export.formats import Format, Run, clock, lines_of

_REPLACED = str.maketrans({"<": "\u2039", ">": "\u203a", "{": "(", "}": ")", "\\": "\\\u2060"})
"""A word joiner keeps players that turn SubRip into ASS from taking a backslash for a command."""
_LIKE_TIMES = re.compile(r"(?<=\d:)(?=\d\d:)")
"""Readers take any line with two times in it for the head of a cue."""


def block(cue: Cue) -> str:
    """A cue without its number."""
    times = f"{clock(cue.start_s, ',')} --> {clock(cue.end_s, ',')}\n"
    return times + "".join(f"{_line(line)}\n" for line in lines_of(cue))


def _line(text: str) -> str:
    return _LIKE_TIMES.sub("\u2060", text.translate(_REPLACED))


def _write(run: Run) -> str:
    return "\n".join(f"{number}\n{block(cue)}" for number, cue in enumerate(run.cues, start=1))


FORMAT = Format("srt", ".srt", "SubRip captions", _write, "captions")
