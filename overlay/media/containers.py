"""What each container can hold without changing it, and what becomes of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from overlay.datatypes import MediaInfo
from overlay.errors import OutputError

_MP4 = {".mp4", ".m4v"}
_MOV = {".mov"}
_MKV = {".mkv"}
_WEBM = {".webm"}
EXTENSIONS = (*sorted(_MP4), *_MOV, *_MKV, *_WEBM)
"""Extensions of output files."""

_MP4_AUDIO = {"aac", "mp3", "mp2", "ac3", "eac3", "alac", "opus", "flac", "dts"}
_WEBM_AUDIO = {"opus", "vorbis"}
_MP4_PICTURES = {"h264", "hevc", "vvc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg"}
_TEXT_SUBTITLES = {"subrip", "ass", "ssa", "webvtt", "mov_text", "text", "microdvd", "sami",
                   "jacosub", "realtext", "subviewer", "subviewer1", "stl", "mpl2", "vplayer",
                   "pjs", "eia_608"}  # fmt: skip
_COVERS = {"png", "mjpeg"}
_MP4_COVERS = {*_COVERS, "bmp"}
_MKV_SUBTITLES = {"subrip", "ass", "ssa", "webvtt", "text", "dvb_subtitle", "dvd_subtitle",
                  "hdmv_pgs_subtitle", "hdmv_text_subtitle", "arib_caption"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SubtitlePlan:
    """What becomes of one subtitle stream."""

    position: int
    """Among the input's subtitle streams, from 0."""
    codec: str
    """``copy``, or the text format to convert to."""

    def options(self, position: int) -> dict[str, str]:
        """Options of an output in which it is the subtitle of this number, from 0."""
        made = {f"c:s:{position}": self.codec}
        if self.codec == "mov_text":  # counts microseconds, of which no text may last 2**31
            made[f"bsf:s:{position}"] = "setts=time_base=1/1000"
        return made


def default_extension(info: MediaInfo, *, copied: bool = False) -> str:
    """``.mp4`` where the sound fits unchanged; else ``.mov`` for QuickTime files, else ``.mkv``.

    Args:
        info: The probed source.
        copied: Whether the picture must fit, too.
    """
    picture = info.video.codec if copied and info.video is not None else "h264"
    if picture in _MP4_PICTURES and all(audio.codec in _MP4_AUDIO for audio in info.audio):
        return ".mp4"
    return ".mov" if "mov" in info.container.split(",") else ".mkv"


def check_container(info: MediaInfo, out: Path) -> None:
    """Check that the sound can be copied into the output.

    Raises:
        OutputError: The extension is unknown, or its container cannot hold the sound unchanged.
    """
    extension = out.suffix.lower()
    if extension not in EXTENSIONS:
        known = ", ".join(EXTENSIONS)
        raise OutputError(f"unknown kind of video {extension!r}; use one of {known}", path=out)
    allowed = _WEBM_AUDIO if extension in _WEBM else _MP4_AUDIO if extension in _MP4 else None
    for audio in info.audio:
        held = audio.codec in allowed if allowed else (extension, audio.codec) != (".mov", "opus")
        if not held:
            raise OutputError(
                f"{extension} cannot hold {audio.codec} audio unchanged; use a name ending in "
                ".mkv, or --audio aac or opus",
                path=out,
            )


def plan_subtitles(info: MediaInfo, out: Path) -> tuple[list[SubtitlePlan], list[str]]:
    """How to keep the subtitle streams, and the codecs of those that cannot be kept."""
    plans, dropped = [], []
    for position, codec in enumerate(info.subtitles):
        kept = _kept_as(codec, out.suffix.lower())
        if kept is None:
            dropped.append(codec)
        else:
            plans.append(SubtitlePlan(position, kept))
    return plans, dropped


def _kept_as(codec: str, extension: str) -> str | None:
    text = codec in _TEXT_SUBTITLES
    if extension in _MKV and codec in _MKV_SUBTITLES:
        return "copy"
    if extension in _MKV:
        return "srt" if text else None
    own = "webvtt" if extension in _WEBM else "mov_text"
    return ("copy" if codec == own else own) if text else None


def plan_covers(info: MediaInfo, out: Path) -> tuple[list[int], list[str]]:
    """Indices of the cover pictures that can be kept, and the codecs of those that cannot."""
    extension = out.suffix.lower()
    held = _COVERS if extension in _MKV else _MP4_COVERS if is_mp4_family(out) else set()
    covers = list(zip(info.covers, info.cover_codecs, strict=True))
    kept = [index for index, codec in covers if codec in held]
    return kept, [f"{codec} cover" for _, codec in covers if codec not in held]


def caption_codec(out: Path) -> str:
    """The kind of text subtitle that a container holds best."""
    extension = out.suffix.lower()
    return "ass" if extension in _MKV else "webvtt" if extension in _WEBM else "mov_text"


def is_mp4_family(out: Path) -> bool:
    """Whether the output is mp4, m4v or mov."""
    return out.suffix.lower() in _MP4 | _MOV
