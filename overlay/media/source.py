"""A media file as the product sees it: one picture, one sound, and ONE zero of time for all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from overlay.datatypes import AudioInfo, Excerpt, MediaInfo, VideoInfo
from overlay.errors import DecodeError, UsageError
from overlay.media.audio import audio_stream
from overlay.media.edit_lists import played_in_pieces
from overlay.media.excerpt import excerpted
from overlay.media.index_check import index_checked
from overlay.media.probe import opened, probe
from overlay.media.program_changes import changed_at
from overlay.media.stream_choice import shown_video
from overlay.media.timestamp_survey import check_together, surveyed


@dataclass(frozen=True, slots=True)
class Source:
    """A media file, probed once.

    Attributes:
        info: What the file holds.
        audio_track: Which of its audio streams is listened to, from 0.
        whole: The file of which ``info`` is a part; ``None`` where it is all of it.
        named: Name of the media file that saved scores are of; empty where this is the media file.
        rate: Frames a second of that file; ``None`` where nobody knows.
    """

    info: MediaInfo
    audio_track: int = 0
    whole: MediaInfo | None = None
    named: str = ""
    rate: Fraction | None = None

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.info.path

    @property
    def zero_s(self) -> float:
        """Timestamp of the file that is second 0 of every track, picture, caption and preview."""
        return self.info.start_s

    @property
    def notes(self) -> tuple[str, ...]:
        """What was chosen of several pictures and programs, for people."""
        return self.info.notes

    @property
    def duration_s(self) -> float | None:
        """Seconds of the picture as the file claims, else of the sound; never a loop's bound."""
        claimed = self.info.video.duration_s if self.info.video else None
        return claimed or self.info.duration_s

    def widened(self, by_s: float) -> tuple[Source, Excerpt]:
        """The source with up to ``by_s`` seconds more around its part, and the part in that one."""
        part = self.info.excerpt or Excerpt()
        begin_s = max(0.0, part.from_s - by_s)
        end_s = None if part.to_s is None else part.to_s + by_s
        wide = excerpted(index_checked(self.whole or self.info, begin_s), Excerpt(begin_s, end_s))
        to_s = None if part.to_s is None else part.to_s - begin_s
        return replace(self, info=wide), Excerpt(part.from_s - begin_s, to_s)

    def read_at(self, at_s: float) -> Source:
        """The source, to be read from its start if its index leads astray at a second of it."""
        part_s = self.info.excerpt.from_s if self.info.excerpt else 0.0
        return replace(self, info=index_checked(self.info, part_s + at_s))

    def picture(self) -> VideoInfo:
        """The picture that is drawn on.

        Raises:
            NoVideoStream: There is none.
            UsageError: The part that is used is shorter than a frame of it.
        """
        video = shown_video(self.info)
        is_part = self.info.excerpt is not None and video.duration_s is not None
        if is_part and not video.stands and (video.duration_s or 0) * video.frame_rate < 1:
            raise UsageError(
                f"{self.path}: the part has no whole frame; choose a longer one with --from and "
                "--to"
            )
        return video

    def sound(self) -> AudioInfo:
        """The sound that is listened to.

        Raises:
            NoAudioStream: There is none, or not that many.
        """
        return audio_stream(self.info, self.audio_track)


def _is_edited(info: MediaInfo) -> bool:
    """Whether timestamps go back on purpose."""
    used = [stream.index for stream in (info.video, *info.audio) if stream is not None]
    return bool(played_in_pieces(info.path, info.container, used))


def _of_one_program(info: MediaInfo, audio_track: int, *, tolerant: bool) -> MediaInfo:
    """The file, checked to have the same streams from its start to its end."""
    used = [stream.index for stream in (info.video, *info.audio[audio_track:][:1]) if stream]
    if info.container != "mpegts" or not used:
        return info
    with opened(info.path) as file:
        at = changed_at(info.path, {file.streams[index].id for index in used})
    if at is None:
        return info
    said = f"its picture or sound goes on under another number (PID) from byte {at} on"
    if tolerant:
        return replace(info, notes=(*info.notes, f"{said}; what is before is used"))
    raise DecodeError(
        f"{said}, and would end there; cut the file in two (head -c {at}, tail -c +{at + 1}) and "
        "use both parts, or --tolerant uses what is before",
        path=info.path,
    )


def open_source(
    path: str | Path,
    *,
    video_track: int | None = None,
    audio_track: int = 0,
    excerpt: Excerpt | None = None,
    mended: bool = False,
) -> Source:
    """Probe a media file.

    Args:
        path: The file.
        video_track: Which of its pictures, from 0; ffmpeg's choice if ``None``.
        audio_track: Which sound of the picture's program, from 0.
        excerpt: The part to use; the whole file if ``None``.
        mended: Whether timestamps that cannot be are mended wherever it is read.

    Raises:
        ProbeError: It is missing or cannot be read as media.
        NoVideoStream: There is no picture of this number.
        UsageError: The file ends before the part begins.
        DecodeError: A stream begins behind its end, or goes on as another one, and nothing is to
            be mended.
    """
    info = _of_one_program(probe(path, video_track), audio_track, tolerant=mended)
    if not mended:
        check_together(info)
    elif not _is_edited(info):
        info = surveyed(info)
    if excerpt is None:
        return Source(info, audio_track)
    info = index_checked(info, excerpt.from_s)
    return Source(excerpted(info, excerpt), audio_track, whole=info)
