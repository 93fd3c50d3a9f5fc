"""What HDR pictures say of single scenes: Dolby Vision and HDR10+.

It lies in the coded frames, a message each, and no encoder here takes it along. Where it only
refines what holds for the whole film (HDR10, HLG), the film is right without it. Where the colours
themselves are Dolby Vision's own (profile 5), the film is green and purple without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import av.error

from overlay.datatypes import MediaInfo, VideoInfo
from overlay.errors import ProbeError
from overlay.media.probe import opened
from overlay.reporting import Reporter

_CODECS = ("hevc", "av1", "h264", "vp9")
_FIRST_PACKETS = 5
_MARKS = {
    "HDR10+": re.compile(rb"\xb5\x00\x3c\x00\x01\x04"),
    "Dolby Vision": re.compile(rb"\xb5\x00\x3b\x00\x00\x08\x00"),
}
"""Beginnings of messages by ITU-T T.35: the country, the one who defined them, their number."""
_UNIT = re.compile(rb"\x7c\x01\x19")
"""Beginning of a unit of Dolby Vision in HEVC: NAL type 62, and what all messages begin with."""
_LONGEST_UNIT = 1 << 12


def dynamic_metadata(info: MediaInfo) -> list[str]:
    """Which of the two a picture has, by the first frames.

    Source:
        SMPTE ST 2094-40 and 2094-10 (as CTA-861 and ETSI TS 103 572 frame them), ITU-T H.265.
    """
    video = info.video
    if video is None or video.codec not in _CODECS or video.bit_depth < 10:
        return []
    first = list(_first_packets(info, video))
    said = {name for name, mark in _MARKS.items() if any(map(mark.search, first))}
    said |= {"Dolby Vision"} if video.codec == "hevc" and any(map(_has_unit, first)) else set()
    return sorted(said)


def loses_colors(info: MediaInfo) -> bool:
    """Whether small pictures of a film have other colours than it has."""
    return info.video is not None and has_own_colors(info.video, dynamic_metadata(info))


def note_lost_colors(info: MediaInfo, reporter: Reporter) -> None:
    """Say it if so."""
    if loses_colors(info):
        reporter.note(
            "its colours are Dolby Vision's own (profile 5): small pictures of it are green and "
            "purple"
        )


def has_own_colors(video: VideoInfo, kinds: list[str]) -> bool:
    """Whether nothing but its own messages says what the colours of a picture are."""
    color = video.color
    return "Dolby Vision" in kinds and not (color.space or color.primaries or color.transfer)


def _first_packets(info: MediaInfo, video: VideoInfo) -> Iterator[bytes]:
    try:
        with opened(info.path) as file:
            for packet in islice(file.demux(file.streams[video.index]), _FIRST_PACKETS):
                yield bytes(packet)
    except (av.error.FFmpegError, ProbeError, OSError):
        return


def _has_unit(packet: bytes) -> bool:
    """Behind a start code, or behind the length of what follows."""
    for found in _UNIT.finditer(packet):
        before = packet[max(0, found.start() - 4) : found.start()]
        length = int.from_bytes(before, "big")
        fits = len(before) == 4 and found.start() + length <= len(packet)
        if before[-3:] == b"\0\0\1" or (fits and 3 < length < _LONGEST_UNIT):
            return True
    return False
