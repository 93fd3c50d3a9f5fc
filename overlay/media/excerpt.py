"""A part of a file instead of the whole: ``--from`` and ``--to``.

Second 0 of everything is then the first moment of the part: picture, sound, tags, captions, tables
and stills count from there. The picture is cut at the frame, decoded sound at the sample: what lies
in [from, to). Packets that are copied are whole: those that begin in [from, to) are kept, bit for
bit, so copied sound begins and ends at most one packet (20 to 30 ms) away from the picture.

Where a container can be searched ffmpeg jumps to the keyframe before and decodes from there. In one
whose timestamps may jump (``MediaInfo.clock``), and where the index leads astray
(``overlay.media.index_check``), it reads from the start.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from overlay.datatypes import AudioInfo, Excerpt, MediaInfo, VideoInfo
from overlay.errors import UsageError


def excerpted(info: MediaInfo, excerpt: Excerpt) -> MediaInfo:
    """The file as its part.

    Raises:
        UsageError: The file ends before the part begins.
    """
    claimed = info.video.duration_s if info.video else None
    end_s = info.duration_s or claimed
    if end_s is not None and excerpt.from_s >= end_s:
        raise UsageError(f"{info.path}: ends at {end_s:.6g} s, before --from {excerpt.from_s:g}")
    _, duration_s = _part(0.0, info.duration_s, excerpt)
    return replace(
        info, duration_s=duration_s, excerpt=excerpt,
        video=info.video and _video(info.video, excerpt),
        audio=tuple(_audio(each, excerpt) for each in info.audio),
    )  # fmt: skip


def _video(video: VideoInfo, excerpt: Excerpt) -> VideoInfo:
    start_s, duration_s = _part(video.start_s, video.duration_s, excerpt)
    names = tuple((key, value) for key, value in video.names if key != "timecode")  # of the start
    return replace(video, start_s=start_s, duration_s=duration_s, n_frames=None, names=names)


def _audio(audio: AudioInfo, excerpt: Excerpt) -> AudioInfo:
    start_s, duration_s = _part(audio.start_s, audio.duration_s, excerpt)
    return replace(audio, start_s=start_s, duration_s=duration_s)


def _part(start_s: float, duration_s: float | None, excerpt: Excerpt) -> tuple[float, float | None]:
    """Start and length of a stream, counted from the start of the part."""
    start = max(0.0, start_s - excerpt.from_s)
    if duration_s is None:
        return start, None
    end = start_s + duration_s - excerpt.from_s
    return start, max(0.0, min(end, excerpt.length_s or end) - start)


def begin_s(info: MediaInfo) -> float:
    """Second of the file at which its part begins."""
    return info.excerpt.from_s if info.excerpt else 0.0


def input_options(info: MediaInfo) -> dict[str, Any]:
    """Options of ffmpeg's input that make the part's first moment second 0."""
    if info.excerpt is None:
        return {}
    if info.clock or info.from_start:
        return {"itsoffset": f"{-info.excerpt.from_s:.6f}"}
    return {"ss": f"{info.excerpt.from_s:.6f}"}


def output_options(info: MediaInfo) -> dict[str, Any]:
    """Options of an output: it ends with the part, and no copied packet begins before it."""
    if info.excerpt is None:
        return {}
    length_s = info.excerpt.length_s
    return {"copypriorss": 0, **({} if length_s is None else {"t": f"{length_s:.6f}"})}


def inside(stream: Any, info: MediaInfo, kind: str = "trim") -> Any:
    """A decoded stream without what is before or behind the part.

    Args:
        stream: ffmpeg-python's.
        info: The probed source.
        kind: ``trim`` for a picture, ``atrim`` for sound.
    """
    return stream if info.excerpt is None else stream.filter(kind, **_bounds(info.excerpt))


def trim_options(info: MediaInfo, kind: str) -> list[str]:
    """The same as a filter's text; none for a whole file."""
    if info.excerpt is None:
        return []
    return [f"{kind}=" + ":".join(f"{k}={v}" for k, v in _bounds(info.excerpt).items())]


def _bounds(excerpt: Excerpt) -> dict[str, str]:
    end = {} if excerpt.length_s is None else {"end": f"{excerpt.length_s:.6f}"}
    return {"start": "0", **end}
