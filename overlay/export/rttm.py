"""RTTM: ten fields a line, none of which may hold a space.

Source:
    NIST, "The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan", appendix A.
"""

from __future__ import annotations

from overlay.export.escaping import one_line
from overlay.export.formats import Format, Run


def _write(run: Run) -> str:
    source = _field(run.source.name.rsplit(".", 1)[0])
    return "".join(
        f"SPEAKER {source} 1 {e.onset_s:.3f} {e.offset_s - e.onset_s:.3f} <NA> <NA> "
        f"{_field(e.label)} {e.peak:.3f} <NA>\n"
        for e in run.events
    )


def _field(text: str) -> str:
    return one_line(text).replace(" ", "_") or "<NA>"


FORMAT = Format("rttm", ".rttm", "NIST RTTM", _write)
