"""CSV of all that was found and what reviewers said of it; cells as in ``event_table``."""

from __future__ import annotations

import csv
import io

from overlay.datatypes import TagEvent
from overlay.export.escaping import table_cell
from overlay.export.formats import Format, Run
from overlay.verdicts import Said, event_id

COLUMNS = (
    "event", "label", "onset_s", "offset_s", "score", "verdict", "relabel", "new_onset_s",
    "new_offset_s", "change", "reviewer", "at", "comment",
)  # fmt: skip


def _write(run: Run) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for event, said in sorted(run.judged, key=lambda pair: pair[0].onset_s):
        said = said or Said(event_id(event, run.track.model), event.label)
        table.writerow(_row(event, said))
    return text.getvalue()


def _row(event: TagEvent, said: Said) -> list[str]:
    edges = (said.onset_s, said.offset_s) if said.has_new_edges else (None, None)
    numbers = (f"{n:.3f}" for n in (event.onset_s, event.offset_s, event.peak))
    return [
        table_cell(said.event), table_cell(event.label), *numbers, said.verdict or "",
        table_cell(said.relabel or ""), *("" if n is None else f"{n:.3f}" for n in edges),
        _change(said), table_cell(said.reviewer), said.at, table_cell(said.comment),
    ]  # fmt: skip


def _change(said: Said) -> str:
    if said.into is not None:
        return "merged"
    return "added" if said.is_added else "moved" if said.has_new_edges else ""


FORMAT = Format("review-csv", ".review.csv", "all that was found, with its verdicts", _write)
