"""Pixels and pictures that change their shape while a film plays, found before it is drawn on.

Television goes from 4:3 to 16:9. In a transport or program stream the pictures themselves say how
wide they are to be shown. ffmpeg holds to what the first one says, so those that say something else
are looked for before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import av.error
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from overlay.datatypes import MediaInfo, VideoInfo
from overlay.errors import ProbeError
from overlay.media.probe import fraction_of, opened
from overlay.media.timestamp_repair import LEAP_S

_CODECS = ("mpeg1video", "mpeg2video", "h264")
_LARGEST_HEIGHT = 576
"""Larger pictures are always wide."""
_MOST_CHANGES = 50
"""More of them are no film; each makes ffmpeg's expression longer."""


def with_shapes(info: MediaInfo) -> MediaInfo:
    """The source with all shapes that the pixels of its picture have; itself where that is one.

    Only keyframes are decoded, which takes about a thousandth of the film's length.
    """
    video = info.video
    if video is None or not info.clock or video.codec not in _CODECS or video.rotation:
        return info
    if video.height > _LARGEST_HEIGHT:
        return info
    changes: list[tuple[float, Fraction]] = []
    for at_s, decoder in _keyframes(info, video):
        shape = fraction_of(decoder.sample_aspect_ratio)
        if shape and shape != (changes[-1][1] if changes else video.sample_aspect):
            changes.append((at_s, shape))
        if len(changes) == _MOST_CHANGES:
            break
    return replace(info, video=replace(video, shapes=tuple(changes))) if changes else info


def size_after_turning(info: MediaInfo) -> tuple[float, int, int] | None:
    """Second from which a picture that a player turns has another coded size, and that size.

    ffmpeg's filters that turn it take one size. ``None`` where nothing changes, or none is turned.
    """
    video = info.video
    if video is None or not video.rotation:
        return None
    sizes = ((at_s, each.width, each.height) for at_s, each in _keyframes(info, video))
    first = next(sizes, None)
    return next((each for each in sizes if first and each[1:] != first[1:]), None)


def _keyframes(info: MediaInfo, video: VideoInfo) -> Iterator[tuple[float, VideoCodecContext]]:
    """Second of each keyframe that decodes, and the decoder, which knows its size and shape."""
    jumped_s, last_s = 0.0, None
    try:
        with opened(info.path) as container:
            (stream,) = (s for s in container.streams.video if s.index == video.index)
            decoder = stream.codec_context
            decoder.skip_frame = "NONKEY"
            for packet in container.demux(stream):
                if packet.pts is None:
                    continue
                at_s = float(packet.pts * video.time_base) - info.start_s
                if last_s is not None and abs(at_s - last_s) > LEAP_S:
                    jumped_s += last_s - at_s  # as ffmpeg goes on
                last_s = at_s
                if packet.is_keyframe and _decodes(decoder, packet):
                    yield at_s + jumped_s, decoder
    except (av.error.FFmpegError, ProbeError, OSError):
        return


def _decodes(decoder: VideoCodecContext, packet: Packet[VideoStream]) -> bool:
    try:
        decoder.decode(packet)
    except av.error.FFmpegError:
        return False
    return True
