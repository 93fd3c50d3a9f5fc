"""Audacity labels: start, end, label, split by tabs."""

from __future__ import annotations

from overlay.export.escaping import one_line
from overlay.export.formats import Format, Run


def _write(run: Run) -> str:
    return "".join(f"{e.onset_s:.6f}\t{e.offset_s:.6f}\t{one_line(e.label)}\n" for e in run.events)


FORMAT = Format("audacity", ".txt", "Audacity labels", _write)
