"""Raven selection table."""

from __future__ import annotations

from overlay.export.escaping import one_line
from overlay.export.formats import Format, Run

_HEADER = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"
    "\tAnnotation\tScore\n"
)


def _write(run: Run) -> str:
    rows = [
        f"{number}\tSpectrogram 1\t1\t{e.onset_s:.6f}\t{e.offset_s:.6f}\t0.0\t16000.0"
        f"\t{one_line(e.label)}\t{e.peak:.3f}\n"
        for number, e in enumerate(run.events, start=1)
    ]
    return _HEADER + "".join(rows)


FORMAT = Format("raven", ".selections.txt", "Raven selection table", _write)
