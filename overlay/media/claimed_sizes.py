"""How long a file says that it is, in the header of its kind."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

UNKNOWN_FROM = {"I": 0x7FFFF000, "H": 0xFFFF, "Q": 1 << 62}
"""Lengths that writers give who cannot go back to say the true one: 2 or 4 GB, or nearly; two bytes
hold no more than what longer files say, too."""
_UNKNOWN_SWF = 100 << 20
"""The same of SWF."""
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d0102010102")
_ADX_SAMPLES = 32
"""In a block."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One number of a header that says how much comes."""

    mark: bytes
    """How the file begins."""
    at: int
    format: str
    """As ``struct`` reads it."""
    before: int
    """Bytes that the number does not count."""

    def __call__(self, head: bytes) -> int:
        """The size of the file; 0 where the header says none."""
        if not head.startswith(self.mark):
            return 0
        said: int = struct.unpack_from(self.format, head, self.at)[0]
        return said + self.before if 0 < said < UNKNOWN_FROM[self.format[-1]] else 0


def _adx(head: bytes) -> int:
    offset, block, channels, n_samples = struct.unpack_from(">2xHxBxB4xI", head)
    return offset + 4 + -(-n_samples // _ADX_SAMPLES) * block * channels if n_samples else 0


def _asf(head: bytes) -> int:
    at = head.find(_ASF_PROPERTIES)
    if at < 0 or head[at + 88] & 1:  # of a broadcast nobody knows
        return 0
    return int.from_bytes(head[at + 40 : at + 48], "little")


def _au(head: bytes) -> int:
    offset, length = struct.unpack_from(">4xII", head)
    return offset + length if 0 < length < UNKNOWN_FROM["I"] else 0


def _mxf(head: bytes) -> int:
    """At least: the footer begins there."""
    if not head.startswith(_MXF_PARTITION):
        return 0
    at = 17 + (head[16] & 0x7F if head[16] & 0x80 else 0)
    footer: int = struct.unpack_from(">24xQ", head, at)[0]
    return footer + 1 if footer else 0


def _sox(head: bytes) -> int:
    order = "<" if head.startswith(b".SoX") else ">"
    length, n_samples = struct.unpack_from(f"{order}4xIQ", head)
    return 4 + length + 4 * n_samples if n_samples else 0


def _swf(head: bytes) -> int:
    """A compressed one says how long it would be."""
    length = _Field(b"FWS", 4, "<I", 0)(head)
    return 0 if length == _UNKNOWN_SWF else length


def _wave(head: bytes) -> int:
    """Some writers count its first eight bytes, too."""
    if head[12:16] == b"ds64":
        return _Field(b"RF64", 20, "<Q", 0)(head)
    return _Field(b"RIFF", 4, "<I", 0)(head)


_CLAIMS: dict[str, Callable[[bytes], int]] = {
    "adx": _adx, "aiff": _Field(b"FORM", 4, ">I", 8), "apm": _Field(b"", 24, "<I", 0),
    "asf": _asf, "ast": _Field(b"STRM", 4, ">I", 64), "au": _au,
    "avi": _Field(b"RIFF", 4, "<I", 8), "kvag": _Field(b"KVAG", 4, "<I", 14),
    "mmf": _Field(b"MMMD", 4, ">I", 8), "mpeg": _Field(b"RIFF", 4, "<I", 8), "mxf": _mxf,
    "rso": _Field(b"", 2, ">H", 8), "sox": _sox, "swf": _swf, "w64": _Field(b"riff", 16, "<Q", 0),
    "wav": _wave, "wsaud": _Field(b"", 2, "<I", 12),
}  # fmt: skip
"""By container, as ffmpeg calls it; a Video CD's ``mpeg`` may lie in RIFF."""


def claimed_size(head: bytes, container: str) -> int:
    """How many bytes a file says that it has, at least; 0 where it says nothing.

    It is what the file claims, to be compared with what is there and with nothing else.

    Args:
        head: Its first bytes, some thousands.
        container: Its format, as ffmpeg calls it.

    Source:
        Audio Interchange File Format 1.3, Advanced Systems Format Specification 3.2, SMPTE ST
        377-1 (MXF), SWF File Format Specification 19, EBU Tech 3306 (RF64), soxformat(7).
    """
    claim = _CLAIMS.get(container)
    try:
        return claim(head) if claim else 0
    except (struct.error, IndexError):
        return 0
