"""Whether a container takes streams as they are: asked of it, before anything else is done.

Some muxers refuse by the header, some when the first packets arrive, and some say nothing and
write what nothing reads or what is out of order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import ffmpeg

from overlay.datatypes import MediaInfo
from overlay.errors import OutputError
from overlay.files import temporary_folder
from overlay.media.containers import is_mp4_family
from overlay.media.copy_command import copied_input
from overlay.media.frame_filters import in_order
from overlay.media.probe import probe
from overlay.media.process import command_line, local_url, started

_OTHERS = (".mkv", ".mov", ".mp4")
"""What to propose, the likeliest first."""
_TRIAL_S = 2
_TRIAL_BYTES = 1 << 24
"""What is written of a source of any rate, at most."""


def refusal(info: MediaInfo, streams: Collection[int], extension: str, program: str) -> str:
    """What a container says against streams that are copied into it; empty if it takes them.

    Texts may come minutes later than the picture, so of them only the header is tried.

    Args:
        info: The probed source.
        streams: Their indices.
        extension: Of the container.
        program: The ffmpeg to start; it copies the first two seconds.

    Raises:
        OutputError: There is no room for even that.
    """
    soon = [
        track.index
        for track in (info.video, *info.audio)
        if track is not None and track.index in streams and track.start_s < _TRIAL_S
    ]
    with temporary_folder() as folder:
        out = folder / f"trial{extension}"
        said = ""
        if len(soon) < len(streams):
            said = _complaint(info, streams, out, program, header_only=True)
        if soon and not said:
            said = _complaint(info, soon, out, program)
            said = said or _spoilt(out, info, soon)
        return said


def _complaint(
    info: MediaInfo, streams: Iterable[int], out: Path, program: str, *, header_only: bool = False
) -> str:
    source = copied_input(info, **({"readrate": 1} if header_only else {}))  # else it reads on
    more: dict[str, Any] = {"strict": "unofficial"} if is_mp4_family(out) else {}
    output = ffmpeg.output(
        *(source[str(index)] for index in streams), local_url(out), c="copy", fs=_TRIAL_BYTES,
        t=_TRIAL_S, copypriorss=1, copyinkf=None, **more,
    ).overwrite_output()  # fmt: skip
    with started(command_line(output, program)) as run:
        if header_only:
            run.log.begun.wait()
        returncode = None if header_only and run.log.has_header else run.process.wait()
    if run.log.no_room:
        raise run.log.no_room
    return run.log.complaint if returncode else ""


def _spoilt(out: Path, info: MediaInfo, streams: Collection[int]) -> str:
    """What is wrong with the picture of a copy that nobody complained about."""
    if info.video is None or info.video.index not in streams:
        return ""
    copied = probe(out)
    if copied.video is None:
        return f"the copied picture {copied.problem or 'is not there'}"
    return "" if in_order(out, copied.video.index) else "the copied frames are out of order"


def check_holds(info: MediaInfo, streams: Collection[int], out: Path, program: str) -> None:
    """Check that streams can be copied into the output.

    Raises:
        OutputError: Its container does not take one of them.
    """
    extension = out.suffix.lower()
    said = refusal(info, streams, extension, program)
    if said:
        raise OutputError(
            f"{extension} cannot hold its streams unchanged ({said}); "
            f"{_advice(info, streams, extension, program)}",
            path=out,
        )


def _advice(info: MediaInfo, streams: Collection[int], extension: str, program: str) -> str:
    others = (each for each in _OTHERS if each != extension)
    other = next((each for each in others if not refusal(info, streams, each, program)), None)
    advice = f"use a name ending in {other}" if other else "no other container here can"
    sounds = {track.index for track in info.audio}
    rest = [index for index in streams if index not in sounds]
    if len(rest) < len(streams) and not refusal(info, rest, extension, program):
        return f"{advice}, or --audio aac or opus"
    is_picture = info.video is not None and info.video.index in streams
    return f"{advice}; leave --soft out" if is_picture and other is None else advice
