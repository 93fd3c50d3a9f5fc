"""The panel: tags at a second in, pixels out; only what changed is drawn again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from overlay.datatypes import Box, ColorInfo, TagTimeline
from overlay.drawing.animation import Row, height_at, rows_at, rows_held
from overlay.drawing.bars import LENGTH_STEPS, around_end, bar, track
from overlay.drawing.color import Coding, to_planes
from overlay.drawing.fonts import font_file
from overlay.drawing.layout import Layout, layout
from overlay.drawing.text import Encode, Floats, Pixels, TextDrawer, TextStyle, Tile, over, solid
from overlay.drawing.theme import Theme, load_theme
from overlay.settings import PanelSettings

Codes = npt.NDArray[np.unsignedinteger[Any]]
"""One plane."""

_OPACITY_STEPS = 32
"""Fades go in steps, so that text is not drawn again for a change nobody sees."""

_REACH = 8
"""A bar's end that moves by less than this part of the longest bar is copied, not drawn."""


class Panel:
    """The panel of one video.

    Args:
        timeline: The tags to show.
        picture: Width and height of the video in pixels.
        settings: Theme, place, size.
        families: AudioSet family of each label, for the colours of the bars.
        pixel_aspect: Width of a pixel over its height.

    Raises:
        ThemeError: There is no such theme, or its file is wrong.
        FontNotFound: The font cannot be read.
    """

    def __init__(
        self,
        timeline: TagTimeline,
        picture: tuple[int, int],
        settings: PanelSettings,
        *,
        families: Mapping[str, str] | None = None,
        pixel_aspect: Fraction = Fraction(1),
    ) -> None:
        self.timeline = timeline
        self.theme = load_theme(settings.theme)
        self.families = families or {}
        self.fonts = font_file(settings.font, "SemiBold"), font_file(settings.font, "Medium")
        self.layout = layout(
            picture, self.theme, position=settings.position, top_k=settings.top_k,
            scale=settings.scale, pixel_aspect=pixel_aspect,
        )  # fmt: skip
        self._painter: Painter | None = None

    @property
    def box(self) -> Box:
        """Where the panel lies on the picture; all even."""
        return self.layout.box

    def rgba(self, t: float) -> npt.NDArray[np.uint8]:
        """The panel at second ``t``.

        Returns:
            ``[height, width, 4]``, sRGB and opacity; colour is not multiplied by opacity.
        """
        self._painter = self._painter or Painter(self, lambda rgb: rgb)
        self._painter.update(t)
        pixels = self._painter.pixels.copy()
        pixels[:3] /= np.maximum(pixels[3], np.float32(1e-6))
        codes = np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(codes.transpose(1, 2, 0))


class PlanarPanel:
    """The panel as ffmpeg takes it: planes of Y, Cb, Cr and opacity, coded like the video.

    Args:
        panel: What to draw.
        color: The video's colour tags.
        bit_depth: 8 or 10.
        picture_height: Tells the matrix where the tags do not.
    """

    def __init__(self, panel: Panel, color: ColorInfo, bit_depth: int, picture_height: int) -> None:
        self._coding = Coding(color, bit_depth, picture_height)
        self._painter = Painter(panel, self._coding.encode)
        width, height = panel.box.width, panel.box.height
        sizes = [(height, width), (height // 2, width // 2)] * 2
        shapes = [sizes[0], sizes[1], sizes[1], sizes[0]]
        kind = np.uint8 if bit_depth == 8 else np.dtype("<u2")
        self._frame = np.zeros(sum(h * w for h, w in shapes), kind)
        ends = np.cumsum([h * w for h, w in shapes])[:-1]
        parts = np.split(self._frame, ends)
        self._planes = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        self._ends: dict[BarEnd, list[Codes]] = {}
        self.pix_fmt = "yuva420p" if bit_depth == 8 else "yuva420p10le"

    def frame(self, t: float) -> memoryview:
        """All planes at second ``t``, one after the other; valid until the next call."""
        for box, row in self._painter.advance(t):
            place = self._painter.bar_end(row, box) if row else None
            if place is None:
                self._painter.paint(box)
                self._fill(box, self._coded(self._painter.pixels[:, *box.slices]))
            else:
                self._fill(box, self._coded_end(place.end), place.start)
        return self._frame.data.cast("B")

    def _coded_end(self, end: BarEnd) -> list[Codes]:
        if end not in self._ends:
            self._ends[end] = self._coded(self._painter.drawn_end(end))
        return self._ends[end]

    def _coded(self, pixels: Pixels) -> list[Codes]:
        return [
            np.clip(codes + 0.5, 0, self._coding.full).astype(self._frame.dtype)
            for codes in to_planes(pixels, self._coding)
        ]

    def _fill(self, box: Box, parts: list[Codes], start: int | None = None) -> None:
        """Copy codes into a box; ``start`` is the column of their first one, if not the box's."""
        shift = 0 if start is None else box.x - start
        for plane, codes in zip(self._planes, parts, strict=True):
            finer = box.height // len(codes)
            rows = slice(box.y // finer, box.bottom // finer)
            columns = slice(box.x // finer, box.right // finer)
            plane[rows, columns] = codes[:, shift // finer : (shift + box.width) // finer]


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row as it is on the canvas: equal values mean equal pixels."""

    index: int
    baseline: int
    text_opacity: int
    opacity: int
    number: int
    bar_length: int


@dataclass(frozen=True, slots=True)
class BarEnd:
    """The end of a bar on its track on the card: equal values mean equal pixels."""

    index: int
    """Class: tells the colour."""
    phase: int
    """Where it ends behind an even column, in steps of ``LENGTH_STEPS``."""
    above: int
    """Rows of the card above the bar."""
    n_rows: int
    """Of the card and the bar."""


@dataclass(frozen=True, slots=True)
class PlacedEnd:
    """A bar's end and the column of the canvas on which its picture starts."""

    end: BarEnd
    start: int


@dataclass(frozen=True, slots=True)
class Extent:
    """Rows of a row's ink, counted down from its baseline."""

    top: int
    text_bottom: int
    bottom: int
    """Of text and bar."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is on the canvas."""

    card_opacity: int
    card_height: int
    rows: tuple[DrawnRow, ...]


class Painter:
    """A canvas that follows the time.

    Args:
        panel: What to draw.
        encode: From sRGB to the colours of the canvas.
    """

    def __init__(self, panel: Panel, encode: Encode) -> None:
        self._panel = panel
        self._layout = panel.layout
        self._encode = encode
        theme, geometry = panel.theme, panel.layout
        labels, numbers = panel.fonts
        outline = geometry.outline, theme.text.outline_color, geometry.pixel_aspect
        self._labels = TextDrawer(TextStyle(labels, theme.text.color, *outline), encode)
        self._numbers = TextDrawer(TextStyle(numbers, theme.text.color, *outline), encode)
        self._cell = self._numbers.digit_width(geometry.number_size)
        self._card = _card(geometry, theme, encode)
        self._track = track(geometry, theme, encode)
        self._reach = max(-(-(geometry.right - geometry.left) // _REACH), around_end(geometry))
        self._reach += self._reach % 2
        self._extents: dict[int, Extent] = {}
        self._plain: dict[tuple[int, int], bool] = {}
        self._bar_colors: dict[int, Floats] = {}
        self.pixels: Pixels = np.zeros((4, geometry.box.height, geometry.box.width), np.float32)
        """The canvas."""
        self._held = rows_held(panel.timeline, geometry.n_rows)
        self._scene = Scene(0, 0, ())
        self._ground = self._card

    def update(self, t: float) -> list[Box]:
        """Bring the canvas to second ``t``; the boxes that changed, all even."""
        boxes = [box for box, _ in self.advance(t)]
        for box in boxes:
            self.paint(box)
        return boxes

    def advance(self, t: float) -> list[tuple[Box, DrawnRow | None]]:
        """Go to second ``t`` without painting.

        Returns:
            The boxes that have to be painted, all even, and the row where only the length of its
            bar is new.
        """
        scene = self._scene_at(t)
        if scene == self._scene:
            return []
        changes = list(self._changes(self._scene, scene))
        if scene.card_height != self._scene.card_height:
            self._ground = self._lowered(scene.card_height)
            self._plain.clear()
        self._scene = scene
        return changes

    def _scene_at(self, t: float) -> Scene:
        rows = rows_at(self._panel.timeline, t, self._layout.n_rows)
        card = max((row.opacity for row in rows), default=0.0)
        height = self._layout.card_height(height_at(self._panel.timeline, self._held, t))
        drawn = tuple(self._drawn(row, self._top(height)) for row in rows)
        return Scene(round(card * _OPACITY_STEPS), height, drawn)

    def _top(self, card_height: int) -> int:
        return round((self._layout.box.height - card_height) * self._layout.anchor)

    def _drawn(self, row: Row, top: int) -> DrawnRow:
        geometry, theme = self._layout, self._panel.theme.row
        strength = min(row.number / 100 / theme.full_at, 1.0) if theme.full_at else 1.0
        text = row.opacity * (theme.dim + (1 - theme.dim) * strength)
        return DrawnRow(
            row.index,
            top + geometry.baseline(row.rank),
            round(text * _OPACITY_STEPS),
            round(row.opacity * _OPACITY_STEPS),
            row.number,
            round(row.score * (geometry.right - geometry.left) * LENGTH_STEPS),
        )

    def _changes(self, old: Scene, new: Scene) -> Iterator[tuple[Box, DrawnRow | None]]:
        """The boxes in which two scenes differ, all even; the row if that is a bar's end alone."""
        canvas = self._layout.box
        if (old.card_opacity, old.card_height) != (new.card_opacity, new.card_height):
            yield Box(0, 0, canvas.width, canvas.height), None
            return
        before, after = ({row.index: row for row in scene.rows} for scene in (old, new))
        spans: list[tuple[int, int]] = []
        for index in before.keys() | after.keys():
            a, b = before.get(index), after.get(index)
            if a == b:
                continue
            if a and b and _same_place(a, b):
                if a.number != b.number:
                    yield self._number_box(b), None
                if a.bar_length != b.bar_length:
                    yield self._bar_change(a, b), b
            else:
                spans.extend(self._all_rows(row) for row in (a, b) if row)
        for first, last in _merged(spans):
            yield _even_box(0, first, canvas.width, last, canvas), None

    def _number_box(self, row: DrawnRow) -> Box:
        """Where the number stands, and nothing of the label."""
        geometry = self._layout
        tiles = [self._numbers.tile(digit, geometry.number_size) for digit in "0123456789"]
        top = row.baseline - max(tile.ascent for tile in tiles)
        bottom = row.baseline + max(tile.descent for tile in tiles)
        left = geometry.right - 3 * self._cell - max(tile.inset for tile in tiles)
        return _even_box(left, top, geometry.box.width, bottom, geometry.box)

    def _bar_change(self, a: DrawnRow, b: DrawnRow) -> Box:
        """Where the ends of two bars in one place differ."""
        geometry = self._layout
        ends = [geometry.left + row.bar_length / LENGTH_STEPS for row in (a, b)]
        around = around_end(geometry)
        first, last = self._bar_rows(b)
        return _even_box(
            int(min(ends)) - around, first, math.ceil(max(ends)) + around, last, geometry.box
        )

    def bar_end(self, row: DrawnRow, box: Box) -> PlacedEnd | None:
        """What a box that a bar's end moved in looks like, or ``None`` if it must be painted.

        Between its round ends a bar looks alike everywhere: what a column shows depends only on
        how far it is from the end, as long as nothing else is in the box.
        """
        geometry, whole = self._layout, _OPACITY_STEPS
        steps = geometry.left * LENGTH_STEPS + row.bar_length
        phase = steps % (2 * LENGTH_STEPS)
        start = (steps - phase) // LENGTH_STEPS - self._reach
        around = around_end(geometry)
        straight = geometry.left + around <= box.x and box.right <= geometry.right - around
        near = start <= box.x and box.right <= start + 2 * self._reach
        opaque = row.opacity == self._scene.card_opacity == whole
        if not (straight and near and opaque and self._alone(row, box) and self._is_plain(box)):
            return None
        above = self._bar_rows(row)[0] - box.y
        return PlacedEnd(BarEnd(row.index, phase, above, box.height), start)

    def drawn_end(self, end: BarEnd) -> Pixels:
        """The columns around a bar's end, ``[4, n_rows, 2 * reach]``."""
        geometry, reach = self._layout, self._reach
        area = np.tile(self._card_color()[:, None, None], (1, end.n_rows, 2 * reach))
        middle = self._track.shape[2] // 2
        ground = np.tile(self._track[..., middle : middle + 1], (1, 1, 2 * reach))
        columns = np.arange(reach, 3 * reach)
        length = 2 * reach * LENGTH_STEPS + end.phase
        pixels = bar(ground, columns, self._bar_color(end.index), length, geometry)
        _lay(area, pixels, 0, end.above, 1.0)
        return area

    def _alone(self, bar_row: DrawnRow, box: Box) -> bool:
        """Whether no text and no other row is in the box of a bar."""
        for row in self._scene.rows:
            extent = self._extent(row.index)
            bottom = extent.text_bottom if row is bar_row else extent.bottom
            if row.baseline + extent.top < box.bottom and row.baseline + bottom > box.y:
                return False
        return True

    def _is_plain(self, box: Box) -> bool:
        """Whether the card is of one colour behind all of a bar."""
        rows = box.y, box.bottom
        if rows not in self._plain:
            ground = self._ground[:, slice(*rows), self._layout.left : self._layout.right]
            same = ground == self._card_color()[:, None, None]
            self._plain[rows] = bool(same.all())
        return self._plain[rows]

    def _card_color(self) -> Floats:
        """The card in its middle, with its opacity."""
        _, height, width = self._card.shape
        return self._card[:, height // 2, width // 2]

    def _bar_rows(self, row: DrawnRow) -> tuple[int, int]:
        top = row.baseline + self._layout.bar_offset
        return top, top + self._layout.bar_height

    def _all_rows(self, row: DrawnRow) -> tuple[int, int]:
        extent = self._extent(row.index)
        return row.baseline + extent.top, row.baseline + extent.bottom

    def _extent(self, index: int) -> Extent:
        if index not in self._extents:
            geometry = self._layout
            tiles = [self._numbers.tile(digit, geometry.number_size) for digit in "0123456789"]
            tiles.append(self._label(index))
            text_bottom = max(tile.descent for tile in tiles)
            bottom = max(text_bottom, geometry.bar_offset + geometry.bar_height)
            top = -max(tile.ascent for tile in tiles)
            self._extents[index] = Extent(top, text_bottom, bottom)
        return self._extents[index]

    def _label(self, index: int) -> Tile:
        geometry = self._layout
        label = self._panel.timeline.labels[index]
        return self._labels.tile(label, geometry.text_size, geometry.label_width)

    def _lowered(self, height: int) -> Pixels:
        """The canvas with nothing but a card of this height: rows are taken from its middle."""
        top, missing = self._top(height), self._layout.box.height - height
        middle = min(math.ceil(self._layout.radius) + 1, height)
        ground = np.zeros_like(self._card)
        ground[:, top : top + middle] = self._card[:, :middle]
        ground[:, top + middle : top + height] = self._card[:, middle + missing :]
        return ground

    def paint(self, box: Box) -> None:
        """Draw a box anew, nothing in it taken over."""
        area, card = self.pixels[:, *box.slices], self._ground[:, *box.slices]
        np.multiply(card, np.float32(self._scene.card_opacity / _OPACITY_STEPS), out=area)
        for row in self._scene.rows:
            first, last = self._all_rows(row)
            if first < box.bottom and last > box.y:
                self._paint_row(row, area, box)

    def _paint_row(self, row: DrawnRow, area: Pixels, box: Box) -> None:
        first, last = self._bar_rows(row)
        if first < box.bottom and last > box.y:
            columns = max(self._layout.left, box.x), min(self._layout.right, box.right)
            bar = self._bar(row, columns[0] - self._layout.left, columns[1] - self._layout.left)
            _lay(area, bar, columns[0] - box.x, first - box.y, row.opacity / _OPACITY_STEPS)
        if row.baseline + self._extent(row.index).text_bottom <= box.y:
            return
        opacity = row.text_opacity / _OPACITY_STEPS
        baseline = row.baseline - box.y
        for x, tile in self._text(row):
            _lay(area, tile.pixels, x - tile.inset - box.x, baseline - tile.ascent, opacity)

    def _text(self, row: DrawnRow) -> Iterator[tuple[int, Tile]]:
        """The label and each digit, with their columns."""
        yield self._layout.left, self._label(row.index)
        yield from self._digits(row.number)

    def _digits(self, number: int) -> Iterator[tuple[int, Tile]]:
        """Each digit and its column, in cells of one width, so that numbers stand still."""
        size = self._layout.number_size
        cell = self._cell
        for place, digit in enumerate(reversed(str(number)), start=1):
            tile = self._numbers.tile(digit, size)
            own = tile.pixels.shape[2] - 2 * tile.inset
            yield self._layout.right - place * cell + (cell - own) // 2, tile

    def _bar(self, row: DrawnRow, first: int, last: int) -> Pixels:
        """Some columns of the bar: its track and the filled part, with round ends."""
        color, columns = self._bar_color(row.index), np.arange(first, last)
        return bar(self._track[..., first:last], columns, color, row.bar_length, self._layout)

    def _bar_color(self, index: int) -> Floats:
        if index not in self._bar_colors:
            label = self._panel.timeline.labels[index]
            color = self._panel.theme.bar_color(label, self._panel.families.get(label))
            self._bar_colors[index] = self._encode(np.array(color, np.float32))
        return self._bar_colors[index]


def _same_place(a: DrawnRow, b: DrawnRow) -> bool:
    return (a.baseline, a.text_opacity, a.opacity) == (b.baseline, b.text_opacity, b.opacity)


def _merged(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans of rows without overlaps, grown to even rows."""
    current: tuple[int, int] | None = None
    for first, last in sorted((a // 2 * 2, -(-b // 2) * 2) for a, b in spans):
        if current and first <= current[1]:
            current = current[0], max(current[1], last)
        else:
            if current:
                yield current
            current = first, last
    if current:
        yield current


def _lay(area: Pixels, tile: Pixels, x: int, y: int, opacity: float) -> None:
    """Lay a tile on an area, as far as it falls inside."""
    height, width = area.shape[1:]
    top, left = max(0, -y), max(0, -x)
    bottom, right = min(tile.shape[1], height - y), min(tile.shape[2], width - x)
    if top < bottom and left < right:
        target = area[:, y + top : y + bottom, x + left : x + right]
        over(target, tile[:, top:bottom, left:right], opacity)


def _even_box(x0: int, y0: int, x1: int, y1: int, canvas: Box) -> Box:
    """The box grown to even corners and cut to the canvas."""
    x0, y0 = max(0, x0 // 2 * 2), max(0, y0 // 2 * 2)
    x1, y1 = min(canvas.width, -(-x1 // 2) * 2), min(canvas.height, -(-y1 // 2) * 2)
    return Box(x0, y0, max(0, x1 - x0), max(0, y1 - y0))


def _card(geometry: Layout, theme: Theme, encode: Encode) -> Pixels:
    """The plate behind the rows, drawn larger and reduced for smooth corners."""
    finer = 4
    width, height = geometry.box.width, geometry.box.height
    tall = max(1, round(width * geometry.pixel_aspect)) * finer, height * finer
    mask = Image.new("L", tall)
    corner = (tall[0] - 1, tall[1] - 1)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *corner), geometry.radius * finer, 255)
    coverage = np.asarray(mask.resize((width, height), Image.Resampling.BOX), np.float32)
    color = encode(np.array(theme.card.color, np.float32))
    return solid(color, coverage * np.float32(theme.card.opacity / 255))
