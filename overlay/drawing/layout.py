"""Where everything goes: pure geometry, no pixels.

Lengths across the picture are in its own pixels, which may be wider or narrower than high; sizes
of letters and rounded corners are in units of the pixel's height.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from overlay.datatypes import Box
from overlay.drawing.theme import Theme

_SMALLEST_SIDE_PX = 260
"""Pictures smaller than this get the letters of this size: below, they cannot be read."""

_LEAST_UNIT_PX = 160
"""Where there is no room for letters of at least this size there is no panel."""

_NARROWEST = 0.2
"""Narrowest card in the same unit: six letters."""

CAP_HEIGHT = 0.73
"""Of Inter's capital letters, in units of the font size."""

_BAR_GAP = 0.34
"""From the baseline to the bar, in units of the font size: descenders take 0.22."""

_LARGEST_SHARE = 1 / 8
"""Of a landscape picture's area that a card of five rows may cover."""

_PHONE_ASPECT = 0.65
"""Pictures no wider than this part of their height fill a phone's screen."""

_PHONE = (0.06, 0.14, 0.14, 0.26)
"""Parts of the width (left, right) and height (top, bottom) in which phone apps put their own text
and buttons.

Source:
    TikTok, "In-Feed Ads specifications": of 1080x1920 pixels 60 left, 140 right, 130 above and 484
    below; Instagram Reels: 270 above.
"""


_GAP = 0.02
"""Between two views, in parts of the picture's shorter side."""

NOWHERE = Box(0, 0, 2, 2)
"""Where a view is that has no room."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Geometry of a panel; all numbers inside the card count from its top left corner."""

    box: Box
    """The card on the picture; all even, so that it falls on whole chroma samples."""
    pixel_aspect: float
    """Width of a pixel over its height."""
    n_rows: int
    """Rows that fit; at most those asked for."""
    pitch: int
    """From one row to the next."""
    first_baseline: int
    """Baseline of the first row's text."""
    bar_offset: int
    """From the baseline down to the top of the bar."""
    bar_height: int
    left: int
    """First column of labels and bars."""
    right: int
    """Column behind the bars and the numbers."""
    label_width: int
    """Columns that a label may take."""
    text_size: float
    number_size: float
    outline: float
    radius: float
    hangs: bool = False
    """Whether a card of few rows ends where one of all rows does: at the bottom of a picture."""
    fits: bool = True
    """Whether there is a panel at all; very small pictures have room for none."""

    def card_height(self, rows: float) -> int:
        """Height of a card for so many rows; the box has room for ``n_rows``."""
        return self.box.height - round((self.n_rows - rows) * self.pitch)

    def baseline(self, rank: float) -> int:
        """Row of pixels on which the text of the tag with this (moving) rank stands."""
        return self.first_baseline + int(rank * self.pitch + 0.5)


@dataclass(frozen=True, slots=True)
class Room:
    """What is free of a picture; lengths are in units of the pixel's height."""

    picture: tuple[int, int]
    """Width and height in pixels."""
    pixel_aspect: float
    """Width of a pixel over its height."""
    x: float
    y: float
    width: float
    height: float

    @property
    def shown(self) -> tuple[float, float]:
        """Width and height of the whole picture as it is shown."""
        return self.picture[0] * self.pixel_aspect, float(self.picture[1])

    def unit(self, scale: float) -> float:
        """What a theme's fractions are of, never so small that letters cannot be read."""
        return max(max(min(self.shown), _SMALLEST_SIDE_PX) * scale, _LEAST_UNIT_PX)

    def placed(self, size: tuple[float, float], position: str) -> Box:
        """A box of this size at its place: even corners, even sizes, inside the picture."""
        aspect = self.pixel_aspect
        width = _even_size(size[0] / aspect, self.picture[0])
        height = _even_size(size[1], self.picture[1])
        across = self.x / aspect, self.width / aspect
        x = _start(self.picture[0], width, across, _across(position))
        y = _start(self.picture[1], height, (self.y, self.height), _down(position))
        return Box(x, y, width, height)

    def without(self, box: Box) -> Room:
        """The larger part of it above or below a box, at a distance that tells them apart."""
        gap = _GAP * min(self.shown)
        above = max(0.0, box.y - gap - self.y)
        start = max(self.y, box.bottom + gap)
        below = max(0.0, self.y + self.height - start)
        if box.y >= self.y + self.height or box.bottom <= self.y:
            return self
        return (
            replace(self, height=above) if above >= below else replace(self, y=start, height=below)
        )


def safe_room(
    picture: tuple[int, int], margin: float, pixel_aspect: Fraction | float = 1.0
) -> Room:
    """The title-safe area; where phones show the picture, what their apps leave free of it.

    Args:
        picture: Width and height in pixels.
        margin: Part of width and height that is kept clear on each side.
        pixel_aspect: Width of a pixel over its height.

    Source:
        SMPTE ST 2046-1: titles keep 5 % of width and height clear.
    """
    width, height = picture[0] * float(pixel_aspect), float(picture[1])
    left, right, top, bottom = [margin] * 4
    if width <= _PHONE_ASPECT * height:
        left, right, top, bottom = (max(margin, part) for part in _PHONE)
    x, y = left * width, top * height
    size = (1 - right) * width - x, (1 - bottom) * height - y
    return Room(picture, float(pixel_aspect), x, y, *size)


def layout(
    room: Room,
    theme: Theme,
    *,
    position: str = "bottom-left",
    top_k: int = 5,
    scale: float = 1.0,
) -> Layout:
    """Fit the list into a picture.

    Args:
        room: What is free of the picture.
        theme: Sizes, as fractions of the shorter side as it is shown.
        position: A corner, a side, or ``center``; all inside the room.
        top_k: Rows asked for; fewer where the room is too low.
        scale: Factor on all sizes.
    """
    aspect, shown = room.pixel_aspect, room.shown
    unit = _unit(room, theme, scale)
    text_size = max(theme.text.size * unit, 1.0)
    padding = theme.card.padding * unit
    bar_height = max(2, round(theme.bar.height * unit))
    bar_offset = max(1, round(_BAR_GAP * text_size))
    row = CAP_HEIGHT * text_size + bar_offset + bar_height
    pitch = round(max(theme.row.pitch * unit, row))
    free = room.height - 2 * padding + (pitch - row)
    n_rows = max(1, min(top_k, int(free / pitch)))
    card_height = 2 * padding + n_rows * pitch - (pitch - row)
    most = _widest(shown, 2 * padding + 4 * pitch + row, scale) if free >= 5 * pitch else shown[0]
    card_width = min(theme.card.width * unit, room.width, most)
    fits = unit >= _LEAST_UNIT_PX
    box = room.placed((card_width, card_height), position) if fits else NOWHERE
    left = min(round(padding / aspect), box.width - 1)
    right = max(left + 1, box.width - left)
    number_size = max(theme.text.number_size * unit, 1.0)
    label_width = right - left - round(2.3 * number_size / aspect)
    return Layout(
        box=box,
        pixel_aspect=aspect,
        n_rows=n_rows,
        pitch=pitch,
        first_baseline=round(padding + CAP_HEIGHT * text_size),
        bar_offset=bar_offset,
        bar_height=bar_height,
        left=left,
        right=right,
        label_width=max(1, label_width),
        text_size=text_size,
        number_size=number_size,
        outline=theme.text.outline * unit,
        radius=theme.card.radius * unit,
        hangs="bottom" in position,
        fits=fits,
    )


def _widest(shown: tuple[float, float], five_rows: float, scale: float) -> float:
    """What a card of five rows may take of a landscape picture; more where larger was asked for."""
    if shown[0] <= shown[1]:
        return shown[0]
    return _LARGEST_SHARE * max(scale, 1.0) ** 2 * shown[0] * shown[1] / five_rows


def _unit(room: Room, theme: Theme, scale: float) -> float:
    """What the theme's fractions are of.

    Never so large that not one row of a few letters fits.
    """
    one_row = 2 * theme.card.padding + max(theme.row.pitch, 1.5 * theme.text.size)
    return min(room.unit(scale), room.height / max(one_row, 1e-3), room.width / _NARROWEST)


def _even_size(length: float, room: int) -> int:
    return max(2, min(2 * round(length / 2), room // 2 * 2))


def _start(whole: int, length: int, room: tuple[float, float], side: float) -> int:
    """First pixel of a box in its room; ``side`` 0 is the start, 0.5 the middle, 1 the end."""
    start = room[0] + side * (room[1] - length)
    start = min(max(start, 0), max(0, whole - length))
    return int(start / 2 + 0.5) * 2 if start < whole - length - 1 else int(start) // 2 * 2


def _across(position: str) -> float:
    return 0.0 if "left" in position else 1.0 if "right" in position else 0.5


def _down(position: str) -> float:
    return 0.0 if "top" in position else 1.0 if "bottom" in position else 0.5
