"""The timeline: a strip with lanes of events and the sound below them, and where we are on it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from overlay.datatypes import Box
from overlay.drawing.canvas import even_box, lay
from overlay.drawing.layout import CAP_HEIGHT
from overlay.drawing.plate import rounded
from overlay.drawing.strip_layout import Strip, strip_in
from overlay.drawing.strip_tiles import COMING, LIT, TILE, Paper
from overlay.drawing.text import Pixels, TextDrawer, TextStyle, solid
from overlay.drawing.views.base import Brief, Look, Patch, Scene, Stamp

_WHOLE = 1.5
"""A video is shown as a whole up to this many spans."""
_THROUGH_LABELS = 0.45
"""Opacity of the playhead where it crosses letters: they can be read through it."""
_N_FLAGS = 4
"""Drawn times that are kept."""


def timelined(brief: Brief) -> list[TimelinePiece]:
    """The strip, at the bottom of the picture or at its top."""
    settings = brief.settings
    strip = strip_in(brief.room, brief.theme, settings.scale, settings.position)
    window = Window(max(brief.duration_s, 1.0), settings.span, strip.width)
    return [TimelinePiece(strip, window, brief)]


class Window:
    """Which part of the time is shown when: all of a short video, of a longer one a span.

    The window of a long one moves so that the playhead stays in its middle; only at the start and
    at the end the window stands, and the playhead moves.

    Args:
        duration_s: Of the video.
        span_s: What is shown of a long one.
        width: Columns of the window.
    """

    def __init__(self, duration_s: float, span_s: float, width: int) -> None:
        self.is_whole = duration_s <= _WHOLE * span_s
        self.duration_s, self.width = duration_s, width
        self.columns_per_s = width / (duration_s if self.is_whole else span_s)
        self.n_columns = width if self.is_whole else ceil(duration_s * self.columns_per_s)
        """Of all of the time."""

    def offset(self, t: float) -> int:
        """Columns between second 0 and the window's start at second ``t``."""
        return min(max(self._column(t) - self.width // 2, 0), self.n_columns - self.width)

    def column(self, t: float, offset: int) -> int:
        """Where second ``t`` is in a window."""
        return min(max(self._column(t) - offset, 0), self.width - 1)

    def still_until(self, t: float) -> float:
        """When the next column or second begins."""
        if t >= self.duration_s:
            return float("inf")
        return max(t, min((self._column(t) + 1) / self.columns_per_s, floor(t) + 1.0))

    def _column(self, t: float) -> int:
        return floor(min(t, self.duration_s) * self.columns_per_s)


@dataclass(frozen=True)
class TimelinePiece:
    """A ``Piece``."""

    strip: Strip
    window: Window
    brief: Brief

    @property
    def box(self) -> Box:
        """The strip."""
        return self.strip.box

    @property
    def fits(self) -> bool:
        """Whether there is room for a lane with letters."""
        return self.strip.fits

    def view(self, look: Look) -> TimelineView:
        """Lanes, the sound, and a playhead."""
        return TimelineView(self, look)


@dataclass(frozen=True, slots=True)
class TimelineScene:
    """All that is on the canvas."""

    offset: int
    """Columns between second 0 and the window's start."""
    column: int
    """Of the playhead in the window."""
    time: str


class TimelineView:
    """Lanes of events, the sound below them, and a playhead.

    Args:
        piece: What is where.
        look: Colours and fonts.
    """

    def __init__(self, piece: TimelinePiece, look: Look) -> None:
        self._strip, self._window = piece.strip, piece.window
        scale, n_columns = piece.window.columns_per_s, piece.window.n_columns
        self._paper = Paper(piece.strip, scale, n_columns, piece.brief, look)
        self._playhead = _Playhead(piece.strip, look)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the strip."""
        return self._strip.box.width, self._strip.box.height

    def scene(self, t: float, *, settled: bool = False) -> TimelineScene:
        """What is shown at second ``t``."""
        t = max(t, 0.0)
        offset = self._window.offset(t)
        time = clock_face(min(t, self._window.duration_s))
        return TimelineScene(offset, self._window.column(t, offset), time)

    def patches(self, old: Scene, new: Scene) -> Iterable[Patch]:
        """Where two scenes differ."""
        assert isinstance(old, TimelineScene) and isinstance(new, TimelineScene)
        if old.offset != new.offset:
            yield from self._moved(new)
        columns = [self._strip.left + scene.column for scene in (old, new)]
        for box in self._playhead.changed(columns, (old.time, new.time)):
            yield Patch(even_box(*box, self.size))

    def paint(self, scene: Scene, box: Box, area: Pixels) -> None:
        """Draw a box of a scene."""
        assert isinstance(scene, TimelineScene)
        strip = self._strip
        rows, columns = box.slices
        area[:] = self._paper.ground[:, rows, columns]
        now, end = strip.left + scene.column, strip.left + strip.width
        for page, start, stop in ((LIT, strip.left, now), (COMING, now, end)):
            start, stop = max(start, box.x), min(stop, box.right)
            if start < stop:
                shift = scene.offset - strip.left
                seen = self._paper.columns(page, start + shift, stop + shift)
                area[:, :, start - box.x : stop - box.x] = seen[:, rows]
        for lane, number, place in self._paper.leaving(scene.offset):
            label = self._paper.left(lane, number, place)
            _put(area, label, strip.left - box.x, self._paper.label_rows(lane).start - box.y)
        for tile, x, y in self._playhead.tiles(now, scene.time):
            lay(area, tile, x - box.x, y - box.y, 1.0)

    def stamp(self, key: Hashable) -> Pixels:
        """A tile of a page, or a label at the window's edge."""
        assert isinstance(key, tuple)
        kind, *rest = key
        if kind == "label":
            lane, number = rest
            return self._paper.left(lane, number, self._paper.inset)
        page, start = rest
        return self._paper.columns(page, start, start + TILE)

    def still_until(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``."""
        return self._window.still_until(max(t, 0.0))

    def _moved(self, scene: TimelineScene) -> Iterator[Patch]:
        """Everything but the playhead, in a window that begins at another column.

        Tiles begin at even columns of the canvas, as colour does: of each there are two, one begins
        a column before the other.
        """
        strip, odd = self._strip, scene.offset % 2
        now, end = strip.left + scene.column // 2 * 2, strip.left + strip.width
        first = (scene.offset + odd) // TILE * TILE - odd
        for start in range(first, scene.offset + strip.width, TILE):
            x = strip.left + start - scene.offset
            for page, left, right in ((LIT, strip.left, now), (COMING, now, end)):
                left, right = max(left, x), min(right, x + TILE)
                if left < right:
                    box = Box(left, 0, right - left, strip.box.height)
                    yield Patch(box, Stamp(("tile", page, start), x))
        for lane, number, place in self._paper.leaving(scene.offset):
            label, rows = self._paper.left(lane, number, place), self._paper.label_rows(lane)
            box = Box(strip.left, rows.start, label.shape[2], rows.stop - rows.start)
            stands = place == self._paper.inset
            yield Patch(box, Stamp(("label", lane, number), strip.left) if stands else None)


def _put(area: Pixels, tile: Pixels, x: int, y: int) -> None:
    """Put a tile in place of what is in an area, as far as it falls inside."""
    height, width = area.shape[1:]
    top, left = max(0, -y), max(0, -x)
    bottom, right = min(tile.shape[1], height - y), min(tile.shape[2], width - x)
    if top < bottom and left < right:
        area[:, y + top : y + bottom, x + left : x + right] = tile[:, top:bottom, left:right]


class _Playhead:
    """A line, and the time on a flag at its foot.

    Args:
        strip: Geometry.
        look: Colours and fonts.
    """

    def __init__(self, strip: Strip, look: Look) -> None:
        self._strip, theme = strip, look.theme
        self._color = look.encode(np.array(theme.text.color, np.float32))
        style = TextStyle(look.fonts[1], theme.card.color, pixel_aspect=strip.pixel_aspect)
        self._digits = TextDrawer(style, look.encode)
        self._cell = self._digits.digit_width(strip.time_size)
        width = max(2, round(0.1 * strip.text_size / strip.pixel_aspect))
        edge = ceil(strip.outline / strip.pixel_aspect)
        top = max(1, strip.first_lane + strip.baseline - round(CAP_HEIGHT * strip.text_size) - 1)
        self._top = top
        self._line = self._drawn_line(width, edge, strip.sound[1] - top, look)
        self._flags: OrderedDict[str, Pixels] = OrderedDict()

    def tiles(self, column: int, time: str) -> Iterator[tuple[Pixels, int, int]]:
        """What to lay at which column and row."""
        yield self._line, column - self._line.shape[2] // 2, self._top
        x, y = self._flag_place(column, time)
        yield self._flag(time), x, y

    def changed(
        self, columns: list[int], times: tuple[str, str]
    ) -> Iterator[tuple[int, int, int, int]]:
        """Left, top, right and bottom of where two playheads differ."""
        reach = self._line.shape[2] // 2 + 1
        places = [self._flag_place(*each) for each in zip(columns, times, strict=True)]
        widths = [self._flag(time).shape[2] for time in times]
        left, top = min(x for x, _ in places), places[0][1]
        right = max(x + width for (x, _), width in zip(places, widths, strict=True))
        yield min(columns) - reach, 0, max(columns) + reach, top  # letters may reach above it
        left, right = min(left, min(columns) - reach), max(right, max(columns) + reach)
        yield left, top, right, self._strip.box.height

    def _flag_place(self, column: int, time: str) -> tuple[int, int]:
        strip, flag = self._strip, self._flag(time)
        last = strip.left + strip.width - flag.shape[2]
        x = min(max(column - flag.shape[2] // 2, strip.left), max(last, strip.left))
        return x, strip.sound[1] - flag.shape[1]

    def _flag(self, time: str) -> Pixels:
        if time not in self._flags:
            self._flags[time] = self._drawn_flag(time)
            if len(self._flags) > _N_FLAGS:
                self._flags.popitem(last=False)
        return self._flags[time]

    def _drawn_flag(self, time: str) -> Pixels:
        size, cell = self._strip.time_size, self._cell
        colon = max(1, cell // 2)
        widths = [cell if letter.isdigit() else colon for letter in time]
        padding = round(0.4 * size / self._strip.pixel_aspect)
        height = min(2 * round(0.68 * size), self._strip.sound[1] - self._strip.sound[0])
        width = 2 * ceil((sum(widths) + 2 * padding) / 2)
        coverage = rounded((width, height), height / 2, self._strip.pixel_aspect)
        flag = solid(self._color, coverage)
        x, baseline = (width - sum(widths)) // 2, round((height + CAP_HEIGHT * size) / 2)
        for letter, room in zip(time, widths, strict=True):
            tile = self._digits.tile(letter, size)
            own = tile.pixels.shape[2] - 2 * tile.inset
            lay(flag, tile.pixels, x + (room - own) // 2 - tile.inset, baseline - tile.ascent, 1.0)
            x += room
        return flag

    def _drawn_line(self, width: int, edge: int, height: int, look: Look) -> Pixels:
        line = np.zeros((4, height, width + 2 * edge), np.float32)
        if edge:
            dark = look.encode(np.array(look.theme.text.outline_color, np.float32))
            line[:] = solid(dark, np.full((height, width + 2 * edge), 0.8, np.float32))
        line[:, :, edge : edge + width] = solid(self._color, np.ones((height, width), np.float32))
        line[:, : self._strip.sound[0] - self._top] *= np.float32(_THROUGH_LABELS)
        return line


def clock_face(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any.

    >>> clock_face(27.9), clock_face(3723)
    ('0:27', '1:02:03')
    """
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
