"""A tagger of windows and the built-in one, hearing the same sound together.

The one has learnt from much more and names more kinds of sound right; the other answers for every
moment, so that it knows when a sound begins and ends. Both hear the same mel features, which are
made once. A tagger of frames that learnt from labels with times may come third.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from overlay.datatypes import Scores, SoundBlock
from overlay.tagging.builtin_tagger import MomentTagger
from overlay.tagging.engines.base import Floats
from overlay.tagging.frame_tagger import FrameRun, FrameTagger
from overlay.tagging.frontends import MelFrontEnd, MelStream
from overlay.tagging.half_rate import Halver
from overlay.tagging.segmenting import Samples
from overlay.tagging.tagger import Tagger, WindowTagger
from overlay.tagging.window_plan import TOGETHER, ContextRun, Rows, Run, Windows, in_runs
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
        fine: Speaks instead of both where it knows more, if given.
    """

    def __init__(
        self, windows: MelTagger, moments: MomentTagger, fine: Fine | None = None
    ) -> None:  # fmt: skip
        taggers: tuple[Tagger, ...] = (windows, moments, *([fine.tagger] if fine else []))
        self.name = "+".join(tagger.name for tagger in taggers)
        self.labels, self.sample_rate = windows.labels, windows.sample_rate
        hashes = "".join(tagger.model_hash for tagger in taggers)
        self.model_hash = hashlib.sha256(hashes.encode()).hexdigest()
        self._windows, self._moments, self._fine = windows, moments, fine

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
        windows = ContextRun(self._windows.score_mel, mel.RATE, grid, start_s, mel.blank)
        ear = _Ear(self._moments, mel.RATE, self._moments.score_mel, self._moments.n_joined)
        feeds: list[_Fed] = [(mel, (windows, FrameRun(ear, start_s, mel.blank)))]
        if self._fine is None:
            return _TogetherRun(feeds, agreed, self.sample_rate, start_s)
        frames = self._fine.tagger
        n_joined = round(grid.hop_s / frames.frame_s)
        ear = _Ear(frames, frames.sample_rate, frames.score_frames, n_joined)
        feeds.append((Halver(), (FrameRun(ear, start_s),)))
        return _TogetherRun(feeds, self._fine.combined, self.sample_rate, start_s)


class Fine:
    """A tagger of frames that speaks for the classes that it knows.

    Args:
        tagger: At half the sample rate of the others.
        places: For each class of the others its place among the tagger's; ``None`` for those that
            it does not know, or less of.
    """

    def __init__(self, tagger: FrameTagger, places: Sequence[int | None]) -> None:
        self.tagger = tagger
        known = [(n, place) for n, place in enumerate(places) if place is not None]
        self._classes, self._places = ([pair[i] for pair in known] for i in (0, 1))

    def combined(self, windows: Scores, moments: Scores, frames: Scores) -> Scores:
        """What the others agree on, but for the tagger's own classes, ``[n_rows, n_classes]``."""
        made = agreed(windows, moments)
        made[:, self._classes] = frames[:, self._places]
        return made


class _Ear:
    """A tagger of frames, fed with what somebody else makes of the sound, joined to other rows."""

    def __init__(
        self, tagger: FrameTagger, rate: int, score: Callable[[Samples], Scores], n_joined: int
    ) -> None:
        self.sample_rate, self.score_frames, self.n_joined = rate, score, n_joined
        self.frame_s, self.stretch_s = tagger.frame_s, tagger.stretch_s
        self.overlap_s = tagger.overlap_s


class _Feed(Protocol):
    """Makes of samples what taggers hear."""

    def push(self, samples: Samples) -> Samples: ...

    def end(self) -> Samples: ...


_Fed = tuple[_Feed, Sequence[Run]]
"""What some runs hear, and the runs."""


class _TogetherRun:
    """Sound without a gap on its way to what several runs with the same rows say together."""

    def __init__(
        self, feeds: Sequence[_Fed], combine: Callable[..., Scores], rate: int, start_s: float
    ) -> None:
        self._feeds, self._combine, self._rate, self._start_s = feeds, combine, rate, start_s
        self._known: list[list[ScoreBlock]] = [[] for _, runs in feeds for _ in runs]
        self._n_samples = 0

    def push(self, samples: Samples) -> Iterator[ScoreBlock]:
        self._n_samples += len(samples)
        heard = [(feed.push(samples), runs) for feed, runs in self._feeds]
        self._hear([(sound, run) for sound, runs in heard for run in runs], ended=False)
        yield from self._rows(ended=False)

    def end(self) -> Iterator[ScoreBlock]:
        heard = [(feed.end(), runs) for feed, runs in self._feeds]
        self._hear([(sound, run) for sound, runs in heard for run in runs], ended=True)
        yield from self._rows(ended=True)

    def _hear(self, heard: Sequence[tuple[Samples, Run]], *, ended: bool) -> None:
        for (sound, run), known in zip(heard, self._known, strict=True):
            known += run.push(sound)
            known += run.end() if ended else ()

    def _rows(self, *, ended: bool) -> Iterator[ScoreBlock]:
        n = min(sum(len(block.times) for block in known) for known in self._known)
        if not n:
            return
        parts = [_joined(known) for known in self._known]
        self._known = [[_rows_from(n, part)] for part in parts]
        end_s = self._start_s + self._n_samples / self._rate
        heard_s = end_s if ended else min(end_s, *(part.heard_s for part in parts))
        scores = self._combine(*(part.scores[:n] for part in parts))
        yield ScoreBlock(parts[0].times[:n], scores, heard_s)


def _joined(blocks: Sequence[ScoreBlock]) -> ScoreBlock:
    times, scores = ([getattr(b, name) for b in blocks] for name in ("times", "scores"))
    return ScoreBlock(np.concatenate(times), np.concatenate(scores), blocks[-1].heard_s)


def _rows_from(n: int, block: ScoreBlock) -> ScoreBlock:
    return ScoreBlock(block.times[n:], block.scores[n:], block.heard_s)


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
    pooled: Scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return pooled
