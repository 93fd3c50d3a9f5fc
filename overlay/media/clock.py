"""ONE zero of time: what second 0 is, in every run of ffmpeg on a source.

Second 0 is what ffmpeg subtracts when the picture is rendered. In most containers that is the
start of the earliest stream, whatever is used of it. In those whose timestamps may jump (MPEG-TS,
MPEG-PS) it is the start of the earliest stream *that the run uses*, and jumps are mended by the
packets of those streams, too. So there every run uses the same streams: what it does not need of
them is copied to nowhere. Then panel, subtitles, sound and preview need no offset.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import ffmpeg

from overlay.datatypes import MediaInfo
from overlay.media.excerpt import output_options


def others_copied(
    info: MediaInfo, source: Any, used: Collection[int], **options: Any
) -> tuple[Any, ...]:
    """An output to nowhere of the streams that set the clock and are not used otherwise.

    Args:
        info: The probed source.
        source: It as ffmpeg-python's input.
        used: Indices of the streams that the run uses anyhow.
        options: More options of the output.
    """
    left = [index for index in info.clock if index not in used]
    if not left:
        return ()
    streams = [source[str(index)] for index in left]
    options = {"format": "null", "c": "copy"} | output_options(info) | options
    return (ffmpeg.output(*streams, "-", **options),)
