"""Video encoders: what each is called, its quality scale, and whether it works here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import ffmpeg

from overlay.errors import SettingsError
from overlay.media.process import command_line, ffmpeg_program, started

_Options = dict[str, str | int]
SPEEDS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
)  # fmt: skip
"""Names that every encoder takes, from the quickest on: x264's."""
_VP9_SPEEDS = ("5", "5", "5", "4", "4", "3", "2", "1", "0")
_AV1_SPEEDS = ("12", "11", "10", "9", "8", "7", "5", "4", "3")
_NVENC_SPEEDS = ("p1", "p2", "p3", "p3", "p4", "p4", "p5", "p6", "p7")
_QSV_SPEEDS = ("veryfast", "veryfast", *SPEEDS[2:])


@dataclass(frozen=True, slots=True)
class Encoder:
    """One ffmpeg video encoder and how to steer it.

    To add one, add it to ``ENCODERS``; the tests encode a real clip with each software encoder.
    """

    name: str
    codec: str
    """``h264``, ``hevc``, ``vp9`` or ``av1``."""
    crf: int
    """Usual constant quality."""
    preset: str
    """Usual speed."""
    quality_flag: str = "crf"
    preset_flag: str = "preset"
    extra: _Options = field(default_factory=dict)
    even_size: bool = True
    """Whether 4:2:0 pictures of odd size are refused."""
    hardware: bool = False
    ten_bit: bool = True
    speeds: tuple[str, ...] = SPEEDS
    """What it calls each of ``SPEEDS``."""
    fields_flag: str = ""
    """Takes ``tff=1`` or ``bff=1``; empty where frames of two fields cannot be coded as such."""
    share: Mapping[str, str] = field(default_factory=lambda: {"threads": "{}"})
    """Options with which it takes so many CPU threads."""

    def keeps_fields(self, height: int) -> bool:
        """Whether frames of this height stay interlaced: in H.264 it is a multiple of 4."""
        return bool(self.fields_flag) and height % 4 == 0

    def options(
        self,
        crf: int | None,
        preset: str | None,
        fields: str = "",
        *,
        coarser: int = 0,
        threads: int = 0,
    ) -> _Options:
        """Output options of ffmpeg for the given quality and speed, or the usual ones.

        Args:
            crf: Constant quality, by its own scale.
            preset: Speed: one of ``SPEEDS``, or a name of its own.
            fields: ``tff`` or ``bff`` to code frames as two fields each, the top or the bottom one
                first; else empty.
            coarser: What is added to the usual quality where none is given.
            threads: CPU threads; 0 leaves it to the encoder.
        """
        shared = {flag: value.format(threads) for flag, value in self.share.items()}
        coded: _Options = {"flags": "+ilme+ildct", self.fields_flag: f"{fields}=1"}
        return {
            **(coded if fields else {}),
            "c:v": self.name,
            self.quality_flag: self.crf + coarser if crf is None else crf,
            self.preset_flag: self._speed(preset or self.preset),
            **self.extra,
            **(shared if threads else {}),
        }

    def _speed(self, name: str) -> str:
        return self.speeds[SPEEDS.index(name)] if name in SPEEDS else name


def _hardware(name: str, codec: str, flag: str, preset: str, **extra: str | int) -> Encoder:
    return Encoder(
        name, codec, 23, preset, flag, extra=extra, hardware=True, ten_bit=codec != "h264",
        speeds=_NVENC_SPEEDS if "nvenc" in name else _QSV_SPEEDS,
    )  # fmt: skip


_NVENC: _Options = {"rc": "vbr", "b:v": 0}
ENCODERS = {
    encoder.name: encoder
    for encoder in (
        Encoder("libx264", "h264", 18, "veryfast", fields_flag="x264-params"),
        Encoder(
            "libx265", "hevc", 20, "veryfast", extra={"x265-params": "log-level=error"},
            share={"threads": "{}", "x265-params": "log-level=error:pools={}"},
        ),
        Encoder(
            "libvpx-vp9", "vp9", 31, "4", preset_flag="cpu-used", even_size=False,
            extra={"b:v": 0, "row-mt": 1, "deadline": "good"}, speeds=_VP9_SPEEDS,
        ),
        Encoder(
            "libsvtav1", "av1", 30, "8", speeds=_AV1_SPEEDS, share={"svtav1-params": "lp={}"}
        ),
        _hardware("h264_nvenc", "h264", "cq", "p4", **_NVENC),
        _hardware("hevc_nvenc", "hevc", "cq", "p4", **_NVENC),
        _hardware("av1_nvenc", "av1", "cq", "p4", **_NVENC),
        _hardware("h264_qsv", "h264", "global_quality", "veryfast"),
        _hardware("hevc_qsv", "hevc", "global_quality", "veryfast"),
        _hardware("av1_qsv", "av1", "global_quality", "veryfast"),
    )
}  # fmt: skip
_SOFTWARE = {e.codec: e for e in reversed(ENCODERS.values()) if not e.hardware}


def choose_encoder(
    name: str,
    extension: str,
    bit_depth: int,
    *,
    fields: str = "",
    ffmpeg_path: str | None = None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Encoder:
    """The encoder to use.

    Args:
        name: An encoder's name, or ``auto``: VP9 for webm, HEVC for more than 8 bits unless there
            are fields, else H.264.
        extension: Of the output's name, with the dot.
        bit_depth: Of the source, bits a component.
        fields: Of the source; empty where frames are whole pictures.
        ffmpeg_path: Program to use instead of the default one.
        on_note: Told when a hardware encoder does not work and a software one is used instead.

    Raises:
        SettingsError: The name is unknown.
    """
    if name == "auto":
        deep = bit_depth > 8 and not fields
        codec = "vp9" if extension == ".webm" else "hevc" if deep else "h264"
        return _SOFTWARE[codec]
    check_encoder(name)
    encoder = ENCODERS[name]
    if not encoder.hardware:
        return encoder
    problem = trial(encoder, ffmpeg_path)
    if problem is None:
        return encoder
    instead = _SOFTWARE[encoder.codec]
    on_note(f"{name} does not work here ({problem}); using {instead.name}")
    return instead


def check_encoder(name: str) -> None:
    """Check that there is an encoder of this name.

    Raises:
        SettingsError: There is none.
    """
    if name != "auto" and name not in ENCODERS:
        raise SettingsError(f"unknown encoder {name!r}; known: auto, {', '.join(ENCODERS)}")


def check_speed(encoder: Encoder, speed: str | None, ffmpeg_path: str | None = None) -> None:
    """Check that an encoder knows a speed; one that is not in ``SPEEDS`` is tried.

    Raises:
        SettingsError: It does not.
    """
    if speed in (None, *SPEEDS):
        return
    problem = trial(encoder, ffmpeg_path, speed)
    if problem is not None:
        raise SettingsError(
            f"{encoder.name} knows no speed {speed[:40]!r} ({problem}); every encoder takes "
            f"{', '.join(SPEEDS)}"
        )


def trial(encoder: Encoder, ffmpeg_path: str | None = None, speed: str | None = None) -> str | None:
    """Encode a few frames for real; what went wrong in one line, or ``None``."""
    source = ffmpeg.input("color=gray:size=256x256:rate=25:duration=0.2", format="lavfi")
    options = encoder.options(None, speed)
    output = ffmpeg.output(source, "-", format="null", pix_fmt="yuv420p", **options)
    with started(command_line(output, ffmpeg_program(ffmpeg_path))) as run:
        returncode = run.process.wait()
    return (run.log.complaint or run.ending) if returncode else None
