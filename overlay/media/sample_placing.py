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

LONGEST_OVERLAP_S = 1.0
"""So much is heard twice where recordings are cut together; more is a fault of the timestamps."""


class Placing:
    """Makes blocks of pieces of sound, each with the position its timestamp gives.

    The first piece lies exactly where its timestamp says. A later one follows what came before
    unless it is ``JITTER_S`` or more away: then a gap is filled with silence or jumped, and what
    overlaps is dropped. What is before second 0 is dropped, too. Where more than
    ``LONGEST_OVERLAP_S`` would be dropped in a row, timestamps go back or creep.

    Args:
        rate: Samples per second.
        block_length: Samples in a block.
        mended: Whether the sound goes on where its timestamps go back or creep.
    """

    def __init__(self, rate: int, block_length: int, *, mended: bool = False) -> None:
        self._mended = mended
        self._over: list[Samples] = []
        """What would be dropped, in a row."""
        self.rate, self._block_length = rate, block_length
        self._held: list[Samples] = []
        self._n_held = 0
        self._start = 0
        """Position of the first held sample."""
        self._begun = False
        self.n_samples = 0
        """Samples that came in."""
        self.goes_back = False
        """Whether timestamps go back or creep."""
        self._jump, self._n_before = 0, 0
        """The last jump, and how many samples came before it."""

    @property
    def _end(self) -> int:
        return self._start + self._n_held

    @property
    def end_s(self) -> float:
        """Second at which the sound ends so far."""
        return self._end / self.rate

    @property
    def stray_s(self) -> float:
        """How far the last piece lies behind all others, if it is alone there; else 0."""
        n_behind = self.n_samples - self._n_before
        return self._jump / self.rate if n_behind <= JITTER_S * self.rate else 0.0

    def put(self, position: int | None, samples: Samples) -> Iterator[SoundBlock]:
        """Take a piece; the blocks that are whole now.

        Args:
            position: Of its first sample, counted from second 0; ``None`` where it is not known.
            samples: ``[n]``.
        """
        self.n_samples += len(samples)
        position = self._end if position is None else position
        jitter = JITTER_S * self.rate if self._begun else 0
        gap = position - self._end
        if abs(gap) <= jitter:
            gap = 0
        if gap < 0:
            samples = self._not_over(samples, -gap)
        elif gap > LONGEST_SILENCE_S * self.rate:
            yield from self.rest()
            self._jump, self._n_before = gap, self.n_samples - len(samples)
            self._start = position
        elif gap:
            self._hold(np.zeros(gap, np.float32))
        if len(samples):
            self._begun = True
            self._over.clear()
            self._hold(samples)
        while self._n_held >= self._block_length:
            yield self._block(self._block_length)

    def _not_over(self, samples: Samples, n_over: int) -> Samples:
        """What is left of a piece that begins before the end of what came before."""
        if not self._begun or n_over < len(samples):
            return samples[n_over:]
        self._over.append(samples)
        n_dropped = sum(map(len, self._over))
        self.goes_back |= n_dropped > LONGEST_OVERLAP_S * self.rate
        if not self.goes_back:
            return samples[:0]
        whole = np.concatenate(self._over)
        self._over.clear()
        return whole if self._mended else whole[:0]

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
        block = SoundBlock(self._start / self.rate, whole[:length])
        self._start += length
        self._n_held -= length
        return block
