"""Whether the index of a file leads to frames that can be decoded from there.

A seek goes where the index says that a keyframe is. Some writers mark every frame as one (AVI), or
leave out the list of those that are (MP4): what is decoded from there is grey, or nothing. Such a
file is read from its start instead, and so are containers without an index of keyframes.
"""

from __future__ import annotations

from dataclasses import replace

import av.error
from av.video.frame import PictureType, VideoFrame

from overlay.datatypes import MediaInfo
from overlay.errors import ProbeError
from overlay.media.beginning import first_frames
from overlay.media.probe import opened

_MICROSECONDS = 1_000_000
_OF_OTHERS = (PictureType.P, PictureType.B, PictureType.S)
"""Pictures that are made of others."""
_SOUGHT = {"mov", "matroska", "avi", "asf", "nut"}
"""Containers in which a seek goes to a keyframe that is not later."""


def is_sought(info: MediaInfo) -> bool:
    """Whether a moment of the file is sought; else it is read from the start.

    So are those whose timestamps may jump, and those whose index is known to lead astray.
    """
    by_index = bool(_SOUGHT.intersection(info.container.split(",")))
    return by_index and not (info.clock or info.from_start)


def index_checked(info: MediaInfo, at_s: float) -> MediaInfo:
    """The source, to be read from its start where a seek to a second leads to no keyframe.

    Args:
        info: The probed source, all of it.
        at_s: Where it is to be read from.
    """
    if info.video is None or info.clock or info.from_start or at_s <= 0:
        return info
    return replace(info, from_start=_leads_astray(info, info.video.index, at_s))


def _leads_astray(info: MediaInfo, index: int, at_s: float) -> bool:
    try:
        with opened(info.path) as file:
            file.seek(round((info.start_s + at_s) * _MICROSECONDS))
            frame = next(first_frames(file.demux(file.streams[index])), None)
    except (av.error.FFmpegError, ProbeError, OSError, OverflowError):
        return True
    return frame is None or made_of_others(frame)


def made_of_others(frame: VideoFrame) -> bool:
    """Whether a frame that is the first one decoded cannot be whole."""
    return PictureType(frame.pict_type) in _OF_OTHERS
