"""Which stretches of the sound are heard together, and what that makes of a moment.

Isolated, as in PaddleAudio's example: a row is one window. In context: a row is the mean over all
windows of two lengths that cover its moment. Networks learnt from ten seconds; two seconds cut
out of their context are outside what they know, and long windows alone smear. Together: the same,
and what the built-in tagger hears at that very moment (``together``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, SoundBlock
from overlay.tagging.segmenting import Cutter, Samples
from overlay.tagging.window_blending import Blend
from overlay.track import ScoreBlock

Score = Callable[[Samples, int, int], Scores]
"""From a segment, window and hop in samples to a row a window, ``[n_windows, n_classes]``."""

ISOLATED, CONTEXT, TOGETHER = "isolated", "context", "together"
CONTEXT_S = (2.0, 5.0)
"""Lengths of the windows whose mean a moment gets."""
CONTEXT_SMEAR_S = 0.8
"""A mean over windows that all cover the moment rises and falls with the sound itself."""
_STEPS = 2
"""Windows of one length start this often in their length."""
_EDGE_S = 0.3
"""A window tells of a moment that is at least this far inside."""
_AT_ONCE = 16
"""Windows of a length that are scored at once: a live stream waits for them."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Where windows lie.

    Attributes:
        window_s: Seconds in a window; a row's time is its centre.
        hop_s: Seconds between two rows.
        way: ``isolated``: a row is one window. ``context``: a row is the mean over longer windows,
            too, or what a tagger of frames makes of it. ``together``: the built-in tagger hears
            the same, where the tagger is made for it. ``auto``: what the tagger is better at.
    """

    window_s: float = 2.0
    hop_s: float = 0.3
    way: str = "auto"

    def decided(self, best: str) -> Windows:
        """The same with ``auto`` decided."""
        return replace(self, way=best) if self.way == "auto" else self

    @property
    def rows(self) -> Rows:
        """What comes of them, where the way is decided."""
        alone = self.way == ISOLATED
        return Rows(self.window_s if alone else CONTEXT_SMEAR_S, self.hop_s)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a tagger makes.

    Attributes:
        smear_s: Seconds over which a row smears a sound: what events are sharpened by.
        step_s: Seconds from row to row.
    """

    smear_s: float
    step_s: float


class Run(Protocol):
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
        self._cutter = Cutter(round(windows.window_s * rate), max(1, round(windows.hop_s * rate)))
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


class ContextRun:
    """A row is the mean over the windows of several lengths that cover its moment.

    Row i is for second (i + 1/2) hop. A window covers the moments that are at least ``_EDGE_S``
    inside; at the ends of the sound those up to its own edge.

    Args:
        score: Scores all whole windows of a segment.
        rate: Samples, or rows of features, a second.
        windows: The shortest window, and the seconds from row to row.
        start_s: Second at which the sound begins.
        blank: See ``Cutter``.
    """

    def __init__(
        self,
        score: Score,
        rate: int,
        windows: Windows,
        start_s: float,
        blank: npt.ArrayLike = 0.0,
    ) -> None:
        self._score, self._rate, self._start_s = score, rate, start_s
        self._hop_s = windows.hop_s
        shortest = windows.window_s / CONTEXT_S[0]
        lengths = [round(shortest * seconds * rate) for seconds in CONTEXT_S]
        frame = max(1, rate // 100)  # front ends share frames of windows on this grid
        self._cutters = [
            Cutter(length, max(1, round(length / _STEPS / frame)) * frame, _AT_ONCE, blank)
            for length in lengths
        ]
        self._n_samples = 0
        self._blend = Blend()

    def push(self, samples: Samples) -> Iterator[ScoreBlock]:
        """See ``Run``."""
        self._n_samples += len(samples)
        for cutter in self._cutters:
            for start, segment in cutter.push(samples):
                self._add(cutter, start, segment)
        known_s = min(
            cutter.next_start / self._rate + self._edge_s(cutter) if cutter.next_start else 0.0
            for cutter in self._cutters  # the first windows cover from 0 on
        )
        row = self._row_at(known_s)
        yield from self._rows_until(row, row * self._hop_s)

    def end(self) -> Iterator[ScoreBlock]:
        """See ``Run``."""
        for number, cutter in enumerate(self._cutters):
            short = self._n_samples < cutter.window_length
            if short and number:  # the shortest windows alone are padded
                continue
            for start, segment in cutter.padded() if short else cutter.inside():
                self._add(cutter, start, segment, ended=True)
        end_s = self._n_samples / self._rate
        yield from self._rows_until(max(self._row_at(end_s), self._blend.first, 1), end_s)

    def _edge_s(self, cutter: Cutter) -> float:
        return min(_EDGE_S, cutter.window_length / self._rate / 4)

    def _row_at(self, second: float) -> int:
        """First row whose moment is not before a second."""
        return max(0, math.ceil(second / self._hop_s - 0.5 - 1e-9))

    def _add(self, cutter: Cutter, start: int, segment: Samples, *, ended: bool = False) -> None:
        rows = self._score(segment, cutter.window_length, cutter.hop_length)
        for number, scores in enumerate(rows):
            begin_s = (start + number * cutter.hop_length) / self._rate
            end_s = begin_s + cutter.window_length / self._rate
            first = self._row_at(begin_s + self._edge_s(cutter)) if begin_s else 0
            last = self._row_at(end_s - self._edge_s(cutter))
            if ended and end_s >= self._n_samples / self._rate:
                last = self._row_at(end_s) + 1
            self._blend.add(first, np.ones(max(last - first, 0), np.float32), scores)

    def _rows_until(self, row: int, heard_s: float) -> Iterator[ScoreBlock]:
        first = self._blend.first
        scores = self._blend.take(row)
        if scores is not None:
            moments = (first + np.arange(len(scores), dtype=np.float64) + 0.5) * self._hop_s
            yield ScoreBlock(self._start_s + moments, scores, self._start_s + heard_s)


def listen_in_windows(
    score: Score, rate: int, sound: Iterable[SoundBlock], windows: Windows
) -> Iterator[ScoreBlock]:
    """Score the windows of a stream of sound, in constant memory; each gap begins anew.

    Args:
        score: Scores all whole windows of a segment.
        rate: Samples per second.
        sound: Mono, in blocks of any size.
        windows: Where windows lie; the way is decided.
    """
    kind = _IsolatedRun if windows.way == ISOLATED else ContextRun
    return in_runs(sound, rate, lambda start_s: kind(score, rate, windows, start_s))


def in_runs(
    sound: Iterable[SoundBlock], rate: int, begin: Callable[[float], Run]
) -> Iterator[ScoreBlock]:
    """What is made of a sound whose gaps begin anew.

    Args:
        sound: Mono, in blocks of any size.
        rate: Samples per second.
        begin: Makes a run that starts at a second.
    """
    run: Run | None = None
    end_s = 0.0
    for block in sound:
        if not len(block.samples):  # else a run might pad nothing to something
            continue
        if run is None or abs(block.start_s - end_s) > 0.5 / rate:
            if run is not None:
                yield from run.end()
            run = begin(block.start_s)
        end_s = block.start_s + len(block.samples) / rate
        yield from run.push(block.samples)
    if run is not None:
        yield from run.end()
