"""Taggers that answer for every frame of a stretch: stretches overlap and are blended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, SoundBlock
from overlay.tagging.engines.base import Job
from overlay.tagging.segmenting import Cutter, Samples
from overlay.tagging.spec import FrameGeometry
from overlay.tagging.window_blending import Blend, Floats
from overlay.tagging.window_plan import ISOLATED, Rows, Windows, in_runs, listen_in_windows
from overlay.track import ScoreBlock

if TYPE_CHECKING:
    from overlay.tagging.engines.paddle import PaddleEngine


class FrameTagger:
    """Base of taggers with a score every few hundredths of a second.

    Each sees stretches of ``stretch_s`` that overlap. A frame near the edge of a stretch knows
    little of what is beyond, so stretches count most in their middle:

        weight = min(t, stretch_s - t), at least a frame

    At the ends of the sound one stretch alone speaks. The last one ends where the sound does, and
    a sound shorter than a stretch is heard as it is: nothing is padded.

    Attributes:
        frame_s: Seconds from frame to frame.
        stretch_s: Seconds that are heard together.
        overlap_s: Seconds that two stretches share; half a stretch if ``None``.
        n_joined: Frames whose mean is a row.
    """

    name: str
    labels: tuple[str, ...]
    sample_rate: int
    model_hash: str
    frame_s: float
    stretch_s: float
    overlap_s: float | None = None
    n_joined: int = 1

    def score_frames(self, stretch: Samples) -> Scores:
        """Scores of the frames of a stretch, ``[n_frames, n_classes]`` in [0, 1]."""
        raise NotImplementedError

    def score(self, segment: Samples, window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment, each by itself: the mean of its frames."""
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        rows = [self.score_frames(window).mean(axis=0) for window in windows]
        return np.stack(rows)

    def rows(self, windows: Windows) -> Rows:
        """What rows ``listen`` makes."""
        if windows.way == ISOLATED:
            return windows.rows
        return Rows(self.frame_s * self.n_joined, self.frame_s * self.n_joined)

    def listen(self, sound: Iterable[SoundBlock], windows: Windows) -> Iterator[ScoreBlock]:
        """Scores as they come; see ``Tagger``. Only isolated windows have lengths of their own."""
        if windows.way == ISOLATED:
            return listen_in_windows(self.score, self.sample_rate, sound, windows)
        return in_runs(sound, self.sample_rate, lambda start_s: FrameRun(self, start_s))


class FrameNetworkTagger(FrameTagger):
    """A network that answers for frames, with its weights.

    Args:
        job: What to run.
        geometry: The spec's ``frames``.
        labels: Names of its classes.
    """

    def __init__(self, job: Job, geometry: FrameGeometry, labels: tuple[str, ...]) -> None:
        self.name, self.sample_rate = job.spec.name, job.spec.sample_rate
        self.model_hash, self.labels = job.model_hash, labels
        self.frame_s, self.stretch_s = geometry.frame_s, geometry.stretch_s
        self.n_joined = geometry.n_joined
        self._job, self._least = job, round(geometry.least_s * self.sample_rate)

    @cached_property
    def _engine(self) -> PaddleEngine:
        from overlay.tagging.engines.paddle import PaddleEngine, choose_device

        return PaddleEngine(self._job, choose_device(self._job.device))

    def score_frames(self, stretch: Samples) -> Scores:
        """Scores of the frames of a stretch, ``[ceil(n_samples / frame), n_classes]``."""
        n_frames = -(-len(stretch) // round(self.frame_s * self.sample_rate))
        heard = np.pad(stretch, (0, max(0, self._least - len(stretch))))
        scores = self._engine.frames(self._job.front_end.features(heard[None]))
        return scores[:n_frames]


class Ear(Protocol):
    """What a run asks of a ``FrameTagger``, or of one that is fed with features."""

    sample_rate: int
    frame_s: float
    stretch_s: float
    overlap_s: float | None
    n_joined: int

    def score_frames(self, stretch: Samples) -> Scores:
        """Scores of the frames of a stretch."""
        ...


class FrameRun:
    """Sound without a gap on its way to rows of frames."""

    def __init__(self, tagger: Ear, start_s: float, blank: npt.ArrayLike = 0.0) -> None:
        self._tagger, self._start_s = tagger, start_s
        self._rate = tagger.sample_rate
        self._row_length = round(tagger.frame_s * tagger.n_joined * self._rate)
        half, overlap_s = tagger.stretch_s / 2, tagger.overlap_s
        half_length, hop = (
            round(seconds * self._rate) // self._row_length * self._row_length
            for seconds in (half, tagger.stretch_s - (half if overlap_s is None else overlap_s))
        )
        self._cutter = Cutter(2 * half_length, hop, at_once=1, blank=blank)
        self._blend = Blend()
        self._n_samples = 0

    def push(self, samples: Samples) -> Iterator[ScoreBlock]:
        """See ``Run``."""
        self._n_samples += len(samples)
        for start, stretch in self._cutter.push(samples):
            self._add(start, stretch)
        yield from self._rows_until(self._cutter.next_start // self._row_length)

    def end(self) -> Iterator[ScoreBlock]:
        """See ``Run``."""
        if self._n_samples < self._cutter.window_length:
            for _, stretch in self._cutter.padded():
                self._add(0, stretch[: self._n_samples])
                break
        else:
            for start, stretch in self._cutter.inside():
                self._add(start, stretch)
        yield from self._rows_until(-(-self._n_samples // self._row_length))

    def _add(self, start: int, stretch: Samples) -> None:
        """Blend the rows of one stretch; the last one starts at the row nearest to it."""
        frames = self._tagger.score_frames(stretch)
        n_joined = self._tagger.n_joined
        n_rows = -(-len(frames) // n_joined)
        padded = np.pad(frames, ((0, n_rows * n_joined - len(frames)), (0, 0)), mode="edge")
        rows = padded.reshape(n_rows, n_joined, -1).mean(axis=1)
        place = np.arange(n_rows, dtype=np.float32) + np.float32(0.5)
        weights: Floats = np.maximum(np.minimum(place, n_rows - place), np.float32(0.5))
        self._blend.add(round(start / self._row_length), weights, rows)

    def _rows_until(self, row: int) -> Iterator[ScoreBlock]:
        first = self._blend.first
        scores = self._blend.take(row)
        if scores is None:
            return
        row_s = self._row_length / self._rate
        moments = (first + np.arange(len(scores), dtype=np.float64) + 0.5) * row_s
        heard_s = min(row * row_s, self._n_samples / self._rate)
        yield ScoreBlock(self._start_s + moments, scores, self._start_s + heard_s)
