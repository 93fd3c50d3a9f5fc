"""The panel of one video: which views of which tags, where on the picture."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Box, TagTimeline
from overlay.drawing.canvas import Canvas
from overlay.drawing.fonts import font_file
from overlay.drawing.layout import safe_room
from overlay.drawing.text import Encode
from overlay.drawing.theme import load_theme
from overlay.drawing.view_stack import Sheet, sheet_rows
from overlay.drawing.views.base import Brief, Look, View
from overlay.drawing.views.registry import pieces_of
from overlay.settings import PanelSettings


class Panel:
    """The panel of one video: its views lie below each other on one sheet.

    Args:
        timeline: The tags to show.
        picture: Width and height of the video in pixels.
        settings: Views, theme, place, size.
        families: AudioSet family of each label, for the colours of the bars.
        pixel_aspect: Width of a pixel over its height.
        duration_s: Seconds that the video lasts; those of the sound if 0.

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
        duration_s: float = 0.0,
    ) -> None:
        self.timeline = timeline
        self.theme = load_theme(settings.theme)
        self.families = families or {}
        self.fonts = font_file(settings.font, "SemiBold"), font_file(settings.font, "Medium")
        room = safe_room(picture, self.theme.card.margin, pixel_aspect)
        duration_s = max(duration_s, timeline.duration_s)
        brief = Brief(timeline, duration_s, room, self.theme, self.fonts, settings)
        self.views = pieces_of(brief)
        """The pieces of each view."""
        self.pieces = [piece for pieces in self.views.values() for piece in pieces if piece.fits]
        """What there is room for, from the top of the sheet to its bottom."""
        self._canvas: Canvas | None = None

    @property
    def without_room(self) -> list[str]:
        """The views of which something does not fit into the picture."""
        return [name for name, pieces in self.views.items() if not all(p.fits for p in pieces)]

    @property
    def places(self) -> list[tuple[Box, int]]:
        """Where each piece lies on the picture, and its first row on the sheet; all even."""
        boxes = [piece.box for piece in self.pieces]
        return list(zip(boxes, sheet_rows([(b.width, b.height) for b in boxes]), strict=True))

    def view(self, encode: Encode) -> View:
        """The sheet, drawn in the colours that ``encode`` makes of sRGB."""
        look = Look(self.theme, self.fonts, self.families, encode)
        return Sheet([piece.view(look) for piece in self.pieces])

    def rgba(self, t: float, *, settled: bool = False) -> npt.NDArray[np.uint8]:
        """The sheet at second ``t``.

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
