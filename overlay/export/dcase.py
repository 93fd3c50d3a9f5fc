"""DCASE strong labels: a tab-separated table with the columns of the challenges."""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run, one_line


def _write(events: Sequence[TagEvent], run: Run) -> str:
    rows = [
        f"{one_line(run.source)}\t{e.onset_s:.3f}\t{e.offset_s:.3f}\t{one_line(e.label)}\n"
        for e in events
    ]
    return "filename\tonset\toffset\tevent_label\n" + "".join(rows)


FORMAT = Format("dcase", ".tsv", "DCASE strong labels", _write)
