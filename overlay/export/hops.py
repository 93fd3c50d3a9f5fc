"""The ten best scores of every hop, as a long table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run

_TOP_K = 10


def _write(events: Sequence[TagEvent], run: Run) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["time_s", "rank", "mid", "label", "score"])
    track = run.track
    for time, row in zip(track.times.tolist(), track.scores, strict=True):
        for rank, index in enumerate(np.argsort(-row, kind="stable")[:_TOP_K], start=1):
            label = track.labels[index]
            mid = run.mids.get(label, "")
            table.writerow([f"{time:.3f}", rank, mid, label, f"{row[index]:.4f}"])
    return text.getvalue()


FORMAT = Format("hops", ".hops.csv", "the ten best scores of every hop", _write)
