"""Whether a container takes streams as they are: asked of it, before anything else is done."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import ffmpeg

from overlay.datatypes import MediaInfo
from overlay.errors import OutputError
from overlay.files import temporary_folder
from overlay.media.containers import is_mp4_family
from overlay.media.process import command_line, local_url, media_input, started

_OTHERS = (".mkv", ".mov", ".mp4")
"""What to propose, the likeliest first."""


def refusal(info: MediaInfo, streams: Collection[int], extension: str, program: str) -> str:
    """What a container says against streams that are copied into it; empty if it takes them.

    Args:
        info: The probed source.
        streams: Their indices.
        extension: Of the container.
        program: The ffmpeg to start; it writes a header and nothing else.

    Raises:
        OutputError: There is no room for even that.
    """
    if not streams:
        return ""
    with temporary_folder() as folder:
        out = folder / f"header{extension}"
        source = media_input(info)
        more = {"strict": "unofficial"} if is_mp4_family(out) else {}
        output = ffmpeg.output(
            *(source[str(index)] for index in streams), local_url(out), c="copy", t=0, **more
        )
        with started(command_line(output, program)) as run:
            returncode = run.process.wait()
        if run.log.no_room:
            raise run.log.no_room
        return run.log.complaint if returncode else ""


def check_holds(info: MediaInfo, streams: Collection[int], out: Path, program: str) -> None:
    """Check that streams can be copied into the output.

    Raises:
        OutputError: Its container does not take one of them.
    """
    extension = out.suffix.lower()
    said = refusal(info, streams, extension, program)
    if said:
        others = (each for each in _OTHERS if each != extension)
        other = next((each for each in others if not refusal(info, streams, each, program)), None)
        advice = f"use a name ending in {other}" if other else "no other container here can"
        sounds = {track.index for track in info.audio}
        rest = [index for index in streams if index not in sounds]
        if len(rest) < len(streams) and not refusal(info, rest, extension, program):
            advice += ", or --audio aac or opus"
        raise OutputError(
            f"{extension} cannot hold its streams unchanged ({said}); {advice}", path=out
        )
