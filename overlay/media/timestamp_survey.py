"""What is wrong with a file's timestamps as a whole, found before anything else is read.

Two things: a stream that begins behind the end that the file claims, and sound whose timestamps
creep, so that its packets would lie over each other. Without ``--tolerant`` the first is refused
here, and the second where the sound is heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.packet import Packet

from overlay.datatypes import AudioInfo, MediaInfo, Repair, VideoInfo
from overlay.errors import DecodeError
from overlay.media.probe import fraction_of, opened
from overlay.media.sample_placing import Placing
from overlay.media.timestamp_repair import LEAP_S, MOST_STRAYS, sound_filter, unwrapped_s

_RATE = 1000
"""Steps a second in which packets are laid one after the other."""
_BLOCK_LENGTH = 60 * _RATE


def check_together(info: MediaInfo) -> None:
    """Check that no stream begins behind the end of the file.

    Raises:
        DecodeError: One does.
    """
    for stream in _far(info):
        name = "picture" if stream is info.video else "sound"
        raise DecodeError(
            f"is damaged: its {name} begins at {stream.start_s:.1f} s, and the file claims to end "
            f"at {info.duration_s or 0:.1f} s; --tolerant brings its streams together",
            path=info.path,
        )


def surveyed(info: MediaInfo) -> MediaInfo:
    """The source with its timestamps mended wherever it is read."""
    info = replace(info, mended=True)
    if info.clock:
        return info
    far = list(_far(info))
    moved = {stream.index: _brought_near(info, stream) for stream in far}
    info = replace(
        info,
        repairs=tuple(moved.values()),
        video=replace(info.video, start_s=0.0) if info.video and info.video in far else info.video,
        audio=tuple(replace(each, start_s=0.0) if each in far else each for each in info.audio),
    )
    for index, step_s in _creeping(info):
        moved[index] = replace(moved.get(index, Repair(index)), creeps=True, step_s=step_s)
    return replace(info, repairs=tuple(moved.values()))


def _far(info: MediaInfo) -> Iterator[AudioInfo | VideoInfo]:
    """Streams that begin where the file has ended; nobody knows that where timestamps may jump."""
    if info.clock or info.duration_s is None:
        return
    for stream in (info.video, *info.audio):
        if stream is not None and stream.start_s > max(info.duration_s, LEAP_S):
            yield stream


def _brought_near(info: MediaInfo, stream: AudioInfo | VideoInfo) -> Repair:
    """What brings a stream to second 0, or its first packets alone, if those leap."""
    with opened(info.path) as file:
        packets = islice(file.demux(file.streams[stream.index]), MOST_STRAYS + 1)
        times = [float(p.dts * p.time_base) for p in packets if p.dts is not None]
    falls = (n for n, (a, b) in enumerate(pairwise(times), start=1) if a - b > LEAP_S)
    if n_first := next(falls, 0):
        return Repair(stream.index, n_first=n_first)
    return Repair(stream.index, shift_s=-unwrapped_s(info, stream.start_s))


class _Laid:
    """Packets of a sound, laid where their mended timestamps say as their samples would be."""

    def __init__(self, sound: AudioStream, info: MediaInfo) -> None:
        self._sound = sound
        self._filter = BitStreamFilterContext(sound_filter(info, sound.index), sound)
        self._placing = Placing(_RATE, _BLOCK_LENGTH)

    def add(self, packet: Packet[Any]) -> None:
        """Take the next packet of the file."""
        tick_s = float(fraction_of(self._sound.time_base) or 1)
        for each in self._filter.filter(packet):
            if each.dts is not None:
                length = round((each.duration or 0) * tick_s * _RATE)
                blank = np.zeros(min(length, _BLOCK_LENGTH), np.float32)
                for _ in self._placing.put(round(each.dts * tick_s * _RATE), blank):
                    pass

    @property
    def creeps(self) -> bool:
        """Whether what was heard before would be heard over it for long."""
        return self._placing.goes_back

    @property
    def step_s(self) -> float:
        """Seconds from a packet to the next; 0 where each says its own length."""
        context = self._sound.codec_context
        return context.frame_size / context.sample_rate if context.frame_size > 1 else 0.0


def _creeping(info: MediaInfo) -> Iterator[tuple[int, float]]:
    """Sounds whose packets lie over each other, and the seconds from one to the next."""
    wanted = {track.index for track in info.audio if not track.problem}
    with opened(info.path) as file:
        sounds = {s.index: s for s in file.streams.audio if s.index in wanted}
        laid = {index: _Laid(sound, info) for index, sound in sounds.items()}
        with suppress(av.error.FFmpegError):  # what can be read is what there is
            for packet in file.demux(*sounds.values()) if sounds else ():
                if packet.size:
                    laid[packet.stream.index].add(packet)
    yield from ((index, each.step_s) for index, each in laid.items() if each.creeps)
