"""The tagger that ships behind the ``Tagger`` protocol."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from overlay.datatypes import Scores
from overlay.tagging.engines.base import Floats, Job
from overlay.tagging.frame_tagger import FrameTagger
from overlay.tagging.frontends import FRAME_LENGTH
from overlay.tagging.networks.builtin import STEP_FRAMES, STRETCH_FRAMES, MomentNet
from overlay.tagging.segmenting import Samples

_LEAST_SAMPLES = 2048
"""A front end needs this much; shorter sounds are padded with silence."""
_WINDOWS_AT_ONCE = 16


class MomentTagger(FrameTagger):
    """A score every 80 ms out of at most ten seconds; three of them are a row.

    Args:
        job: Which weights.
        labels: Names of its classes.

    Raises:
        CheckpointError: The weights do not fit; raised with the first sound.
    """

    frame_s = STEP_FRAMES * 0.01
    stretch_s = STRETCH_FRAMES * 0.01
    overlap_s = 2.4
    n_joined = 3

    def __init__(self, job: Job, labels: tuple[str, ...]) -> None:
        self.name, self.sample_rate = job.spec.name, job.spec.sample_rate
        self.model_hash, self.labels = job.model_hash, labels
        self.job = job

    @cached_property
    def _net(self) -> MomentNet:
        return MomentNet(self.job.path, self.job.n_classes)

    def score_frames(self, stretch: Samples) -> Scores:
        """Scores of the moments of a stretch, ``[n_moments, n_classes]``."""
        scores: Scores = self._heard(stretch[None])[0][0]
        return scores

    def score_mel(self, mel: Floats) -> Scores:
        """The same, from the frames of its features, ``[n_frames, n_bands]``."""
        scores: Scores = self._scored(mel[None], -(-len(mel) // STEP_FRAMES))[0][0]
        return scores

    def score(self, segment: Samples, window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment, each by itself: the mean of its moments."""
        return np.concatenate([s for s, _ in self._batches(segment, window_length, hop_length)])

    def embed(self, segment: Samples, window_length: int, hop_length: int) -> Floats:
        """What the last layer sees of all whole windows, ``[n_windows, 512]``."""
        return np.concatenate([e for _, e in self._batches(segment, window_length, hop_length)])

    def _batches(
        self, segment: Samples, window_length: int, hop_length: int
    ) -> list[tuple[Scores, Floats]]:
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        parts = [
            windows[i : i + _WINDOWS_AT_ONCE] for i in range(0, len(windows), _WINDOWS_AT_ONCE)
        ]
        answers = [self._heard(part) for part in parts]
        return [(scores.mean(axis=1), embedding.mean(axis=1)) for scores, embedding in answers]

    def _heard(self, sounds: Samples) -> tuple[Scores, Floats]:
        """Scores and embeddings of sounds of one length, at most ten seconds."""
        n_samples = sounds.shape[1]
        padded = np.pad(sounds, ((0, 0), (0, max(0, _LEAST_SAMPLES - n_samples))))
        mel = self.job.front_end.features(padded)[:, 0].transpose(0, 2, 1)
        return self._scored(mel, max(1, -(-n_samples // (FRAME_LENGTH * STEP_FRAMES))))

    def _scored(self, mel: Floats, n_moments: int) -> tuple[Scores, Floats]:
        """Scores and embeddings, from features ``[n, n_frames, n_bands]``."""
        n_frames = n_moments * STEP_FRAMES
        mel = mel[:, :n_frames]
        mel = np.pad(mel, ((0, 0), (0, n_frames - mel.shape[1]), (0, 0)), mode="edge")
        return self._net(mel)
