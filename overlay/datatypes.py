"""The values that pass between the rooms: frozen, with shapes and ranges checked when made."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from overlay.errors import TrackError

Scores = npt.NDArray[np.float32]
"""Tag scores in [0, 1], ``[n_hops, n_classes]``."""

Levels = npt.NDArray[np.float16]
"""Loudness in dB, ``[n_frames, n_bands]``."""

Times = npt.NDArray[np.float64]
"""Seconds on the picture's clock, ``[n_hops]``, rising."""


@dataclass(frozen=True, slots=True)
class ColorInfo:
    """Colour tags of a video stream, by ffmpeg's names; ``None`` where the file says nothing."""

    range: str | None = None
    """``tv`` (limited) or ``pc`` (full)."""
    space: str | None = None
    """Matrix: ``bt709``, ``smpte170m``, ``bt2020nc``, ..."""
    primaries: str | None = None
    transfer: str | None = None


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A video stream as a person sees it: sizes are after rotation."""

    index: int
    """Stream index in the file."""
    codec: str
    width: int
    """Pixels, after rotation."""
    height: int
    """Pixels, after rotation."""
    frame_rate: Fraction
    """Average frames per second."""
    time_base: Fraction
    """Seconds per tick of the stream's timestamps."""
    start_s: float
    """First timestamp on the file's clock, where the earliest stream starts at 0."""
    duration_s: float | None
    n_frames: int | None
    """As the container claims; ``None`` where it says nothing."""
    pix_fmt: str
    bit_depth: int
    has_alpha: bool
    rotation: int
    """Degrees that a player turns the coded picture by: 0, 90, 180 or 270."""
    sample_aspect: Fraction
    """Width of a pixel over its height, after rotation; 1 where the file says nothing."""
    color: ColorInfo = ColorInfo()

    def __post_init__(self) -> None:
        """Check what everything downstream divides by."""
        if self.width < 1 or self.height < 1:
            raise ValueError(f"picture size {self.width}x{self.height} is not positive")
        if self.frame_rate <= 0 or self.time_base <= 0:
            raise ValueError(
                f"frame rate {self.frame_rate}, time base {self.time_base}: not positive"
            )


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """An audio stream."""

    index: int
    """Stream index in the file."""
    codec: str
    sample_rate: int
    """Samples per second."""
    channels: int
    start_s: float
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a media file holds."""

    path: Path
    container: str
    """Demuxer name as ffmpeg gives it, such as ``mov,mp4,m4a,3gp,3g2,mj2``."""
    start_s: float
    """Timestamp that ffmpeg takes as second 0 of the file."""
    duration_s: float | None
    video: VideoInfo | None
    """The stream that is shown; attached cover pictures do not count."""
    audio: tuple[AudioInfo, ...] = ()
    subtitles: tuple[str, ...] = ()
    """Codec names of the subtitle streams."""
    covers: tuple[int, ...] = ()
    """Stream indices of attached cover pictures."""
    size_bytes: int = 0
    n_attachments: int = 0
    """Attached fonts and other files; not the covers."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One label with its score in [0, 1]."""

    index: int
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class TagEvent:
    """A stretch of time in which one label stays above a threshold."""

    index: int
    label: str
    onset_s: float
    offset_s: float
    peak: float
    """Largest score inside, in [0, 1]."""
    mean: float
    """Mean score inside, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Text that a player shows from one time to another."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]
    """Without markup or line breaks."""


@dataclass(frozen=True, slots=True)
class Box:
    """Integer pixels, origin at the top left; right and bottom are exclusive."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column behind the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.y + self.height

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns of an array."""
        return slice(self.y, self.bottom), slice(self.x, self.right)


LEVEL_RATE_HZ = 50


@dataclass(frozen=True, eq=False)
class TagTrack:
    """Scores of one audio track over time: the hinge between sound and picture.

    A time is the centre of its window, in seconds on the picture's clock:

        times[i] = i * hop_s + window_s / 2

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
    times: Times = field(init=False)
    """Window centres in seconds, ``[n_hops]``."""

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
        times = np.arange(len(scores), dtype=np.float64) * self.hop_s + self.window_s / 2
        times.flags.writeable = False
        object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "times", times)

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
            return cls(
                scores, names, window_s, hop_s, length,
                str(arrays.get("model", "unknown")), str(arrays.get("model_hash", "")),
                np.asarray(arrays.get("levels", np.empty((0, 0))), np.float16),
            )  # fmt: skip
        except KeyError as error:
            raise TrackError(
                f"{path}: no {error.args[0]!r} in it; make the file again with 'tag-overlay tag'"
            ) from error
        except (ValueError, TypeError) as error:
            raise TrackError(f"{path}: not a usable score track: {error}") from error


@dataclass(frozen=True, eq=False, slots=True)
class TagTimeline:
    """The tags to show, hop by hop: what the picture side gets of the sound side."""

    times: Times
    """Window centres in seconds, ``[n_hops]``."""
    scores: Scores
    """Smoothed scores of all classes, ``[n_hops, n_classes]``, in [0, 1]."""
    classes: npt.NDArray[np.int32]
    """Class indices, best first, ``[n_hops, k]``; -1 where fewer than k tags are shown."""
    labels: tuple[str, ...]
    """``n_classes`` display names."""

    def __post_init__(self) -> None:
        """Check that the shapes agree."""
        n_hops, n_classes = self.scores.shape
        if self.times.shape != (n_hops,) or self.classes.shape[:1] != (n_hops,):
            raise ValueError(
                f"times {self.times.shape}, scores {self.scores.shape}, classes "
                f"{self.classes.shape} do not have the same number of hops"
            )
        if n_classes != len(self.labels):
            raise ValueError(f"scores {self.scores.shape} do not fit {len(self.labels)} labels")


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
