"""Bars with round ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.drawing.layout import Layout
from overlay.drawing.text import Encode, Floats, Pixels, over, solid
from overlay.drawing.theme import Theme

LENGTH_STEPS = 8
"""Bars grow by this part of a pixel."""


def around_end(geometry: Layout) -> int:
    """Columns beside a bar's end within which its roundness shows."""
    return math.ceil(geometry.bar_height / geometry.pixel_aspect) + 1


def capsule(
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


def track(geometry: Layout, theme: Theme, encode: Encode) -> Pixels:
    """The bar's ground, as long as a score of 1."""
    width = geometry.right - geometry.left
    columns = np.arange(width)
    coverage = capsule(columns, width, geometry.bar_height, geometry.pixel_aspect)
    color = encode(np.array(theme.bar.track_color, np.float32))
    return solid(color, coverage * np.float32(theme.bar.track_opacity))


def bar(
    ground: Pixels,
    columns: npt.NDArray[np.integer[Any]],
    color: Floats,
    length: int,
    geometry: Layout,
) -> Pixels:
    """Some columns of a bar.

    Args:
        ground: Those columns of the track, ``[4, height, columns]``.
        columns: Their numbers, 0 where the bar starts.
        color: Of the filled part.
        length: Of the filled part, in steps.
        geometry: Height, and shape of a pixel.
    """
    pixels = ground.copy()
    filled = capsule(columns, length / LENGTH_STEPS, geometry.bar_height, geometry.pixel_aspect)
    over(pixels, solid(color, filled))
    return pixels
