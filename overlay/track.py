"""The hinge between sound and picture: scores over time, and their file.

Left of a track is sound, right of it is picture and text; the two sides never meet otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Excerpt, Levels, Mel, Scores, Tag, Times
from overlay.errors import OutputError, TrackError
from overlay.files import brief, path_error, whole_or_absent
from overlay.files.npz import check_claims, read_arrays
from overlay.vocabulary import vocabulary_of, vocabulary_of_unnamed

LEVEL_RATE_HZ = 50
MEL_COLUMN_S = 0.08

_LEAST_HOP_S, _MOST_STEP_S = 1e-3, 3600.0
_MOST_S = 366 * 24 * 3600.0
"""A year: what is longer is a damaged file."""
_RATE = re.compile(r"[1-9]\d{0,8}(/[1-9]\d{0,8})?")
_VOCABULARY = re.compile(r"audioset(-strong)?|own:[0-9a-f]{1,64}")
_KEYS = frozenset(
    ("time", "scores", "labels", "window_s", "hop_s", "duration_s", "model", "model_hash",
     "levels", "centers", "level_times", "vocabulary", "sound", "media", "frame_rate", "mel",
     "mel_times")
)  # fmt: skip
"""Of a track's file; others are passed over."""


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
    media: str = ""
    """Name of the media file, without folders; empty where unknown."""
    frame_rate: Fraction | None = None
    """Pictures a second of that file; ``None`` where it has none, or nobody knows."""
    mel: Mel = field(default_factory=lambda: np.empty((0, 0), np.uint8))
    """The sound as a picture; ``[0, 0]`` where unknown."""
    mel_times: Times = field(default_factory=lambda: np.empty(0, np.float64))
    """Seconds of the starts of its columns, ``[n_columns]``, rising; derived from ``MEL_COLUMN_S``
    if left out."""

    def __post_init__(self) -> None:
        """Check shapes and ranges; derive ``times``."""
        scores = np.asarray(self.scores)
        if scores.ndim != 2:
            raise ValueError(f"scores must be [n_hops, n_classes], got shape {scores.shape}")
        if scores.shape[1] != len(self.labels):
            raise ValueError(f"scores {scores.shape} do not fit {len(self.labels)} labels")
        _check_lengths(self.window_s, self.hop_s, self.duration_s)
        if scores.size and not (scores.min() >= 0 and scores.max() <= 1):  # also catches NaN
            raise ValueError("scores must lie in [0, 1]")
        if scores.dtype != np.float32 or scores.flags.writeable:  # else nobody can change it
            scores = np.array(scores, np.float32)
            scores.flags.writeable = False
        if self.levels.ndim != 2 or not np.isfinite(self.levels).all():
            raise ValueError(f"levels {self.levels.shape} must be [n_frames, n_bands], finite")
        if self.mel.ndim != 2:
            raise ValueError(f"mel {self.mel.shape} must be [n_columns, n_bands]")
        object.__setattr__(self, "scores", scores)
        even = np.arange(len(scores), dtype=np.float64) * self.hop_s + self.window_s / 2
        object.__setattr__(self, "times", _checked_times("times", self.times, even))
        frames = np.arange(len(self.levels), dtype=np.float64) / LEVEL_RATE_HZ
        object.__setattr__(self, "level_times", _checked_times("level", self.level_times, frames))
        columns = np.arange(len(self.mel), dtype=np.float64) * MEL_COLUMN_S
        object.__setattr__(self, "mel_times", _checked_times("mel", self.mel_times, columns))
        if not self.vocabulary:
            object.__setattr__(self, "vocabulary", vocabulary_of(self.labels))
        _check_vocabulary(self.vocabulary)

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

    def part(self, excerpt: Excerpt) -> TagTrack:
        """The track of a part of the sound, with times that count from the part's start.

        Of a part that is shorter than a hop the row nearest to its start stays.
        """
        end_s = self.duration_s if excerpt.to_s is None else min(excerpt.to_s, self.duration_s)
        rows = (self.times >= excerpt.from_s) & (self.times < end_s)
        if self.n_hops and not rows.any():
            rows[np.abs(self.times - excerpt.from_s).argmin()] = True
        heard = (self.level_times >= excerpt.from_s) & (self.level_times < end_s)
        seen = (self.mel_times >= excerpt.from_s) & (self.mel_times < end_s)
        return replace(
            self, scores=self.scores[rows], times=self.times[rows] - excerpt.from_s,
            levels=self.levels[heard], level_times=self.level_times[heard] - excerpt.from_s,
            mel=self.mel[seen], mel_times=self.mel_times[seen] - excerpt.from_s,
            duration_s=max(0.0, end_s - excerpt.from_s), sound=sound_of_part(self.sound, excerpt),
        )  # fmt: skip

    def save(
        self,
        path: str | Path,
        *,
        compress: bool = True,
        overwrite: bool = True,
        inputs: Iterable[str | Path] = (),
    ) -> Path:
        """Write the track as npz, readable with ``allow_pickle=False``.

        Beside the project's own keys it holds PaddleAudio's: ``time`` (window starts as a fraction
        of the file) and ``scores``. The file appears under its name only when it is complete.

        Args:
            path: Target.
            compress: Whether to take time to make the file smaller.
            overwrite: Whether a file of this name may be replaced.
            inputs: Files that are never replaced.

        Raises:
            TrackError: The file cannot be written.
        """
        try:
            with whole_or_absent(path, overwrite=overwrite, inputs=inputs) as temporary:
                arrays = self._arrays()
                if compress:
                    _write(np.savez_compressed, temporary, arrays)
                if not compress or not _is_readable(arrays, temporary):
                    _write(np.savez, temporary, arrays)
        except OutputError as error:
            raise TrackError(f"cannot write the score track: {error}") from error
        return Path(path)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What the file holds, by key."""
        length = max(self.duration_s, np.finfo(float).tiny)
        return {
            "time": np.arange(self.n_hops) * self.hop_s / length,
            "scores": self.scores,
            "labels": np.array(self.labels, dtype=np.str_),
            "window_s": np.array(self.window_s, np.float64),
            "hop_s": np.array(self.hop_s, np.float64),
            "duration_s": np.array(self.duration_s, np.float64),
            "model": np.array(self.model, np.str_),
            "model_hash": np.array(self.model_hash, np.str_),
            "levels": self.levels,
            "centers": self.times,
            "level_times": self.level_times,
            "vocabulary": np.array(self.vocabulary, np.str_),
            "sound": np.array(self.sound, np.str_),
            "media": np.array(_sayable(self.media), np.str_),
            "frame_rate": np.array(str(self.frame_rate or ""), np.str_),
            "mel": self.mel,
            "mel_times": self.mel_times,
        }

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
            return cls(*_fields(arrays, labels, duration_s, window_s))
        except KeyError as error:
            raise TrackError(
                f"{path}: no {error.args[0]!r} in it; make the file again with 'tag-overlay tag'"
            ) from error
        except Exception as error:  # whatever a file may say, it is the file that is wrong
            raise TrackError(f"{path}: not a usable score track: {brief(error)}") from error


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


def sound_of_part(sound: str, excerpt: Excerpt | None) -> str:
    """The fingerprint of a part of a sound; empty where that of the whole is unknown."""
    if excerpt is None or not sound:
        return sound
    return sha256(f"{sound} {excerpt.from_s} {excerpt.to_s}".encode()).hexdigest()


def _checked_times(name: str, times: Times, even: Times) -> Times:
    """``times``, or ``even`` where there are none; read-only."""
    times = even if not len(times) and len(even) else np.array(times, np.float64)
    if times.shape != even.shape:
        raise ValueError(f"{name} {times.shape} do not fit {len(even)} rows")
    if not (np.abs(times) <= _MOST_S).all() or (np.diff(times) < 0).any():  # also catches NaN
        raise ValueError(f"{name} must rise, within {_MOST_S} s of 0")
    times.flags.writeable = False
    return times


def read_npz(path: str | Path, names: Collection[str] = _KEYS) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a track's file that are known, every claimed size checked.

    Args:
        path: The file.
        names: Which to read.

    Raises:
        TrackError: The file is missing, damaged, or holds pickles.
    """
    return read_arrays(path, "the score track", path_error(TrackError, path), names=names)


def labels_in(path: str | Path) -> tuple[str, ...] | None:
    """The names that a track's file holds; ``None`` if it holds none.

    Raises:
        TrackError: The file cannot be used.
    """
    arrays = read_npz(path, ("labels",))
    try:
        return _names(arrays["labels"]) if arrays else None
    except ValueError as error:
        raise TrackError(f"{path}: not a usable score track: {brief(error)}") from error


def _fields(
    arrays: Mapping[str, npt.NDArray[Any]],
    labels: Sequence[str] | None,
    duration_s: float | None,
    window_s: float,
) -> tuple[Any, ...]:
    """The fields of a track, in their order, from what its file holds.

    Raises:
        KeyError: An array is missing.
        ValueError: One is of another kind.
    """
    scores = np.asarray(_of_kind(arrays["scores"], "scores", "fiub"), np.float32)
    scores.flags.writeable = False
    own = _names(arrays["labels"]) if "labels" in arrays or labels is None else None
    unnamed = vocabulary_of_unnamed(scores.shape[-1]) if own is None else vocabulary_of(own)
    names = tuple(labels) if labels is not None else own or ()
    if "hop_s" in arrays:
        hop_s, length_s = _number(arrays["hop_s"]), _number(arrays["duration_s"])
    else:
        hop_s, length_s = _hop_of_fractions(_floats(arrays, "time"), len(scores), duration_s)
    window_s = _number(arrays["window_s"]) if "window_s" in arrays else window_s
    levels = _of_kind(arrays.get("levels", np.empty((0, 0))), "levels", "f")
    mel = _of_kind(arrays.get("mel", np.empty((0, 0), np.uint8)), "mel", "u")
    return (
        scores, names, window_s, hop_s, length_s,
        _text(arrays, "model") or "unknown", _text(arrays, "model_hash"),
        np.asarray(levels, np.float16), _floats(arrays, "centers"), _floats(arrays, "level_times"),
        _text(arrays, "vocabulary") or unnamed, _text(arrays, "sound"),
        _text(arrays, "media"), _rate(_text(arrays, "frame_rate")),
        np.asarray(mel, np.uint8), _floats(arrays, "mel_times"),
    )  # fmt: skip


def _of_kind(array: npt.NDArray[Any], name: str, kinds: str) -> npt.NDArray[Any]:
    if array.dtype.kind not in kinds:
        raise ValueError(f"{name!r} holds {array.dtype}")
    return array


def _floats(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Times:
    array = _of_kind(arrays.get(name, np.empty(0)), name, "fiu")
    if array.ndim != 1:
        raise ValueError(f"{name!r} must be [n_rows], got shape {array.shape}")
    return np.asarray(array, np.float64)


def _number(array: npt.NDArray[Any]) -> float:
    return float(_of_kind(array, "a length", "fiu"))


def _text(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> str:
    array = _of_kind(arrays.get(name, np.array("")), name, "U")
    text = str(array) if array.ndim == 0 else ""
    text.encode()  # raises for half letters
    return text


def _sayable(name: str) -> str:
    """A file's name as text: bytes that are none are marked as such."""
    return name.encode("utf-8", "replace").decode()


def _rate(text: str) -> Fraction | None:
    if not text:
        return None
    if not _RATE.fullmatch(text):
        raise ValueError(f"{text[:20]!r} is no frame rate")
    return Fraction(text)


def _names(array: npt.NDArray[Any]) -> tuple[str, ...]:
    if array.ndim != 1:
        raise ValueError(f"labels must be [n_classes], got shape {array.shape}")
    names = tuple(_of_kind(array, "labels", "U").tolist())
    "".join(names).encode()
    return names


def _write(save: Callable[..., None], path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    with path.open("wb") as file:  # given a path, NumPy would add an extension
        save(file, **arrays)


def _is_readable(arrays: Mapping[str, npt.NDArray[Any]], file: Path) -> bool:
    """Whether a file is not packed so densely that it would be refused: hours of silence are."""
    try:
        check_claims(sum(array.nbytes for array in arrays.values()), file.stat().st_size)
    except ValueError:
        return False
    return True


def _check_lengths(window_s: float, hop_s: float, duration_s: float) -> None:
    """Bounds that a file's claims are held to, so that no loop behind them is endless."""
    if not (0 < window_s <= _MOST_STEP_S and _LEAST_HOP_S <= hop_s <= _MOST_STEP_S):
        raise ValueError(
            f"window {window_s} s must be above 0 and hop {hop_s} s at least {_LEAST_HOP_S} s, "
            f"both at most {_MOST_STEP_S} s"
        )
    if not 0 <= duration_s <= _MOST_S:
        raise ValueError(f"a duration of {duration_s} s is not from 0 to {_MOST_S} s")


def _check_vocabulary(vocabulary: str) -> None:
    if not _VOCABULARY.fullmatch(vocabulary):
        raise ValueError(f"unknown vocabulary {vocabulary!r}")


def _hop_of_fractions(time: Times, n_hops: int, duration_s: float | None) -> tuple[float, float]:
    """Hop and length in seconds from starts that are fractions of the length."""
    if duration_s is None:
        raise ValueError("it gives times as fractions, so the length of the audio must be known")
    if not 0 < n_hops == len(time):
        raise ValueError(f"'time' {time.shape} does not fit {n_hops} rows of scores")
    step = float(time[-1] - time[0]) / (len(time) - 1) if len(time) > 1 else 1.0
    return step * duration_s, duration_s
