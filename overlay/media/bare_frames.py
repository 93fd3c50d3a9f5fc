"""Whether a file of bare frames, one behind the other and nothing around them, ends within one.

Their readers hand out what is left of the last frame, and some decoders pass over it in silence.
Each kind has a function that says how long the frame is that begins somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_RUN = 3
"""So many frames in a row are no accident."""
_KBITS = {
    (3, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Thousand bits a second by MPEG version (3 is 1, 2 is 2 and 2.5) and layer."""
_RATES = (44_100, 48_000, 32_000)
_APE_TAG, _ID3_TAG = b"APETAGEX", b"TAG"


def _mpeg_length(head: bytes) -> int:
    """Of a frame of MPEG audio, in bytes; 0 where none begins (ISO 11172-3, 2.4.2.3)."""
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if head[0] != 0xFF or head[1] < 0xE0 or version == 1 or layer == 4:
        return 0
    if not 0 < bits < 15 or rate == 3:
        return 0
    kbits = _KBITS[3 if version == 3 else 2, layer if version == 3 else min(layer, 2)][bits - 1]
    hz = _RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    padding = head[2] >> 1 & 1
    if layer == 1:
        return (12_000 * kbits // hz + padding) * 4
    return (72_000 if layer == 3 and version != 3 else 144_000) * kbits // hz + padding


def _mlp_length(head: bytes) -> int:
    """Of an access unit of MLP or TrueHD, in bytes."""
    return (head[0] << 8 & 0xF00 | head[1]) * 2


def _adts_length(head: bytes) -> int:
    """Of a frame of AAC, in bytes (ISO 13818-7, 6.2)."""
    if head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5


def _dts_length(head: bytes) -> int:
    """Of a core frame of DTS, in bytes (ETSI TS 102 114, 5.3.1)."""
    is_core = head.startswith(_DTS)
    return ((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1 if is_core else 0


def _sbc_length(head: bytes) -> int:
    """Of a frame of SBC, in bytes (Advanced Audio Distribution Profile 1.3, 12.9)."""
    if head[0] == _MSBC:
        return _MSBC_LENGTH
    if head[0] != _SBC:
        return 0
    blocks, mode = 4 * (head[1] >> 4 & 3) + 4, head[1] >> 2 & 3
    bands, pool = 8 if head[1] & 1 else 4, head[2]
    channels = 1 if mode == 0 else 2
    bits = blocks * pool * (2 if mode == 1 else 1) + (bands if mode == 3 else 0)
    return 4 + bands * channels // 2 + -(-bits // 8)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a frame can be found by, and how long it is."""

    mark: re.Pattern[bytes]
    behind: int
    """How far the mark lies behind the start."""
    head: int
    """Bytes that tell the length."""
    length_of: Callable[[bytes], int]


_DTS = b"\x7f\xfe\x80\x01"
_SBC, _MSBC, _MSBC_LENGTH = 0x9C, 0xAD, 57
BARE: dict[str, _Frame] = {
    "aac": _Frame(re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), 0, 6, _adts_length),
    "dts": _Frame(re.compile(_DTS), 0, 8, _dts_length),
    "mp3": _Frame(re.compile(rb"\xff[\xe0-\xff]"), 0, 4, _mpeg_length),
    "mlp": _Frame(re.compile(rb"\xf8\x72\x6f\xbb"), 4, 4, _mlp_length),
    "sbc": _Frame(re.compile(rb"[\x9c\xad]"), 0, 4, _sbc_length),
    "truehd": _Frame(re.compile(rb"\xf8\x72\x6f\xba"), 4, 4, _mlp_length),
}
"""By container, as ffmpeg calls it."""


def ends_within_frame(tail: bytes, container: str) -> bool:
    """Whether the last bytes of a file are only the beginning of a frame.

    Args:
        tail: They; enough for some frames.
        container: One of ``BARE``.
    """
    frame = BARE[container]
    tail = _without_tags(tail)
    for found in frame.mark.finditer(tail):
        at, n_frames = found.start() - frame.behind, 0
        while 0 <= at <= len(tail) - frame.head and (
            length := frame.length_of(tail[at : at + frame.head])
        ):
            at, n_frames = at + length, n_frames + 1
        if n_frames > _RUN:
            return at > len(tail) or 0 < len(tail) - at < frame.head
    return False


def _without_tags(tail: bytes) -> bytes:
    """Without what is written behind the last frame: ID3 of 128 bytes, and APE."""
    if tail[-128:].startswith(_ID3_TAG):
        tail = tail[:-128]
    at = tail.rfind(_APE_TAG, len(tail) - 32) if tail else -1
    length = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    has_header = at >= 0 and tail[at + 23] & 0x80
    return tail[: max(0, len(tail) - length - (32 if has_header else 0))]
