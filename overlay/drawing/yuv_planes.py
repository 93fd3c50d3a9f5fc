"""The panel as ffmpeg takes it: planes of Y, Cb, Cr and opacity, coded like the video."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Box, ColorInfo
from overlay.drawing.canvas import Canvas
from overlay.drawing.color import Coding, to_planes
from overlay.drawing.panel import Panel
from overlay.drawing.text import Pixels

Codes = npt.NDArray[np.unsignedinteger[Any]]
"""One plane."""

_MOST_STAMPED_BYTES = 1 << 26
"""Of stamps that are kept; those used last are."""


class PlanarPanel:
    """The panel as planes, in 4:2:0.

    Args:
        panel: What to draw.
        color: The video's colour tags.
        bit_depth: 8 or 10.
        picture_height: Tells the matrix where the tags do not.
    """

    def __init__(self, panel: Panel, color: ColorInfo, bit_depth: int, picture_height: int) -> None:
        self._coding = Coding(color, bit_depth, picture_height)
        self._view = panel.view(self._coding.encode)
        self._canvas = Canvas(self._view)
        width, height = self.size = self._view.size
        sizes = [(height, width), (height // 2, width // 2)] * 2
        shapes = [sizes[0], sizes[1], sizes[1], sizes[0]]
        kind = np.uint8 if bit_depth == 8 else np.dtype("<u2")
        self._frame = np.zeros(sum(h * w for h, w in shapes), kind)
        ends = np.cumsum([h * w for h, w in shapes])[:-1]
        parts = np.split(self._frame, ends)
        self._planes = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        self._stamps: OrderedDict[Hashable, list[Codes]] = OrderedDict()
        self._stamped_bytes = 0
        self.pix_fmt = "yuva420p" if bit_depth == 8 else "yuva420p10le"

    def frame(self, t: float, *, settled: bool = False) -> memoryview:
        """All planes at second ``t``, one after the other; valid until the next call.

        Args:
            t: Second on the picture's clock.
            settled: Nothing under way, for a still.
        """
        for patch in self._canvas.advance(t, settled=settled):
            if patch.stamp is None:
                self._fill(patch.box, self._coded(self._canvas.paint(patch.box)))
            else:
                self._fill(patch.box, self._stamp(patch.stamp.key), patch.stamp.start)
        return self._frame.data.cast("B")

    def next_change(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``; ``t`` if anything moves."""
        return self._view.still_until(t)

    def _stamp(self, key: Hashable) -> list[Codes]:
        if key not in self._stamps:
            made = self._stamps[key] = self._coded(self._view.stamp(key))
            self._stamped_bytes += _size(made)
            while self._stamped_bytes > _MOST_STAMPED_BYTES and len(self._stamps) > 1:
                self._stamped_bytes -= _size(self._stamps.popitem(last=False)[1])
        self._stamps.move_to_end(key)
        return self._stamps[key]

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


def _size(codes: list[Codes]) -> int:
    return sum(plane.nbytes for plane in codes)
