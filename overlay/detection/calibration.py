"""What a score means: the same for every tagger.

Published scores are as sure of themselves as their training made them. A small rising map for each
tagger turns them into the share of times that they are right: 0.6 is right about six times in ten.
The maps were fitted on labelled training clips by ``tests/benchmarks/calibration.py``.
"""

from __future__ import annotations

import csv
from functools import cache

import numpy as np

from overlay.datatypes import Scores
from overlay.resources import resource

_ROWS_AT_ONCE = 4096


def calibrated(scores: Scores, tagger: str) -> Scores:
    """Scores as shares of times that they are right.

    Args:
        scores: ``[n_hops, n_classes]``, in [0, 1].
        tagger: Name of the tagger, as ``TagTrack.model``; scores of one that has no map, such as a
            model of a user's own, stay as they are.

    Returns:
        Scores of the same shape and range, in the same order within each row.
    """
    curve = curves().get(tagger)
    if curve is None:
        return scores
    made = np.empty_like(scores)
    for start in range(0, len(scores), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        made[rows] = np.interp(scores[rows], *curve)
    return made


def is_calibrated(tagger: str) -> bool:
    """Whether it was measured how often a tagger's scores are right."""
    return tagger in curves()


@cache
def curves() -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    """For each tagger that was measured the scores and the shares of times that they are right.

    Source:
        assets/models/calibration.tsv.
    """
    points: dict[str, list[tuple[float, float]]] = {}
    path = resource("assets", "models", "calibration.tsv")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            points.setdefault(row["tagger"], []).append((float(row["score"]), float(row["right"])))
    return {
        name: (tuple(score for score, _ in own), tuple(right for _, right in own))
        for name, own in points.items()
    }
