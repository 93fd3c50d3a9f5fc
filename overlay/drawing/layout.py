"""Where everything goes: pure geometry, no pixels.

Lengths across the picture are in its own pixels, which may be wider or narrower than high; sizes
of letters and rounded corners are in units of the pixel's height.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from overlay.datatypes import Box
from overlay.drawing.theme import Theme

_SMALLEST_SIDE_PX = 330
"""Pictures smaller than this get the letters of this size: below, they cannot be read."""

_CAP_HEIGHT = 0.73
"""Of Inter's capital letters, in units of the font size."""

_BAR_GAP = 0.4
"""From the baseline to the bar, in units of the font size: descenders take 0.22."""


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
    anchor: float
    """Where a lower card stands in the box: 0 at its top, 1 at its bottom."""

    def card_height(self, rows: float) -> int:
        """Height of a card for so many rows; the box has room for ``n_rows``."""
        return self.box.height - round((self.n_rows - rows) * self.pitch)

    def baseline(self, rank: float) -> int:
        """Row of pixels on which the text of the tag with this (moving) rank stands."""
        return self.first_baseline + round(rank * self.pitch)


def layout(
    picture: tuple[int, int],
    theme: Theme,
    *,
    position: str = "bottom-left",
    top_k: int = 5,
    scale: float = 1.0,
    pixel_aspect: Fraction = Fraction(1),
) -> Layout:
    """Fit the panel into a picture.

    Args:
        picture: Width and height in pixels.
        theme: Sizes, as fractions of the shorter side as it is shown.
        position: A corner, ``left``, ``right`` or ``bottom``.
        top_k: Rows asked for; fewer where the picture is too low.
        scale: Factor on all sizes.
        pixel_aspect: Width of a pixel over its height.
    """
    width, height = picture
    aspect = float(pixel_aspect)
    shown_width = width * aspect
    unit = _unit(min(shown_width, height), height, theme, scale)
    margin = theme.card.margin * min(shown_width, height)
    text_size = max(theme.text.size * unit, 1.0)
    padding = theme.card.padding * unit
    bar_height = max(2, round(theme.bar.height * unit))
    bar_offset = max(1, round(_BAR_GAP * text_size))
    row = _CAP_HEIGHT * text_size + bar_offset + bar_height
    pitch = round(max(theme.row.pitch * unit, row))
    room = height - 2 * margin - 2 * padding + (pitch - row)
    n_rows = max(1, min(top_k, int(room / pitch)))
    card_width = min(theme.card.width * unit, shown_width - 2 * margin) / aspect
    card_height = 2 * padding + n_rows * pitch - (pitch - row)
    box = _placed(picture, (card_width, card_height), (margin / aspect, margin), position)
    left = round(padding / aspect)
    right = max(left + 1, box.width - left)
    number_size = max(theme.text.number_size * unit, 1.0)
    label_width = right - left - round(2.1 * number_size / aspect)
    return Layout(
        box=box,
        pixel_aspect=aspect,
        n_rows=n_rows,
        pitch=pitch,
        first_baseline=round(padding + _CAP_HEIGHT * text_size),
        bar_offset=bar_offset,
        bar_height=bar_height,
        left=left,
        right=right,
        label_width=max(1, label_width),
        text_size=text_size,
        number_size=number_size,
        outline=theme.text.outline * unit,
        radius=theme.card.radius * unit,
        anchor=_down(position),
    )


def _unit(shorter: float, height: float, theme: Theme, scale: float) -> float:
    """What the theme's fractions are of.

    Never so small that letters cannot be read, and never so large that not one row fits.
    """
    unit = max(shorter, _SMALLEST_SIDE_PX) * scale
    one_row = 2 * theme.card.padding + max(theme.row.pitch, 1.5 * theme.text.size)
    return min(unit, 0.9 * height / max(one_row, 1e-3))


def _placed(
    picture: tuple[int, int], size: tuple[float, float], margin: tuple[float, float], position: str
) -> Box:
    """The box at its place: even corners, even sizes, inside the picture."""
    width, height = (_even_size(size[axis], picture[axis]) for axis in (0, 1))
    x = _start(picture[0], width, margin[0], _across(position))
    y = _start(picture[1], height, margin[1], _down(position))
    return Box(x, y, width, height)


def _even_size(length: float, room: int) -> int:
    return max(2, min(2 * round(length / 2), room // 2 * 2))


def _start(room: int, length: int, margin: float, side: float) -> int:
    """First pixel of a box at ``side``: 0 is the start, 0.5 the middle, 1 the end."""
    low, high = margin, room - margin - length
    start = min(max(low + side * (high - low), 0), max(0, room - length))
    return int(start / 2 + 0.5) * 2 if start < room - length - 1 else int(start) // 2 * 2


def _across(position: str) -> float:
    return 0.0 if "left" in position else 1.0 if "right" in position else 0.5


def _down(position: str) -> float:
    return 0.0 if "top" in position else 1.0 if "bottom" in position else 0.5
