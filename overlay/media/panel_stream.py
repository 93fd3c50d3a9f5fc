"""The panel on its way to ffmpeg: pictures with their times, of which only those that differ.

They travel as NUT, the simplest container that ffmpeg reads with times. Where nothing moves the
first and the last picture are enough, since the overlay takes the one nearest in time: a stretch
of a day costs two pictures, whatever a file claims to last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import IO, Any, Protocol

import av
import ffmpeg

from overlay.datatypes import Box, VideoInfo

_MAX_PANEL_RATE = 30
"""Bars that grow in this many steps a second look smooth; the picture keeps its own rate."""
STANDING_RATE = Fraction(25)
"""Pictures a second of what is made of a still, which has no rate of its own."""
_LONGEST_S = 24 * 3600
"""Beyond 30 hours between two packets ffmpeg takes a time for an error (dts_error_threshold)."""
_BUFFER_BYTES = 1 << 20
NOTHING = Box(0, 0, 2, 2)
"""Where a clear panel goes that has no parts."""


class DrawnPanel(Protocol):
    """A panel in the pixels of some file."""

    pix_fmt: str
    size: tuple[int, int]
    """Width and height in pixels."""

    def frame(self, t: float) -> memoryview:
        """All of the picture at second ``t``; valid until the next call."""
        ...

    def next_change(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``; ``t`` if anything moves."""
        ...


@dataclass(frozen=True, slots=True)
class PanelInput:
    """The stream of panel pictures that ffmpeg reads from its standard input."""

    size: tuple[int, int]
    """Width and height of a picture."""
    places: tuple[tuple[Box, int], ...]
    """Where parts of it go on the video, and the row of the picture on which each begins, in its
    first column; all even."""
    pix_fmt: str
    range: str | None
    """``tv`` or ``pc``; ``None`` where the source says nothing, so that ffmpeg converts nothing."""
    space: str | None
    """Matrix, by ffmpeg's name; ``None`` as for ``range``."""
    rate: Fraction
    """Pictures a second; the n-th is for second n / rate."""
    first: int = 0
    """Number of the first one."""
    until: int | None = None
    """Number behind the last one, up to which the source's frames are repeated at ``rate``;
    ``None`` where the panel follows the frames and ends with them."""


def panel_rate(video: VideoInfo) -> Fraction:
    """The source's own rate, halved until it is no more than what looks smooth."""
    rate = video.frame_rate
    while rate > _MAX_PANEL_RATE:
        rate /= 2
    return rate


def first_picture(video: VideoInfo, rate: Fraction) -> int:
    """Number of the panel's first picture: 0, unless the video begins days later."""
    return max(0, int((video.start_s - _LONGEST_S) * rate))


def panel_frames(drawn: DrawnPanel, panel: PanelInput) -> Iterator[tuple[int, memoryview]]:
    """Panel pictures with their numbers; without ``until`` ffmpeg stops reading behind the video.

    Of pictures that are the same only the first and the last are given.
    """
    number, longest = panel.first, int(_LONGEST_S * panel.rate)
    last = None if panel.until is None else max(panel.until - 1, number)
    while True:
        number = number if last is None else min(number, last)
        at_s = float(number / panel.rate)
        yield number, drawn.frame(at_s)
        if number == last:
            return
        until_s = drawn.next_change(at_s)
        steps = min((until_s - at_s) * float(panel.rate), longest)
        number += max(1, ceil(steps) - 1)


def panel_tiles(panel: PanelInput) -> Any:
    """The panel as ffmpeg-python's stream, at the times of the picture's clock."""
    tiles = ffmpeg.input(
        "pipe:0", format="nut", fpsprobesize=0,
        **named_color(color_range=panel.range, colorspace=panel.space),
    )  # fmt: skip
    tick = 1 / panel.rate  # NUT counts finer
    tiles = tiles.filter("settb", f"{tick.numerator}/{tick.denominator}")
    return tiles.filter("setpts", f"PTS+{panel.first}") if panel.first else tiles


def laid_over(below: Any, panel: PanelInput, **options: Any) -> Any:
    """The panel's parts over a picture, each in its place; ``options`` are of ``overlay``."""
    tiles = [panel_tiles(panel)]
    if len(panel.places) > 1:
        copies = tiles[0].filter_multi_output("split", len(panel.places))
        tiles = [copies.stream(number) for number in range(len(panel.places))]
    for tile, (box, row) in zip(tiles, panel.places or ((NOTHING, 0),), strict=True):
        part = tile
        if (box.width, box.height) != panel.size:
            part = tile.filter("crop", box.width, box.height, 0, row, exact=1)
        below = ffmpeg.overlay(
            below, part, x=box.x, y=box.y, eval="init", shortest=1, ts_sync_mode="nearest",
            **options,
        )  # fmt: skip
    return below


def named_color(**values: str | None) -> dict[str, str]:
    """Colour options of an input, without those that the source leaves open."""
    return {key: value for key, value in values.items() if value is not None}


def write_panel(
    pipe: IO[bytes], panel: PanelInput, frames: Iterable[tuple[int, memoryview]]
) -> None:
    """Write numbered pictures to ffmpeg.

    Args:
        pipe: Its standard input.
        panel: What ffmpeg was told of them.
        frames: Number and pixels; may go on for ever.

    Raises:
        BrokenPipeError: ffmpeg has had enough.
    """
    tick, sink = 1 / panel.rate, _Sink(pipe)
    options = {"flush_packets": "0"}  # several pictures at once: fewer times in which we change
    with av.open(sink, "w", format="nut", buffer_size=_BUFFER_BYTES, options=options) as container:
        stream = container.add_stream("rawvideo", rate=panel.rate)
        stream.width, stream.height = panel.size
        stream.pix_fmt, stream.time_base = panel.pix_fmt, tick
        for number, pixels in frames:
            packet = av.Packet(pixels)  # type: ignore[arg-type]  # it takes any buffer
            packet.stream, packet.time_base, packet.is_keyframe = stream, tick, True
            packet.pts = packet.dts = number - panel.first
            container.mux(packet)
            if sink.stopped is not None:
                break
    if sink.stopped is not None:
        raise sink.stopped


class _Sink:
    """A pipe that PyAV writes to: what is raised there would not come through it whole."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self.stopped: BaseException | None = None

    def write(self, data: bytes) -> int:
        """Write, unless something was raised before."""
        try:
            if self.stopped is None:
                self._pipe.write(data)
        except BaseException as error:
            self.stopped = error
        return len(data)
