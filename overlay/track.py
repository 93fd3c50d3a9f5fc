"""The hinge between sound and picture: scores over time, and their file.

Left of a track is sound, right of it is picture and text; the two sides never meet otherwise.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Levels, Scores, Tag, Times
from overlay.errors import TrackError
from overlay.vocabulary import vocabulary_of, vocabulary_of_unnamed

LEVEL_RATE_HZ = 50


@dataclass(frozen=True, eq=False)
class TagTrack:
    """Scores of one audio track over time: the hinge between sound and picture.

    A time is the centre of its window, in seconds on the picture's clock:

        times[i] = i * hop_s + window_s / 2        where the sound has no gap

    so the hop to show at second t is the one whose time is nearest to t.
    """

    scores: Scores
    """``[n_hops, n_classes]``, in [0, 1]."""
    labels: tuple[str, ...]
    """``n_classes`` display names."""
    window_s: float
    """Seconds of sound that one row of scores has heard."""
    hop_s: float
    """Seconds between two rows."""
    duration_s: float
    """Seconds of audio that were scored."""
    model: str = "unknown"
    """Name of the tagger."""
    model_hash: str = ""
    """sha256 of its weights, in hex; empty where unknown."""
    levels: Levels = field(default_factory=lambda: np.empty((0, 0), np.float16))
    """Loudness, dB, ``[n_frames, n_bands]``, ``LEVEL_RATE_HZ`` frames a second; ``[0, 0]`` where
    unknown. It tells the edges of events, which the windows smear."""
    times: Times = field(default_factory=lambda: np.empty(0, np.float64))
    """Window centres in seconds, ``[n_hops]``, rising; derived from ``hop_s`` if left out. Where
    the sound has a gap there are no rows, so neighbours may be further apart than ``hop_s``."""
    level_times: Times = field(default_factory=lambda: np.empty(0, np.float64))
    """Seconds of the starts of the frames of ``levels``, ``[n_frames]``, rising; derived from
    ``LEVEL_RATE_HZ`` if left out."""
    vocabulary: str = ""
    """Id of the vocabulary that the columns are of (``overlay.vocabulary``); ``""`` derives it
    from the names."""
    sound: str = ""
    """Fingerprint of the scored sound (``overlay.media.fingerprint``), in hex; empty where
    unknown."""

    def __post_init__(self) -> None:
        """Check shapes and ranges; derive ``times``."""
        scores = np.asarray(self.scores)
        if scores.ndim != 2:
            raise ValueError(f"scores must be [n_hops, n_classes], got shape {scores.shape}")
        if scores.shape[1] != len(self.labels):
            raise ValueError(f"scores {scores.shape} do not fit {len(self.labels)} labels")
        if not (self.window_s > 0 and self.hop_s > 0):
            raise ValueError(f"window {self.window_s} s and hop {self.hop_s} s must be above 0")
        if scores.size and not (scores.min() >= 0 and scores.max() <= 1):  # also catches NaN
            raise ValueError("scores must lie in [0, 1]")
        if scores.dtype != np.float32 or scores.flags.writeable:  # else nobody can change it
            scores = np.array(scores, np.float32)
            scores.flags.writeable = False
        if self.levels.ndim != 2 or not np.isfinite(self.levels).all():
            raise ValueError(f"levels {self.levels.shape} must be [n_frames, n_bands], finite")
        object.__setattr__(self, "scores", scores)
        even = np.arange(len(scores), dtype=np.float64) * self.hop_s + self.window_s / 2
        object.__setattr__(self, "times", _checked_times("times", self.times, even))
        frames = np.arange(len(self.levels), dtype=np.float64) / LEVEL_RATE_HZ
        object.__setattr__(self, "level_times", _checked_times("level", self.level_times, frames))
        if not self.vocabulary:
            object.__setattr__(self, "vocabulary", vocabulary_of(self.labels))

    @property
    def n_hops(self) -> int:
        """Number of rows."""
        return len(self.scores)

    @property
    def n_classes(self) -> int:
        """Number of columns."""
        return len(self.labels)

    def top_k(self, k: int, at_s: float | None = None) -> list[Tag]:
        """The ``k`` best tags, best first.

        Args:
            k: How many; at most ``n_classes`` come back.
            at_s: Second to look at (the hop with the nearest centre); ``None`` takes the mean of
                all hops.

        Returns:
            At most ``k`` tags; none if the track is empty.
        """
        if not self.n_hops:
            return []
        hop = None if at_s is None else int(np.abs(self.times - at_s).argmin())
        row = self.scores.mean(axis=0) if hop is None else self.scores[hop]
        best = np.argsort(-row, kind="stable")[:k]
        return [Tag(int(i), self.labels[i], float(row[i])) for i in best]

    def save(self, path: str | Path, *, compress: bool = True) -> Path:
        """Write the track as npz, readable with ``allow_pickle=False``.

        Beside the project's own keys it holds PaddleAudio's: ``time`` (window starts as a fraction
        of the file) and ``scores``. The file appears under its name only when it is complete.

        Raises:
            TrackError: The file cannot be written.
        """
        path = Path(path)
        length = max(self.duration_s, np.finfo(float).tiny)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        write = np.savez_compressed if compress else np.savez
        try:
            with temporary.open("wb") as file:
                write(
                    file,
                    time=np.arange(self.n_hops) * self.hop_s / length,
                    scores=self.scores,
                    labels=np.array(self.labels, dtype=np.str_),
                    window_s=np.float64(self.window_s),
                    hop_s=np.float64(self.hop_s),
                    duration_s=np.float64(self.duration_s),
                    model=np.str_(self.model),
                    model_hash=np.str_(self.model_hash),
                    levels=self.levels,
                    centers=self.times,
                    level_times=self.level_times,
                    vocabulary=np.str_(self.vocabulary),
                    sound=np.str_(self.sound),
                )
            temporary.replace(path)
        except OSError as error:
            raise TrackError(f"{path}: cannot write the score track: {error.strerror}") from error
        finally:
            temporary.unlink(missing_ok=True)
        return path

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        labels: Sequence[str] | None = None,
        duration_s: float | None = None,
        window_s: float = 2.0,
    ) -> Self:
        """Read a track that ``save`` or PaddleAudio's demo wrote.

        Args:
            path: npz file.
            labels: Names to use instead of the file's; needed for a file without names.
            duration_s: Seconds of audio behind a file that gives times as fractions only.
            window_s: Window behind a file that does not say.

        Raises:
            TrackError: The file is missing, is no npz, holds pickles, or its arrays do not fit.
        """
        arrays = read_npz(path)
        try:
            scores = np.asarray(arrays["scores"], np.float32)
            scores.flags.writeable = False
            names = tuple(labels) if labels is not None else tuple(arrays["labels"].tolist())
            window_s = float(arrays.get("window_s", np.float64(window_s)))
            if "hop_s" in arrays:
                hop_s, length = float(arrays["hop_s"]), float(arrays["duration_s"])
            else:
                hop_s, length = _hop_of_fractions(arrays["time"], duration_s)
            own = arrays.get("labels")
            vocabulary = str(arrays.get("vocabulary", "")) or (
                vocabulary_of_unnamed(scores.shape[-1])
                if own is None
                else vocabulary_of(tuple(own.tolist()))
            )
            return cls(
                scores, names, window_s, hop_s, length,
                str(arrays.get("model", "unknown")), str(arrays.get("model_hash", "")),
                np.asarray(arrays.get("levels", np.empty((0, 0))), np.float16),
                np.asarray(arrays.get("centers", np.empty(0)), np.float64),
                np.asarray(arrays.get("level_times", np.empty(0)), np.float64),
                vocabulary, str(arrays.get("sound", "")),
            )  # fmt: skip
        except KeyError as error:
            raise TrackError(
                f"{path}: no {error.args[0]!r} in it; make the file again with 'tag-overlay tag'"
            ) from error
        except (ValueError, TypeError) as error:
            raise TrackError(f"{path}: not a usable score track: {error}") from error


@dataclass(frozen=True, eq=False, slots=True)
class ScoreBlock:
    """Some rows of scores, as they come from a tagger: a file ends, a live stream does not."""

    times: Times
    """Centres of what was heard, seconds on the picture's clock, ``[n]``, rising."""
    scores: Scores
    """``[n, n_classes]``, in [0, 1]."""
    heard_s: float
    """Second up to which the sound was heard."""

    def __post_init__(self) -> None:
        """Check that the shapes agree."""
        if self.scores.ndim != 2 or self.times.shape != self.scores.shape[:1]:
            raise ValueError(f"times {self.times.shape} do not fit scores {self.scores.shape}")


def _checked_times(name: str, times: Times, even: Times) -> Times:
    """``times``, or ``even`` where there are none; read-only."""
    times = even if not len(times) and len(even) else np.array(times, np.float64)
    if times.shape != even.shape:
        raise ValueError(f"{name} {times.shape} do not fit {len(even)} rows")
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError(f"{name} must be finite and rise")
    times.flags.writeable = False
    return times


def read_npz(path: str | Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an npz file, never unpickling anything.

    Raises:
        TrackError: The file is missing, damaged, or holds pickles.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise TrackError(f"{path}: not an npz file; make one with 'tag-overlay tag'")
            return {key: file[key] for key in file.files}
    except OSError as error:
        raise TrackError(
            f"{path}: cannot read the score track: {error.strerror or error}"
        ) from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise TrackError(f"{path}: not a usable npz file: {error}") from error


def _hop_of_fractions(time: npt.NDArray[Any], duration_s: float | None) -> tuple[float, float]:
    if duration_s is None:
        raise ValueError("it gives times as fractions, so the length of the audio must be known")
    if time.ndim != 1 or len(time) == 0:
        raise ValueError(f"'time' must be [n_hops], got shape {time.shape}")
    step = float(time[-1] - time[0]) / (len(time) - 1) if len(time) > 1 else 1.0
    return step * duration_s, duration_s
