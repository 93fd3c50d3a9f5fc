"""From a stream of sound to a score track, in constant memory but for the scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, SoundBlock
from overlay.errors import TaggerError
from overlay.reporting import SILENT, Reporter
from overlay.tagging.band_levels import LevelMeter
from overlay.tagging.spectrogram import Spectrogram
from overlay.tagging.tagger import Tagger
from overlay.tagging.window_plan import Windows
from overlay.track import MEL_COLUMN_S, TagTrack

_MEL_FRAMES, _MEL_BANDS = 4, 64
"""Spectra in a column of the sound's picture, and its bands: 3 MB an hour."""


def score_stream(
    sound: Iterable[SoundBlock],
    tagger: Tagger,
    windows: Windows,
    *,
    total_s: float | None = None,
    fingerprint: str = "",
    reporter: Reporter = SILENT,
) -> TagTrack:
    """Score all of a sound.

    Args:
        sound: Mono at ``tagger.sample_rate``, in blocks of any size.
        tagger: Scores it.
        windows: What it hears together.
        total_s: Seconds in all, if known, for the progress.
        fingerprint: Of the sound, for the track.
        reporter: Told the seconds of sound that are scored.

    Raises:
        TaggerError: There is no sound at all, or the tagger's answers are no scores.
    """
    meter = LevelMeter(tagger.sample_rate)
    picture = Spectrogram(tagger.sample_rate, MEL_COLUMN_S, _MEL_FRAMES, _MEL_BANDS)
    scores = _Growing((len(tagger.labels),), np.float32)
    times = _Growing((), np.float64)
    heard_s = 0.0
    for block in tagger.listen(picture.listening(meter.listening(sound)), windows):
        _check_scores(block.scores, tagger.name)
        scores.add(block.scores)
        times.add(block.times)
        heard_s = block.heard_s
        reporter.progress("tag", heard_s, total_s)
    if not scores.n:
        raise TaggerError("there is no sound to score")
    (levels, level_times), (mel, mel_times) = meter.levels(), picture.columns()
    rows = tagger.rows(windows)
    return TagTrack(
        scores.whole(), tagger.labels, rows.smear_s, rows.step_s, heard_s, tagger.name,
        tagger.model_hash, levels, times.whole(), level_times, sound=fingerprint,
        mel=mel, mel_times=mel_times,
    )  # fmt: skip


def _check_scores(scores: Scores, name: str) -> None:
    if scores.size and not (scores.min() >= 0 and scores.max() <= 1):  # also catches NaN
        raise TaggerError(f"{name} answers no scores from 0 to 1; its weights cannot be meant so")


class _Growing:
    """Rows that grow where they are: hours of scores are held once.

    Args:
        shape: Of a row.
        kind: Of its numbers.
    """

    def __init__(self, shape: tuple[int, ...], kind: type[Any]) -> None:
        self._rows = np.empty((0, *shape), kind)
        self.n = 0

    def add(self, rows: npt.NDArray[Any]) -> None:
        """Put rows behind those that are there."""
        needed = self.n + len(rows)
        if needed > len(self._rows):
            room = needed + self.n // 4
            self._rows.resize((room, *self._rows.shape[1:]), refcheck=False)
        self._rows[self.n : needed] = rows
        self.n = needed

    def whole(self) -> npt.NDArray[Any]:
        """All of them, read-only."""
        self._rows.resize((self.n, *self._rows.shape[1:]), refcheck=False)
        self._rows.flags.writeable = False
        return self._rows
