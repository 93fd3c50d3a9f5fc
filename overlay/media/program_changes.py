"""A transport stream whose picture or sound goes on under another number (PID) from somewhere on.

ffmpeg takes what follows for other streams, which appear while it reads and which nothing uses: the
picture simply ends there. Where two recordings were joined, or a station changed its tables, that
has to be known before.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

Packets = npt.NDArray[np.uint8]
"""``[n_packets, length]``."""
Places = npt.NDArray[np.intp]
"""Indices of packets."""

_SYNC = 0x47
_LENGTHS = (188, 192, 204)
"""Bytes of a packet: plain, with a time before it, with a checksum behind it."""
_HEAD_BYTES = 1 << 12
_EDGE_BYTES, _SAMPLE_BYTES = 1 << 22, 1 << 21
"""What is read of the start and of the end, and of a place between them: enough for packets of
every stream that goes on."""
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
    """Bytes at which packets of a number lie, of the pieces that were looked at."""

    first: int
    last: int
    kind: int = 0
    """What its first unit is of: 0xE0 a picture, 0xC0 or 0xBD a sound; 0 if it has none."""


class _Samples:
    """What lies where in a transport stream, by pieces of it."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self.spans: dict[int, _Span] = {}
        self.tables: list[int] = []
        """Bytes at which the table that names all programs lies."""

    def look(self, begin: int, end: int) -> set[int]:
        """Read a piece; the numbers of the packets in it."""
        begin = max(0, begin)
        self._file.seek(begin)
        data = self._file.read(max(0, min(end, self._size) - begin))
        length, first = packets_of(data[:_HEAD_BYTES]) or (0, 0)
        if not length:
            return set()
        n_bytes = (len(data) - first) // length * length
        packets = np.frombuffer(data, np.uint8, n_bytes, first).reshape(-1, length)
        synced = packets[:, 0] == _SYNC
        of = np.where(synced, (packets[:, 1] & 0x1F).astype(int) << 8 | packets[:, 2], -1)
        numbers = set(map(int, np.unique(of[synced])))
        for number in numbers:
            self._note(number, packets, np.flatnonzero(of == number), begin + first)
        return numbers

    def _note(self, number: int, packets: Packets, places: Places, offset: int) -> None:
        length = packets.shape[1]
        if number == _TABLE:
            self.tables += [offset + length * int(at) for at in places]
        first, last = (offset + length * int(at) for at in places[[0, -1]])
        span = self.spans.setdefault(number, _Span(first, last))
        span.first, span.last = min(first, span.first), max(last, span.last)
        span.kind = span.kind or _kind(packets[places])

    def look_at_end_of(self, number: int) -> None:
        """Find where a stream ends that is in the first piece and not in the last one."""
        there, gone = 0, self._size - _EDGE_BYTES
        while gone - there > _SAMPLE_BYTES:
            middle = (there + gone) // 2
            if number in self.look(middle, middle + _SAMPLE_BYTES):
                there = middle
            else:
                gone = middle
        self.look(there, gone + 2 * _SAMPLE_BYTES)


def changed_at(path: Path, numbers: Collection[int]) -> int | None:
    """Byte at which a file is to be cut, since a stream goes on under another number from there.

    Start and end are read; where a stream is not in the end, the place at which it ends is looked
    for by halves. So a file of any size costs some megabytes, and a stream that comes back is no
    change.

    Args:
        path: The file; nothing is found in one that cannot be read or is no transport stream.
        numbers: Those of the streams that are used.

    Source:
        ISO 13818-1, 2.4.3.2 (packets) and 2.4.3.7 (units).
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            samples = _Samples(file, size)
            is_small = size <= 2 * _EDGE_BYTES
            samples.look(0, size if is_small else _EDGE_BYTES)
            at_end = {*numbers} if is_small else samples.look(size - _EDGE_BYTES, size)
            for number in {*numbers} & {*samples.spans} - at_end:
                samples.look_at_end_of(number)
    except OSError:
        return None
    spans = samples.spans
    used = [spans[number] for number in numbers if number in spans]
    pairs = [pair for own in used for each in spans.values() for pair in ((own, each), (each, own))]
    begins = [b.first for a, b in pairs if _follows(b, a, int(_ENDS * size))]
    if not begins:
        return None
    return max((at for at in samples.tables if at <= min(begins)), default=min(begins))


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
