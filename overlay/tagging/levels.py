"""How loud it is in a few broad bands, fifty times a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Levels
from overlay.track import LEVEL_RATE_HZ

_EDGES_HZ = (50, 150, 300, 600, 1200, 2400, 4800, 9000, 14050)
_FLOOR = 1e-6
Block = npt.NDArray[np.float32]


class LevelMeter:
    """Listens to a stream as it goes by.

    Power of a Hann-windowed frame in each band, dB:

        level = 10 log10(sum |X|^2 + 1e-6)

    Args:
        sample_rate: Samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self._length = sample_rate // LEVEL_RATE_HZ
        self._window = np.hanning(self._length).astype(np.float32)
        self._edges = [round(hz * self._length / sample_rate) for hz in _EDGES_HZ]
        self._rest = np.zeros(0, np.float32)
        self._rows: list[Levels] = []

    def listening(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks, each heard on its way."""
        for block in blocks:
            sound = np.concatenate([self._rest, block])
            whole = len(sound) // self._length * self._length
            self._rest = sound[whole:]
            if whole:
                self._rows.append(self._measured(sound[:whole].reshape(-1, self._length)))
            yield block

    def _measured(self, frames: Block) -> Levels:
        spectrum = np.fft.rfft(frames * self._window)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        sums = np.add.reduceat(power[:, : self._edges[-1]], self._edges[:-1], axis=1)
        return (10 * np.log10(sums + _FLOOR)).astype(np.float16)

    def levels(self) -> Levels:
        """What was heard so far, ``[n_frames, 8]``; a last part of a frame is left out."""
        if not self._rows:
            return np.empty((0, len(_EDGES_HZ) - 1), np.float16)
        return np.concatenate(self._rows)
