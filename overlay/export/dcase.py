"""DCASE strong labels: a tab-separated table with the columns of the challenges.

Source:
    DCASE 2023 task 4 baseline, which reads it with pandas as CSV split by tabs: a field with a
    quote in it is quoted.
"""

from __future__ import annotations

import csv
import io

from overlay.export.escaping import file_cell, one_line, table_cell
from overlay.export.formats import Format, Run


def _write(run: Run) -> str:
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(["filename", "onset", "offset", "event_label"])
    source = file_cell(run.source.name)
    for e in run.events:
        label = table_cell(one_line(e.label))
        table.writerow([source, f"{e.onset_s:.3f}", f"{e.offset_s:.3f}", label])
    return text.getvalue()


FORMAT = Format("dcase", ".tsv", "DCASE strong labels", _write)
