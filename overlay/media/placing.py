"""Samples put where their timestamps say: what a gap, an overlap and a jump become."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from overlay.datatypes import SoundBlock

Samples = npt.NDArray[np.float32]

JITTER_S = 0.1
"""Timestamps that are less than this beside the end of what came before tell nothing: containers
round them to a millisecond or worse. ffmpeg's own ``async`` has the same limit."""
LONGEST_SILENCE_S = 10.0
"""A gap up to this is silence; a longer one is jumped, so that a claimed time costs nothing."""


class Placing:
    """Makes blocks of pieces of sound, each with the position its timestamp gives.

    The first piece lies exactly where its timestamp says. A later one follows what came before
    unless it is ``JITTER_S`` or more away: then a gap is filled with silence or jumped, and what
    overlaps is dropped. What is before second 0 is dropped, too.

    Args:
        rate: Samples per second.
        block_length: Samples in a block.
    """

    def __init__(self, rate: int, block_length: int) -> None:
        self._rate, self._block_length = rate, block_length
        self._held: list[Samples] = []
        self._n_held = 0
        self._start = 0
        """Position of the first held sample."""
        self._begun = False
        self.n_samples = 0
        """Samples that came in."""

    @property
    def _end(self) -> int:
        return self._start + self._n_held

    @property
    def end_s(self) -> float:
        """Second at which the sound ends so far."""
        return self._end / self._rate

    def put(self, position: int | None, samples: Samples) -> Iterator[SoundBlock]:
        """Take a piece; the blocks that are whole now.

        Args:
            position: Of its first sample, counted from second 0; ``None`` where it is not known.
            samples: ``[n]``.
        """
        self.n_samples += len(samples)
        position = self._end if position is None else position
        jitter = JITTER_S * self._rate if self._begun else 0
        gap = position - self._end
        if abs(gap) <= jitter:
            gap = 0
        if gap < 0:
            samples = samples[-gap:]
        elif gap > LONGEST_SILENCE_S * self._rate:
            yield from self.rest()
            self._start = position
        elif gap:
            self._hold(np.zeros(gap, np.float32))
        if len(samples):
            self._begun = True
            self._hold(samples)
        while self._n_held >= self._block_length:
            yield self._block(self._block_length)

    def rest(self) -> Iterator[SoundBlock]:
        """What is left, at the end or before a jump."""
        while self._n_held:
            yield self._block(min(self._n_held, self._block_length))

    def _hold(self, samples: Samples) -> None:
        self._held.append(samples)
        self._n_held += len(samples)

    def _block(self, length: int) -> SoundBlock:
        whole = np.concatenate(self._held)
        self._held = [whole[length:]]
        block = SoundBlock(self._start / self._rate, whole[:length])
        self._start += length
        self._n_held -= length
        return block
