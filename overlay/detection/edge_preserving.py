"""Scores that are steady while a sound lasts and still change at once where another begins.

A mean over neighbouring rows makes scores steadier and truer, and smears the borders of sounds.
Here no mean reaches over a border: a row where what is heard before differs from what is heard
behind.

Source:
    The idea is that of the bilateral filter: Tomasi, Manduchi, "Bilateral filtering for gray and
    color images", ICCV 1998.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, Times
from overlay.detection.smoothing import pieces_of

SHARP_S = 0.5
"""Rows that have heard more than this smear the borders themselves: they stay as they are."""
_REACH_S = 0.75
"""Seconds after which a row counts for a third."""
_FARTHEST = 3
"""Rows further away than this many times the reach count nothing."""
_COMPARED_S = 1.2
"""Seconds before and behind a row whose scores are compared."""
_BORDER = 0.3
"""A smaller change of the scores, 0 to 1, is no border."""
_APART_S = 0.6
"""Borders are at least this far apart: the largest change counts."""
_WALL = 6.0
"""How much a change of 1 weakens what lies behind it: to exp(-6)."""
_CLASSES_AT_ONCE = 64

Floats = npt.NDArray[np.float64]


def steadied(scores: Scores, times: Times, hop_s: float) -> Scores:
    """Means over the rows around each, as far as no border lies between.

        y[i] = sum_j w_ij x[j] / sum_j w_ij
        w_ij = exp(-|i - j| hop / reach - wall (sum of the borders between i and j))

    Args:
        scores: ``[n_rows, n_classes]``, in [0, 1].
        times: Seconds, ``[n_rows]``, rising; no mean reaches over a gap.
        hop_s: Usual distance of two times.
    """
    made = np.empty_like(scores)
    for piece in pieces_of(times, hop_s):
        _steady(scores[piece], hop_s, made[piece])
    return made


def _steady(scores: Scores, hop_s: float, made: Scores) -> None:
    walls = np.cumsum(_WALL * borders(scores, hop_s))
    n_far = min(len(scores) - 1, int(_FARTHEST * _REACH_S / hop_s))
    weights = [
        np.exp(-k * hop_s / _REACH_S - (walls[k:] - walls[:-k])).astype(np.float32)[:, None]
        for k in range(1, n_far + 1)
    ]
    total = np.ones((len(scores), 1), np.float32)
    for k, weight in enumerate(weights, 1):
        total[k:] += weight
        total[:-k] += weight
    for first in range(0, scores.shape[1], _CLASSES_AT_ONCE):
        block = scores[:, first : first + _CLASSES_AT_ONCE]
        sums = block.copy()
        for k, weight in enumerate(weights, 1):
            sums[k:] += weight * block[:-k]
            sums[:-k] += weight * block[k:]
        np.clip(sums / total, 0, 1, out=made[:, first : first + _CLASSES_AT_ONCE])


def borders(scores: Scores, hop_s: float) -> Floats:
    """How much changes between each row and the one before it, 0 where that is no border.

        change[i] = |behind - before| / (behind + before),   summed over the classes

    with the means of the scores of some rows on either side (Bray-Curtis dissimilarity).
    """
    n = len(scores)
    found = np.zeros(n)
    if n < 2:
        return found
    changes = _changes(scores, max(1, round(_COMPARED_S / hop_s)))
    reach = max(1, round(_APART_S / hop_s))
    padded = np.pad(changes, reach)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    is_border = (changes >= _BORDER) & (changes == around)
    found[is_border] = changes[is_border]
    return found


def _changes(scores: Scores, n_compared: int) -> Floats:
    """``[n]``, the first 0: nothing is before it."""
    n = len(scores)
    rows = np.arange(1, n)
    first, last = np.maximum(rows - n_compared, 0), np.minimum(rows + n_compared, n)
    apart, both = np.zeros(n - 1), np.full(n - 1, 1e-9)
    for start in range(0, scores.shape[1], _CLASSES_AT_ONCE):
        block = scores[:, start : start + _CLASSES_AT_ONCE]
        sums = np.zeros((n + 1, block.shape[1]))
        np.cumsum(block, axis=0, out=sums[1:], dtype=np.float64)
        before = (sums[rows] - sums[first]) / (rows - first)[:, None]
        behind = (sums[last] - sums[rows]) / (last - rows)[:, None]
        apart += np.abs(behind - before).sum(axis=1)
        both += (behind + before).sum(axis=1)
    return np.concatenate([[0.0], apart / both])
