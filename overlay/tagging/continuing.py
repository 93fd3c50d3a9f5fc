"""What was left of the last block, put before the next one where the sound goes on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from overlay.datatypes import SoundBlock


class Continuing:
    """Joins blocks for who measures frames that reach over their borders.

    Args:
        sample_rate: Samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._end_s = 0.0
        self.rest: npt.NDArray[np.float32] = np.zeros(0, np.float32)
        """Samples before the next block; whoever listens puts them here."""

    def joined(self, block: SoundBlock) -> tuple[npt.NDArray[np.float32], float]:
        """The rest and the block, and the second at which they start; a gap drops the rest."""
        if abs(block.start_s - self._end_s) > 0.5 / self._rate:
            self.rest = np.zeros(0, np.float32)
        start_s = block.start_s - len(self.rest) / self._rate
        self._end_s = block.start_s + len(block.samples) / self._rate
        return np.concatenate([self.rest, block.samples]), start_s
