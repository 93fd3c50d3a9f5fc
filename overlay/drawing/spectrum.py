"""A mel spectrogram as a picture, column by column and row by row, however many there are."""

from __future__ import annotations

import numpy as np

from overlay.datatypes import MEL_STEP_DB, Levels, Mel, Times
from overlay.drawing.interpolation import usual_step
from overlay.drawing.text import Floats

_RANGE_DB = 54.0
"""What is quieter than the loudest by more than this is not seen."""
_LOUDEST = 99.7
"""Percentile of the codes that is drawn brightest."""
_MOST_LOOKED_AT = 4000
"""Columns that the loudest is looked for in."""
_GAP_COLUMNS = 1.5
"""Seconds without sound are clear: no column is seen further from its place than this."""


class Spectrum:
    """A sound in bands, ready to be looked at.

    Args:
        codes: ``[n_columns, n_bands]``; may be empty.
        times: Starts of the columns in seconds, ``[n_columns]``, rising.
    """

    def __init__(self, codes: Mel, times: Times) -> None:
        self._codes = codes
        self._column_s = usual_step(times)
        self._middles = times + self._column_s / 2
        some = codes[:: max(1, len(codes) // _MOST_LOOKED_AT)]
        self._top = float(np.percentile(some, _LOUDEST)) if some.size else 0.0

    @classmethod
    def of_levels(cls, levels: Levels, times: Times) -> Spectrum:
        """A coarse one of a few broad bands, for tracks that know no better."""
        floor = float(levels.min()) if levels.size else 0.0
        steps = np.clip((levels.astype(np.float32) - floor) / MEL_STEP_DB, 0, 255)
        return cls(steps.astype(np.uint8), times)

    def rows(self, edges: Times, n_rows: int) -> Floats:
        """How loud it is between each two edges, in [0, 1], highest tones on top.

        Returns:
            ``[n_rows, len(edges) - 1]``.
        """
        n_bands = self._codes.shape[1] if self._codes.size else 0
        if not n_bands:
            return np.zeros((n_rows, len(edges) - 1), np.float32)
        columns = self._columns(edges)
        scaled = np.clip(1 + (columns - self._top) * MEL_STEP_DB / _RANGE_DB, 0, 1)
        rows: Floats = (scaled.astype(np.float32) @ _spread(n_bands, n_rows)).T[::-1]
        return rows

    def _columns(self, edges: Times) -> Floats:
        """Codes between each two edges, ``[len(edges) - 1, n_bands]``."""
        middles, last = (edges[:-1] + edges[1:]) / 2, len(self._codes) - 1
        place = np.interp(middles, self._middles, np.arange(last + 1))
        before = np.floor(place).astype(int)
        behind = np.minimum(before + 1, last)
        share = (place - before)[:, None].astype(np.float32)
        found: Floats = self._codes[before] * (1 - share) + self._codes[behind] * share
        if edges[1] - edges[0] > self._column_s:  # no column is passed over
            pairs = np.stack([before, np.append(before[1:], last) + 1], axis=1)
            pairs[:, 1] = np.clip(pairs[:, 1], before + 1, last + 1)
            padded = np.concatenate([self._codes, self._codes[:1]])
            loudest = np.maximum.reduceat(padded, pairs.ravel(), axis=0)[::2]
            found = np.maximum(found, loudest)
        near = np.round(place).astype(int)
        far = np.abs(self._middles[near] - middles) > _GAP_COLUMNS * max(
            self._column_s, edges[1] - edges[0]
        )
        found[far] = 0
        return found.astype(np.float32)


def _spread(n_bands: int, n_rows: int) -> Floats:
    """How much of each band is in each row, lowest first, ``[n_bands, n_rows]``."""
    places = np.clip((np.arange(n_rows) + 0.5) / n_rows * n_bands - 0.5, 0, n_bands - 1)
    reach = max(1.0, n_bands / n_rows)
    weights = np.maximum(0, 1 - np.abs(np.arange(n_bands)[:, None] - places) / reach)
    spread: Floats = (weights / weights.sum(axis=0)).astype(np.float32)
    return spread
