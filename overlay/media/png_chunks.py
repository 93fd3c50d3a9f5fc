"""What a PNG carries beside its pixels: colours stay, what a camera wrote of its owner does not.

ffmpeg hands EXIF on from a still to the picture that it makes of it, with the place where it was
taken and the camera's number, and has no filter that takes only that away. Turning is done by then.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEAD_BYTES = 8
_AROUND = 12
"""Bytes of a chunk beside its content: length, kind and checksum."""
_EXIF = b"eXIf"


def remove_exif(file: Path) -> None:
    """Rewrite a PNG that was just made without EXIF; one that has none stays as it is.

    Raises:
        OSError: It cannot be read or written.

    Source:
        PNG Specification (third edition), 5.3 and 11.3.4.5.
    """
    data = file.read_bytes()
    kept, at = [data[:_HEAD_BYTES]], _HEAD_BYTES
    while at + _AROUND <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + _AROUND + length
        if kind != _EXIF:
            kept.append(data[at:end])
        at = end
    if at == len(data) and sum(map(len, kept)) < at:
        file.write_bytes(b"".join(kept))
