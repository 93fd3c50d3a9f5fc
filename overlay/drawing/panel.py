"""The panel of one video: which view of which tags, where on the picture."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Box, TagTimeline
from overlay.drawing.canvas import Canvas
from overlay.drawing.choreography import arranged
from overlay.drawing.fonts import font_file
from overlay.drawing.layout import layout
from overlay.drawing.planar import PlanarPanel
from overlay.drawing.text import Encode
from overlay.drawing.theme import load_theme
from overlay.drawing.views.base import Look, View
from overlay.drawing.views.list_view import ListView
from overlay.settings import PanelSettings

__all__ = ["Panel", "PlanarPanel"]


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
        most = int((timeline.classes >= 0).sum(axis=1).max(initial=0)) or settings.top_k
        self.layout = layout(
            picture, self.theme, position=settings.position, top_k=min(settings.top_k, most),
            scale=settings.scale, pixel_aspect=pixel_aspect,
        )  # fmt: skip
        self.motion = arranged(timeline, self.layout.n_rows)
        self._canvas: Canvas | None = None

    @property
    def fits(self) -> bool:
        """Whether there is room for it; if not it is clear, and nothing need be drawn."""
        return self.layout.fits

    @property
    def box(self) -> Box:
        """Where the panel lies on the picture; all even."""
        return self.layout.box

    def view(self, encode: Encode) -> View:
        """The view, drawn in the colours that ``encode`` makes of sRGB."""
        look = Look(self.theme, self.fonts, self.families, encode)
        return ListView(self.motion, self.layout, look)

    def next_change(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``; ``t`` if anything moves."""
        return self.motion.still_until(t)

    def rgba(self, t: float, *, settled: bool = False) -> npt.NDArray[np.uint8]:
        """The panel at second ``t``.

        Args:
            t: Second on the picture's clock.
            settled: Nothing under way, for a still.

        Returns:
            ``[height, width, 4]``, sRGB and opacity; colour is not multiplied by opacity.
        """
        self._canvas = self._canvas or Canvas(self.view(lambda rgb: rgb))
        self._canvas.update(t, settled=settled)
        pixels = self._canvas.pixels.copy()
        pixels[:3] /= np.maximum(pixels[3], np.float32(1e-6))
        codes = np.clip(pixels * 255 + 0.5, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(codes.transpose(1, 2, 0))
