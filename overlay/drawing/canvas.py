"""A canvas that follows the time: of what a view shows, only what changed is drawn again."""

from __future__ import annotations

import numpy as np

from overlay.datatypes import Box
from overlay.drawing.text import Pixels, over
from overlay.drawing.views.base import Patch, Scene, View


class Canvas:
    """The pixels of one view.

    Args:
        view: What to draw.
    """

    def __init__(self, view: View) -> None:
        width, height = view.size
        self._view = view
        self._scene: Scene | None = None
        self.pixels: Pixels = np.zeros((4, height, width), np.float32)
        """Three parts of a colour, each times opacity, and opacity."""

    def update(self, t: float, *, settled: bool = False) -> list[Box]:
        """Bring the canvas to second ``t``; the boxes that changed, all even."""
        boxes = [patch.box for patch in self.advance(t, settled=settled)]
        for box in boxes:
            self.paint(box)
        return boxes

    def advance(self, t: float, *, settled: bool = False) -> list[Patch]:
        """Go to second ``t`` without painting; what has to be painted.

        Args:
            t: Second on the picture's clock.
            settled: Draw what is shown then as if nothing were under way, for a still.
        """
        scene, before = self._view.scene(t, settled=settled), self._scene
        self._scene = scene
        if before is None:
            return [Patch(Box(0, 0, *self._view.size))]
        return [] if scene == before else list(self._view.patches(before, scene))

    def paint(self, box: Box) -> Pixels:
        """Draw a box anew, nothing in it taken over; the pixels in it."""
        area = self.pixels[:, *box.slices]
        if self._scene is not None:
            self._view.paint(self._scene, box, area)
        return area


def lay(area: Pixels, tile: Pixels, x: int, y: int, opacity: float) -> None:
    """Lay a tile on an area, as far as it falls inside."""
    height, width = area.shape[1:]
    top, left = max(0, -y), max(0, -x)
    bottom, right = min(tile.shape[1], height - y), min(tile.shape[2], width - x)
    if top < bottom and left < right and opacity:
        target = area[:, y + top : y + bottom, x + left : x + right]
        over(target, tile[:, top:bottom, left:right], opacity)


def even_box(x0: int, y0: int, x1: int, y1: int, size: tuple[int, int]) -> Box:
    """The box grown to even corners and cut to a canvas of this width and height."""
    x0, y0 = max(0, x0 // 2 * 2), max(0, y0 // 2 * 2)
    x1, y1 = min(size[0], -(-x1 // 2) * 2), min(size[1], -(-y1 // 2) * 2)
    return Box(x0, y0, max(0, x1 - x0), max(0, y1 - y0))
