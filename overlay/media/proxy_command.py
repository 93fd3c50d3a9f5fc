"""The ffmpeg command of a small copy that every browser plays; nothing is started here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg

from overlay.datatypes import MediaInfo
from overlay.media.audio import audio_stream
from overlay.media.clock import others_copied
from overlay.media.process import (
    codec_threads,
    command_line,
    filtering_threads,
    local_url,
    media_input,
)

PROXY_HEIGHT = 480


def proxy_command(
    info: MediaInfo, audio_track: int, out: Path, program: str, threads: int = 0
) -> list[str]:
    """H.264 of at most 480 lines and AAC, on the clock of the source.

    Args:
        info: The probed source; without a picture the copy has none.
        audio_track: Which of its sounds.
        out: Where to write, ending in ``.mp4``.
        program: The ffmpeg to start.
        threads: Of each decoder and encoder; 0 leaves it to ffmpeg.
    """
    source = media_input(info, **codec_threads(threads))
    audio = audio_stream(info, audio_track)
    streams = [source[str(audio.index)]]
    options: dict[str, Any] = {"c:a": "aac", "b:a": "128k", "ac": 2}
    used = {audio.index}
    if info.video is not None:
        used.add(info.video.index)
        picture = source[str(info.video.index)].filter("scale", "trunc(iw*sar/2)*2", "ih")
        picture = picture.filter("scale", -2, f"min({PROXY_HEIGHT},trunc(ih/2)*2)")
        streams.insert(0, picture.filter("setsar", 1))
        options |= {"c:v": "libx264", "preset": "veryfast", "crf": 27, "pix_fmt": "yuv420p"}
    output = ffmpeg.output(
        *streams, local_url(out), **options, movflags="+faststart", map_metadata=-1,
        map_chapters=-1, max_error_rate=1, progress="pipe:1", stats_period=0.2,
        **codec_threads(threads), **filtering_threads(threads),
    ).overwrite_output()  # fmt: skip
    others = others_copied(info, source, used)
    return command_line(ffmpeg.merge_outputs(output, *others), program)
