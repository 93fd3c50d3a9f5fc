"""A tagger of windows and the built-in one, hearing the same sound together.

The one has learnt from much more and names more kinds of sound right; the other answers for every
moment, so that it knows when a sound begins and ends. Both hear the same mel features, which are
made once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from overlay.datatypes import Scores, SoundBlock
from overlay.tagging.cutting import Samples
from overlay.tagging.engines.base import Floats
from overlay.tagging.frames import FrameRun
from overlay.tagging.frontends import MelFrontEnd, MelStream
from overlay.tagging.moments import MomentTagger
from overlay.tagging.tagger import WindowTagger
from overlay.tagging.windows import TOGETHER, ContextRun, Rows, Run, Windows, in_runs
from overlay.track import ScoreBlock

_LEAST = 1e-4
"""Nobody is surer than this that something is not, or 1 - this that it is."""


class MelTagger(WindowTagger):
    """A tagger of windows that can be given mel features, too."""

    def score_mel(self, mel: Floats, window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of some frames of ``MelFrontEnd``.

        Args:
            mel: ``[n_frames, 128]``.
            window_length: Frames in a window.
            hop_length: Frames between the starts of two windows.
        """
        raise NotImplementedError


class TogetherTagger:
    """Behind the ``Tagger`` protocol: a row is what both say of its moment.

    Args:
        windows: Names sounds.
        moments: Places them; of the same classes.
    """

    def __init__(self, windows: MelTagger, moments: MomentTagger) -> None:
        self.name = f"{windows.name}+{moments.name}"
        self.labels, self.sample_rate = windows.labels, windows.sample_rate
        both = windows.model_hash + moments.model_hash
        self.model_hash = hashlib.sha256(both.encode()).hexdigest()
        self._windows, self._moments = windows, moments

    def rows(self, windows: Windows) -> Rows:
        """What rows ``listen`` makes: the built-in tagger's."""
        if windows.decided(TOGETHER).way != TOGETHER:
            return self._windows.rows(windows)
        return self._moments.rows(windows)

    def listen(self, sound: Iterable[SoundBlock], windows: Windows) -> Iterator[ScoreBlock]:
        """Scores as they come; see ``Tagger``."""
        if windows.decided(TOGETHER).way != TOGETHER:
            return self._windows.listen(sound, windows)
        grid = replace(windows, hop_s=self.rows(windows).step_s)
        return in_runs(sound, self.sample_rate, lambda start_s: self._run(grid, start_s))

    def _run(self, grid: Windows, start_s: float) -> Run:
        mel = MelStream(MelFrontEnd())
        runs = (
            ContextRun(self._windows.score_mel, mel.RATE, grid, start_s, mel.blank),
            FrameRun(_MelEar(self._moments), start_s, mel.blank),
        )
        return _TogetherRun(mel, runs, self.sample_rate, start_s)


class _MelEar:
    """The built-in tagger, fed with mel frames instead of samples."""

    sample_rate = MelStream.RATE

    def __init__(self, tagger: MomentTagger) -> None:
        self.frame_s, self.stretch_s = tagger.frame_s, tagger.stretch_s
        self.overlap_s: float | None = tagger.overlap_s
        self.n_joined = tagger.n_joined
        self.score_frames = tagger.score_mel


class _TogetherRun:
    """Sound without a gap on its way to what two runs with the same rows agree on."""

    def __init__(
        self, mel: MelStream, runs: Sequence[Run], rate: int, start_s: float
    ) -> None:  # fmt: skip
        self._mel, self._runs, self._rate, self._start_s = mel, runs, rate, start_s
        self._known: list[list[ScoreBlock]] = [[] for _ in runs]
        self._n_samples = 0

    def push(self, samples: Samples) -> Iterator[ScoreBlock]:
        self._n_samples += len(samples)
        yield from self._heard(self._mel.push(samples), ended=False)

    def end(self) -> Iterator[ScoreBlock]:
        yield from self._heard(self._mel.end(), ended=True)

    def _heard(self, frames: Floats, *, ended: bool) -> Iterator[ScoreBlock]:
        for run, known in zip(self._runs, self._known, strict=True):
            known += run.push(frames)
            known += run.end() if ended else ()
        n = min(sum(len(block.times) for block in known) for known in self._known)
        if not n:
            return
        parts = [_joined(known) for known in self._known]
        self._known = [[_rows(part, slice(n, None))] for part in parts]
        end_s = self._start_s + self._n_samples / self._rate
        heard_s = end_s if ended else min(end_s, *(part.heard_s for part in parts))
        yield ScoreBlock(parts[0].times[:n], agreed(*(p.scores[:n] for p in parts)), heard_s)


def _joined(blocks: Sequence[ScoreBlock]) -> ScoreBlock:
    times, scores = ([getattr(b, name) for b in blocks] for name in ("times", "scores"))
    return ScoreBlock(np.concatenate(times), np.concatenate(scores), blocks[-1].heard_s)


def _rows(block: ScoreBlock, rows: slice) -> ScoreBlock:
    return ScoreBlock(block.times[rows], block.scores[rows], block.heard_s)


def agreed(*scores: Scores) -> Scores:
    """What several taggers agree on, ``[n_rows, n_classes]``: the mean of their logits.

        z = mean(ln(p / (1 - p)))

    One that is sure that there is nothing counts as much as one that is sure that there is: what
    one of them alone hears is less sure than what all of them hear.

    Source:
        Logarithmic opinion pool: Genest, Zidek, "Combining probability distributions: a critique
        and an annotated bibliography", Statistical Science 1(1), 1986.
    """
    clipped = [np.clip(each, _LEAST, 1 - _LEAST) for each in scores]
    logits = sum(np.log(p / (1 - p)) for p in clipped) / np.float32(len(clipped))
    pooled: Scores = 1 / (1 + np.exp(-logits))
    return pooled
