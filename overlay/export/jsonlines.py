"""JSON Lines: a line that says what made the events, then one line an event."""

from __future__ import annotations

import json
from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run
from overlay.export.tree import as_dict, header

_LINE_ENDS = str.maketrans({end: f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"})
"""What JSON may hold as it is, but some readers end a line at."""


def _write(events: Sequence[TagEvent], run: Run) -> str:
    rows = [{"run": header(run)}, *(as_dict(event, run) for event in events)]
    return "".join(json.dumps(row, ensure_ascii=False).translate(_LINE_ENDS) + "\n" for row in rows)


FORMAT = Format("jsonl", ".jsonl", "JSON Lines, the first says what made them", _write)
