"""Whether a file that is made of pieces, each with its length, ends within one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

_MOST = 100_000
"""Pieces that are looked at."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a file is made of, one behind the other."""

    name: str
    first: int
    """Where the first one begins."""
    head: int
    """Bytes that tell the length."""
    length_of: Callable[[bytes], int]
    """By them, and as many again as there are; less than ``head`` if nobody knows."""


def _box(head: bytes) -> int:
    """One of no length goes up to the end."""
    length = int.from_bytes(head[:4], "big")
    return int.from_bytes(head[8:16], "big") if length == 1 else length


def _caf_chunk(head: bytes) -> int:
    length = int.from_bytes(head[4:12], "big", signed=True)
    return 12 + length if length >= 0 else 0


def _dirac_unit(head: bytes) -> int:
    return int.from_bytes(head[5:9], "big") if head.startswith(b"BBCD") else 0


_PIECES = {
    "mov": _Piece("box", 0, 8, _box),
    "caf": _Piece("chunk", 8, 12, _caf_chunk),
    "dirac": _Piece("unit", 0, 13, _dirac_unit),
    "g723_1": _Piece("frame", 0, 1, lambda head: (24, 20, 4, 1)[head[0] & 3]),
    "roq": _Piece("chunk", 8, 8, lambda head: 8 + int.from_bytes(head[2:6], "little")),
}
"""By container, as ffmpeg calls it."""


def within_piece(file: IO[bytes], size: int, container: str) -> str:
    """What a file ends in the middle of; empty if nothing is known of that.

    Args:
        file: It, open.
        size: Its bytes.
        container: Its format.

    Source:
        ISO 14496-12, 4.2; Apple Core Audio Format Specification 1.0; SMPTE ST 2042-1, 10.5;
        ITU-T G.723.1, 4.
    """
    piece = _PIECES.get(container)
    at = piece.first if piece else size
    for _ in range(_MOST):
        if piece is None or at >= size:
            break
        file.seek(at)
        head = file.read(2 * piece.head)
        length = piece.length_of(head) if len(head) >= piece.head else size
        if length < piece.head:
            return ""
        at += length
    return f"within a {piece.name}" if piece and at > size else ""
