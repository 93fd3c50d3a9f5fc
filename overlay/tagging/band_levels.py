"""How loud it is in a few broad bands, fifty times a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Levels, SoundBlock, Times
from overlay.tagging.continuing import Continuing
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
        self._rate = sample_rate
        self._length = max(2, sample_rate // LEVEL_RATE_HZ)
        self._window = np.hanning(self._length).astype(np.float32)
        n_bins = self._length // 2 + 1
        self._edges = [min(round(hz * self._length / sample_rate), n_bins) for hz in _EDGES_HZ]
        self._sound = Continuing(sample_rate)
        self._rows: list[Levels] = []
        self._times: list[Times] = []

    def listening(self, sound: Iterable[SoundBlock]) -> Iterator[SoundBlock]:
        """The same blocks, each heard on its way; a gap begins a new frame."""
        for block in sound:
            heard, start_s = self._sound.joined(block)
            whole = len(heard) // self._length * self._length
            self._sound.rest = heard[whole:]
            if whole:
                self._rows.append(self._measured(heard[:whole].reshape(-1, self._length)))
                n_frames = whole // self._length
                self._times.append(start_s + np.arange(n_frames) * self._length / self._rate)
            yield block

    def _measured(self, frames: Block) -> Levels:
        spectrum = np.fft.rfft(frames * self._window)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        bands = [power[:, a:b].sum(axis=1) for a, b in pairwise(self._edges)]
        sums = np.stack(bands, axis=1)  # bands above half the sample rate are empty
        return (10 * np.log10(sums + _FLOOR)).astype(np.float16)

    def levels(self) -> tuple[Levels, Times]:
        """What was heard so far, ``[n_frames, 8]``, and when frames start, ``[n_frames]``.

        A last part of a frame is left out.
        """
        if not self._rows:
            return np.empty((0, len(_EDGES_HZ) - 1), np.float16), np.empty(0)
        return np.concatenate(self._rows), np.concatenate(self._times)
