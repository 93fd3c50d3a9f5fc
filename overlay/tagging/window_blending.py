"""Rows that become known little by little, as windows that cover them are scored."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores

Floats = npt.NDArray[np.float32]


class Blend:
    """Weighted means of what overlapping windows say of each row.

        row = sum_w weight_w score_w / sum_w weight_w

    Rows are handed out once, in order; after that nothing more can be said of them.
    """

    def __init__(self) -> None:
        self.first = 0
        """The first row that was not handed out yet."""
        self._sums: Floats | None = None
        self._weights = np.zeros(0, np.float32)

    def add(self, first: int, weights: Floats, scores: Scores) -> None:
        """Say something of some rows.

        Args:
            first: The first of them.
            weights: How much it counts for each, ``[n]``.
            scores: The same for all, ``[n_classes]``, or each its own, ``[n, n_classes]``.
        """
        skipped = max(self.first - first, 0)
        weights = weights[skipped:]
        if not len(weights):
            return
        scores = scores[skipped:] if scores.ndim == 2 else scores
        begin = first + skipped - self.first
        self._grow(begin + len(weights), scores.shape[-1])
        assert self._sums is not None
        self._sums[begin : begin + len(weights)] += weights[:, None] * scores
        self._weights[begin : begin + len(weights)] += weights

    def take(self, until: int) -> Scores | None:
        """The rows before ``until``, ``[n, n_classes]``; ``None`` where there are none.

        A row that no window spoke of repeats the one before it.
        """
        n = until - self.first
        if n <= 0 or self._sums is None:
            return None
        self._grow(n, self._sums.shape[1])
        known = np.flatnonzero(self._weights[:n] > 0)
        if not len(known):
            return None
        nearest = known[np.maximum(np.searchsorted(known, np.arange(n), side="right") - 1, 0)]
        scores: Scores = self._sums[nearest] / self._weights[nearest][:, None]
        self._sums, self._weights = self._sums[n:], self._weights[n:]
        self.first = until
        return np.clip(scores, 0, 1)

    def _grow(self, n_rows: int, n_classes: int) -> None:
        if self._sums is None:
            self._sums = np.zeros((0, n_classes), np.float32)
        missing = n_rows - len(self._sums)
        if missing > 0:
            self._sums = np.pad(self._sums, ((0, missing), (0, 0)))
            self._weights = np.pad(self._weights, (0, missing))
