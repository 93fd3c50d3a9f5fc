"""The ffmpeg command lines that put a panel on a video; nothing is started here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

import ffmpeg

from overlay.datatypes import ColorInfo, MediaInfo, VideoInfo
from overlay.errors import NoVideoStream
from overlay.media.attachments import Attachment, attach_arguments
from overlay.media.clock import others_copied
from overlay.media.containers import SubtitlePlan, caption_codec, is_mp4_family
from overlay.media.encoders import Encoder
from overlay.media.panel_stream import STANDING_RATE, PanelInput, laid_over
from overlay.media.picture import framed, picture_input, repeated
from overlay.media.process import command_line, local_url, media_input

_HALF_MS = 0.0005
_FINE_RATE = 1000
"""Steps a second in which a moment is looked for."""
_SOUGHT = {"mov", "matroska", "avi", "flv", "asf", "nut", "mxf"}
"""Containers in which a seek goes to a keyframe that is not later; others are read from the start,
and those whose timestamps may jump."""
_DECODING_TIMES = ("avi", "gxf", "mpeg")
"""Containers that know when a frame is decoded, not of each when it is shown."""


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


def overlay_command(
    info: MediaInfo,
    panel: PanelInput,
    out: Path,
    program: str,
    *,
    encoder: Encoder,
    options: dict[str, Any],
    subtitles: Iterable[SubtitlePlan] = (),
    covers: Iterable[int] = (),
    attachments: Sequence[Attachment] = (),
    deinterlace: bool = False,
) -> list[str]:
    """Decode the video, lay the panel over it, encode it; copy everything else.

    The frames and their timestamps are the source's own: the overlay takes the panel picture
    nearest in time, and the encoder counts in the source's time base.

    Args:
        info: The probed source.
        panel: What comes in on standard input.
        out: Where to write; its extension names the container.
        program: The ffmpeg to start.
        encoder: The video encoder.
        options: Its options.
        subtitles: The subtitle streams to keep.
        covers: Indices of the cover pictures that become streams.
        attachments: Covers and fonts, for Matroska.
        deinterlace: Make whole pictures of fields.
    """
    video = shown_video(info)
    source = picture_input(info, video)
    ten_bit = video.bit_depth > 8 and encoder.ten_bit
    shown = source[str(video.index)]
    picture = framed(shown, video, even_size=encoder.even_size, deinterlace=deinterlace)
    if panel.until is not None:
        picture = repeated(picture, panel.rate)
    picture = _composed(picture, video, panel, ten_bit=ten_bit)
    subtitles = tuple(subtitles)
    streams = [picture, *(source[str(audio.index)] for audio in info.audio)]
    codecs: dict[str, Any] = {"c:a": "copy"}
    for position, plan in enumerate(subtitles):
        streams.append(source[f"s:{plan.position}"])
        codecs[f"c:s:{position}"] = plan.codec
    if out.suffix.lower() == ".mkv":
        streams.append(source["t?"])
        codecs["c:t"] = "copy"
    for position, index in enumerate(covers, start=1):
        streams.append(source[str(index)])
        codecs |= {f"c:v:{position}": "copy", f"disposition:v:{position}": "attached_pic"}
    output = ffmpeg.output(
        *streams,
        local_url(out),
        **_for_video(options),
        **codecs,
        **{"disposition:v:0": "default"},
        pix_fmt="yuv420p10le" if ten_bit else "yuv420p",
        fps_mode="passthrough",
        enc_time_base=time_base_of(panel),
        map_metadata=0,
        map_chapters=0,
        max_error_rate=1,
        progress="pipe:1",
        stats_period=0.2,
        copypriorss=1,
        **_container_options(out, encoder),
    ).overwrite_output()
    used = {video.index, *(audio.index for audio in info.audio)}
    used |= {info.texts[plan.position] for plan in subtitles}
    others = others_copied(info, source, used)
    command = command_line(ffmpeg.merge_outputs(output, *others), program)
    attached = attach_arguments(attachments, info.n_attachments)
    return _with_more(command, out, [*_named(video), *attached])


def _with_more(command: list[str], out: Path, arguments: list[str]) -> list[str]:
    """Options that come several times, which ffmpeg-python cannot say, before the output."""
    before_out = command.index(str(local_url(out)))
    return [*command[:before_out], *arguments, *command[before_out:]]


def _named(video: VideoInfo) -> list[str]:
    """What a filtered picture does not take along: its title and its language."""
    pairs = (("-metadata:s:v:0", f"{key}={value}") for key, value in video.names)
    return [argument for pair in pairs for argument in pair]


def time_base_of(panel: PanelInput) -> str:
    """What the encoder counts in: as the source, whose times are kept, or as the panel."""
    return "demux" if panel.until is None else str(1 / panel.rate)


def _for_video(options: dict[str, Any]) -> dict[str, Any]:
    return {key if ":" in key else f"{key}:v:0": value for key, value in options.items()}


def _container_options(out: Path, encoder: Encoder) -> dict[str, Any]:
    if not is_mp4_family(out):
        return {}
    tag = {"tag:v:0": "hvc1"} if encoder.codec == "hevc" else {}
    return {"movflags": "+faststart", "strict": "unofficial", **tag}  # else 360 degrees are lost


def _composed(picture: Any, video: VideoInfo, panel: PanelInput, *, ten_bit: bool) -> Any:
    picture = laid_over(picture, panel, format="yuv420p10" if ten_bit else "yuv420")
    return picture.filter("setparams", **color_tags(video.color))


def color_tags(color: ColorInfo, *, rgb: bool = False) -> dict[str, str]:
    """Colour tags for ``setparams``; what the source leaves open stays open."""
    return {
        "range": color.range or "unspecified",
        "colorspace": "gbr" if rgb else color.space or "unknown",
        "color_primaries": color.primaries or "unknown",
        "color_trc": color.transfer or "unknown",
    }


@dataclass(frozen=True, slots=True)
class TextTrack:
    """A subtitle file that becomes one more stream."""

    path: Path
    title: str


def copy_command(
    info: MediaInfo,
    out: Path,
    program: str,
    subtitles: Iterable[SubtitlePlan] = (),
    covers: Iterable[int] = (),
    tracks: Iterable[TextTrack] = (),
    attachments: Sequence[Attachment] = (),
) -> list[str]:
    """Copy the picture and what goes with it, unchanged, into another container.

    Args:
        info: The probed source.
        out: Where to write; its extension names the container.
        program: The ffmpeg to start.
        subtitles: The subtitle streams to keep.
        covers: Indices of the cover pictures that become streams.
        tracks: Subtitle files that become streams behind the others; the first is the one that
            players show, unless the source has subtitles itself.
        attachments: Fonts and covers, for Matroska.
    """
    made = {"fflags": "+genpts"} if info.container in _DECODING_TIMES else {}
    source = media_input(info, **made)
    subtitles = tuple(subtitles)
    pictures = [source[str(shown_video(info).index)]] if info.clock else [source["V"]]
    streams = [*pictures, *(source[str(audio.index)] for audio in info.audio)]
    codecs: dict[str, Any] = {"c": "copy"}
    for position, plan in enumerate(subtitles):
        streams.append(source[f"s:{plan.position}"])
        codecs[f"c:s:{position}"] = plan.codec
    n_kept = len(codecs) - 1
    title = "handler_name" if is_mp4_family(out) else "title"
    for position, track in enumerate(tracks, start=n_kept):
        streams.append(ffmpeg.input(local_url(track.path), protocol_whitelist="file")["s:0"])
        shown = position == n_kept and not info.subtitles
        codecs |= {
            f"c:s:{position}": caption_codec(out),
            f"metadata:s:s:{position}": f"{title}={track.title}",
            f"disposition:s:{position}": "default" if shown else "0",
        }
    if out.suffix.lower() == ".mkv":
        streams.append(source["t?"])
    else:
        streams += [source[str(index)] for index in covers]
    more = {"movflags": "+faststart", "strict": "unofficial"} if is_mp4_family(out) else {}
    output = ffmpeg.output(
        *streams, local_url(out), **codecs, map_metadata=0, map_chapters=0,
        progress="pipe:1", copypriorss=1, copyinkf=None, **more,
    ).overwrite_output()  # fmt: skip
    used = {*info.clock} - {*info.texts} | {info.texts[plan.position] for plan in subtitles}
    others = others_copied(info, source, used)
    command = command_line(ffmpeg.merge_outputs(output, *others), program)
    return _with_more(command, out, attach_arguments(attachments, info.n_attachments))


def preview_command(
    info: MediaInfo,
    panel: PanelInput,
    at_s: float,
    out: Path,
    program: str,
    *,
    deinterlace: bool = False,
) -> list[str]:
    """Write the frame that is on the screen at second ``at_s`` as one PNG, with the panel on it.

    That is the last one that is not later: ``fps`` holds it up to that second. Pixels are made
    square.
    """
    video = shown_video(info)
    seek: dict[str, Any] = {}
    begin_s = at_s + _HALF_MS
    if not info.clock and _SOUGHT.intersection(info.container.split(",")):
        whole = floor((begin_s + info.start_s) / video.time_base) * video.time_base
        begin_s = max(0.0, round(float(whole) - info.start_s, 6))
        seek, begin_s = {"ss": begin_s, "noaccurate_seek": None}, 0.0
    source = picture_input(info, video, **seek)
    shown = framed(source[str(video.index)], video, even_size=False, deinterlace=deinterlace)
    if video.stands:
        shown = repeated(shown, STANDING_RATE)
    shown = shown.filter("settb", "AVTB")  # else the moment is rounded to ticks, as long as frames
    shown = shown.filter("fps", fps=_FINE_RATE, start_time=begin_s, round="up")
    picture = _composed(shown.filter("setpts", "PTS-STARTPTS"), video, panel, ten_bit=False)
    if video.sample_aspect != 1:
        picture = picture.filter("scale", "iw*sar", "ih").filter("setsar", 1)
    output = ffmpeg.output(
        picture, local_url(out), **{"frames:v": 1}, update=1, format="image2", vcodec="png",
        progress="pipe:1",
    ).overwrite_output()  # fmt: skip
    others = others_copied(info, source, {video.index}, t=at_s + 1)
    return command_line(ffmpeg.merge_outputs(output, *others), program)
