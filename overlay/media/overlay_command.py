"""The ffmpeg command lines that put a panel on a video; nothing is started here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
from overlay.media.excerpt import begin_s, output_options
from overlay.media.frame_filters import decoded, framed, picture_input, repeated
from overlay.media.panel_stream import STANDING_RATE, PanelInput, laid_over
from overlay.media.process import (
    codec_threads,
    command_line,
    filtering_threads,
    local_url,
    media_input,
)
from overlay.media.reframing import Reframing
from overlay.media.sound_codec import sound_options

_GUESSED = ("h264", "hevc")
"""Of these ffmpeg cannot work out when a frame is shown from when it is decoded."""
_HALF_MS = 0.0005
_INSTANT_S = 0.1
_EARLIER_S = 3.0
"""So much before a moment is sought, since some parsers lose the first frames."""
_FINE_RATE = 1000
"""Steps a second in which a moment is looked for."""
_SOUGHT = {"mov", "matroska", "avi", "asf", "nut"}
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
    audio: str = "copy",
    shape: Reframing | None = None,
    threads: int = 0,
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
        audio: ``copy``, ``aac`` or ``opus``.
        shape: Makes another shape of the picture.
        threads: Of the decoder and of each filter; 0 leaves it to ffmpeg.
    """
    video = shown_video(info)
    source = picture_input(info, video, **codec_threads(threads))
    ten_bit = video.bit_depth > 8 and encoder.ten_bit
    shown = decoded(source, info, video)
    picture = framed(
        shown, video, even_size=encoder.even_size, deinterlace=deinterlace, from_s=begin_s(info)
    )
    picture = picture if shape is None else shape.applied(picture)
    if panel.until is not None:
        picture = repeated(picture, panel.rate)
    picture = composed(picture, video, panel, ten_bit=ten_bit)
    subtitles = tuple(subtitles)
    beside, codecs = _beside(info, source, out, subtitles, covers)
    streams = [picture, *(source[str(audio.index)] for audio in info.audio), *beside]
    codecs |= sound_options(info, audio)
    output = ffmpeg.output(
        *streams,
        local_url(out),
        **_for_video(options),
        **codecs,
        **{"disposition:v:0": "default", "copyinkf:a": None},  # not all sound is of keyframes
        pix_fmt="yuv420p10le" if ten_bit else "yuv420p",
        fps_mode="passthrough",
        enc_time_base=time_base_of(panel),
        map_metadata=0,
        map_chapters=0,
        max_error_rate=1,
        progress="pipe:1",
        stats_period=0.2,
        **{"copypriorss": 1, **output_options(info)},
        **_container_options(out, encoder),
        **filtering_threads(threads),
    ).overwrite_output()
    used = {video.index, *(audio.index for audio in info.audio)}
    used |= {info.texts[plan.position] for plan in subtitles}
    others = others_copied(info, source, used)
    command = command_line(ffmpeg.merge_outputs(output, *others), program)
    attached = attach_arguments(attachments, info.n_attachments)
    return _with_more(command, out, [*_named(video), *attached])


def _beside(
    info: MediaInfo,
    source: Any,
    out: Path,
    subtitles: Iterable[SubtitlePlan],
    covers: Iterable[int],
) -> tuple[list[Any], dict[str, Any]]:
    """Subtitles, attachments and covers as streams of the output, and their codecs."""
    streams: list[Any] = []
    codecs: dict[str, Any] = {}
    for position, plan in enumerate(subtitles):
        streams.append(source[f"s:{plan.position}"])
        codecs[f"c:s:{position}"] = plan.codec
    if out.suffix.lower() == ".mkv":
        streams.append(source["t?"])
        codecs["c:t"] = "copy"
    whole = media_input(info, ss=0) if info.excerpt else source  # where the covers are
    for position, index in enumerate(covers, start=1):
        streams.append(whole[str(index)])
        codecs |= {f"c:v:{position}": "copy", f"disposition:v:{position}": "attached_pic"}
    return streams, codecs


def _with_more(command: list[str], out: Path, arguments: list[str]) -> list[str]:
    """Options that come several times, which ffmpeg-python cannot say, before the output."""
    before_out = command.index(str(local_url(out)))
    return [*command[:before_out], *arguments, *command[before_out:]]


def _named(video: VideoInfo) -> list[str]:
    """What a filtered picture does not take along of what is said of it."""
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


def composed(picture: Any, video: VideoInfo, panel: PanelInput, *, ten_bit: bool) -> Any:
    """The picture with the panel on it, in 4:2:0."""
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
    language: str = "und"
    """Of ISO 639-2, such as ``eng``."""
    hearing_impaired: bool = False
    """Whether it tells what is heard."""

    def disposition(self, *, default: bool) -> str:
        """What players are told of it."""
        flags = ["default"] * default + ["hearing_impaired"] * self.hearing_impaired
        return "+".join(flags) or "0"


def copy_command(
    info: MediaInfo,
    out: Path,
    program: str,
    subtitles: Iterable[SubtitlePlan] = (),
    covers: Iterable[int] = (),
    tracks: Sequence[TextTrack] = (),
    attachments: Sequence[Attachment] = (),
    audio: str = "copy",
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
        audio: ``copy``, ``aac`` or ``opus``.
    """
    worked_out = info.container in _DECODING_TIMES and shown_video(info).codec not in _GUESSED
    made = {"fflags": "+genpts"} if worked_out else {}
    source = media_input(info, **made)
    subtitles = tuple(subtitles)
    pictures = [source[str(shown_video(info).index)]] if info.clock else [source["V"]]
    streams = [*pictures, *(source[str(audio.index)] for audio in info.audio)]
    codecs: dict[str, Any] = {"c": "copy", **sound_options(info, audio)}
    for position, plan in enumerate(subtitles):
        streams.append(source[f"s:{plan.position}"])
        codecs[f"c:s:{position}"] = plan.codec
    n_kept = len(subtitles)
    title = "handler_name" if is_mp4_family(out) else "title"
    for position, track in enumerate(tracks, start=n_kept):
        streams.append(ffmpeg.input(local_url(track.path), protocol_whitelist="file")["s:0"])
        shown = position == n_kept and not info.subtitles
        codecs |= {
            f"c:s:{position}": caption_codec(out),
            f"metadata:s:s:{position}": f"{title}={track.title}",
            f"disposition:s:{position}": track.disposition(default=shown),
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
    languages = [
        argument
        for position, track in enumerate(tracks, start=n_kept)
        for argument in (f"-metadata:s:s:{position}", f"language={track.language}")
    ]
    return _with_more(
        command, out, [*attach_arguments(attachments, info.n_attachments), *languages]
    )


def with_chapters(command: list[str], file: Path) -> list[str]:
    """A command that copies the source's chapters, with those of a file instead.

    Args:
        command: Of ``overlay_command`` or ``copy_command``.
        file: FFMETADATA.
    """
    n_inputs = command.count("-i")
    behind = len(command) - command[::-1].index("-i") + 1
    added = ["-f", "ffmetadata", "-i", f"file:{file.absolute()}"]
    changed = [*command[:behind], *added, *command[behind:]]
    changed[changed.index("-map_chapters") + 1] = str(n_inputs)
    return changed


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


def _frame_at(
    info: MediaInfo, at_s: float, shape: Reframing | None, *, deinterlace: bool
) -> tuple[Any, Any]:
    """The source as an input, and its picture from the frame on that is shown at a second."""
    video = shown_video(info)
    if info.excerpt:
        at_s, info = at_s + info.excerpt.from_s, replace(info, excerpt=None)
    seek: dict[str, Any] = {}
    begin_s = at_s + _HALF_MS
    searched = not (info.clock or info.from_start) and at_s > _EARLIER_S
    if searched and _SOUGHT.intersection(info.container.split(",")):
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
