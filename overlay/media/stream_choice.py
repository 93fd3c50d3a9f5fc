"""Which of a file's streams are the picture and the sound, and why one cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from overlay.datatypes import MediaInfo, VideoInfo
from overlay.errors import NoVideoStream


def is_cover(stream: VideoStream) -> bool:
    """Whether a picture is an attached one that players do not show."""
    return bool(stream.disposition & stream.disposition.attached_pic)


def pictures(container: InputContainer) -> list[VideoStream]:
    """All pictures that move."""
    return [stream for stream in container.streams.video if not is_cover(stream)]


def chosen_picture(
    container: InputContainer, path: Path, video_track: int | None
) -> VideoStream | None:
    """The picture that is drawn on; ``None`` where there is none.

    Args:
        container: The open file.
        path: Its name, for the message.
        video_track: Which one, from 0; the one that ffmpeg thinks best if ``None``.

    Raises:
        NoVideoStream: There are not that many.
    """
    found = pictures(container)
    if video_track is not None and not 0 <= video_track < len(found):
        raise NoVideoStream(
            f"has {len(found)} video tracks, so there is no track {video_track} "
            "(they count from 0)",
            path=path,
        )
    if video_track is not None:
        return found[video_track]
    best = container.streams.best("video")
    usable = [stream for stream in found if stream.codec_context is not None] or found
    same = (stream for stream in usable if best is not None and stream.index == best.index)
    return next(same, usable[0] if usable else None)


def program_of(
    container: InputContainer, picture: VideoStream | None
) -> tuple[list[AudioStream], list[SubtitleStream]]:
    """The sounds and subtitles that belong to a picture; all, where the file has no programs.

    ffmpeg does not say which streams make a program, but which sound is best for a picture: where
    two pictures have different ones, there are programs, and a sound belongs to the picture
    whose number is nearest before it.
    """
    sounds, texts = list(container.streams.audio), list(container.streams.subtitles)
    own = _best_sound(container, picture)
    others = {
        other.index: _best_sound(container, other)
        for other in pictures(container)
        if picture is not None and other.index != picture.index
    }
    if own is None or not any(index not in (None, own) for index in others.values()):
        return sounds, texts
    foreign = {index for index in others.values() if index is not None and index != own}
    kept = [sound for sound in sounds if sound.index not in foreign]
    return sorted(kept, key=lambda sound: sound.index != own), texts


def _best_sound(container: InputContainer, picture: VideoStream | None) -> int | None:
    best = container.streams.best("audio", related=picture) if picture is not None else None
    return None if best is None else best.index


def is_undecodable(stream: Stream) -> bool:
    """Whether there is no decoder for it here."""
    return stream.type in ("video", "audio", "subtitle") and stream.codec_context is None


def problem_of(stream: Stream, codec: str) -> str:
    """Why a stream cannot be decoded, as the end of a sentence; empty if it can."""
    return f"is {codec}, for which there is no decoder here" if is_undecodable(stream) else ""


def choice_notes(
    container: InputContainer,
    picture: VideoStream | None,
    sounds: Sequence[AudioStream],
    video_track: int | None,
) -> Iterator[str]:
    """What was chosen where there was a choice."""
    found = pictures(container)
    chosen = picture if picture is not None and not is_undecodable(picture) else None
    if chosen is not None and len(found) > 1 and video_track is None:
        number = found.index(chosen)
        size = f"{chosen.width}x{chosen.height}"
        yield (
            f"there are {len(found)} pictures; drawing on number {number} ({size}); "
            "--video-track chooses another"
        )
    n_left = len(container.streams.audio) - len(sounds)
    if n_left:
        yield f"{n_left} audio tracks of other programs are left out"


def shown_video(info: MediaInfo) -> VideoInfo:
    """The video stream to draw on.

    Raises:
        NoVideoStream: There is none.
    """
    if info.video is None and info.problem:
        raise NoVideoStream(f"its picture {info.problem}", path=info.path)
    if info.video is None:
        raise NoVideoStream(
            "has no picture to draw on; 'tag-overlay tag' writes the scores of a sound file",
            path=info.path,
        )
    return info.video
