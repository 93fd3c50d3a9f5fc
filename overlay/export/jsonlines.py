"""JSON Lines: a line that says what made the events, then one line an event."""

from __future__ import annotations

import json
from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run
from overlay.export.tree import as_dict, header


def _write(events: Sequence[TagEvent], run: Run) -> str:
    rows = [{"run": header(run)}, *(as_dict(event, run) for event in events)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


FORMAT = Format("jsonl", ".jsonl", "JSON Lines, the first says what made them", _write)
