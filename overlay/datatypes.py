"""The values that pass between the rooms: frozen, with shapes and ranges checked when made."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
"""Tag scores in [0, 1], ``[n_hops, n_classes]``."""

Levels = npt.NDArray[np.float16]
"""Loudness in dB, ``[n_frames, n_bands]``."""

MEL_STEP_DB = 0.5

Mel = npt.NDArray[np.uint8]
"""A mel spectrogram, ``[n_columns, n_bands]``: steps of ``MEL_STEP_DB`` above silence."""

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
    shapes: tuple[tuple[float, Fraction], ...] = ()
    """Second from which on a pixel has another shape than ``sample_aspect``, and that one; rising.
    Known of what is drawn on only."""
    cropping: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Columns left and right, rows above and below of the coded picture, before it is turned, that
    the container cuts off; no part of ``width`` and ``height``."""
    color: ColorInfo = ColorInfo()
    stands: bool = False
    """Whether it is a still or a slideshow, whose pictures stand for seconds."""
    names: tuple[tuple[str, str], ...] = ()
    """Its title, language, timecode and what else is said of it, as (key, value)."""
    fields: str = ""
    """``tff`` or ``bff`` where frames hold two fields, of two moments: the top or the bottom one is
    shown first; else empty."""

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
    mixes: bool = True
    """Whether ffmpeg knows how to mix its layout to mono; else its channels are averaged."""
    problem: str = ""
    """Why it cannot be heard (``is encrypted``, ...), to follow ``its sound``; else empty."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a file that is used, half-open, on the file's own clock."""

    from_s: float = 0.0
    to_s: float | None = None
    """``None``: up to the end."""

    def __post_init__(self) -> None:
        """Check that it holds anything."""
        if not 0 <= self.from_s < (float("inf") if self.to_s is None else self.to_s):
            raise ValueError(f"from {self.from_s} s to {self.to_s} s is no part of a file")

    @property
    def length_s(self) -> float | None:
        """Seconds; ``None`` where it goes up to the end."""
        return None if self.to_s is None else self.to_s - self.from_s


@dataclass(frozen=True, slots=True)
class Repair:
    """What is mended of the timestamps of a whole stream."""

    index: int
    """Stream index in the file."""
    shift_s: float = 0.0
    """Seconds that are added to all of them."""
    n_first: int = 0
    """So many at the start are none: they go beside what follows."""
    creeps: bool = False
    """Whether they are slower than what they are of: then each packet follows the one before."""
    step_s: float = 0.0
    """Seconds from a packet to the next then; 0 where each says its own length."""


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
    texts: tuple[int, ...] = ()
    """Indices of the subtitle streams in the file."""
    covers: tuple[int, ...] = ()
    """Stream indices of attached cover pictures."""
    cover_codecs: tuple[str, ...] = ()
    """Their codecs."""
    size_bytes: int = 0
    n_data: int = 0
    """Tracks of positions, sensors and the like; a track of the timecode is none."""
    n_attachments: int = 0
    """Attached fonts and other files; not the covers."""
    clock: tuple[int, ...] = ()
    """Indices of the streams that every run uses, since their starts and jumps set second 0; empty
    where a container's zero does not depend on them."""
    problem: str = ""
    """Why there is no picture, to follow ``its picture``; empty where there is one, or none at
    all."""
    notes: tuple[str, ...] = ()
    """What was chosen of several, for people."""
    mended: bool = False
    """Whether timestamps that cannot be are mended as it is read, and the rest is passed over."""
    repairs: tuple[Repair, ...] = ()
    """Streams of which more is mended than single packets."""
    from_start: bool = False
    """Whether a part of it is read from the start on, since its index leads astray."""
    excerpt: Excerpt | None = None
    """The part that is used; then all starts and lengths here are of it, and second 0 is its first
    moment. ``None``: the whole file."""


@dataclass(frozen=True, eq=False, slots=True)
class SoundBlock:
    """A piece of mono sound; one that does not start where the last one ended follows a gap."""

    start_s: float
    """Second of its first sample on the picture's clock."""
    samples: npt.NDArray[np.float32]
    """``[n]``, in about [-1, 1]."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One label with its score in [0, 1]."""

    index: int
    label: str
    score: float


NO_CLASS = -1
"""Index of an event whose label is none of the vocabulary's."""


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
    families: tuple[str, ...] = ()
    """AudioSet family of each class, empty where there is none; ``()`` where nobody knows."""
    words: tuple[str, ...] = ()
    """What captions say of each class while it goes on; ``()`` takes the labels."""
    kinds: tuple[tuple[str, ...], ...] = ()
    """AudioSet's names of each class and of what it is a kind of, the nearest first; ``()`` where
    nobody knows."""
    events: tuple[TagEvent, ...] = ()
    """By onset; ``classes`` are the best of those that are on."""
    levels: Levels = field(default_factory=lambda: np.empty((0, 0), np.float16))
    """As in a track, as are ``level_times``."""
    level_times: Times = field(default_factory=lambda: np.empty(0, np.float64))
    duration_s: float = 0.0
    """Seconds of sound."""
    mel: Mel = field(default_factory=lambda: np.empty((0, 0), np.uint8))
    """As in a track, as are ``mel_times``."""
    mel_times: Times = field(default_factory=lambda: np.empty(0, np.float64))

    @property
    def family_by_label(self) -> dict[str, str]:
        """Family of each display name that has one."""
        return {n: f for n, f in zip(self.labels, self.families, strict=False) if f}

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
