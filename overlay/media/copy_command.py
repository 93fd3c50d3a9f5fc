"""The ffmpeg command line that copies all streams; nothing is started here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from overlay.datatypes import MediaInfo
from overlay.media.attachments import Attachment, attach_arguments
from overlay.media.clock import others_copied
from overlay.media.containers import SubtitlePlan, caption_codec, is_mp4_family
from overlay.media.process import command_line, local_url, media_input, with_arguments
from overlay.media.sound_codec import sound_options
from overlay.media.stream_choice import shown_video

_GUESSED = ("h264", "hevc")
"""Of these ffmpeg cannot work out when a frame is shown from when it is decoded."""
_DECODING_TIMES = ("avi", "gxf", "mpeg")
"""Containers that know when a frame is decoded, not of each when it is shown."""


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


def copied_input(info: MediaInfo, **options: Any) -> Any:
    """The source as ffmpeg-python's input, for streams that are copied."""
    codec = info.video.codec if info.video else ""
    worked_out = info.container in _DECODING_TIMES and codec not in _GUESSED
    return media_input(info, **({"fflags": "+genpts"} if worked_out else {}), **options)


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
    source = copied_input(info)
    subtitles = tuple(subtitles)
    pictures = [source[str(shown_video(info).index)]] if info.clock else [source["V"]]
    streams = [*pictures, *(source[str(audio.index)] for audio in info.audio)]
    codecs: dict[str, Any] = {"c": "copy", **sound_options(info, audio)}
    for position, plan in enumerate(subtitles):
        streams.append(source[f"s:{plan.position}"])
        codecs |= plan.options(position)
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
    return with_arguments(
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
