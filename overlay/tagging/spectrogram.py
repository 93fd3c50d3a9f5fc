"""The sound as a picture: how loud it is in mel bands, column by column, measured in one way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import log10

import numpy as np
import numpy.typing as npt

from overlay.datatypes import MEL_STEP_DB, Mel, SoundBlock, Times
from overlay.tagging.continuing import Continuing

FLOOR_DB = -60.0
"""Of a code of 0; a sine of full scale has about 50 dB."""
_FRAME_S = 0.032
_LOW_HZ, _HIGH_HZ = 40.0, 15_000.0


class Spectrogram:
    """Listens to a stream as it goes by.

    Of the spectra of Hann-windowed frames that fall into a column the loudest counts, band by band:

        code = (max 10 log10(sum |X|^2) - FLOOR_DB) / MEL_STEP_DB        in 0 to 255

    Bands are equally wide on the mel scale, 2595 log10(1 + f / 700), and have one bin at least.

    Args:
        sample_rate: Samples per second.
        column_s: Seconds of a column.
        n_frames: Spectra that are looked at in each.
        n_bands: How many bands.
    """

    def __init__(self, sample_rate: int, column_s: float, n_frames: int, n_bands: int) -> None:
        self._rate, self._column_s, self._n_frames = sample_rate, column_s, n_frames
        self._length = max(2, round(_FRAME_S * sample_rate))
        self._window = np.hanning(self._length).astype(np.float32)
        self._edges = _edges(sample_rate, self._length, n_bands)
        self._top = min(round(_HIGH_HZ * self._length / sample_rate), self._length // 2)
        self._sound = Continuing(sample_rate)
        self._next = 0
        self._codes: list[Mel] = []
        self._numbers: list[npt.NDArray[np.int64]] = []

    def listening(self, sound: Iterable[SoundBlock]) -> Iterator[SoundBlock]:
        """The same blocks, each heard on its way; no frame reaches over a gap."""
        for block in sound:
            heard, start_s = self._sound.joined(block)
            self._hear(heard, start_s)
            self._sound.rest = heard[-self._length :]
            yield block

    def columns(self) -> tuple[Mel, Times]:
        """Codes of what was heard, ``[n_columns, n_bands]``, and when columns start, rising."""
        if not self._codes:
            return np.empty((0, len(self._edges)), np.uint8), np.empty(0)
        numbers = np.concatenate(self._numbers)
        firsts = np.flatnonzero(np.diff(numbers, prepend=-1))
        codes: Mel = np.maximum.reduceat(np.concatenate(self._codes), firsts)
        return codes, numbers[firsts].astype(np.float64) * self._column_s

    def _hear(self, samples: npt.NDArray[np.float32], start_s: float) -> None:
        """Measure the frames, centred on their times, that lie in some samples whole."""
        step_s, start = self._column_s / self._n_frames, round(start_s * self._rate)
        end_s = start_s + len(samples) / self._rate
        numbers = np.arange(max(self._next, int(start_s / step_s)), int(end_s / step_s) + 2)
        places = np.round(numbers * step_s * self._rate).astype(int) - start - self._length // 2
        whole = (places >= 0) & (places + self._length <= len(samples))
        numbers, places = numbers[whole], places[whole]
        if not len(numbers):
            return
        self._next = int(numbers[-1]) + 1
        columns, firsts = np.unique(numbers // self._n_frames, return_index=True)
        power = np.maximum.reduceat(self._power(samples, places), firsts, axis=0)
        decibels = 10 * np.log10(np.maximum(power, np.float32(1e-9)))
        codes = np.clip(np.round((decibels - FLOOR_DB) / MEL_STEP_DB), 0, 255)
        self._codes.append(codes.astype(np.uint8))
        self._numbers.append(columns)

    def _power(
        self, samples: npt.NDArray[np.float32], places: npt.NDArray[np.int_]
    ) -> npt.NDArray[np.float32]:
        """Power in each band of the frames that start at some samples, ``[n, n_bands]``."""
        frames = np.lib.stride_tricks.sliding_window_view(samples, self._length)
        spectrum = np.fft.rfft(frames[places] * self._window)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        power[:, self._top :] = 0  # bands above half the sample rate are empty
        sums: npt.NDArray[np.float32] = np.add.reduceat(
            power.astype(np.float32, copy=False), self._edges, axis=1
        )
        return sums


def decibels(codes: Mel) -> npt.NDArray[np.float32]:
    """What codes say, dB."""
    return np.float32(FLOOR_DB) + np.float32(MEL_STEP_DB) * codes.astype(np.float32)


def _edges(rate: int, length: int, n_bands: int) -> npt.NDArray[np.int_]:
    """First bin of each band; the last one of the spectrum for bands that are beyond it."""
    low, high = (2595 * log10(1 + hz / 700) for hz in (_LOW_HZ, _HIGH_HZ))
    mels = np.linspace(low, high, n_bands + 1)[:-1]
    bins = np.round(700 * (10 ** (mels / 2595) - 1) * length / rate)
    edges: npt.NDArray[np.int_] = np.minimum(bins.astype(int), length // 2)
    return edges
