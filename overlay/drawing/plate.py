"""The plate behind the rows."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from overlay.drawing.layout import Layout
from overlay.drawing.text import Encode, Floats, Pixels, solid
from overlay.drawing.theme import Theme


class Card:
    """A plate with round corners, as high as is asked for; its top is where it is asked for.

    Args:
        geometry: Its size.
        theme: Its colour.
        encode: From sRGB to the colours of the canvas.
    """

    def __init__(self, geometry: Layout, theme: Theme, encode: Encode) -> None:
        self._whole = _drawn(geometry, theme, encode)
        self._radius = geometry.radius
        self._lowered: tuple[tuple[int, int], Pixels] = ((geometry.box.height, 0), self._whole)
        self._plain: dict[tuple[int, int, int, int], bool] = {}

    @property
    def color(self) -> Floats:
        """In its middle, with its opacity, ``[4]``."""
        _, height, width = self._whole.shape
        return self._whole[:, height // 2, width // 2]

    def pixels(self, height: int, top: int = 0) -> Pixels:
        """The canvas with nothing but a card of this height: rows are taken from its middle."""
        if self._lowered[0] != (height, top):
            self._lowered = (height, top), self._cut(height, top)
        return self._lowered[1]

    def is_plain(
        self, height: int, top: int, rows: tuple[int, int], columns: tuple[int, int]
    ) -> bool:
        """Whether a card of this height is of one colour in these rows and columns."""
        key = height, top, *rows
        if key not in self._plain:
            area = self.pixels(height, top)[:, slice(*rows), slice(*columns)]
            self._plain[key] = bool((area == self.color[:, None, None]).all())
        return self._plain[key]

    def _cut(self, height: int, top: int) -> Pixels:
        missing = self._whole.shape[1] - height
        upper = min(math.ceil(self._radius) + 1, height)
        canvas = np.zeros_like(self._whole)
        room = canvas[:, top:]
        room[:, :upper] = self._whole[:, :upper][:, : room.shape[1]]
        lower = self._whole[:, upper + missing :][:, : max(room.shape[1] - upper, 0)]
        room[:, upper : upper + lower.shape[1]] = lower
        return canvas


def _drawn(geometry: Layout, theme: Theme, encode: Encode) -> Pixels:
    size = geometry.box.width, geometry.box.height
    return plate(size, geometry.radius, geometry.pixel_aspect, theme, encode)


def plate(
    size: tuple[int, int], radius: float, pixel_aspect: float, theme: Theme, encode: Encode
) -> Pixels:
    """A plate of this many pixels in the card's colour, with round corners."""
    color = encode(np.array(theme.card.color, np.float32))
    return solid(color, rounded(size, radius, pixel_aspect) * np.float32(theme.card.opacity))


def rounded(size: tuple[int, int], radius: float, pixel_aspect: float) -> Floats:
    """Coverage of a box with round corners, ``[height, width]``: drawn larger and reduced."""
    finer, (width, height) = 4, size
    tall = max(1, round(width * pixel_aspect)) * finer, height * finer
    mask = Image.new("L", tall)
    corner = (tall[0] - 1, tall[1] - 1)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *corner), radius * finer, 255)
    smaller = mask.resize((width, height), Image.Resampling.BOX)
    return np.asarray(smaller, np.float32) / np.float32(255)
