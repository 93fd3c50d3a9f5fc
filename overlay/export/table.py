"""CSV with everything that is known of an event, below a line that says what made the events.

That line is ``#`` and a JSON object; ``pandas.read_csv(file, skiprows=1)`` passes over it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run
from overlay.export.tree import header


def _write(events: Sequence[TagEvent], run: Run) -> str:
    text = io.StringIO()
    text.write(f"# {json.dumps(header(run), ensure_ascii=False)}\n")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["mid", "label", "onset_s", "offset_s", "peak", "mean"])
    for e in events:
        mid = run.mids.get(e.label, "")
        numbers = (f"{n:.3f}" for n in (e.onset_s, e.offset_s, e.peak, e.mean))
        table.writerow([mid, e.label, *numbers])
    return text.getvalue()


FORMAT = Format("csv", ".csv", "events as a table, below a line on what made them", _write)
