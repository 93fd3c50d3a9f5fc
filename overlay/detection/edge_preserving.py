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
_REACH_S = 1.0
"""Seconds after which a row counts for a third."""
_COMPARED_S = 1.2
"""Seconds before and behind a row whose scores are compared."""
_BORDER, _OWN_BORDER = 0.3, 0.5
"""A smaller change of all scores together, or of one class's, 0 to 1, is no border."""
_FAINT = 0.1
"""Scores of one class below this change little, whatever they do."""
_APART_S = 0.6
"""Borders are at least this far apart: the largest change counts."""
_WALL = 6.0
"""How much a change of 1 weakens what lies behind it: to exp(-6)."""
_CLASSES_AT_ONCE = 128

Floats = npt.NDArray[np.float64]


def steadied(scores: Scores, times: Times, hop_s: float) -> Scores:
    """Means over the rows around each, as far as no border lies between.

        y[i] = sum_j w_ij x[j] / sum_j w_ij
        w_ij = exp(-|i - j| hop / reach - wall (sum of the borders between i and j))

    A border is one for all classes where the whole of what is heard changes, and for a single one
    where that comes or goes beside others that stay.

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
    of_all = borders(scores, hop_s)[:, None]
    for first in range(0, scores.shape[1], _CLASSES_AT_ONCE):
        block = scores[:, first : first + _CLASSES_AT_ONCE]
        walls = np.maximum(of_all, own_borders(block, hop_s))
        kept = np.exp(-hop_s / _REACH_S - _WALL * walls).astype(np.float32)
        np.clip(_mean(block, kept), 0, 1, out=made[:, first : first + _CLASSES_AT_ONCE])


def _mean(scores: Scores, kept: Scores) -> Scores:
    """The mean of all rows, as they count at each.

    What a row hears of itself and those before it is its own, and of what the one before it heard
    as much as is kept on the way; and the same from behind:

        before[i] = x[i] + kept[i] before[i - 1]
        behind[i] = x[i] + kept[i + 1] behind[i + 1]
        sum[i] = before[i] + behind[i] - x[i]

    Args:
        scores: x, ``[n_rows, n_classes]``.
        kept: From each row to the one before it, ``[n_rows, n_classes]``.
    """
    own = np.stack([scores, np.ones_like(scores)], axis=1)
    sums = -own
    before = behind = np.zeros(own.shape[1:], np.float32)
    for heard, way, total in zip(own, kept, sums, strict=True):
        before = heard + way * before
        total += before
    back = np.roll(kept, -1, axis=0)
    for heard, way, total in zip(own[::-1], back[::-1], sums[::-1], strict=True):
        behind = heard + way * behind
        total += behind
    return np.asarray(sums[:, 0] / sums[:, 1], np.float32)


def borders(scores: Scores, hop_s: float) -> Floats:
    """How much changes between each row and the one before it, 0 where that is no border.

        change[i] = |behind - before| / (behind + before),   summed over the classes

    with the means of the scores of some rows on either side (Bray-Curtis dissimilarity).

    Returns:
        ``[n_rows]``, the first 0: nothing is before it.
    """
    apart, both = np.zeros(len(scores)), np.full(len(scores), 1e-9)
    for first in range(0, scores.shape[1], _CLASSES_AT_ONCE):
        before, behind = _sides(scores[:, first : first + _CLASSES_AT_ONCE], hop_s)
        apart += np.abs(behind - before).sum(axis=1)
        both += (behind + before).sum(axis=1)
    return _largest(apart / both, _BORDER, hop_s)


def own_borders(scores: Scores, hop_s: float) -> Floats:
    """The same for each class alone, ``[n_rows, n_classes]``."""
    before, behind = _sides(scores, hop_s)
    change = np.abs(behind - before) / (behind + before + _FAINT)
    return _largest(change, _OWN_BORDER, hop_s)


def _sides(scores: Scores, hop_s: float) -> tuple[Floats, Floats]:
    """Means of some rows before each and of as many from it on; both alike at the first."""
    n, n_compared = len(scores), max(1, round(_COMPARED_S / hop_s))
    rows = np.arange(n)
    first, last = np.maximum(rows - n_compared, 0), np.minimum(rows + n_compared, n)
    sums = np.zeros((n + 1, scores.shape[1]))
    np.cumsum(scores, axis=0, out=sums[1:], dtype=np.float64)
    behind = (sums[last] - sums[rows]) / (last - rows)[:, None]
    before = (sums[rows] - sums[first]) / np.maximum(rows - first, 1)[:, None]
    before[:1] = behind[:1]
    return before, behind


def _largest(changes: Floats, least: float, hop_s: float) -> Floats:
    """Changes that are the largest nearby, and 0 elsewhere."""
    reach = max(1, round(_APART_S / hop_s))
    around = changes.copy()
    for k in range(1, min(reach, len(changes) - 1) + 1):
        np.maximum(around[k:], changes[:-k], out=around[k:])
        np.maximum(around[:-k], changes[k:], out=around[:-k])
    return np.where((changes >= least) & (changes == around), changes, 0.0)
