"""Small pictures of single moments of a video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from overlay.datatypes import MediaInfo
from overlay.errors import ProbeError
from overlay.media.cropping import Cropping
from overlay.media.probe import fraction_of, opened
from overlay.media.stream_choice import shown_video

Picture = npt.NDArray[np.uint8]
"""sRGB, ``[height, width, 3]``."""

_MOST_FRAMES = 600
"""Decoded on the way from a keyframe to a moment, at most."""
_WIDEST = 4.0


def glimpses(
    info: MediaInfo, times_s: Sequence[float], height: int, *, exact: bool = True
) -> Iterator[Picture | None]:
    """One small picture for each moment, as a person sees it: turned, with square pixels.

    Args:
        info: The probed file.
        times_s: Seconds on the picture's clock, rising.
        height: Pixels of the result.
        exact: Whether to decode from the keyframe before a moment to the moment; else the
            keyframe itself is taken, which is many times as fast.

    Yields:
        A picture, or ``None`` where nothing decodes.

    Raises:
        NoVideoStream: There is no picture.
        ProbeError: The file cannot be opened.
    """
    index = shown_video(info).index
    with opened(info.path) as container:
        (stream,) = (s for s in container.streams.video if s.index == index)
        if exact:
            stream.thread_type = "AUTO"
        else:  # threads would wait for more keyframes before they give the first
            stream.codec_context.skip_frame = "NONKEY"
        for time_s in times_s:
            frame = _frame_at(container, stream, info, time_s, exact=exact)
            yield None if frame is None else _small(frame, info, height)


def _frame_at(
    container: InputContainer, stream: VideoStream, info: MediaInfo, time_s: float, *, exact: bool
) -> VideoFrame | None:
    """The frame that is shown at a moment, or the nearest one before it that is at hand.

    Where it need not be exact, the first one that a seek leads to.
    """
    tick_s = fraction_of(stream.time_base)
    found = None
    try:
        container.seek(round((info.start_s + time_s) / float(tick_s or 1)), stream=stream)
        for n_frames, frame in enumerate(container.decode(stream)):
            is_late = frame.time is not None and frame.time - info.start_s > time_s
            if found is None or not is_late:
                found = frame
            if is_late or not exact or n_frames > _MOST_FRAMES:
                break
    except (av.error.FFmpegError, ProbeError, OSError):
        return found
    return found


def _small(frame: VideoFrame, info: MediaInfo, height: int) -> Picture:
    video = shown_video(info)
    aspect = min(float(video.sample_aspect) * video.width / video.height, _WIDEST)
    width = max(2, round(height * aspect))
    sideways = video.rotation % 180 == 90
    size = (height, width) if sideways else (width, height)
    shown = _without(frame, video.cropping) if any(video.cropping) else frame
    small = shown.reformat(width=size[0], height=size[1], format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(small, -video.rotation // 90))


def _without(frame: VideoFrame, cropping: Cropping) -> VideoFrame:
    """What is left of a frame; all of one that is smaller than what is to be cut off."""
    left, right, top, bottom = cropping
    whole: Picture = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
    kept = whole[top : len(whole) - bottom, left : whole.shape[1] - right]
    return VideoFrame.from_ndarray(np.ascontiguousarray(kept)) if kept.size else frame
