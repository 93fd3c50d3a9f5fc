"""A transport stream whose picture or sound goes on under another number (PID) from somewhere on.

ffmpeg takes what follows for other streams, which appear while it reads and which nothing uses: the
picture simply ends there. Where two recordings were joined, or a station changed its tables, that
has to be known before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Packets = npt.NDArray[np.uint8]
"""``[n_packets, length]``."""

_SYNC = 0x47
_LENGTHS = (188, 192, 204)
"""Bytes of a packet: plain, with a time before it, with a checksum behind it."""
_HEAD_BYTES = 1 << 12
_CHUNK_PACKETS = 1 << 17
_ENDS = 0.98
"""A stream whose last packet lies in front of this share of a file has ended before it."""
_TABLE = 0
"""Number of the table that names all programs."""


def packets_of(head: bytes) -> tuple[int, int] | None:
    """Length of a packet, and where the first one begins; ``None`` where there are none."""
    for length in _LENGTHS:
        for first in range(length):
            if len(head) > first + 4 * length and all(
                head[first + n * length] == _SYNC for n in range(5)
            ):
                return length, first
    return None


@dataclass(slots=True)
class _Span:
    """Where the packets of a number lie."""

    first: int
    last: int
    kind: int = 0
    """What its first unit is of: 0xE0 a picture, 0xC0 or 0xBD a sound; 0 if it has none."""


def changed_at(path: Path, numbers: Collection[int]) -> int | None:
    """Byte at which a file is to be cut, since a stream goes on under another number from there.

    All of the file is read once; bytes that were lost or added end the search.

    Args:
        path: The file; nothing is found in one that cannot be read or is no transport stream.
        numbers: Those of the streams that are used.

    Source:
        ISO 13818-1, 2.4.3.2 (packets) and 2.4.3.7 (units).
    """
    spans: dict[int, _Span] = {}
    tables, n_packets = [0], 0
    try:
        with path.open("rb") as file:
            length, first = packets_of(file.read(_HEAD_BYTES)) or (0, 0)
            file.seek(first)
            while length and len(block := file.read(length * _CHUNK_PACKETS)) >= length:
                whole = np.frombuffer(block, np.uint8, len(block) // length * length)
                tables += _look(whole.reshape(-1, length), n_packets, spans)
                n_packets += len(block) // length
    except OSError:
        return None
    used = [spans[number] for number in numbers if number in spans]
    pairs = [pair for own in used for each in spans.values() for pair in ((own, each), (each, own))]
    begins = [b.first for a, b in pairs if _follows(b, a, int(_ENDS * n_packets))]
    if not begins:
        return None
    return first + length * max(at for at in tables if at <= min(begins))


def _look(packets: Packets, n_before: int, spans: dict[int, _Span]) -> list[int]:
    """Extend spans by some packets; where the table of programs is among them."""
    synced = packets[:, 0] == _SYNC
    of = np.where(synced, (packets[:, 1] & 0x1F).astype(int) << 8 | packets[:, 2], -1)
    for number in map(int, np.unique(of[synced])):
        places = np.flatnonzero(of == number)
        span = spans.setdefault(number, _Span(n_before + int(places[0]), 0))
        span.last = n_before + int(places[-1])
        span.kind = span.kind or _kind(packets[places])
    return [n_before + int(at) for at in np.flatnonzero(of == _TABLE)]


def _kind(packets: Packets) -> int:
    """Of the first unit that begins in one of some packets of a number."""
    for packet in packets[packets[:, 1] & 0x40 != 0][:1]:
        begin = 4 + (1 + int(packet[4]) if packet[3] & 0x20 else 0)
        if bytes(packet[begin : begin + 3]) == b"\0\0\1" and begin + 3 < len(packet):
            kind = int(packet[begin + 3])
            return kind & 0xF0 if kind >= 0xE0 else kind & 0xE0 if kind >= 0xC0 else kind
    return 0


def _follows(later: _Span, earlier: _Span, end: int) -> bool:
    """Whether one stream takes the place of another that ends before the end of the file."""
    same = 0 < later.kind == earlier.kind
    over = earlier.last < min(later.last, end)
    return same and over and later.first > earlier.last // 2
