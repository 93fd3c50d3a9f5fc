"""Small pictures of single moments of a video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from overlay.datatypes import MediaInfo, VideoInfo
from overlay.errors import ProbeError
from overlay.media.cropping import Cropping
from overlay.media.excerpt import begin_s as begin_s_of
from overlay.media.frame_command import glimpses_command
from overlay.media.index_check import is_sought, made_of_others
from overlay.media.probe import fraction_of, opened
from overlay.media.process import read_blocks, started
from overlay.media.stream_choice import shown_video

Picture = npt.NDArray[np.uint8]
"""sRGB, ``[height, width, 3]``."""

_MOST_FRAMES = 600
"""Decoded on the way from a keyframe to a moment, at most."""
_HALF_MS = 0.0005
_WIDEST = 4.0


def glimpses(
    info: MediaInfo, times_s: Sequence[float], height: int, program: str, *, exact: bool = True
) -> Iterator[Picture | None]:
    """One small picture for each moment, as a person sees it: turned, with square pixels.

    Each moment is sought as long as seeks lead where they should; from the first that does not on,
    and in files without an index, the file is read from its start.

    Args:
        info: The probed file.
        times_s: Seconds on the picture's clock, rising.
        height: Pixels of the result.
        program: The ffmpeg to start where the file is read from its start.
        exact: Whether to decode from the keyframe before a moment to the moment; else the
            keyframe itself is taken, which is many times as fast.

    Yields:
        A picture, or ``None`` where nothing decodes.

    Raises:
        NoVideoStream: There is no picture.
        ProbeError: The file cannot be opened.
    """
    begin_s, whole = begin_s_of(info), replace(info, excerpt=None)
    times_s = [begin_s + time_s for time_s in times_s]
    n_sought = 0
    if is_sought(whole) and not whole.mended:
        for picture in _sought(whole, times_s, height, exact=exact):
            n_sought += 1
            yield picture
    if n_sought < len(times_s):
        yield from _read(whole, times_s[n_sought:], height, program, exact=exact)


def _sought(
    info: MediaInfo, times_s: Sequence[float], height: int, *, exact: bool
) -> Iterator[Picture]:
    """Pictures of the moments up to the first at which a seek leads astray."""
    index = shown_video(info).index
    with opened(info.path, by_decoders=exact) as container:
        (stream,) = (s for s in container.streams.video if s.index == index)
        if exact:
            stream.thread_type = "AUTO"
        for time_s in times_s:
            frame = _frame_at(container, stream, info, time_s, exact=exact)
            if frame is None:
                return
            yield _small(frame, info, height)


def _frame_at(
    container: InputContainer, stream: VideoStream, info: MediaInfo, time_s: float, *, exact: bool
) -> VideoFrame | None:
    """The frame that is shown at a moment; where it need not be exact, the keyframe before it.

    ``None`` where the seek leads to no keyframe, behind the moment, or too far before it.
    """
    tick_s = fraction_of(stream.time_base)
    first_s = shown_video(info).start_s
    found = None
    frames = container.decode(stream) if exact else _keyframes(container, stream)
    try:
        container.seek(round((info.start_s + time_s) / float(tick_s or 1)), stream=stream)
        for n_frames, frame in enumerate(frames):
            is_late = frame.time is not None and frame.time - info.start_s > time_s + _HALF_MS
            if found is None and (made_of_others(frame) or (is_late and time_s > first_s)):
                return None
            if found is None or not is_late:
                found = frame
            if is_late or not exact:
                break
            if n_frames > _MOST_FRAMES:
                return None
    except (av.error.FFmpegError, ProbeError, OSError):
        return None
    return found


def _keyframes(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Keyframes, each without waiting for what follows it, as a decoder would that reads on."""
    decoder = stream.codec_context
    for packet in container.demux(stream):
        if packet.is_keyframe:
            yield from decoder.decode(packet)
            yield from decoder.decode(None)
            decoder.flush_buffers()


def _read(
    info: MediaInfo, times_s: Sequence[float], height: int, program: str, *, exact: bool
) -> Iterator[Picture | None]:
    """Pictures of moments from a file that is read once, from its start."""
    video = shown_video(info)
    tenths = [round(10 * time_s) for time_s in times_s]
    width = _width(video, height)
    apart = sorted(set(tenths))
    with started(glimpses_command(info, apart, (width, height), program, exact=exact)) as run:
        blocks = read_blocks(run, 3 * width * height)
        for tenth in apart:
            block = next(blocks, b"")
            whole = len(block) == 3 * width * height
            picture = np.frombuffer(block, np.uint8).reshape(height, width, 3) if whole else None
            yield from [picture] * tenths.count(tenth)


def _small(frame: VideoFrame, info: MediaInfo, height: int) -> Picture:
    video = shown_video(info)
    width = _width(video, height)
    sideways = video.rotation % 180 == 90
    size = (height, width) if sideways else (width, height)
    shown = _without(frame, video.cropping) if any(video.cropping) else frame
    small = shown.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(small, -video.rotation // 90))


def _width(video: VideoInfo, height: int) -> int:
    aspect = min(float(video.sample_aspect) * video.width / video.height, _WIDEST)
    return max(2, round(height * aspect))


def _without(frame: VideoFrame, cropping: Cropping) -> VideoFrame:
    """What is left of a frame; all of one that is smaller than what is to be cut off."""
    left, right, top, bottom = cropping
    whole: Picture = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    kept = whole[top : len(whole) - bottom, left : whole.shape[1] - right]
    return VideoFrame.from_ndarray(np.ascontiguousarray(kept)) if kept.size else frame
