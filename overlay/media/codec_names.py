"""Names of codecs that nothing here decodes: PyAV has no word for them, ffmpeg prints them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from overlay.errors import FfmpegNotFound
from overlay.media.process import described, ffmpeg_program, local_url

_STREAM = re.compile(
    r"\s*Stream #0:(?P<index>\d+)\S*: (?:Audio|Video|Subtitle): (?P<codec>[\w.-]+)"
    r"(?:.*?\((?P<tag>[^()]{4}) / 0x[0-9A-F]+\))?"
)
_UNHEARD_OF = re.compile(r"\[in#0.*\] Unknown/unsupported AVCodecID (.*?)\.?$")
_LONGEST = 40


def codec_names(path: Path, container: str) -> dict[int, str]:
    """What ffmpeg calls the codec of each stream, by its index, for people.

    A codec that ffmpeg has not heard of has the name that the file gives it.

    Args:
        path: The file.
        container: Its format.
    """
    try:
        lines = described(ffmpeg_program(), local_url(path), container)
    except (FfmpegNotFound, OSError, subprocess.SubprocessError):
        return {}
    foreign = iter([match[1][:_LONGEST] for match in map(_UNHEARD_OF.match, lines) if match])
    found = {}
    for match in filter(None, map(_STREAM.match, lines)):
        name = match["codec"]
        if name == "none":
            name = match["tag"] or next(foreign, "")
        found[int(match["index"])] = name
    return found
