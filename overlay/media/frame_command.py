"""The ffmpeg command lines that write one frame as a picture; nothing is started here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import floor
from pathlib import Path
from typing import Any

import ffmpeg

from overlay.datatypes import MediaInfo
from overlay.media.clock import others_copied
from overlay.media.frame_filters import decoded, framed, picture_input, repeated
from overlay.media.index_check import is_sought
from overlay.media.overlay_command import composed
from overlay.media.panel_stream import STANDING_RATE, PanelInput
from overlay.media.process import command_line, local_url
from overlay.media.reframing import Reframing
from overlay.media.stream_choice import shown_video

_HALF_MS = 0.0005
_INSTANT_S = 0.1
_EARLIER_S = 3.0
"""So much before a moment is sought, since some parsers lose the first frames."""
_FINE_RATE = 1000
"""Steps a second in which a moment is looked for."""
_GLIMPSES_RATE = 10
"""And in which many are."""


def first_frame_command(info: MediaInfo, program: str) -> list[str]:
    """Decode the first frame of a part, to nowhere."""
    video = shown_video(info)
    source = picture_input(info, video)
    picture = decoded(source, info, video)
    output = ffmpeg.output(picture, "-", format="null", **{"frames:v": 1, "progress": "pipe:1"})
    others = others_copied(info, source, {video.index}, t=_INSTANT_S)
    return command_line(ffmpeg.merge_outputs(output, *others), program)


def preview_command(
    info: MediaInfo,
    panel: PanelInput,
    at_s: float,
    out: Path,
    program: str,
    *,
    deinterlace: bool = False,
    shape: Reframing | None = None,
) -> list[str]:
    """Write the frame that is on the screen at second ``at_s`` as one PNG, with the panel on it.

    That is the last one that is not later: ``fps`` holds it up to that second. Pixels are made
    square.
    """
    video = shown_video(info)
    source, shown = _frame_at(info, at_s, shape, deinterlace=deinterlace)
    video = video if shape is None else shape.of(video)
    picture = composed(shown, video, panel, ten_bit=False)
    if video.sample_aspect != 1:
        picture = picture.filter("scale", "iw*sar", "ih").filter("setsar", 1)
    return _one_png(info, source, picture, at_s, out, program)


def thumbnail_command(
    info: MediaInfo,
    at_s: float,
    out: Path,
    program: str,
    most: tuple[int, int],
    *,
    deinterlace: bool = False,
) -> list[str]:
    """Write the frame that is on the screen at second ``at_s`` as a PNG of at most a size."""
    source, shown = _frame_at(info, at_s, None, deinterlace=deinterlace)
    width, height = f"min({most[0]},{most[1]}*dar)", f"min({most[1]},{most[0]}/dar)"
    picture = shown.filter("scale", width, height, flags="area").filter("setsar", 1)
    return _one_png(info, source, picture, at_s, out, program)


def glimpses_command(
    info: MediaInfo, tenths: Sequence[int], size: tuple[int, int], program: str, *, exact: bool
) -> list[str]:
    """Write the frames on the screen at some moments, small, as raw RGB to standard output.

    The file is read once, from its start.

    Args:
        info: The probed file, all of it.
        tenths: The moments, tenths of a second, rising; behind the end it is the last frame.
        size: Width and height of the pictures.
        program: The ffmpeg to start.
        exact: Whether to decode all frames; else keyframes alone.
    """
    video = shown_video(info)
    source = picture_input(info, video, **({} if exact else {"skip_frame": "nokey"}))
    shown = framed(source[str(video.index)], video, even_size=False)
    if video.stands:
        shown = repeated(shown, STANDING_RATE)
    shown = shown.filter("settb", "AVTB").filter("setpts", f"PTS-{_HALF_MS}/TB")
    shown = shown.filter("fps", fps=_GLIMPSES_RATE, start_time=0, round="up")
    shown = shown.filter("tpad", stop=-1, stop_mode="clone")
    shown = shown.filter("trim", end_frame=tenths[-1] + 1)
    shown = shown.filter("select", "+".join(f"eq(n,{n})" for n in tenths))
    shown = shown.filter("scale", *size, flags="area")
    output = ffmpeg.output(
        shown, "pipe:", format="rawvideo", pix_fmt="rgb24", fps_mode="passthrough"
    )
    until_s = tenths[-1] / _GLIMPSES_RATE + 1
    others = others_copied(info, source, {video.index}, t=until_s)
    return command_line(ffmpeg.merge_outputs(output, *others), program)


def _frame_at(
    info: MediaInfo, at_s: float, shape: Reframing | None, *, deinterlace: bool
) -> tuple[Any, Any]:
    """The source as an input, and its picture from the frame on that is shown at a second."""
    video = shown_video(info)
    if info.excerpt:
        at_s, info = at_s + info.excerpt.from_s, replace(info, excerpt=None)
    seek: dict[str, Any] = {}
    begin_s = at_s + _HALF_MS
    if is_sought(info) and at_s > _EARLIER_S:
        ticks = floor((at_s - _EARLIER_S + info.start_s) / video.time_base)
        sought_s = max(0.0, round(float(ticks * video.time_base) - info.start_s, 6))
        seek, begin_s = {"ss": sought_s, "noaccurate_seek": None}, begin_s - sought_s
    source = picture_input(info, video, **seek)
    shown = framed(source[str(video.index)], video, even_size=False, deinterlace=deinterlace)
    if shape is not None:
        shown = shape.applied(shown)
    if video.stands:
        shown = repeated(shown, STANDING_RATE)
    shown = shown.filter("settb", "AVTB")  # else the moment is rounded to ticks, as long as frames
    shown = shown.filter("fps", fps=_FINE_RATE, start_time=begin_s, round="up")
    shown = shown.filter("trim", end_frame=1)  # else it fills an hour between two frames
    return source, shown.filter("setpts", "PTS-STARTPTS")


def _one_png(
    info: MediaInfo, source: Any, picture: Any, at_s: float, out: Path, program: str
) -> list[str]:
    output = ffmpeg.output(
        picture, local_url(out), **{"frames:v": 1}, update=1, format="image2", vcodec="png",
        progress="pipe:1",
    ).overwrite_output()  # fmt: skip
    until_s = at_s + (info.excerpt.from_s if info.excerpt else 0.0) + 1
    whole = replace(info, excerpt=None)
    others = others_copied(whole, source, {shown_video(info).index}, t=until_s)
    return command_line(ffmpeg.merge_outputs(output, *others), program)
