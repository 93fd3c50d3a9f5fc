"""The ffmpeg command lines that write a panel alone, on nothing; nothing is started here.

Colour is not multiplied by opacity (straight, or unassociated, alpha), and where nothing is drawn
the colour is black.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from overlay.datatypes import ColorInfo, MediaInfo, VideoInfo
from overlay.errors import OutputError, SettingsError
from overlay.media.clock import others_copied
from overlay.media.containers import EXTENSIONS
from overlay.media.excerpt import output_options
from overlay.media.frame_filters import decoded, picture_input, repeated
from overlay.media.overlay_command import color_tags, time_base_of
from overlay.media.panel_stream import PanelInput, laid_over
from overlay.media.process import codec_threads, command_line, filtering_threads, local_url
from overlay.media.stream_choice import shown_video

_LARGEST_SD_HEIGHT = 576
_PICTURE_NUMBER = re.compile(r"%0?\d*d")


@dataclass(frozen=True, slots=True)
class AlphaEncoder:
    """A video encoder that keeps opacity.

    To add one, add it to ``ALPHA_ENCODERS``; the tests lay what each writes over its source.
    """

    name: str
    title: str
    """For people."""
    extensions: tuple[str, ...]
    """Of the files that hold it; empty for a folder of pictures."""
    pix_fmt: str
    """As it is encoded."""
    panel_fmt: str
    """As the panel is drawn: ``rgba``, ``yuva420p`` or ``yuva444p``. Of 8 bits, since beyond that
    ffmpeg's overlay divides by a wrong opacity where it lays on nothing."""
    options: Mapping[str, str | int]
    crf: int | None = None
    """Usual constant quality; ``None`` where it has no such scale."""


ALPHA_ENCODERS = {
    encoder.name: encoder
    for encoder in (
        AlphaEncoder(
            "prores_ks", "ProRes 4444", (".mov",), "yuva444p10le", "yuva444p",
            # A fixed quantizer: the search for a bit rate is five times slower.
            {"profile:v": "4444", "alpha_bits": 16, "q:v": 4, "vendor": "apl0"},
        ),
        AlphaEncoder("qtrle", "QuickTime Animation", (".mov",), "argb", "rgba", {}),
        AlphaEncoder(
            "libvpx-vp9", "VP9", (".webm", ".mkv"), "yuva420p", "yuva420p",
            {"b:v": 0, "auto-alt-ref": 0, "row-mt": 1, "deadline": "good", "cpu-used": 4}, crf=15,
        ),
        AlphaEncoder("png", "PNG pictures", (), "rgba", "rgba", {}),
    )
}  # fmt: skip
ALPHA_EXTENSIONS = {".mov": "prores_ks", ".webm": "libvpx-vp9", ".mkv": "libvpx-vp9"}
"""The usual encoder of each kind of file."""


def choose_alpha_encoder(name: str, out: Path) -> AlphaEncoder:
    """The encoder for a panel alone.

    Args:
        name: An encoder's name, or ``auto``: ProRes for mov, VP9 for webm and mkv, else PNG.
        out: The target: a file, a folder, or a pattern such as ``frame-%05d.png``.

    Raises:
        SettingsError: The name is unknown.
        OutputError: The target cannot hold what the encoder writes.
    """
    extension = out.suffix.lower()
    if name == "auto":
        known = ", ".join(ALPHA_EXTENSIONS)
        if extension not in ("", ".png", *ALPHA_EXTENSIONS):
            raise OutputError(
                f"{extension} cannot hold a panel with transparency; use one of {known}, a folder, "
                "or pictures such as frame-%05d.png",
                path=out,
            )
        name = ALPHA_EXTENSIONS.get(extension, "png")
    if name not in ALPHA_ENCODERS:
        known = ", ".join(ALPHA_ENCODERS)
        raise SettingsError(f"encoder {name!r} keeps no transparency; known: auto, {known}")
    encoder = ALPHA_ENCODERS[name]
    fits = extension in encoder.extensions if encoder.extensions else extension not in EXTENSIONS
    if not fits:
        kinds = ", ".join(encoder.extensions) or "a folder or pictures such as frame-%05d.png"
        raise OutputError(f"{name} goes to {kinds}", path=out)
    return encoder


def alpha_extension(name: str) -> str:
    """The usual extension of an encoder's files; empty for a folder of pictures."""
    known = ALPHA_ENCODERS.get("prores_ks" if name == "auto" else name)
    return known.extensions[0] if known and known.extensions else ""


def picture_folder(out: Path, stem: str) -> tuple[Path, str]:
    """Folder and name pattern of numbered pictures.

    Args:
        out: A folder, or a pattern in one.
        stem: Begins the names where ``out`` is a folder.

    Raises:
        OutputError: The pattern does not have exactly one number.
    """
    if out.suffix.lower() != ".png":
        return out, f"{stem.replace('%', '_')}-%05d.png"
    rest, n_numbers = _PICTURE_NUMBER.subn("", out.name)
    if n_numbers != 1 or "%" in rest:
        raise OutputError("pictures need a number in their name, such as frame-%05d.png", path=out)
    return out.parent, out.name


def alpha_color(color: ColorInfo, encoder: AlphaEncoder, picture_height: int) -> ColorInfo:
    """How the panel is coded: as the source is, but always in limited range and by a named matrix.

    Not every decoder of the files heeds a range, and a file that names no matrix is guessed at.
    R'G'B' has neither.
    """
    if encoder.panel_fmt == "rgba":
        return ColorInfo("pc", None, color.primaries, color.transfer)
    guess = "smpte170m" if picture_height <= _LARGEST_SD_HEIGHT else "bt709"
    return ColorInfo("tv", color.space or guess, color.primaries, color.transfer)


def alpha_command(
    info: MediaInfo,
    panel: PanelInput,
    out: Path,
    program: str,
    *,
    encoder: AlphaEncoder,
    color: ColorInfo,
    crf: int | None,
    threads: int = 0,
) -> list[str]:
    """Decode the source for the times of its frames alone, and write the panel at each of them.

    Args:
        info: The probed source.
        panel: What comes in on standard input.
        out: Where to write: a file, or a pattern of numbered pictures.
        program: The ffmpeg to start.
        encoder: The video encoder.
        color: What ``alpha_color`` gave.
        crf: Constant quality; ``None`` takes the encoder's usual one.
        threads: Of the decoder, of each filter and of the encoder; 0 leaves it to ffmpeg.
    """
    video = shown_video(info)
    source = picture_input(info, video, **codec_threads(threads))
    layers = {"rgba": "rgb", "yuva420p": "yuv420", "yuva444p": "yuv444"}
    shown = decoded(source, info, video)
    nothing = _nothing(shown, video, panel, color)
    picture = laid_over(nothing, panel, format=layers[panel.pix_fmt])
    if video.width % 2 or video.height % 2:
        picture = picture.filter("crop", video.width, video.height, 0, 0, exact=1)
    picture = picture.filter("setparams", **color_tags(color, rgb=panel.pix_fmt == "rgba"))
    quality = encoder.crf if crf is None else crf
    more: dict[str, Any] = {} if encoder.crf is None else {"crf": quality}
    if not encoder.extensions:
        more["format"] = "image2"
    output = ffmpeg.output(
        picture, local_url(out), **{"c:v": encoder.name}, **encoder.options, **more,
        pix_fmt=encoder.pix_fmt, fps_mode="passthrough", enc_time_base=time_base_of(panel),
        map_metadata=-1, max_error_rate=1, progress="pipe:1", stats_period=0.2,
        **output_options(info), **codec_threads(threads), **filtering_threads(threads),
    ).overwrite_output()  # fmt: skip
    others = others_copied(info, source, {video.index})
    return command_line(ffmpeg.merge_outputs(output, *others), program)


def _nothing(picture: Any, video: VideoInfo, panel: PanelInput, color: ColorInfo) -> Any:
    """Transparent frames with the times of the source's, of even size.

    A corner of the picture is all that is converted; the rest is grown around it.
    """
    corner = picture.filter("crop", min(2, video.width), min(2, video.height), 0, 0, exact=1)
    if panel.until is not None:
        corner = repeated(corner, panel.rate)
    corner = corner.filter("format", panel.pix_fmt)
    corner = corner.filter("setparams", **color_tags(color, rgb=panel.pix_fmt == "rgba"))
    clear = corner.filter("drawbox", color="black@0", t="fill", replace=1)
    even = video.width + video.width % 2, video.height + video.height % 2
    return clear.filter("pad", *even, 0, 0, "black@0")
