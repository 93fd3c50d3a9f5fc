"""Moving pictures for web pages and chats: GIF and animated WebP, within a size.

The tagged picture is written once, small and without loss; from that the target is made, smaller
again if it comes out too large.

Source:
    GIF counts hundredths of a second, and browsers show no frame for less than two.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from overlay.datatypes import MediaInfo, VideoInfo
from overlay.media.clock import others_copied
from overlay.media.excerpt import begin_s, output_options
from overlay.media.frame_filters import decoded, framed, picture_input, repeated
from overlay.media.overlay_command import composed
from overlay.media.panel_stream import PanelInput
from overlay.media.process import codec_threads, command_line, filtering_threads, local_url
from overlay.media.reframing import Reframing
from overlay.media.stream_choice import shown_video

ANIMATIONS = (".gif", ".webp")
"""Extensions."""
_WEBP = {"c:v": "libwebp_anim", "quality": 72, "compression_level": 4}
_LOOKED_THROUGH = {"protocol_whitelist": "file", "format_whitelist": "matroska,png_pipe,image2"}


def small_size(video: VideoInfo, longest_px: int) -> tuple[int, int]:
    """The picture with square pixels and a longer side of at most ``longest_px``; both even."""
    width, height = float(video.width * video.sample_aspect), float(video.height)
    shrunk = min(1.0, longest_px / max(width, height))
    return max(2, 2 * round(width * shrunk / 2)), max(2, 2 * round(height * shrunk / 2))


def small_command(
    info: MediaInfo,
    panel: PanelInput,
    out: Path,
    program: str,
    *,
    size: tuple[int, int],
    rate: Fraction,
    longest_s: float,
    deinterlace: bool,
    shape: Reframing | None = None,
    threads: int = 0,
) -> list[str]:
    """Write the picture with its panel, small, at an even rate and without loss.

    Args:
        info: The probed source.
        panel: What comes in on standard input.
        out: A Matroska file.
        program: The ffmpeg to start.
        size: Width and height.
        rate: Pictures a second.
        longest_s: Where to end in any case.
        deinterlace: Make whole pictures of fields.
        shape: Makes another shape of the picture.
        threads: Of the decoder and of each filter; 0 leaves it to ffmpeg.
    """
    video = shown_video(info)
    source = picture_input(info, video, **codec_threads(threads))
    shown = decoded(source, info, video)
    shown = framed(shown, video, even_size=False, deinterlace=deinterlace, from_s=begin_s(info))
    shown = shown if shape is None else shape.applied(shown)
    if panel.until is not None:
        shown = repeated(shown, panel.rate)
    picture = composed(shown, video, panel, ten_bit=False)
    picture = picture.filter("fps", f"{rate.numerator}/{rate.denominator}", start_time=0)
    picture = picture.filter("scale", *size, flags="area").filter("setsar", 1)
    options = output_options(info)
    length_s = min(longest_s, float(options.get("t", longest_s)))
    output = ffmpeg.output(
        picture.filter("format", "rgb24"), local_url(out), **options | {"t": length_s},
        **{"c:v": "ffv1"}, format="matroska", map_metadata=-1, progress="pipe:1",
        stats_period=0.2, **filtering_threads(threads),
    ).overwrite_output()  # fmt: skip
    others = others_copied(info, source, {video.index}, t=length_s)
    return command_line(ffmpeg.merge_outputs(output, *others), program)


def animation_commands(
    small: Path, out: Path, program: str, *, size: tuple[int, int], rate: Fraction, kind: str
) -> list[list[str]]:
    """From the small picture to the target, one command after the other.

    A GIF needs all pictures for its palette before the first can be written; with two runs none of
    them are held in memory.

    Args:
        small: What ``small_command`` wrote.
        out: The target.
        program: The ffmpeg to start.
        size: Width and height, at most those of ``small``.
        rate: Pictures a second, at most that of ``small``.
        kind: Of ``ANIMATIONS``.
    """
    if kind == ".webp":
        return [_written(_scaled(small, size, rate), out, program, format="webp", **_WEBP)]
    palette = small.with_name("palette.png")
    colors = _scaled(small, size, rate).filter("palettegen", stats_mode="diff")
    picture = ffmpeg.filter(
        [_scaled(small, size, rate), ffmpeg.input(local_url(palette), **_LOOKED_THROUGH)],
        "paletteuse", dither="bayer", bayer_scale=3, diff_mode="rectangle",
    )  # fmt: skip
    return [
        _written(colors, palette, program, format="image2", update=1),
        _written(picture, out, program, format="gif", **{"c:v": "gif"}),
    ]


def _scaled(small: Path, size: tuple[int, int], rate: Fraction) -> Any:
    picture = ffmpeg.input(local_url(small), **_LOOKED_THROUGH)
    picture = picture.filter("fps", f"{rate.numerator}/{rate.denominator}")
    return picture.filter("scale", *size, flags="lanczos")


def _written(picture: Any, out: Path, program: str, **options: Any) -> list[str]:
    loop = {} if out.suffix == ".png" else {"loop": 0}
    output = ffmpeg.output(
        picture, local_url(out), map_metadata=-1, progress="pipe:1", **loop, **options
    )
    return command_line(output.overwrite_output(), program)
