"""Which stretches of the sound are heard together, and what that makes of a moment.

Isolated, as in PaddleAudio's example: a row is one window. In context: a row is the mean over all
windows of several lengths that cover its moment. Networks learnt from ten seconds; two seconds cut
out of their context are outside what they know, and long windows alone smear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, SoundBlock
from overlay.track import ScoreBlock

Samples = npt.NDArray[np.float32]
Score = Callable[[Samples, int, int], Scores]
"""From a segment, window and hop in samples to a row a window, ``[n_windows, n_classes]``."""

CONTEXT_S = (2.0, 3.0, 5.0)
"""Lengths of the windows whose mean a moment gets."""
_STEPS = 2
"""Windows of one length start this often in their length."""
_EDGE_S = 0.3
"""A window tells of a moment that is at least this far inside."""
_WINDOWS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Windows:
    """Where windows lie.

    Attributes:
        window_s: Seconds in a window; a row's time is its centre.
        hop_s: Seconds between two rows.
        in_context: Whether a row is the mean over longer windows, too.
    """

    window_s: float = 2.0
    hop_s: float = 0.3
    in_context: bool = False


class _Cutter:
    """Segments with whole windows out of a stream, pushed as it comes.

    Every window is whole in just one segment.

    Args:
        window_length: Samples in a window.
        hop_length: Samples between the starts of two windows.
    """

    def __init__(self, window_length: int, hop_length: int) -> None:
        self.window_length, self.hop_length = window_length, hop_length
        self._advance = _WINDOWS_AT_ONCE * hop_length
        self._kept = np.zeros(0, np.float32)
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
            n_windows = min(-(-(self._end - self.next_start) // self.hop_length), _WINDOWS_AT_ONCE)
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
        return start, np.pad(segment, (0, length - len(segment)))


class _Run(Protocol):
    """Sound without a gap on its way to rows."""

    def push(self, samples: Samples) -> Iterator[ScoreBlock]:
        """Take some samples; the rows that are known now."""
        ...

    def end(self) -> Iterator[ScoreBlock]:
        """The rows that are left when there is no more sound."""
        ...


class _IsolatedRun:
    """A row is one window, starting every hop.

    Source:
        PaddleAudio ``examples/panns/audio_tag.py`` (starts and padding).
    """

    def __init__(self, score: Score, rate: int, windows: Windows, start_s: float) -> None:
        self._score, self._rate, self._start_s = score, rate, start_s
        self._cutter = _Cutter(round(windows.window_s * rate), max(1, round(windows.hop_s * rate)))
        self._n_samples = 0

    def push(self, samples: Samples) -> Iterator[ScoreBlock]:
        self._n_samples += len(samples)
        yield from map(self._scored, self._cutter.push(samples))

    def end(self) -> Iterator[ScoreBlock]:
        yield from map(self._scored, self._cutter.padded())

    def _scored(self, cut: tuple[int, Samples]) -> ScoreBlock:
        start, segment = cut
        length, hop = self._cutter.window_length, self._cutter.hop_length
        rows = self._score(segment, length, hop)
        centers = (start + np.arange(len(rows), dtype=np.float64) * hop + length / 2) / self._rate
        heard = min(start + len(segment), self._n_samples) / self._rate
        return ScoreBlock(self._start_s + centers, rows, self._start_s + heard)


class _ContextRun:
    """A row is the mean over the windows of several lengths that cover its moment.

    Row i is for second (i + 1/2) hop. A window covers the moments that are at least ``_EDGE_S``
    inside; at the ends of the sound those up to its own edge.
    """

    def __init__(self, score: Score, rate: int, windows: Windows, start_s: float) -> None:
        self._score, self._rate, self._start_s = score, rate, start_s
        self._hop_s = windows.hop_s
        shortest = windows.window_s / CONTEXT_S[0]
        lengths = [round(shortest * seconds * rate) for seconds in CONTEXT_S]
        frame = max(1, rate // 100)  # front ends share frames of windows on this grid
        self._cutters = [
            _Cutter(length, max(1, round(length / _STEPS / frame)) * frame) for length in lengths
        ]
        self._n_samples = 0
        self._first_row = 0
        self._sums: npt.NDArray[np.float32] | None = None
        self._counts = np.zeros(0, np.int32)

    def push(self, samples: Samples) -> Iterator[ScoreBlock]:
        self._n_samples += len(samples)
        for cutter in self._cutters:
            for start, segment in cutter.push(samples):
                self._add(cutter, start, segment)
        known_s = min(cutter.next_start for cutter in self._cutters) / self._rate + _EDGE_S
        row = self._row_at(known_s)
        yield from self._rows_until(row, row * self._hop_s)

    def end(self) -> Iterator[ScoreBlock]:
        for number, cutter in enumerate(self._cutters):
            short = self._n_samples < cutter.window_length
            if short and number:  # the shortest windows alone are padded
                continue
            for start, segment in cutter.padded() if short else cutter.inside():
                self._add(cutter, start, segment, ended=True)
        end_s = self._n_samples / self._rate
        yield from self._rows_until(max(self._row_at(end_s), self._first_row, 1), end_s)

    def _row_at(self, second: float) -> int:
        """First row whose moment is not before a second."""
        return max(0, int(np.ceil(second / self._hop_s - 0.5 - 1e-9)))

    def _add(self, cutter: _Cutter, start: int, segment: Samples, *, ended: bool = False) -> None:
        rows = self._score(segment, cutter.window_length, cutter.hop_length)
        for number, scores in enumerate(rows):
            begin_s = (start + number * cutter.hop_length) / self._rate
            end_s = begin_s + cutter.window_length / self._rate
            first = self._row_at(begin_s + _EDGE_S) if begin_s else 0
            last = self._row_at(end_s - _EDGE_S)
            if ended and end_s >= self._n_samples / self._rate:
                last = self._row_at(end_s) + 1
            self._make_room(last, len(scores))
            assert self._sums is not None
            rows_of_it = slice(max(first - self._first_row, 0), max(last - self._first_row, 0))
            self._sums[rows_of_it] += scores
            self._counts[rows_of_it] += 1

    def _make_room(self, last: int, n_classes: int) -> None:
        if self._sums is None:
            self._sums = np.zeros((0, n_classes), np.float32)
        missing = last - self._first_row - len(self._sums)
        if missing > 0:
            self._sums = np.pad(self._sums, ((0, missing), (0, 0)))
            self._counts = np.pad(self._counts, (0, missing))

    def _rows_until(self, row: int, heard_s: float) -> Iterator[ScoreBlock]:
        n = row - self._first_row
        if n <= 0 or self._sums is None:
            return
        self._make_room(row, self._sums.shape[1])
        moments = (self._first_row + np.arange(n, dtype=np.float64) + 0.5) * self._hop_s
        counts = np.maximum(self._counts[:n], 1).astype(np.float32)
        scores = self._sums[:n] / counts[:, None]
        self._sums, self._counts = self._sums[n:], self._counts[n:]
        self._first_row = row
        yield ScoreBlock(self._start_s + moments, scores, self._start_s + heard_s)


def listen_in_windows(
    score: Score, rate: int, sound: Iterable[SoundBlock], windows: Windows
) -> Iterator[ScoreBlock]:
    """Score the windows of a stream of sound, in constant memory; each gap begins anew.

    Args:
        score: Scores all whole windows of a segment.
        rate: Samples per second.
        sound: Mono, in blocks of any size.
        windows: Where windows lie.
    """
    kind = _ContextRun if windows.in_context else _IsolatedRun
    run: _Run | None = None
    end_s = 0.0
    for block in sound:
        if run is None or abs(block.start_s - end_s) > 0.5 / rate:
            if run is not None:
                yield from run.end()
            run = kind(score, rate, windows, block.start_s)
        end_s = block.start_s + len(block.samples) / rate
        yield from run.push(block.samples)
    if run is not None:
        yield from run.end()


def segments(blocks: Iterable[Samples], window_length: int, hop_length: int) -> Iterator[Samples]:
    """Stretches of a sound that hold whole windows, the last ones padded with silence.

    Args:
        blocks: Mono, in blocks of any size.
        window_length: Samples in a window.
        hop_length: Samples between the starts of two windows.
    """
    cutter = _Cutter(window_length, hop_length)
    for block in blocks:
        yield from (segment for _, segment in cutter.push(block))
    yield from (segment for _, segment in cutter.padded())


def from_zero(blocks: Iterable[Samples], rate: int) -> Iterator[SoundBlock]:
    """Blocks of samples that begin at second 0 and follow each other without a gap."""
    n_samples = 0
    for samples in blocks:
        yield SoundBlock(n_samples / rate, samples)
        n_samples += len(samples)
