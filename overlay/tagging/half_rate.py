"""Sound at half its sample rate, as it comes."""

from __future__ import annotations

import numpy as np

from overlay.tagging.segmenting import Samples

_REACH = 64
"""Samples before and behind one of which the new one is made."""


class Halver:
    """Every second sample of a sound without what is above a quarter of its sample rate.

        y[m] = sum_k h[k] x[2 m + k],   -64 <= k <= 64,   x = 0 before and behind the sound
        h[k] = sinc(k / 2) / 2 by a Blackman window

    Of n samples ceil(n / 2) are left; sample m is heard when sample 2 m was.

    Source:
        Smith, The Scientist and Engineer's Guide to Digital Signal Processing, chapter 16.
    """

    def __init__(self) -> None:
        places = np.arange(-_REACH, _REACH + 1)
        taps = np.sinc(places / 2) * np.blackman(len(places) + 2)[1:-1]
        self._taps = (taps / taps.sum()).astype(np.float32)
        self._kept = np.zeros(_REACH, np.float32)

    def push(self, samples: Samples) -> Samples:
        """Take some samples; those that are known now."""
        signal = np.concatenate([self._kept, samples])
        n = max(0, (len(signal) - len(self._taps)) // 2 + 1)
        self._kept = signal[2 * n :]
        if not n:
            return signal[:0]
        return np.convolve(signal[: 2 * (n - 1) + len(self._taps)], self._taps, "valid")[::2]

    def end(self) -> Samples:
        """The samples that are left when there is no more sound."""
        return self.push(np.zeros(_REACH, np.float32))
