"""How loud a sound is, column by column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Levels, Times
from overlay.drawing.interpolation import usual_step
from overlay.drawing.text import Floats

_RANGE_DB = 48.0
"""What is quieter than the loudest by more than this is not seen."""
_LOUDEST = 99.5
"""Percentile of the levels that is as high as the picture."""
_SHAPE = 1.5
"""Exponent from decibels to height: quiet noise does not look like sound."""


class Loudness:
    """The levels of a sound, ready to be looked at.

    Args:
        levels: dB, ``[n_frames, n_bands]``; may be empty.
        times: Starts of the frames in seconds, ``[n_frames]``, rising.
    """

    def __init__(self, levels: Levels, times: Times) -> None:
        decibels = levels.astype(np.float32)
        whole = 10 * np.log10(np.maximum((10 ** (decibels / 10)).sum(axis=1), 1e-9))
        self._times = times
        self._whole = _scaled(whole) ** np.float32(_SHAPE)

    def heights(self, edges: Times) -> Floats:
        """How loud it is at most between each two edges, in [0, 1], ``[len(edges) - 1]``."""
        return self._between(self._whole, edges)

    def _between(self, values: Floats, edges: Times) -> Floats:
        """The largest value in each stretch; 0 where nothing was heard."""
        if not len(values):
            return np.zeros(len(edges) - 1, np.float32)
        last = len(values) - 1
        first = np.searchsorted(self._times, edges[:-1], "right") - 1
        stop = np.searchsorted(self._times, edges[1:], "left")
        silent = (first < 0) & (stop <= 0) | (
            edges[:-1] > self._times[-1] + usual_step(self._times)
        )
        first, stop = np.clip(first, 0, last), np.clip(stop, 1, last + 1)
        pairs = np.stack([first, np.maximum(stop, first + 1)], axis=1).ravel()
        padded = np.append(values, np.float32(0))
        highest: Floats = np.maximum.reduceat(padded, pairs)[::2]
        return np.where(silent, np.float32(0), highest)


def _scaled(decibels: npt.NDArray[np.float32]) -> Floats:
    """Decibels as parts of the range below the loudest, ``[0, 1]``."""
    if not decibels.size:
        return decibels
    top = np.float32(np.percentile(decibels, _LOUDEST))
    scaled: Floats = np.clip(1 + (decibels - top) / np.float32(_RANGE_DB), 0, 1)
    return scaled
