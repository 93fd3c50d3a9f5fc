"""What is written on a timeline's strip, drawn in tiles as they come to be seen.

A bar's label stands where the bar begins. When that has left the window, the label stays at the
window's edge as long as its bars can be seen, and is pushed out by their end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from overlay.datatypes import TagEvent
from overlay.drawing.bars import capsule
from overlay.drawing.canvas import lay
from overlay.drawing.lanes import Lane, in_lanes
from overlay.drawing.plate import plate
from overlay.drawing.short_labels import ShortNames
from overlay.drawing.strip_layout import Strip
from overlay.drawing.strip_sound import sound_picture
from overlay.drawing.text import Floats, Pixels, TextDrawer, TextStyle, Tile, over, solid
from overlay.drawing.views.base import Brief, Look

TILE = 256
"""Columns; even."""
LIT, COMING = 0, 1
"""Pages: what is over, and what is to come."""
_OPACITY = ((1.0, 1.0), (0.4, 0.62))
"""Of shapes and of letters on each page: labels of what is to come can still be read."""
_LABEL_EMS, _GAP_EMS, _LEAST_EMS = 6.0, 0.5, 2.2
"""About as wide as a label is, in font sizes: further behind a bar, the next one of its class has a
label of its own; between a label and what follows; the narrowest label that is cut."""
_APART_EMS = 0.12
"""Font sizes by which bars are shorter than their events: those that touch can be told apart."""
_UNSURE, _SURE = 0.4, 0.6
"""Opacity of the bar of an event that scores next to nothing, and score of an opaque one."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label of one or more bars; columns count from second 0."""

    text: str
    x: int
    """Where it stands."""
    width: int
    room: int
    """Columns that it might take."""
    until: int
    """Column that it never reaches beyond."""

    def place(self, offset: int, inset: int) -> int | None:
        """Column of the window where it is once it has left its place; ``None`` before and after.

        Args:
            offset: Column that the window begins with.
            inset: Columns that it keeps from the window's edge.
        """
        if offset + inset <= self.x or offset >= self.until:
            return None
        return min(inset, self.until - self.width - offset)


class Paper:
    """All of the time, side by side.

    Args:
        strip: What is where.
        columns_per_s: Scale.
        n_columns: Of all of the time.
        brief: What is heard.
        look: Colours and fonts.
    """

    def __init__(
        self, strip: Strip, columns_per_s: float, n_columns: int, brief: Brief, look: Look
    ) -> None:
        self._strip, self._look, self._timeline = strip, look, brief.timeline
        self._scale, self._n_columns = columns_per_s, n_columns
        size = strip.box.width, strip.box.height
        self.ground = plate(size, strip.radius, strip.pixel_aspect, look.theme, look.encode)
        """The strip with nothing on it."""
        text, band = look.theme.text, (strip.baseline, strip.label_height - strip.baseline)
        style = TextStyle(look.fonts[0], text.color, strip.outline, text.outline_color,
                          strip.pixel_aspect, band)  # fmt: skip
        self._letters = TextDrawer(style, look.encode)
        self._names = ShortNames(brief.timeline.labels)
        em = strip.text_size / strip.pixel_aspect
        self._gap = ceil(_GAP_EMS * em + 2 * strip.outline / strip.pixel_aspect)
        self.inset = ceil(strip.outline / strip.pixel_aspect)
        """Columns that letters keep from the edges of what moves."""
        self._apart = max(1, round(_APART_EMS * em)) + ceil(2 * strip.around / strip.pixel_aspect)
        self._label_s = _LABEL_EMS * em / columns_per_s
        self._lanes = in_lanes(brief.timeline.events, strip.n_lanes, 0.0, self._label_s)
        self._labels = [list(self._labelled(lane)) for lane in self._lanes]
        self._widest = max((label.width for lane in self._labels for label in lane), default=0)
        self._sound = sound_picture(brief, look, strip.outline)
        self._tiles: OrderedDict[int, tuple[Pixels, Pixels]] = OrderedDict()
        self._n_kept = strip.width // TILE + 3

    def columns(self, page: int, first: int, stop: int) -> Pixels:
        """A page from one column to another, ``[4, height, stop - first]``."""
        parts = []
        for number in range(first // TILE, ceil(stop / TILE)):
            start = number * TILE
            tile = self._tile(number)[page]
            parts.append(tile[:, :, max(first - start, 0) : min(stop - start, TILE)])
        return np.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]

    def leaving(self, offset: int) -> Iterator[tuple[int, int, int]]:
        """Labels that have left their places in a window that begins with a column.

        Yields:
            Lane, number of the label in it, and column of the window where it is; may be negative.
        """
        for lane, labels in enumerate(self._labels):
            number = bisect_left(labels, offset + self.inset, key=_x_of) - 1
            place = labels[number].place(offset, self.inset) if number >= 0 else None
            if place is not None:
                yield lane, number, place

    def left(self, lane: int, number: int, place: int) -> Pixels:
        """The rows of a label that is at a column of the window, from its first column on."""
        strip = self._strip
        tile = self._letter(self._labels[lane][number])
        width = min(2 * ceil((place - tile.inset + tile.pixels.shape[2]) / 2), strip.width)
        area = np.repeat(self._blank[:, self.label_rows(lane)], max(width, 2), axis=2)
        lay(area, tile.pixels, place - tile.inset, strip.baseline - tile.ascent, 1.0)
        return area

    def label_rows(self, lane: int) -> slice:
        """The rows of a lane's labels."""
        first = self._strip.lane(lane)
        return slice(first, first + self._strip.label_height)

    @property
    def _blank(self) -> Pixels:
        """A column of the strip with nothing on it."""
        middle = self._strip.left + self._strip.width // 2
        return self.ground[:, :, middle : middle + 1]

    def _tile(self, number: int) -> tuple[Pixels, Pixels]:
        if number not in self._tiles:
            self._tiles[number] = self._drawn(number * TILE)
            if len(self._tiles) > self._n_kept:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end(number)
        return self._tiles[number]

    def _drawn(self, first: int) -> tuple[Pixels, Pixels]:
        """The pages from a column on."""
        shapes, letters = np.zeros((2, 4, self._strip.box.height, TILE), np.float32)
        self._sound.draw(shapes[:, slice(*self._strip.sound)], first, self._scale)
        for number, lane in enumerate(self._lanes):
            self._draw_bars(shapes, first, lane, self._strip.lane(number))
            self._draw_labels(letters, first, number)
        pages = []
        for of_shapes, of_letters in _OPACITY:
            page = np.repeat(self._blank, TILE, axis=2)
            over(page, shapes, of_shapes)
            over(page, letters, of_letters)
            pages.append(page)
        return pages[LIT], pages[COMING]

    def _labelled(self, lane: Lane) -> Iterator[Label]:
        """The labels of a lane, by place; none meets another's bars."""
        runs = list(lane.runs(self._label_s))
        starts = [self._column(run[0].onset_s) for run in runs]
        limits = [*(start - self._gap for start in starts[1:]), self._n_columns - self.inset]
        free = 0
        for run, x, limit in zip(runs, starts, limits, strict=False):
            label = self._fitted(run, max(x, self.inset), free, limit)
            free = max(self._column(run[-1].offset_s), x)
            if label is not None:
                free = max(free, label.x + label.width + self._gap)
                yield label

    def _fitted(self, run: Sequence[TagEvent], x: int, free: int, limit: int) -> Label | None:
        """A run's label from its start on; where it is too long for that, before ``limit``.

        Args:
            run: Bars of one class.
            x: Where it starts.
            free: Column from which on nothing else is there.
            limit: Column from which on something else is there.
        """
        size, aspect = self._strip.text_size, self._strip.pixel_aspect
        name = self._timeline.labels[run[0].index]
        widest = self._strip.width // 2 - self._gap  # one that stays never meets the playhead
        begin = min(max(free, self.inset), x)
        rooms = [min(limit - start, widest) for start in (x, begin)]
        tries = ((way, room) for way in (self._names.whole, self._names.fitting) for room in rooms)
        fitting = ((way(name, self._letters, size, room * aspect), room) for way, room in tries)
        text, room = next((each for each in fitting if each[0]), (None, rooms[1]))
        if text is None:
            if room * aspect < _LEAST_EMS * size:
                return None
            text = self._names.shortest(name)
        line, drawn_size = self._letters.fitted(text, size, room * aspect)
        width = min(ceil(self._letters.length(line, drawn_size) / aspect), room)
        x = min(x, limit - width)
        return Label(text, x, width, room, max(self._column(run[-1].offset_s), x + width))

    def _letter(self, label: Label) -> Tile:
        return self._letters.tile(label.text, self._strip.text_size, label.room)

    def _draw_labels(self, area: Pixels, first: int, lane: int) -> None:
        labels = self._labels[lane]
        begin = bisect_left(labels, first - self._widest - TILE, key=_x_of)
        for label in labels[begin : bisect_right(labels, first + 2 * TILE, key=_x_of)]:
            tile = self._letter(label)
            row = self._strip.lane(lane) + self._strip.baseline - tile.ascent
            lay(area, tile.pixels, label.x - tile.inset - first, row, 1.0)

    def _draw_bars(self, area: Pixels, first: int, lane: Lane, row: int) -> None:
        """Bars, each at least a dot; dark around them where there is no plate."""
        strip, theme = self._strip, self._look.theme
        beside = strip.bar_height + strip.around + 1
        start_s, end_s = (first - beside) / self._scale, (first + TILE + beside) / self._scale
        for event in lane.between(start_s, end_s):
            ends = self._column(event.onset_s) - first, self._column(event.offset_s) - first
            ends = ends[0], max(ends[1] - self._apart, ends[0])
            if strip.around:
                dark = theme.text.outline_color
                self._draw_capsule(area, ends, row + strip.label_height, strip.around, dark, 0.8)
            label = self._timeline.labels[event.index]
            color = theme.bar_color(label, self._look.families.get(label))
            sure = _UNSURE + (1 - _UNSURE) * min(event.mean / _SURE, 1.0)
            self._draw_capsule(area, ends, row + strip.bar_offset, 0, color, sure)

    def _draw_capsule(
        self,
        area: Pixels,
        ends: tuple[int, int],
        row: int,
        around: int,
        color: tuple[float, float, float],
        opacity: float,
    ) -> None:
        strip = self._strip
        height, beside = strip.bar_height + 2 * around, ceil(around / strip.pixel_aspect)
        length = max(ends[1] - ends[0], ceil(strip.bar_height / strip.pixel_aspect)) + 2 * beside
        x = ends[0] - beside
        columns = np.arange(max(-x, 0), max(min(length, area.shape[2] - x), max(-x, 0)))
        coverage = capsule(columns, length, height, strip.pixel_aspect)
        lay(area, solid(self._ink(color), coverage), max(x, 0), row, opacity)

    def _column(self, t: float) -> int:
        return round(t * self._scale)

    def _ink(self, color: tuple[float, float, float]) -> Floats:
        return self._look.encode(np.array(color, np.float32))


def _x_of(label: Label) -> int:
    return label.x
