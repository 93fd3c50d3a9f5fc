"""What a container cuts off its pictures: ``clap`` of QuickTime and MP4, ``PixelCrop`` of Matroska.

ffmpeg cuts it off, and PyAV has no word for it. ffmpeg is asked only where the bytes of a file's
head let one think that there is something to cut.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import IO

from overlay.errors import FfmpegNotFound
from overlay.media.process import described, ffmpeg_program, local_url

_MARKS = {
    "mov": re.compile(rb"clap"),
    "matroska": re.compile(rb"\x54[\xaa\xbb\xcc\xdd][\x81-\x88]"),
}
_HEAD_BYTES, _MOST_BYTES = 1 << 16, 1 << 24
_BOX_BYTES = 8
_MOST_BOXES = 1000
_STREAM = re.compile(r"\s*Stream #0:(\d+)")
_CROPPING = re.compile(r"\s+Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)\s*$")


Cropping = tuple[int, int, int, int]
"""Columns left and right, rows above and below that are cut off."""
NONE: Cropping = (0, 0, 0, 0)


def croppings(path: Path, container: str) -> dict[int, Cropping]:
    """What is cut off, by the index of the stream.

    Args:
        path: The file.
        container: Its format, as ffmpeg calls it.

    Source:
        ISO 14496-12, 12.1.4; RFC 9559, 5.1.4.1.28.
    """
    marks = [mark for name, mark in _MARKS.items() if name in container.split(",")]
    if not (marks and marks[0].search(_head(path, is_mov=marks[0] is _MARKS["mov"]))):
        return {}
    try:
        lines = described(ffmpeg_program(), local_url(path), container)
    except (FfmpegNotFound, OSError, subprocess.SubprocessError):
        return {}
    found: dict[int, Cropping] = {}
    index = -1
    for line in lines:
        if stream := _STREAM.match(line):
            index = int(stream[1])
        elif cut := _CROPPING.match(line):
            left, right, top, bottom = map(int, cut.groups())
            found[index] = left, right, top, bottom
    return found


def _head(path: Path, *, is_mov: bool) -> bytes:
    """Where the file tells of its streams; of MP4 that may be anywhere."""
    try:
        with path.open("rb") as file:
            return _movie_box(file) if is_mov else file.read(_HEAD_BYTES)
    except OSError:
        return b""


def _movie_box(file: IO[bytes]) -> bytes:
    for _ in range(_MOST_BOXES):
        head = file.read(_BOX_BYTES)
        if len(head) < _BOX_BYTES:
            return b""
        length, n_read = int.from_bytes(head[:4], "big"), _BOX_BYTES
        if length == 1:
            length, n_read = int.from_bytes(file.read(8), "big"), 2 * _BOX_BYTES
        if head[4:] == b"moov":
            return file.read(min(max(0, length - n_read), _MOST_BYTES))
        if length < n_read:
            return b""
        file.seek(length - n_read, os.SEEK_CUR)
    return b""
