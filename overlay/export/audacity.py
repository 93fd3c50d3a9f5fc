"""Audacity labels: start, end, label, split by tabs."""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run, one_line


def _write(events: Sequence[TagEvent], run: Run) -> str:
    return "".join(f"{e.onset_s:.6f}\t{e.offset_s:.6f}\t{one_line(e.label)}\n" for e in events)


FORMAT = Format("audacity", ".txt", "Audacity labels", _write)
