"""Means over neighbouring rows of scores."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from overlay.datatypes import Scores, Times

_CLASSES_AT_ONCE = 32
GAP_HOPS = 1.5
"""Rows further apart than this many hops have a gap between them."""


def moving_average(scores: Scores, size: int) -> Scores:
    """Replace each hop's scores by the mean of the last ``size`` hops.

    The first ``size - 1`` hops average over the hops seen so far, so a constant input stays
    constant:

        y[i] = mean(x[max(0, i - size + 1) : i + 1])

    Args:
        scores: Tag scores, ``[n_hops, n_classes]``, in [0, 1].
        size: Number of hops averaged; 1 returns an equal copy.

    Returns:
        Smoothed scores, ``[n_hops, n_classes]``, same dtype and range.

    Raises:
        ValueError: ``size`` is below 1, or ``scores`` is not 2-D.

    Source:
        PaddleAudio ``examples/panns/parse_result.py`` (default size 5).
    """
    return _windowed_mean(scores, size, before=size - 1, after=0)


def centered_average(scores: Scores, size: int) -> Scores:
    """Replace each hop's scores by the mean of the ``size`` hops around it.

    At the ends the mean is over the hops that exist. An even ``size`` looks one hop further back
    than ahead:

        y[i] = mean(x[max(0, i - size // 2) : i + (size - 1) // 2 + 1])

    Args:
        scores: Tag scores, ``[n_hops, n_classes]``, in [0, 1].
        size: Number of hops averaged; 1 returns an equal copy.

    Raises:
        ValueError: ``size`` is below 1, or ``scores`` is not 2-D.
    """
    return _windowed_mean(scores, size, before=size // 2, after=(size - 1) // 2)


def _windowed_mean(scores: Scores, size: int, before: int, after: int) -> Scores:
    if size < 1 or scores.ndim != 2:
        raise ValueError(f"size {size} must be at least 1, scores {scores.shape} must be 2-D")
    hops = np.arange(len(scores))
    first = np.maximum(hops - before, 0)
    last = np.minimum(hops + after + 1, len(scores))
    smoothed = np.empty(scores.shape, np.float32)
    for block in _blocks(scores.shape[1], _CLASSES_AT_ONCE):
        sums = np.zeros((len(scores) + 1, block.stop - block.start), np.float64)
        np.cumsum(scores[:, block], axis=0, out=sums[1:], dtype=np.float64)
        means = (sums[last] - sums[first]) / (last - first)[:, None]
        np.clip(means, 0, 1, out=smoothed[:, block], casting="same_kind")
    return smoothed


def _blocks(length: int, size: int) -> Iterator[slice]:
    """Slices that cover a length: hours of scores are too many to be held in several copies."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def smooth(scores: Scores, method: str, size: int) -> Scores:
    """Smooth by name: ``centered`` or ``trailing`` mean over ``size`` hops, or ``none``."""
    if method == "none":
        return scores
    return {"centered": centered_average, "trailing": moving_average}[method](scores, size)


def smooth_pieces(scores: Scores, times: Times, hop_s: float, method: str, size: int) -> Scores:
    """The same, but no mean reaches over a gap in the times.

    Args:
        scores: ``[n_hops, n_classes]``, in [0, 1].
        times: Seconds, ``[n_hops]``, rising.
        hop_s: Usual distance of two times.
        method: As for ``smooth``.
        size: As for ``smooth``.
    """
    pieces = list(pieces_of(times, hop_s))
    if len(pieces) <= 1:
        return smooth(scores, method, size)
    return np.concatenate([smooth(scores[piece], method, size) for piece in pieces])


def rows_of(length_s: float, hop_s: float) -> int:
    """Rows of a centred mean over so many seconds: an odd number of them.

    >>> rows_of(0.9, 0.3), rows_of(0.9, 0.1), rows_of(0.9, 1.0)
    (3, 9, 1)
    """
    return 1 + 2 * int((length_s / hop_s - 1) / 2 + 1e-6)


def pieces_of(times: Times, hop_s: float) -> Iterator[slice]:
    """Stretches of rows without a gap."""
    starts = np.flatnonzero(np.diff(times) > GAP_HOPS * hop_s) + 1
    edges = [0, *starts.tolist(), len(times)]
    for start, stop in itertools.pairwise(edges):
        if stop > start:
            yield slice(start, stop)
