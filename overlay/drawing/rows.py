"""One row: a label, its number, and the bar below them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from overlay.datatypes import Box
from overlay.drawing.bars import bar, track
from overlay.drawing.canvas import even_box, lay
from overlay.drawing.layout import Layout
from overlay.drawing.short_labels import ShortNames
from overlay.drawing.text import Floats, Pixels, TextDrawer, TextStyle, Tile
from overlay.drawing.views.base import Look

OPACITY_STEPS = 32
"""Fades go in steps, so that text is not drawn again for a change nobody sees."""


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row as it is on the canvas: equal values mean equal pixels."""

    index: int
    """Class."""
    baseline: int
    """Row of pixels on which its text stands."""
    text_opacity: int
    """In ``OPACITY_STEPS``, as is ``opacity``."""
    opacity: int
    number: int
    """Percent."""
    bar_length: int
    """In ``LENGTH_STEPS`` of a pixel."""

    def stands_like(self, other: DrawnRow) -> bool:
        """Whether only number and bar differ."""
        mine = self.baseline, self.text_opacity, self.opacity
        return mine == (other.baseline, other.text_opacity, other.opacity)


@dataclass(frozen=True, slots=True)
class Extent:
    """Rows of pixels that a row takes, counted down from its baseline."""

    top: int
    text_bottom: int
    bottom: int
    """Of text and bar."""


class RowPainter:
    """Draws rows.

    Args:
        labels: Name of each class.
        geometry: Where everything goes.
        look: Colours and fonts.
    """

    def __init__(self, labels: tuple[str, ...], geometry: Layout, look: Look) -> None:
        self._labels, self._geometry, self._look = labels, geometry, look
        self._names = ShortNames(labels)
        text = look.theme.text
        outline = geometry.outline, text.outline_color, geometry.pixel_aspect
        band = band_of(geometry)
        self._letters, self._digits = (
            TextDrawer(TextStyle(font, text.color, *outline, band), look.encode)
            for font in look.fonts
        )
        self._cell = self._digits.digit_width(geometry.number_size)
        self.track = track(geometry, look.theme, look.encode)
        """The bar's ground, as long as a score of 1."""
        self._extents: dict[int, Extent] = {}
        self._colors: dict[int, Floats] = {}

    def paint(self, row: DrawnRow, area: Pixels, box: Box) -> None:
        """Draw what of a row falls into a box."""
        extent = self.extent(row.index)
        if row.baseline + extent.top >= box.bottom or row.baseline + extent.bottom <= box.y:
            return
        self._paint_bar(row, area, box)
        if row.baseline + extent.text_bottom <= box.y:
            return
        for x, tile in self._text(row):
            place = x - tile.inset - box.x, row.baseline - tile.ascent - box.y
            lay(area, tile.pixels, *place, row.text_opacity / OPACITY_STEPS)

    def bar_rows(self, row: DrawnRow) -> tuple[int, int]:
        """First row of its bar, and the one behind it."""
        top = row.baseline + self._geometry.bar_offset
        return top, top + self._geometry.bar_height

    def extent(self, index: int) -> Extent:
        """What a class's row takes."""
        if index not in self._extents:
            geometry = self._geometry
            tiles = [*self._digit_tiles(), self._label(index)]
            text_bottom = max(tile.descent for tile in tiles)
            bottom = max(text_bottom, geometry.bar_offset + geometry.bar_height)
            self._extents[index] = Extent(-max(t.ascent for t in tiles), text_bottom, bottom)
        return self._extents[index]

    def number_box(self, row: DrawnRow, size: tuple[int, int]) -> Box:
        """Where the number stands, and nothing of the label."""
        tiles = self._digit_tiles()
        top = row.baseline - max(tile.ascent for tile in tiles)
        bottom = row.baseline + max(tile.descent for tile in tiles)
        left = self._geometry.right - 3 * self._cell - max(tile.inset for tile in tiles)
        return even_box(left, top, size[0], bottom, size)

    def bar_color(self, index: int) -> Floats:
        """Colour of a class's bar on the canvas."""
        if index not in self._colors:
            label = self._labels[index]
            color = self._look.theme.bar_color(label, self._look.families.get(label))
            self._colors[index] = self._look.encode(np.array(color, np.float32))
        return self._colors[index]

    def _paint_bar(self, row: DrawnRow, area: Pixels, box: Box) -> None:
        first, last = self.bar_rows(row)
        if first >= box.bottom or last <= box.y:
            return
        left = self._geometry.left
        start, end = max(left, box.x), min(self._geometry.right, box.right)
        if start < end:
            color, columns = self.bar_color(row.index), np.arange(start - left, end - left)
            ground = self.track[..., start - left : end - left]
            pixels = bar(ground, columns, color, row.bar_length, self._geometry)
            lay(area, pixels, start - box.x, first - box.y, row.opacity / OPACITY_STEPS)

    def _text(self, row: DrawnRow) -> Iterator[tuple[int, Tile]]:
        """The label and each digit, with their columns; digits stand in cells of one width."""
        yield self._geometry.left, self._label(row.index)
        for place, digit in enumerate(reversed(str(row.number)), start=1):
            tile = self._digits.tile(digit, self._geometry.number_size)
            own = tile.pixels.shape[2] - 2 * tile.inset
            yield self._geometry.right - place * self._cell + (self._cell - own) // 2, tile

    def _label(self, index: int) -> Tile:
        geometry, label = self._geometry, self._labels[index]
        width = geometry.label_width * geometry.pixel_aspect
        name = self._names.fitting(label, self._letters, geometry.text_size, width)
        name = name or self._names.shortest(label)
        return self._letters.tile(name, geometry.text_size, geometry.label_width)

    def _digit_tiles(self) -> list[Tile]:
        return [self._digits.tile(digit, self._geometry.number_size) for digit in "0123456789"]


def band_of(geometry: Layout) -> tuple[int, int]:
    """Rows above and below a baseline that text may take: a pile of accents meets no neighbour."""
    below = geometry.bar_offset
    bar_bottom = geometry.bar_offset + geometry.bar_height
    return max(1, geometry.pitch - bar_bottom), below
