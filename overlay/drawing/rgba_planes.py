"""The panel alone in full colour resolution, for files that keep its opacity."""

from __future__ import annotations

import numpy as np

from overlay.datatypes import Box, ColorInfo
from overlay.drawing.canvas import Canvas
from overlay.drawing.color import Coding
from overlay.drawing.panel import Panel

_ALMOST_CLEAR = np.float32(1e-6)


class AlphaPanel:
    """The panel as R'G'B'A pixels, or as planes of Y, Cb, Cr and opacity.

    Colour is not multiplied by opacity; where nothing is drawn it is black.

    Args:
        panel: What to draw.
        color: How the picture is to be coded.
        picture_height: Tells the matrix where the tags do not.
        pix_fmt: ``rgba`` or ``yuva444p``, of 8 bits.
    """

    def __init__(self, panel: Panel, color: ColorInfo, picture_height: int, pix_fmt: str) -> None:
        rgb = pix_fmt == "rgba"
        coding = Coding(color, 8, picture_height)
        self._view = panel.view(coding.signal if rgb else coding.encode)
        self._canvas = Canvas(self._view)
        width, height = self.size = self._view.size
        self.pix_fmt = pix_fmt
        if rgb:
            self._frame = np.zeros((height, width, 4), np.uint8)
            self._planes = self._frame.transpose(2, 0, 1)
            levels = [(0.0, 255.0)] * 3
        else:
            self._frame = np.zeros((4, height, width), np.uint8)
            self._planes = self._frame
            levels = [coding.luma_levels, coding.chroma_levels, coding.chroma_levels]
        start, span = np.array([*levels, (0.0, coding.full)], np.float32).T
        self._start, self._span = start[:, None, None], span[:, None, None]
        self._convert(Box(0, 0, width, height))

    def frame(self, t: float, *, settled: bool = False) -> memoryview:
        """All pixels at second ``t``; valid until the next call.

        Args:
            t: Second on the picture's clock.
            settled: Nothing under way, for a still.
        """
        for box in self._canvas.update(t, settled=settled):
            self._convert(box)
        return self._frame.data.cast("B")

    def next_change(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``; ``t`` if anything moves."""
        return self._view.still_until(t)

    def _convert(self, box: Box) -> None:
        """Codes of the pixels in a box: ``start + span * value``."""
        values = self._canvas.pixels[:, box.y : box.bottom, box.x : box.right].copy()
        values[:3] /= np.maximum(values[3], _ALMOST_CLEAR)
        codes = self._start + self._span * values
        self._planes[:, box.y : box.bottom, box.x : box.right] = np.clip(codes + 0.5, 0, 255)
