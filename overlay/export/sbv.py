"""YouTube's SubViewer captions. They have no escapes, so what readers take for markup goes."""

from __future__ import annotations

import re

from overlay.export.formats import Format, Run, clock, lines_of

_REPLACED = str.maketrans({"<": "\u2039", ">": "\u203a"})
_LIKE_TIMES = re.compile(r"\d+:\d+:\d+")


def _line(text: str) -> str:
    """A line that no reader takes for the times of a cue: a word joiner stands before such."""
    return ("\u2060" if _LIKE_TIMES.match(text) else "") + text.translate(_REPLACED)


def _write(run: Run) -> str:
    return "\n".join(
        f"{clock(cue.start_s, hours='01')},{clock(cue.end_s, hours='01')}\n"
        + "".join(f"{_line(line)}\n" for line in lines_of(cue))
        for cue in run.cues
    )


FORMAT = Format("sbv", ".sbv", "YouTube SBV captions", _write, "captions")
