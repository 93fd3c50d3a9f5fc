"""WebVTT captions.

Source:
    W3C, WebVTT: The Web Video Text Tracks Format, section 4.2.2 (escapes).
"""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import Cue
from overlay.export.formats import CaptionFormat, clock, one_line

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def block(cue: Cue) -> str:
    """A cue as it stands in a file."""
    times = f"{clock(cue.start_s)} --> {clock(cue.end_s)}\n"
    return times + "".join(f"{one_line(line).translate(_ESCAPED)}\n" for line in cue.lines)


def _write(cues: Sequence[Cue], language: str) -> str:
    return "WEBVTT\n" + "".join(f"\n{block(cue)}" for cue in cues)


FORMAT = CaptionFormat("vtt", ".vtt", "WebVTT captions", _write)
