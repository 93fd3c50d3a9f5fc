"""What the last bytes of a file say of its end, where the demuxer says nothing of it.

A recording that was cut at any byte is mostly told by ffmpeg. These kinds are not: their readers
take what is there and are content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from overlay.media.bare_frames import BARE, ends_within_frame
from overlay.media.program_changes import packets_of

_TAIL_BYTES = 1 << 17
"""More than two pages of Ogg, which are 65,307 bytes at most."""
_OGG_PAGE = b"OggS"
_END_OF_STREAM = 4
_FLV_KINDS = (8, 9, 18)
_PS_PACKETS = 0xBB
"""Start codes from here on are of packets with a length; those of pictures are below."""
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_NUT_INDEX = bytes.fromhex("4e58dd672f23e64e")
_BOX_BYTES, _MOST_BOXES = 8, 100_000
_UNKNOWN_FROM = 0x7FFFF000
"""Lengths that writers give who cannot go back to say the true one: 2 or 4 GB, or nearly."""


def ending_notes(path: Path, container: str) -> Iterator[str]:
    """Says so where a file ends in the middle of something.

    Args:
        path: The file; nothing is said of one that cannot be read.
        container: Its format, as ffmpeg calls it.

    Source:
        RFC 3533 (Ogg), Adobe Flash Video File Format Specification 10.1, ISO 13818-1 (TS,
        PS), Advanced Systems Format Specification 3.2, ISO 14496-12, 4.2 (boxes), NUT Open
        Container Format.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_TAIL_BYTES)
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            tail = file.read()
            kind = container.partition(",")[0]
            what = _within_box(file, size) if kind == "mov" else _within(kind, head, tail, size)
    except OSError:
        return
    if what:
        yield f"the file ends {what}, so it may be cut; what is there is used"


def _within(kind: str, head: bytes, tail: bytes, size: int) -> str:
    """What a file ends in the middle of; empty if nothing is known of that."""
    if kind in BARE:
        return "within a frame" if ends_within_frame(tail, kind) else ""
    within = {
        "ogg": lambda: _within_ogg(tail), "flv": lambda: _within_flv(tail, size),
        "mpeg": lambda: _within_ps(tail), "mpegts": lambda: _within_ts(head, size),
        "asf": lambda: _within_asf(head, size), "avi": lambda: _within_avi(head, size),
        "nut": lambda: _within_nut(tail, size),
    }.get(kind)  # fmt: skip
    return within() if within else ""


def _within_box(file: IO[bytes], size: int) -> str:
    at = 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        length = int.from_bytes(head[8:], "big") if length == 1 else length
        if length < _BOX_BYTES:  # 0 is up to the end
            return "within a box" if 0 < len(head) < _BOX_BYTES else ""
        at += length
        if at >= size:
            return "within a box" if at > size else ""
    return ""


def _within_avi(head: bytes, size: int) -> str:
    claimed = int.from_bytes(head[4:8], "little")
    is_claim = 0 < claimed < _UNKNOWN_FROM
    return "before the length that it claims" if is_claim and claimed + 8 > size else ""


def _within_nut(tail: bytes, size: int) -> str:
    """The index is last, and its last bytes say how long it is."""
    length = int.from_bytes(tail[-12:-4], "big")
    is_there = len(tail) < length < size or tail[-length:].startswith(_NUT_INDEX)
    return "" if is_there else "without an index"


def _within_ogg(tail: bytes) -> str:
    at = tail.rfind(_OGG_PAGE)
    if at < 0 or at + 27 > len(tail):
        return "within a page"
    n_segments = tail[at + 26]
    lengths = tail[at + 27 : at + 27 + n_segments]
    if at + 27 + n_segments + sum(lengths) > len(tail):
        return "within a page"
    return "" if tail[at + 5] & _END_OF_STREAM else "without a page that is marked as the last"


def _within_flv(tail: bytes, size: int) -> str:
    length = int.from_bytes(tail[-4:], "big")
    if length == 0 or length + 4 > len(tail):
        return "within a tag" if length + 13 > size else ""  # one too long to be looked at
    tag = tail[-4 - length : -4]
    whole = tag[0] in _FLV_KINDS and int.from_bytes(tag[1:4], "big") == length - 11
    return "" if whole else "within a tag"


def _within_ps(tail: bytes) -> str:
    at = len(tail)
    while (at := tail.rfind(b"\0\0\1", 0, at)) >= 0:
        if at + 6 <= len(tail) and tail[at + 3] >= _PS_PACKETS:
            length = int.from_bytes(tail[at + 4 : at + 6], "big")
            return "within a packet" if at + 6 + length > len(tail) else ""
    return ""


def _within_ts(head: bytes, size: int) -> str:
    length, first = packets_of(head) or (1, 0)
    before = 4 if length == 192 else 0
    return "within a packet" if (size - first + before) % length else ""


def _within_asf(head: bytes, size: int) -> str:
    at = head.find(_ASF_PROPERTIES)
    if at < 0 or at + 92 > len(head):
        return ""
    claimed, flags = struct.unpack_from("<Q", head, at + 40)[0], head[at + 88]
    is_broadcast = flags & 1
    return "" if is_broadcast or claimed <= size else "before the length that it claims"


def has_no_length(path: Path, container: str) -> bool:
    """Whether a WAVE file was written to a pipe: what it claims of its length is no claim.

    Args:
        path: The file.
        container: Its format, as ffmpeg calls it.
    """
    if container != "wav":
        return False
    try:
        with path.open("rb") as file:
            head = file.read(_TAIL_BYTES)
    except OSError:
        return False
    at = 12
    while at + 8 <= len(head):
        length = int.from_bytes(head[at + 4 : at + 8], "little")
        if head[at : at + 4] == b"data":
            return length == 0 or length >= _UNKNOWN_FROM
        at += 8 + length + length % 2
    return False
