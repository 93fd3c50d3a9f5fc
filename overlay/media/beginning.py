"""The beginning of a file, read once: its first picture, and what its first packets say of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice, pairwise
from typing import Any

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

_MAX_PACKETS = 3000
"""So many packets are enough to know that no picture of it decodes."""
_FIRST_PACKETS = 50
"""So many packets hold some of each stream, and reading them costs nothing."""
_UNDECODABLE = (av.error.FFmpegError, ValueError)
"""What decoding raises; the second is of PyAV 19 where there is no decoder."""
_STANDS_S = 2.0
"""A picture that stands for longer is one of a slideshow."""
_SLIDES = 5
"""So many pictures that stand make one."""


def first_frames(packets: Iterator[Packet[Any]]) -> Iterator[VideoFrame]:
    """Pictures as they are decoded; damaged packets are passed over, and some thousands are enough.

    Args:
        packets: Of one picture, such as ``container.demux(stream)``.
    """
    for _ in range(_MAX_PACKETS):
        try:
            packet = next(packets, None)
            frames = [] if packet is None else packet.decode()
        except _UNDECODABLE:
            continue
        yield from frames
        if packet is None:
            return


def _alone(packet: Packet[Any]) -> list[VideoFrame]:
    """What is in a keyframe, without the next packets, for which a decoder waits to order them.

    Behind it the decoder is as it was before.
    """
    decoder = packet.stream.codec_context
    frames: list[VideoFrame] = []
    with suppress(*_UNDECODABLE):
        for each in (packet, None) if packet.is_keyframe else ():
            frames += decoder.decode(each)
    decoder.flush_buffers()
    return frames


class Beginning:
    """The first packets of a file: each question reads on from where the one before stopped.

    The picture is asked for first, since what was read is not decoded any more.

    Args:
        container: The open file, of which nothing was read yet.
        picture: The picture that is asked about, if there is one.
    """

    def __init__(self, container: InputContainer, picture: VideoStream | None) -> None:
        self._packets = container.demux()
        self._picture = -1 if picture is None else picture.index
        self._times_s: list[float] = []
        """Of the packets of the picture."""
        self._encrypted: set[int] = set()
        self._n_read = 0
        self._is_broken = False

    def picture(self) -> VideoFrame | None:
        """The first picture; ``None`` if none can be decoded."""
        packets = self._of_picture()
        first = list(islice(packets, 1))
        return next(chain(*map(_alone, first), first_frames(chain(first, packets))), None)

    def stands(self, duration_s: float | None) -> bool:
        """Whether each of the first pictures comes seconds behind the one before, or there is one.

        Args:
            duration_s: Length of the file as it claims.
        """
        packets = self._of_picture()
        while not self._moves and len(self._times_s) < _SLIDES:
            if next(packets, None) is None:
                break
        if self._moves or self._is_broken:
            return False
        return len(self._times_s) > 1 or (len(self._times_s) == 1 and (duration_s or 0) > _STANDS_S)

    @property
    def _moves(self) -> bool:
        times_s = self._times_s[:_SLIDES]
        return any(abs(b - a) <= _STANDS_S for a, b in pairwise(times_s))

    def encrypted(self) -> set[int]:
        """Indices of the streams whose first packets say that they are encrypted."""
        while self._n_read < _FIRST_PACKETS and self._read() is not None:
            pass
        return self._encrypted

    def _of_picture(self) -> Iterator[Packet[Any]]:
        while (packet := self._read()) is not None:
            if packet.stream.index == self._picture:
                yield packet

    def _read(self) -> Packet[Any] | None:
        """The next packet; ``None`` behind the last one, and where reading fails."""
        try:
            packet = next(self._packets, None)
        except av.error.FFmpegError:
            self._is_broken = True
            return None
        if packet is not None:
            self._note(packet)
        return packet

    def _note(self, packet: Packet[Any]) -> None:
        self._n_read += 1
        if not packet.size:
            return
        index, tick_s = packet.stream.index, packet.time_base
        if self._n_read <= _FIRST_PACKETS and packet.has_sidedata("encryption_info"):
            self._encrypted.add(index)
        if index == self._picture and packet.pts is not None and tick_s is not None:
            self._times_s.append(float(packet.pts * tick_s))
