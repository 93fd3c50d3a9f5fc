"""Runs of rows in which a class is on: it comes at one score and goes at a lower one.

Source:
    Mesaros et al., "Sound event detection: a tutorial", IEEE Signal Processing Magazine 38(5),
    2021.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def runs_of(
    column: npt.NDArray[np.float32], enter: float, leave: float, breaks: Sequence[int] = ()
) -> list[tuple[int, int]]:
    """First and last row of each run that stays at or above ``leave`` and reaches ``enter``.

    Args:
        column: Scores of one class, ``[n_hops]``.
        enter: Score that a run must reach, in [0, 1].
        leave: Score below which it ends, at most ``enter``.
        breaks: Rows, rising, before which every run ends, since the sound has a gap there.

    >>> runs_of(np.array([0.0, 0.2, 0.5, 0.2, 0.0, 0.2]), 0.4, 0.1)
    [(1, 3)]
    """
    edges = np.diff(np.concatenate(([False], column >= leave, [False])).astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    found = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        inner = breaks[bisect_right(breaks, start) : bisect_left(breaks, stop)]
        cuts = [start, *inner, stop]
        for first, behind in itertools.pairwise(cuts):
            if column[first:behind].max() >= enter:
                found.append((first, behind - 1))
    return found
