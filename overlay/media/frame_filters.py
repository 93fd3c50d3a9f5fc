"""The source's frames on their way under the panel: of one size, whole, as often as needed.

ffmpeg would build its filters anew whenever a frame has another size than the one before, and
begin the panel again. Here the filters stay (``reinit_filter``), and the first of them fits every
frame into the first one's size. A picture that a display matrix turns is left to ffmpeg, whose
turning filters must not see frames of another size.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av.error

from overlay.datatypes import MediaInfo, VideoInfo
from overlay.media.beginning import first_frames
from overlay.media.excerpt import inside
from overlay.media.probe import opened
from overlay.media.process import media_input

_FIRST_FRAMES = 40
"""Enough: no codec shows a frame by more than 16 later than it is coded."""
_EARLY_S = 0.001
"""Times are rounded; frames are farther apart."""
_SHAPE_SLACK = 0.005
"""Pixel shapes that differ by less are rounded the same."""


def picture_input(info: MediaInfo, video: VideoInfo, **options: Any) -> Any:
    """The source as ffmpeg-python's input, for ``framed``."""
    kept = {} if video.rotation else {"reinit_filter:v": 0}
    return media_input(info, **kept, **options)


def decoded(source: Any, info: MediaInfo, video: VideoInfo) -> Any:
    """The frames of the part that is used; of a mended source without those that come too late.

    Args:
        source: What ``picture_input`` gave.
        info: The probed source.
        video: Its picture.
    """
    picture = inside(source[str(video.index)], info)
    if not info.mended:
        return picture
    return picture.filter("select", "isnan(prev_selected_t)+gt(t,prev_selected_t)")


def framed(
    picture: Any,
    video: VideoInfo,
    *,
    even_size: bool,
    deinterlace: bool = False,
    from_s: float = 0.0,
) -> Any:
    """Frames of one size, in which everything has the shape that it has on a screen.

    Args:
        picture: The source's frames, upright.
        video: What is known of the first.
        even_size: Whether the encoder refuses odd sizes.
        deinterlace: Make whole pictures of fields, as many as there were frames.
        from_s: Second of the source at which the frames begin to count.
    """
    right, bottom = video.width % 2, video.height % 2
    if not video.rotation:
        picture = picture.filter("scale", **_fitted(video, from_s), eval="frame", interl=-1)
        size = video.width + right, video.height + bottom
        middle = f"trunc(({video.width}-iw)/4)*2", f"trunc(({video.height}-ih)/4)*2"
        picture = picture.filter("pad", *size, *middle, eval="frame")
    elif right or bottom:
        picture = picture.filter("pad", video.width + right, video.height + bottom)
    if (right or bottom) and even_size:  # cropping would lose pixels: repeat the last ones
        picture = picture.filter("fillborders", right=right, bottom=bottom, mode="smear")
    elif right or bottom:
        picture = picture.filter("crop", video.width, video.height, 0, 0, exact=1)
    if deinterlace:
        picture = picture.filter("bwdif", mode="send_frame", deint="interlaced")
    return picture


def repeated(picture: Any, rate: Fraction) -> Any:
    """Frames that are repeated at a rate, the last one without end."""
    return picture.filter("fps", fps=str(rate)).filter("tpad", stop=-1, stop_mode="clone")


def picture_spans(info: MediaInfo, video: VideoInfo) -> list[tuple[float, float]]:
    """Start and length of every picture in seconds, in order; for stills, which are few.

    Raises:
        ProbeError: The source cannot be read any more.
    """
    found = []
    with opened(info.path) as container:
        try:
            for packet in container.demux(container.streams[video.index]):
                if packet.size and packet.pts is not None:
                    start_s = float(packet.pts * video.time_base) - info.start_s
                    found.append((start_s, float((packet.duration or 0) * video.time_base)))
        except av.error.FFmpegError:
            pass  # what can be read is what there is
    return sorted(found)


def in_order(path: Path, index: int) -> bool:
    """Whether the first frames come out of the decoder at rising times.

    Containers that know when a frame is decoded, but not when it is shown (AVI), have none for
    frames that a codec shows in another order; what is copied from there is out of order.
    """
    with opened(path) as container:
        frames = first_frames(container.demux(container.streams[index]))
        times = [frame.pts for frame in islice(frames, _FIRST_FRAMES)]
    known = [time for time in times if time is not None]
    few = 10 * (len(times) - len(known)) <= len(times)
    return few and all(a <= b for a, b in pairwise(known))


def _fitted(video: VideoInfo, from_s: float) -> dict[str, str]:
    """Width and height, as ffmpeg's expressions, of a frame that fits into the first one.

    A frame like the first stays as it is; of another one the shape is kept:

        w = min(W, H * shape * own / first)     shape = iw / ih
        h = min(H, W / shape * first / own)     own, first: width of a pixel over its height
    """
    width, height, first = video.width, video.height, f"{float(video.sample_aspect):.9g}"
    own = _own_shape(video, from_s)
    same = f"eq(iw,{width})*eq(ih,{height})*lt(abs({own}/{first}-1),{_SHAPE_SLACK})"
    across = f"min({width},{height}*iw*{own}/(ih*{first}))"
    down = f"min({height},{width}*ih*{first}/(iw*{own}))"
    return {
        "w": f"if({same},{width},max(2,trunc({across}/2)*2))",
        "h": f"if({same},{height},max(2,trunc({down}/2)*2))",
    }


def _own_shape(video: VideoInfo, from_s: float) -> str:
    """Shape of a frame's pixels as an expression of its time ``t``."""
    said = "sar"
    for at_s, shape in video.shapes:  # the last one that has begun
        said = f"if(lt(t,{at_s - from_s - _EARLY_S:.4f}),{said},{float(shape):.9g})"
    return said
