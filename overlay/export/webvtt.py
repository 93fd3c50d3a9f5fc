"""WebVTT captions.

Source:
    W3C, WebVTT: The Web Video Text Tracks Format, section 4.2.2 (escapes).
"""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.cues import cues_of
from overlay.export.formats import Format, Run, clock

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def _write(events: Sequence[TagEvent], run: Run) -> str:
    cues = [
        f"\n{clock(cue.start_s)} --> {clock(cue.end_s)}\n"
        + "".join(f"{line.translate(_ESCAPED)}\n" for line in cue.lines)
        for cue in cues_of(events)
    ]
    return "WEBVTT\n" + "".join(cues)


FORMAT = Format("vtt", ".vtt", "WebVTT captions", _write)
