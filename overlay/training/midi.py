"""Standard MIDI Files from notes, for sounds that fluidsynth plays."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

DRUM_CHANNEL = 9
_TICKS_A_SECOND = 960

Note = tuple[float, float, int, int]
"""Start and length in seconds, pitch, velocity."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one instrument plays."""

    program: int
    """General MIDI instrument, 0 to 127."""
    notes: Sequence[Note]
    channel: int = 0


def midi(parts: Sequence[Part]) -> bytes:
    """A file of format 0: all parts in one track.

    Source:
        MIDI Manufacturers Association, "Standard MIDI Files 1.0".
    """
    first = b"".join(b"\x00" + bytes([0xC0 | part.channel, part.program]) for part in parts)
    events = sorted(event for part in parts for event in _events(part))
    track, last = first, 0
    for tick, message in events:
        track += _variable_length(tick - last) + message
        last = tick
    track += _variable_length(_TICKS_A_SECOND // 2) + b"\xff\x2f\x00"
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS_A_SECOND // 2)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + track


def _events(part: Part) -> list[tuple[int, bytes]]:
    events = []
    for start_s, length_s, pitch, velocity in part.notes:
        begin, end = (int(s * _TICKS_A_SECOND) for s in (start_s, start_s + length_s))
        events.append((begin, bytes([0x90 | part.channel, pitch, velocity])))
        events.append((end, bytes([0x80 | part.channel, pitch, 0])))
    return events


def _variable_length(number: int) -> bytes:
    """A number as MIDI writes it: seven bits a byte, all but the last marked."""
    digits = [number & 127]
    while number := number >> 7:
        digits.insert(0, number & 127 | 128)
    return bytes(digits)
