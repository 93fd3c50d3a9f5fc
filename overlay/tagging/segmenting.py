"""Segments with whole windows out of a stream of samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Mono, ``[n]``; or features of a sound, ``[n, n_bands]``."""


class Cutter:
    """Segments with whole windows out of a stream, pushed as it comes.

    Every window is whole in just one segment.

    Args:
        window_length: Samples in a window.
        hop_length: Samples between the starts of two windows.
        at_once: Windows in a segment.
        blank: A sample of silence, a number or as its features have it, ``[n_bands]``.
    """

    def __init__(
        self, window_length: int, hop_length: int, at_once: int = 64, blank: npt.ArrayLike = 0.0
    ) -> None:
        self.window_length, self.hop_length = window_length, hop_length
        self._at_once, self._advance = at_once, at_once * hop_length
        self._blank = np.asarray(blank, np.float32)
        self._kept = np.zeros((0, *self._blank.shape), np.float32)
        self._kept_from = 0
        self.next_start = 0
        """First sample of the first window that was not cut yet."""

    def push(self, samples: Samples) -> Iterator[tuple[int, Samples]]:
        """Take some samples; start and segment of what is whole now."""
        self._kept = np.concatenate([self._kept, samples])
        needed = self.window_length + self._advance - self.hop_length
        while self._end - self.next_start >= needed:
            yield self._cut(needed, self._advance)

    def padded(self) -> Iterator[tuple[int, Samples]]:
        """At the end: the windows that start inside the sound, padded with silence.

        n_windows = ceil(n_samples / hop_length) in all
        """
        while self.next_start < self._end:
            left = -(-(self._end - self.next_start) // self.hop_length)
            n_windows = min(left, self._at_once)
            length = self.window_length + (n_windows - 1) * self.hop_length
            yield self._cut(length, n_windows * self.hop_length)

    def inside(self) -> Iterator[tuple[int, Samples]]:
        """At the end: the windows that end inside the sound, and one that ends where it does."""
        n_windows = (self._end - self.next_start - self.window_length) // self.hop_length + 1
        if n_windows > 0:
            length = self.window_length + (n_windows - 1) * self.hop_length
            yield self._cut(length, n_windows * self.hop_length)
        last = self._end - self.window_length
        if last >= 0 and last != self.next_start - self.hop_length:
            self.next_start = last
            yield self._cut(self.window_length, self.window_length)

    @property
    def _end(self) -> int:
        """Samples that came so far."""
        return self._kept_from + len(self._kept)

    def _cut(self, length: int, advance: int) -> tuple[int, Samples]:
        """The next segment; a window's length behind it is kept, for the last one of all."""
        start = self.next_start
        segment = self._kept[start - self._kept_from :][:length]
        self.next_start += advance
        before = self.next_start - self.window_length - self._kept_from
        unneeded = min(max(before, 0), len(self._kept))
        self._kept = self._kept[unneeded:]
        self._kept_from += unneeded
        missing = np.broadcast_to(self._blank, (length - len(segment), *self._blank.shape))
        return start, np.concatenate([segment, missing])


def segments(blocks: Iterable[Samples], window_length: int, hop_length: int) -> Iterator[Samples]:
    """Stretches of a sound that hold whole windows, the last ones padded with silence.

    Args:
        blocks: Mono, in blocks of any size.
        window_length: Samples in a window.
        hop_length: Samples between the starts of two windows.
    """
    cutter = Cutter(window_length, hop_length)
    for block in blocks:
        yield from (segment for _, segment in cutter.push(block))
    yield from (segment for _, segment in cutter.padded())
