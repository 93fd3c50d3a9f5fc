"""CSV with everything that is known of an event, below a line that says what made the events.

That line is ``#`` and a JSON object; ``pandas.read_csv(file, skiprows=1)`` passes over it. A label
that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io

from overlay.export.escaping import json_text, table_cell
from overlay.export.formats import Format, Run
from overlay.export.json_events import FRAME_KEYS, header


def _write(run: Run) -> str:
    text = io.StringIO()
    text.write(f"# {json_text(header(run))}\n")
    table = csv.writer(text, lineterminator="\n")
    numbered = bool(run.settings.events.frames and run.source.frame_rate)
    frame_names = FRAME_KEYS if numbered else ()
    table.writerow(["mid", "label", "onset_s", "offset_s", "peak", "mean", *frame_names])
    mids = run.mids
    for e in run.events:
        numbers = (f"{n:.3f}" for n in (e.onset_s, e.offset_s, e.peak, e.mean))
        frames = run.frames_of(e) or ()
        table.writerow([mids.get(e.label, ""), table_cell(e.label), *numbers, *frames])
    return text.getvalue()


FORMAT = Format("csv", ".csv", "events as a table, below a line on what made them", _write)
