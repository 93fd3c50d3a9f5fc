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
from overlay.drawing.color import Coding, to_planes
from overlay.drawing.fonts import font_file
from overlay.drawing.layout import Layout, layout
from overlay.drawing.text import Encode, Floats, Pixels, TextDrawer, TextStyle, Tile, over, solid
from overlay.drawing.theme import Theme, load_theme
from overlay.settings import PanelSettings

_OPACITY_STEPS = 32
"""Fades go in steps, so that text is not drawn again for a change nobody sees."""

_LENGTH_STEPS = 8
"""Bars grow by this part of a pixel."""


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
        self.pix_fmt = "yuva420p" if bit_depth == 8 else "yuva420p10le"

    def frame(self, t: float) -> memoryview:
        """All planes at second ``t``, one after the other; valid until the next call."""
        for box in self._painter.update(t):
            self._convert(box)
        return self._frame.data.cast("B")

    def _convert(self, box: Box) -> None:
        pixels = self._painter.pixels[:, box.y : box.bottom, box.x : box.right]
        for plane, codes in zip(self._planes, to_planes(pixels, self._coding), strict=True):
            finer = pixels.shape[1] // len(codes)
            rows = slice(box.y // finer, box.bottom // finer)
            columns = slice(box.x // finer, box.right // finer)
            plane[rows, columns] = np.clip(codes + 0.5, 0, self._coding.full)


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
        self._track = _track(geometry, theme, encode)
        self._bar_colors: dict[int, Floats] = {}
        self.pixels: Pixels = np.zeros((4, geometry.box.height, geometry.box.width), np.float32)
        """The canvas."""
        self._held = rows_held(panel.timeline, geometry.n_rows)
        self._scene = Scene(0, 0, ())
        self._ground = self._card

    def update(self, t: float) -> list[Box]:
        """Bring the canvas to second ``t``; the boxes that changed, all even."""
        scene = self._scene_at(t)
        boxes = list(self._changes(self._scene, scene))
        if scene.card_height != self._scene.card_height:
            self._ground = self._lowered(scene.card_height)
        for box in boxes:
            self._paint(scene, box)
        self._scene = scene
        return boxes

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
            round(row.score * (geometry.right - geometry.left) * _LENGTH_STEPS),
        )

    def _changes(self, old: Scene, new: Scene) -> Iterator[Box]:
        """The boxes in which two scenes differ, all even."""
        width, height = self._layout.box.width, self._layout.box.height
        if (old.card_opacity, old.card_height) != (new.card_opacity, new.card_height):
            yield Box(0, 0, width, height)
            return
        before, after = ({row.index: row for row in scene.rows} for scene in (old, new))
        spans: list[tuple[int, int]] = []
        for index in before.keys() | after.keys():
            a, b = before.get(index), after.get(index)
            if a == b:
                continue
            if a and b and _same_text(a, b):
                yield self._bar_change(a, b)
            else:
                spans.extend(self._all_rows(row) for row in (a, b) if row)
        for first, last in _merged(spans):
            yield _even_box(0, first, width, last, self._layout.box)

    def _bar_change(self, a: DrawnRow, b: DrawnRow) -> Box:
        """Where the ends of two bars in one place differ."""
        geometry = self._layout
        ends = [geometry.left + row.bar_length / _LENGTH_STEPS for row in (a, b)]
        around = math.ceil(geometry.bar_height / geometry.pixel_aspect) + 1
        first, last = self._bar_rows(b)
        return _even_box(
            int(min(ends)) - around, first, math.ceil(max(ends)) + around, last, geometry.box
        )

    def _bar_rows(self, row: DrawnRow) -> tuple[int, int]:
        top = row.baseline + self._layout.bar_offset
        return top, top + self._layout.bar_height

    def _all_rows(self, row: DrawnRow) -> tuple[int, int]:
        tile = self._label(row)
        top = row.baseline - max(tile.ascent, round(self._layout.text_size * 1.2))
        text_bottom = row.baseline - tile.ascent + tile.pixels.shape[1]
        return top, max(self._bar_rows(row)[1], text_bottom)

    def _label(self, row: DrawnRow) -> Tile:
        geometry = self._layout
        label = self._panel.timeline.labels[row.index]
        return self._labels.tile(label, geometry.text_size, geometry.label_width)

    def _lowered(self, height: int) -> Pixels:
        """The canvas with nothing but a card of this height: rows are taken from its middle."""
        top, missing = self._top(height), self._layout.box.height - height
        middle = min(math.ceil(self._layout.radius) + 1, height)
        ground = np.zeros_like(self._card)
        ground[:, top : top + middle] = self._card[:, :middle]
        ground[:, top + middle : top + height] = self._card[:, middle + missing :]
        return ground

    def _paint(self, scene: Scene, box: Box) -> None:
        """Draw a box of the scene anew."""
        area = self.pixels[:, box.y : box.bottom, box.x : box.right]
        card = self._ground[:, box.y : box.bottom, box.x : box.right]
        np.multiply(card, np.float32(scene.card_opacity / _OPACITY_STEPS), out=area)
        for row in scene.rows:
            first, last = self._all_rows(row)
            if first < box.bottom and last > box.y:
                self._paint_row(row, area, box)

    def _paint_row(self, row: DrawnRow, area: Pixels, box: Box) -> None:
        first, last = self._bar_rows(row)
        if first < box.bottom and last > box.y:
            columns = max(self._layout.left, box.x), min(self._layout.right, box.right)
            bar = self._bar(row, columns[0] - self._layout.left, columns[1] - self._layout.left)
            _lay(area, bar, columns[0] - box.x, first - box.y, row.opacity / _OPACITY_STEPS)
        opacity = row.text_opacity / _OPACITY_STEPS
        baseline = row.baseline - box.y
        for x, tile in self._text(row):
            _lay(area, tile.pixels, x - tile.inset - box.x, baseline - tile.ascent, opacity)

    def _text(self, row: DrawnRow) -> Iterator[tuple[int, Tile]]:
        """The label and each digit, with their columns."""
        yield self._layout.left, self._label(row)
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
        geometry = self._layout
        pixels = self._track[..., first:last].copy()
        filled = _capsule(
            np.arange(first, last), row.bar_length / _LENGTH_STEPS, geometry.bar_height,
            geometry.pixel_aspect,
        )  # fmt: skip
        over(pixels, solid(self._bar_color(row.index), filled))
        return pixels

    def _bar_color(self, index: int) -> Floats:
        if index not in self._bar_colors:
            label = self._panel.timeline.labels[index]
            color = self._panel.theme.bar_color(label, self._panel.families.get(label))
            self._bar_colors[index] = self._encode(np.array(color, np.float32))
        return self._bar_colors[index]


def _same_text(a: DrawnRow, b: DrawnRow) -> bool:
    return (a.baseline, a.text_opacity, a.opacity, a.number) == (
        b.baseline, b.text_opacity, b.opacity, b.number,
    )  # fmt: skip


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


def _capsule(
    columns: npt.NDArray[np.integer[Any]], length: float, height: int, pixel_aspect: float
) -> Floats:
    """Coverage of a bar with round ends in these columns, ``[height, columns]``; at least a dot."""
    radius = height / 2
    x = (columns.astype(np.float32) + 0.5) * pixel_aspect
    y = np.arange(height, dtype=np.float32) + 0.5 - radius
    end = max(length * pixel_aspect - radius, radius)
    beyond = np.maximum(np.maximum(radius - x, x - end), 0)
    distance = np.sqrt(beyond[None, :] ** 2 + y[:, None] ** 2)
    coverage: Floats = np.clip(radius - distance + 0.5, 0, 1).astype(np.float32, copy=False)
    return coverage


def _track(geometry: Layout, theme: Theme, encode: Encode) -> Pixels:
    """The bar's ground, as long as a score of 1."""
    width = geometry.right - geometry.left
    columns = np.arange(width)
    coverage = _capsule(columns, width, geometry.bar_height, geometry.pixel_aspect)
    color = encode(np.array(theme.bar.track_color, np.float32))
    return solid(color, coverage * np.float32(theme.bar.track_opacity))


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
