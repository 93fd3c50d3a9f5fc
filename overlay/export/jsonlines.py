"""JSON Lines: a line that says what made the events, then one line an event."""

from __future__ import annotations

from overlay.export.escaping import json_text
from overlay.export.formats import Format, Run
from overlay.export.json_events import as_dict, header


def _write(run: Run) -> str:
    rows = [{"run": header(run)}, *(as_dict(event, run) for event in run.events)]
    return "".join(f"{json_text(row)}\n" for row in rows)


FORMAT = Format("jsonl", ".jsonl", "JSON Lines, the first says what made them", _write)
