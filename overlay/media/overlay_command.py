"""The ffmpeg command lines that put a panel on a video; nothing is started here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from overlay.datatypes import ColorInfo, MediaInfo, VideoInfo
from overlay.media.attachments import Attachment, attach_arguments
from overlay.media.clock import others_copied
from overlay.media.containers import SubtitlePlan, is_mp4_family
from overlay.media.encoders import Encoder
from overlay.media.excerpt import begin_s, output_options
from overlay.media.frame_filters import decoded, framed, picture_input, repeated
from overlay.media.panel_stream import PanelInput, laid_over
from overlay.media.process import (
    codec_threads,
    command_line,
    filtering_threads,
    local_url,
    media_input,
    with_arguments,
)
from overlay.media.reframing import Reframing
from overlay.media.sound_codec import sound_options
from overlay.media.stream_choice import shown_video


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
    return with_arguments(command, out, [*_named(video), *attached])


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
        codecs |= plan.options(position)
    if out.suffix.lower() == ".mkv":
        streams.append(source["t?"])
        codecs["c:t"] = "copy"
    whole = media_input(info, ss=0) if info.excerpt else source  # where the covers are
    for position, index in enumerate(covers, start=1):
        streams.append(whole[str(index)])
        codecs |= {f"c:v:{position}": "copy", f"disposition:v:{position}": "attached_pic"}
    return streams, codecs


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
