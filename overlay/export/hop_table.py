"""The best scores of every hop, as a long table; cells as in ``event_table``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np

from overlay.export.escaping import table_cell
from overlay.export.formats import Format, Run

COLUMNS = ("time_s", "rank", "mid", "label", "score")


def rows_of(run: Run) -> Iterator[tuple[float, int, str, str, float]]:
    """A row for each of the ``hop_top_k`` best tags of each hop: see ``COLUMNS``."""
    track, mids = run.track, run.mids
    for time, row in zip(track.times.tolist(), track.scores, strict=True):
        best = np.argsort(-row, kind="stable")[: run.settings.events.hop_top_k]
        for rank, index in enumerate(best, start=1):
            label = track.labels[index]
            yield time, rank, mids.get(label, ""), label, float(row[index])


def _write(run: Run) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for time, rank, mid, label, score in rows_of(run):
        table.writerow([f"{time:.3f}", rank, mid, table_cell(label), f"{score:.4f}"])
    return text.getvalue()


FORMAT = Format(
    "hops", ".hops.csv", "the ten best scores of every hop (--hop-top-k)", _write, "scores"
)
