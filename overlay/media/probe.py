"""What a media file holds, seen as a player would show it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import av
import av.error
import av.filter
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.format import Flags
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from overlay.datatypes import AudioInfo, ColorInfo, MediaInfo, VideoInfo
from overlay.errors import ProbeError
from overlay.files.paths import reason as why
from overlay.media.beginning import Beginning
from overlay.media.codec_names import codec_names
from overlay.media.cropping import NONE, Cropping, croppings
from overlay.media.stream_choice import (
    choice_notes,
    chosen_picture,
    is_cover,
    is_undecodable,
    problem_of,
    program_of,
)
from overlay.media.timestamp_repair import unwrapped
from overlay.media.truncation import ending_notes

_TS_DISCONT = cast(int, Flags.ts_discont.value)
_OTHERS_FILES = {
    "hls",
    "applehttp",
    "concat",
    "dash",
    "sdp",
    "imf",
    "webm_dash_manifest",
    "image2",
    "image2pipe",
    "rtsp",
    "rtp",
    "sap",
    "lavfi",
    "ffmetadata",
    "alias_pix",
    "brender_pix",
    "tty",
}
"""Formats that name other files, or are none."""
_MICROSECONDS = 1_000_000
_T = TypeVar("_T", float, None)
# PyAV 19 keeps bytes of metadata that are no UTF-8 and has no word for it; before, they raised.
LENIENT: dict[str, Any] = (
    {} if int(av.__version__.partition(".")[0]) >= 19 else {"metadata_errors": "replace"}
)
_FIELD_ORDERS = {2: "tff", 3: "bff", 4: "bff", 5: "tff"}
"""ffmpeg's numbers; 4 and 5 are coded in one order and shown in the other."""
_OF_CODING = re.compile(
    r"encoder|vendor_id|rotate|alpha_mode|duration|number_of_|bps|_statistics|variant_bitrate|"
    r"handler_name|creation_time|source_id",
    re.IGNORECASE,
)
"""Metadata of the stream that was, which would be wrong of another one."""
_LONGEST_NAME, _MOST_NAMES = 1000, 50
_TIMECODE = re.compile(r"[0-9]{2}:[0-5][0-9]:[0-5][0-9]([:;.])[0-9]{2}")
_FASTEST_TIMECODE = 120
_MAX_PIXELS = 16384 * 16384
_RANGES = {1: "tv", 2: "pc"}
_SPACES = {
    1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco",
    9: "bt2020nc", 10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc",
    13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip
_PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
    10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
_TRANSFERS = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear",
    9: "log100", 10: "log316", 11: "iec61966-2-4", 12: "bt1361e",
    13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084",
    17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip


class Rational(Protocol):
    """What PyAV gives for rates: a ``Fraction`` before version 19, a type of its own since."""

    @property
    def numerator(self) -> int:
        """Above the line."""

    @property
    def denominator(self) -> int:
        """Below the line; 0 where the file says nothing."""


def probe(path: str | Path, video_track: int | None = None) -> MediaInfo:
    """Read streams, sizes, rates and colour of a local file, of one program.

    The first picture is decoded, since rotation and colour are sure only there.

    Args:
        path: The file.
        video_track: Which of its pictures, from 0, covers left aside; ffmpeg's choice if ``None``.

    Raises:
        ProbeError: The file is missing, is not media, or is a playlist.
        NoVideoStream: There is no such picture.

    Source:
        The numbers of colour tags: ITU-T H.273.
    """
    path = Path(path)
    with opened(path) as container:
        duration = container.duration
        shown = chosen_picture(container, path, video_track)
        audio, subtitles = program_of(container, shown)
        jumps = bool(_TS_DISCONT & int(container.format.flags))
        used: list[Stream] = [*([shown] if shown else []), *audio, *subtitles]
        clock = list(filter(_can_be_copied, used)) if jumps else []
        start_s = _start_s(container, clock)
        foreign = any(map(is_undecodable, container.streams))
        names = codec_names(path, container.format.name) if foreign else {}
        beginning = Beginning(container, shown)
        video, problem = _video_info(container, path, shown, start_s, names, beginning)
        if video is not None and beginning.stands(_seconds_of(duration)):
            video = replace(video, stands=True)
        hidden = beginning.encrypted() if "mp4" in container.format.name.split(",") else set()
        if shown is not None and shown.index in hidden:
            video, problem = None, "is encrypted"
        return MediaInfo(
            path=path,
            container=container.format.name,
            start_s=start_s,
            duration_s=_seconds_of(duration),
            audio=tuple(
                _audio_info(stream, start_s, names, encrypted=stream.index in hidden)
                for stream in audio
            ),
            subtitles=tuple(_codec(stream, names) for stream in container.streams.subtitles),
            texts=tuple(stream.index for stream in container.streams.subtitles),
            covers=tuple(s.index for s in container.streams.video if is_cover(s)),
            cover_codecs=tuple(_codec(s, names) for s in container.streams.video if is_cover(s)),
            size_bytes=path.stat().st_size,
            n_data=sum(
                stream.type == "data" and "timecode" not in stream.metadata
                for stream in container.streams
            ),
            n_attachments=sum(stream.type == "attachment" for stream in container.streams),
            video=video,
            clock=tuple(stream.index for stream in clock),
            problem=problem,
            notes=(
                *choice_notes(container, shown, audio, video_track),
                *ending_notes(path, container.format.name),
            ),
        )


def _seconds_of(duration: int | None) -> float | None:
    return duration / _MICROSECONDS if duration and duration > 0 else None


def _can_be_copied(stream: Stream) -> bool:
    """Whether enough is known of it for an output; of a picture that nothing decodes there is not.

    ffmpeg opens no output of such a stream, not even to nowhere.
    """
    context = getattr(stream, "codec_context", None)
    if stream.type == "video":
        return context is not None and bool(context.width)
    return stream.type != "audio" or (context is not None and bool(context.sample_rate))


def _start_s(container: InputContainer, clock: Sequence[Stream]) -> float:
    """What ffmpeg subtracts: of the earliest of these streams, else what the container says."""
    starts = [
        _seconds(stream.start_time, stream.time_base, 0.0)
        for stream in clock
        if stream.start_time is not None
    ]
    return min(starts, default=(container.start_time or 0) / _MICROSECONDS)


def claimed_length_s(path: Path) -> float | None:
    """Seconds that a file claims to last, without looking at more of it; ``None`` if it does not.

    Raises:
        ProbeError: As ``opened``.
    """
    with opened(path, by_decoders=False) as container:
        return _seconds_of(container.duration)


@contextmanager
def opened(path: Path, *, by_decoders: bool = True) -> Iterator[InputContainer]:
    """Open a local file, with foreign errors turned into ``ProbeError``.

    Args:
        path: The file.
        by_decoders: Whether decoders tell of the streams what headers leave open. Without them it
            takes a fortieth of the time, and is enough for who asks the index, or decodes himself.

    Raises:
        ProbeError: It is missing, is not media, or is a playlist.
    """
    try:
        kind = os.stat(path).st_mode  # noqa: PTH116  the reason why not is wanted
    except FileNotFoundError:
        raise ProbeError("no such file; check the name", path=path) from None
    except (OSError, ValueError) as error:
        raise ProbeError(f"cannot be read: {why(error)}", path=path) from error
    if not stat.S_ISREG(kind):
        raise ProbeError("is not a file; give a video file", path=path)
    try:
        options = {"protocol_whitelist": "file", "format_whitelist": _known_formats()}
        options |= {} if by_decoders else {"codec_whitelist": "none"}
        container = av.open(f"file:{path.absolute()}", options=options, **LENIENT)
        if as_told := unwrapped(container.format.name):
            container.close()
            container = av.open(f"file:{path.absolute()}", options=options | as_told, **LENIENT)
    except (av.error.FFmpegError, OSError) as error:
        reason = error.strerror or type(error).__name__
        raise ProbeError(f"cannot be read as a media file: {reason}", path=path) from error
    with container:
        yield container


@cache
def _known_formats() -> str:
    """All formats but those that name other files."""
    return ",".join(sorted(av.formats_available - _OTHERS_FILES))


def fraction_of(value: Rational | None) -> Fraction | None:
    """One of PyAV's rational numbers, exact; ``None`` where the file says nothing."""
    return Fraction(value.numerator, value.denominator) if value else None


def _codec(stream: Stream, names: Mapping[int, str]) -> str:
    context = getattr(stream, "codec_context", None)
    if context is not None:
        return str(context.codec.canonical_name)
    return names.get(stream.index) or "unknown"


def _audio_info(
    stream: AudioStream, start_s: float, names: Mapping[int, str], *, encrypted: bool
) -> AudioInfo:
    context = stream.codec_context
    known = context is not None and context.sample_rate
    return AudioInfo(
        index=stream.index,
        codec=_codec(stream, names),
        sample_rate=context.sample_rate if known else 0,
        channels=context.channels if known else 0,
        start_s=_seconds(stream.start_time, stream.time_base, start_s) - start_s,
        duration_s=_seconds(stream.duration, stream.time_base, None),
        mixes=not known or _mixes(context.layout),
        problem="is encrypted" if encrypted else problem_of(stream, _codec(stream, names)),
    )


def _mixes(layout: av.AudioLayout) -> bool:
    """Whether ffmpeg's mixer knows the way to mono; asked of it, not of a table."""
    frame = av.AudioFrame(format="flt", layout=layout, samples=16)
    frame.sample_rate = 16000
    try:
        av.AudioResampler("flt", "mono", 16000).resample(frame)
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _seconds(ticks: int | None, time_base: Rational | None, missing: _T) -> float | _T:
    tick_s = fraction_of(time_base)
    return missing if ticks is None or tick_s is None else float(ticks * tick_s)


def _video_info(
    container: InputContainer,
    path: Path,
    stream: VideoStream | None,
    start_s: float,
    names: Mapping[int, str],
    beginning: Beginning,
) -> tuple[VideoInfo | None, str]:
    """The picture, or why there is none; both are empty where there is no such stream."""
    if stream is None:
        return None, ""
    problem = problem_of(stream, _codec(stream, names))
    if problem:
        return None, problem
    if stream.width * stream.height > _MAX_PIXELS:
        raise ProbeError(f"{stream.width}x{stream.height} is too large", path=container.name)
    frame = beginning.picture()
    if frame is None:
        return None, "is damaged: none of it can be decoded"
    cut = croppings(path, container.format.name)
    return _video_info_of(stream, frame, start_s, cut.get(stream.index, NONE)), ""


def _video_info_of(
    stream: VideoStream, frame: VideoFrame, start_s: float, cut: Cropping
) -> VideoInfo:
    rotation = (-frame.rotation) % 360
    aspect = fraction_of(stream.sample_aspect_ratio) or Fraction(1)
    upright = rotation in (0, 180)
    if min(frame.width - sum(cut[:2]), frame.height - sum(cut[2:])) < 1:
        cut = NONE  # ffmpeg cuts nothing off then
    across, down = frame.width - sum(cut[:2]), frame.height - sum(cut[2:])
    return VideoInfo(
        index=stream.index,
        codec=_codec(stream, {}),
        width=across if upright else down,
        height=down if upright else across,
        frame_rate=_frame_rate(stream),
        time_base=fraction_of(stream.time_base) or Fraction(1, 90000),
        start_s=_seconds(stream.start_time, stream.time_base, start_s) - start_s,
        duration_s=_seconds(stream.duration, stream.time_base, None),
        n_frames=stream.frames or None,
        pix_fmt=frame.format.name,
        bit_depth=max(component.bits for component in frame.format.components),
        has_alpha=_has_alpha(stream, frame),
        rotation=rotation,
        sample_aspect=aspect if upright else 1 / aspect,
        cropping=cut,
        color=_color(frame, stream),
        names=tuple(_names(stream)),
        fields=_fields(frame, stream),
    )


def _names(stream: VideoStream) -> Iterator[tuple[str, str]]:
    """What is said of the picture, and not of how it is coded; bounded, as it goes to ffmpeg."""
    said = ((key, value) for key, value in stream.metadata.items() if not _OF_CODING.match(key))
    short = ((key, value) for key, value in said if len(key) + len(value) <= _LONGEST_NAME)
    for key, value in islice(short, _MOST_NAMES):
        if key.lower() != "timecode":
            yield key, value
        elif _is_timecode(value, _frame_rate(stream)):
            yield "timecode", value


def _is_timecode(value: str, rate: Fraction) -> bool:
    """Whether it is one at this rate: else a container that counts in it would not be written."""
    match = _TIMECODE.fullmatch(value)
    if match is None or not 1 <= rate <= _FASTEST_TIMECODE:
        return False
    drops = match[1] != ":"
    return not drops or rate % Fraction(30000, 1001) == 0


def _fields(frame: VideoFrame, stream: VideoStream) -> str:
    """As the first frame says, else the headers, since film may come before television."""
    if frame.interlaced_frame:
        return "tff" if _is_top_first(frame, stream) else "bff"
    order = getattr(stream.codec_context, "field_order", None)  # PyAV knows it since 18
    return _FIELD_ORDERS.get(int(order or 0), "")


def _is_top_first(frame: VideoFrame, stream: VideoStream) -> bool:
    """Asked of a filter that lets such frames pass: PyAV has no word for it."""
    graph = av.filter.Graph()
    chain = [graph.add_buffer(template=stream), graph.add("select", "eq(interlace_type,TOPFIRST)"),
             graph.add("buffersink")]  # fmt: skip
    graph.link_nodes(*chain).configure()
    try:
        for each in (frame, None):
            chain[0].push(each)
        graph.pull()
    except av.error.FFmpegError:
        return False
    return True


def _frame_rate(stream: VideoStream) -> Fraction:
    rate = fraction_of(stream.average_rate or stream.guessed_rate or stream.base_rate)
    return rate if rate and rate > 0 else Fraction(25)


def _has_alpha(stream: VideoStream, frame: VideoFrame) -> bool:
    in_format = any(component.is_alpha for component in frame.format.components)
    return in_format or stream.metadata.get("alpha_mode") == "1"


def _color(frame: VideoFrame, stream: VideoStream) -> ColorInfo:
    full = frame.format.name.startswith("yuvj")
    tagged = frame if hasattr(frame, "color_trc") else stream.codec_context  # PyAV before 17
    return ColorInfo(
        range="pc" if full else _RANGES.get(int(frame.color_range)),
        space=_SPACES.get(int(frame.colorspace)),
        primaries=_PRIMARIES.get(int(tagged.color_primaries)),
        transfer=_TRANSFERS.get(int(tagged.color_trc)),
    )
