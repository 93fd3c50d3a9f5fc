"""What the bytes of a file say of its end, where the demuxer says nothing of it.

A recording that was cut at any byte is mostly told by ffmpeg. These kinds are not: their readers
take what is there and are content. Kinds with neither a length nor frames that can be told apart
(DFPWM, G.722, APTX, ALP, H.261, bare HEVC) cannot be known to be cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from overlay.media.bare_frames import BARE, ends_within_frame
from overlay.media.bare_pictures import ends_within_picture
from overlay.media.claimed_sizes import UNKNOWN_FROM, claimed_size
from overlay.media.file_pieces import within_piece
from overlay.media.program_changes import packets_of

_TAIL_BYTES = 1 << 17
"""More than two pages of Ogg, which are 65,307 bytes at most, or two bursts of S/PDIF."""
_OGG_PAGE = b"OggS"
_END_OF_STREAM = 4
_FLV_KINDS = (8, 9, 18)
_PS_PACKETS, _PS_PACK = 0xBB, 0xBA
"""Start codes from here on are of packets with a length; those of pictures are below."""
_NUT_INDEX = bytes.fromhex("4e58dd672f23e64e")
_AMV_END = b"AMV_END_"
_BURST = bytes.fromhex("72f81f4e")
_GXF_END = bytes.fromhex("0000000001fb0000001000000000e1e2")
_BOUNDARY = re.compile(rb"\r\n--[!-~]{1,70}\r\n\Z")
_OF_THE_END = ("Packet corrupt", "corrupt input packet", "Error during demuxing")
"""What a demuxer says of a last packet that is shorter than it asked for."""


def ending_notes(path: Path, container: str) -> Iterator[str]:
    """Says so where a file ends in the middle of something.

    Args:
        path: The file; nothing is said of one that cannot be read.
        container: Its format, as ffmpeg calls it.

    Source:
        RFC 3533 (Ogg), Adobe Flash Video File Format Specification 10.1, ISO 13818-1 (TS,
        PS), NUT Open Container Format, IEC 61937-1 (bursts of S/PDIF).
    """
    kind = container.partition(",")[0]
    try:
        with path.open("rb") as file:
            head = file.read(_TAIL_BYTES)
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            tail = file.read()
            what = within_piece(file, size, kind) or _within(kind, head, tail, size)
    except OSError:
        return
    if what:
        yield f"the file ends {what}, so it may be cut; what is there is used"


def _within(kind: str, head: bytes, tail: bytes, size: int) -> str:
    """What a file ends in the middle of; empty if nothing is known of that."""
    if claimed_size(head, kind) > size:
        return "before the length that it claims"
    if kind in BARE:
        return "within a frame" if ends_within_frame(tail, kind) else ""
    if ends_within_picture(head, tail, size, kind):
        return "within a picture"
    within = {
        "ogg": lambda: _within_ogg(tail), "flv": lambda: _within_flv(tail, size),
        "mpeg": lambda: _within_ps(tail), "mpegts": lambda: _within_ts(head, size),
        "avi": lambda: _within_amv(head, tail), "nut": lambda: _within_nut(tail, size),
        "spdif": lambda: _within_burst(tail),
    }.get(kind)  # fmt: skip
    return within() if within else ""


def _within_amv(head: bytes, tail: bytes) -> str:
    """It claims no length, and has an end."""
    is_amv = head[8:12] == b"AMV "
    return "without a mark of its end" if is_amv and not tail.endswith(_AMV_END) else ""


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
    """The head of a pack has no length; packets follow it."""
    at = len(tail)
    while (at := tail.rfind(b"\0\0\1", 0, at)) >= 0:
        code = tail[at + 3] if at + 3 < len(tail) else _PS_PACK
        if code >= _PS_PACKETS and at + 6 <= len(tail):
            length = int.from_bytes(tail[at + 4 : at + 6], "big")
            return "within a packet" if at + 6 + length > len(tail) else ""
        if code >= _PS_PACK:
            return "within a packet"
    return ""


def _within_ts(head: bytes, size: int) -> str:
    length, first = packets_of(head) or (1, 0)
    before = 4 if length == 192 else 0
    return "within a packet" if (size - first + before) % length else ""


def _within_burst(tail: bytes) -> str:
    """Bursts of S/PDIF begin at the same distance from each other."""
    last = tail.rfind(_BURST)
    before = tail.rfind(_BURST, 0, max(0, last))
    return "within a burst" if before >= 0 and len(tail) - last < last - before else ""


def believed(damage: Iterable[str], path: Path, container: str) -> list[str]:
    """What ffmpeg says of damage, without what it says of the end of files that are whole.

    A WAVE file that was written to a pipe claims a length that is no claim, and readers of a few
    kinds ask for more than a whole file has.

    Args:
        damage: Lines of ``FfmpegLog.damage``.
        path: The file.
        container: Its format, as ffmpeg calls it.
    """
    lines = list(damage)
    of_the_end = [line for line in lines if line.startswith(_OF_THE_END)]
    if not of_the_end or not _is_misread(path, container):
        return lines
    return [line for line in lines if line not in of_the_end]


def _is_misread(path: Path, container: str) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_TAIL_BYTES)
            size = file.seek(0, 2)
            file.seek(max(0, size - 100))
            tail = file.read()
    except OSError:
        return False
    return {
        "adx": 0 < claimed_size(head, "adx") <= size,
        "wsaud": 0 < claimed_size(head, "wsaud") <= size,
        "gxf": tail.endswith(_GXF_END),
        "mpjpeg": bool(_BOUNDARY.search(tail)),
        "wav": _has_no_length(head),
    }.get(container, False)


def _has_no_length(wave: bytes) -> bool:
    at = 12
    while at + 8 <= len(wave):
        length = int.from_bytes(wave[at + 4 : at + 8], "little")
        if wave[at : at + 4] == b"data":
            return length == 0 or length >= UNKNOWN_FROM["I"]
        at += 8 + length + length % 2
    return False
