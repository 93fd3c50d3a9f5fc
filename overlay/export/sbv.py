"""YouTube's SubViewer captions. They have no escapes, so what readers take for markup goes."""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import Cue
from overlay.export.formats import CaptionFormat, clock, one_line

_REPLACED = str.maketrans({"<": "\u2039", ">": "\u203a"})


def _write(cues: Sequence[Cue], language: str) -> str:
    return "\n".join(
        f"{clock(cue.start_s, hours='01')},{clock(cue.end_s, hours='01')}\n"
        + "".join(f"{one_line(line).translate(_REPLACED)}\n" for line in cue.lines)
        for cue in cues
    )


FORMAT = CaptionFormat("sbv", ".sbv", "YouTube SBV captions", _write)
