"""DCASE strong labels: a tab-separated table with the columns of the challenges.

Source:
    DCASE 2023 task 4 baseline, which reads it with pandas as CSV split by tabs: a field with a
    quote in it is quoted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run, one_line


def _write(events: Sequence[TagEvent], run: Run) -> str:
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow(["filename", "onset", "offset", "event_label"])
    source = one_line(run.source)
    for e in events:
        table.writerow([source, f"{e.onset_s:.3f}", f"{e.offset_s:.3f}", one_line(e.label)])
    return text.getvalue()


FORMAT = Format("dcase", ".tsv", "DCASE strong labels", _write)
