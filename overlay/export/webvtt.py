"""WebVTT captions.

Source:
    W3C, WebVTT: The Web Video Text Tracks Format, section 4.2.2 (escapes).
"""

from __future__ import annotations

from overlay.datatypes import Cue
from overlay.export.formats import Format, Run, clock, lines_of

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def block(cue: Cue) -> str:
    """A cue as it stands in a file."""
    times = f"{clock(cue.start_s)} --> {clock(cue.end_s)}\n"
    return times + "".join(f"{line.translate(_ESCAPED)}\n" for line in lines_of(cue))


def _write(run: Run) -> str:
    return "WEBVTT\n" + "".join(f"\n{block(cue)}" for cue in run.cues)


FORMAT = Format("vtt", ".vtt", "WebVTT captions", _write, "captions")
