"""Whether a file of bare pictures, one behind the other, ends within one."""

from __future__ import annotations

import re

_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_GIF_END = b"\x3b"
_FITS_BLOCK = 2880
_DV_SEQUENCE = 12_000
_Y4M = re.compile(
    rb"YUV4MPEG2(?= .*?\bW(?P<width>[0-9]{1,5})\b)(?= .*?\bH(?P<height>[0-9]{1,5})\b)"
    rb".*? C(?P<chroma>420|411|422|444|444alpha|mono)"
    rb"(?:jpeg|mpeg2|paldv|p?(?P<deep>9|1[0-6]))?(?= |$)"
)
_CHROMA = {
    b"420": (2, 2, 2), b"411": (4, 1, 2), b"422": (2, 1, 2), b"444": (1, 1, 2),
    b"444alpha": (1, 1, 3), b"mono": (1, 1, 0),
}  # fmt: skip
"""Pixels across and down that share one value, and how many such values they have."""


def ends_within_picture(head: bytes, tail: bytes, size: int, container: str) -> bool:
    """Whether the last bytes of a file are only the beginning of a picture.

    Args:
        head: The first bytes of the file.
        tail: The last ones.
        size: All of them.
        container: Its format, as ffmpeg calls it; of other kinds nothing is known.

    Source:
        IEC 61834-2 (DV), FITS Standard 4.0, 3.1 (blocks), GIF89a, ITU-T T.81, B.1.1.3 (JPEG).
    """
    return {
        "dv": lambda: _over(size, _dv_length(head)),
        "fits": lambda: _over(size, _FITS_BLOCK),
        "gif": lambda: not tail.rstrip(b"\0").endswith(_GIF_END),
        "jpeg_pipe": lambda: _is_open_jpeg(tail),
        "mjpeg": lambda: _is_open_jpeg(tail),
        "yuv4mpegpipe": lambda: _over(*_y4m_lengths(head, size)),
    }.get(container, lambda: False)()


def _over(size: int, length: int) -> bool:
    return length > 0 and size % length > 0


def _dv_length(head: bytes) -> int:
    """A frame has 12 sequences where there are 50 fields a second, and 10 elsewhere."""
    return _DV_SEQUENCE * (12 if head[3:4] >= b"\x80" else 10)


def _is_open_jpeg(tail: bytes) -> bool:
    """The mark of a picture's end is within no picture."""
    return tail.rfind(_JPEG_END) < max(0, tail.rfind(_JPEG_START))


def _y4m_lengths(head: bytes, size: int) -> tuple[int, int]:
    """Of all frames and of one, as the first line says, if nothing more is said with each."""
    line = head.partition(b"\n")[0]
    says = _Y4M.match(line) or _Y4M.match(line + b" C420")
    if says is None:
        return size, 0
    width, height = int(says["width"]), int(says["height"])
    across, down, n_more = _CHROMA[says["chroma"]]
    n_values = width * height + n_more * -(-width // across) * -(-height // down)
    return size - len(line) - 1, n_values * (2 if says["deep"] else 1) + len(b"FRAME\n")
