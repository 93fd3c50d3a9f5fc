"""A contact sheet: small pictures in rows, each with what is heard there, when, and how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from PIL import Image

from overlay.drawing.fonts import font_file
from overlay.drawing.text import Floats, TextDrawer, TextStyle, Tile
from overlay.drawing.theme import Color, Theme

PICTURE = PICTURE_WIDTH, PICTURE_HEIGHT = 320, 180
"""Pixels that a small picture has at most."""
_COLUMNS, _GAP, _BAR, _TEXT = 4, 16, 5, 50
_LABEL_PX, _TIME_PX = 19.0, 15.0
_DIM = 0.72
"""Strength of the smaller text."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One of the pictures and what is told of it."""

    file: Path
    """A picture of at most ``PICTURE``."""
    label: str
    when: str
    score: float
    """In [0, 1]."""
    color: Color
    """Of its bar."""


def contact_sheet(cells: Sequence[Cell], theme: Theme, font: str | None, out: Path) -> None:
    """Write a sheet as PNG.

    Args:
        cells: From left to right, row by row; at least one.
        theme: Colours of ground, text and bars.
        font: The user's font file; ``None`` takes the one that ships.
        out: The target.
    """
    n_columns = min(_COLUMNS, len(cells))
    pitch = PICTURE_WIDTH + _GAP, PICTURE_HEIGHT + _BAR + _TEXT + _GAP
    size = _GAP + n_columns * pitch[0], _GAP + ceil(len(cells) / n_columns) * pitch[1]
    sheet = np.empty((size[1], size[0], 3), np.float32)
    sheet[:] = theme.card.color
    label, small = (_drawer(theme, font, weight) for weight in ("SemiBold", "Medium"))
    for n, cell in enumerate(cells):
        row, column = divmod(n, n_columns)
        x, y = _GAP + column * pitch[0], _GAP + row * pitch[1]
        sheet[y : y + PICTURE_HEIGHT, x : x + PICTURE_WIDTH] = _picture(cell.file, theme)
        y += PICTURE_HEIGHT
        track = theme.bar.track_opacity
        behind = np.array(theme.card.color) * (1 - track) + np.array(theme.bar.track_color) * track
        sheet[y : y + _BAR, x : x + PICTURE_WIDTH] = behind
        sheet[y : y + _BAR, x : x + round(PICTURE_WIDTH * cell.score)] = cell.color
        number = small.tile(f"{round(100 * cell.score)}", _LABEL_PX)
        room = PICTURE_WIDTH - number.pixels.shape[2] - _GAP
        _put(sheet, label.tile(cell.label, _LABEL_PX, room), x, y + _BAR + 23)
        _put(sheet, number, x + PICTURE_WIDTH - number.pixels.shape[2], y + _BAR + 23)
        _put(sheet, small.tile(cell.when, _TIME_PX), x, y + _BAR + 44, _DIM)
    Image.fromarray((255 * sheet.clip(0, 1) + 0.5).astype(np.uint8)).save(out, "PNG")


def _drawer(theme: Theme, font: str | None, weight: str) -> TextDrawer:
    return TextDrawer(TextStyle(font_file(font, weight), theme.text.color), lambda colors: colors)


def _picture(file: Path, theme: Theme) -> Floats:
    """A picture in the middle of its place."""
    place = Image.new("RGB", PICTURE, tuple(round(170 * part) for part in theme.card.color))
    with Image.open(file) as picture:
        shown = picture.convert("RGB")
    shown.thumbnail(PICTURE)
    place.paste(shown, tuple((a - b) // 2 for a, b in zip(PICTURE, shown.size, strict=True)))
    return np.asarray(place, np.float32) / np.float32(255)


def _put(sheet: Floats, tile: Tile, x: int, baseline: int, strength: float = 1.0) -> None:
    """Text on the sheet, cut at its edges."""
    top, left = baseline - tile.ascent, max(0, x - tile.inset)
    pixels = tile.pixels.transpose(1, 2, 0)[: sheet.shape[0] - top, : sheet.shape[1] - left]
    part = sheet[top : top + pixels.shape[0], left : left + pixels.shape[1]]
    part *= 1 - strength * pixels[..., 3:]
    part += strength * pixels[..., :3]
