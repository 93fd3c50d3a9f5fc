"""CSV with everything that is known of an event."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run


def _write(events: Sequence[TagEvent], run: Run) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["mid", "label", "onset_s", "offset_s", "peak", "mean"])
    for e in events:
        mid = run.mids.get(e.label, "")
        numbers = (f"{n:.3f}" for n in (e.onset_s, e.offset_s, e.peak, e.mean))
        table.writerow([mid, e.label, *numbers])
    return text.getvalue()


FORMAT = Format("csv", ".csv", "events as a table", _write)
