"""Ends of bars: the part of the panel that nearly always moves, drawn once and copied.

Between its round ends a bar looks alike everywhere: what a column shows depends only on how far it
is from the end, as long as nothing else is there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from overlay.datatypes import Box
from overlay.drawing.bars import LENGTH_STEPS, around_end, bar
from overlay.drawing.canvas import even_box, lay
from overlay.drawing.layout import Layout
from overlay.drawing.plate import Card
from overlay.drawing.rows import OPACITY_STEPS, DrawnRow, RowPainter
from overlay.drawing.text import Pixels
from overlay.drawing.views.base import Patch, Stamp

_REACH = 8
"""A bar's end that moves by less than this part of the longest bar is copied, not drawn."""


@dataclass(frozen=True, slots=True)
class BarEnd:
    """The end of a bar on its track on the card: equal values mean equal pixels."""

    index: int
    """Class: tells the colour."""
    phase: int
    """Where it ends behind an even column, in steps of ``LENGTH_STEPS``."""
    above: int
    """Rows of the card above the bar."""
    n_rows: int
    """Of the card and the bar."""


class BarEnds:
    """Knows where the end of a bar may be copied, and what it looks like.

    Args:
        geometry: Where everything goes.
        card: What is behind the bars.
        rows: Draws the rows.
    """

    def __init__(self, geometry: Layout, card: Card, rows: RowPainter) -> None:
        self._geometry, self._card, self._rows = geometry, card, rows
        reach = max(-(-(geometry.right - geometry.left) // _REACH), around_end(geometry))
        self._reach = reach + reach % 2

    def patch(
        self,
        before: DrawnRow,
        after: DrawnRow,
        others: Sequence[DrawnRow],
        card: tuple[int, int],
        plate_opacity: int,
    ) -> Patch:
        """Where the ends of two bars in one place differ.

        Args:
            before: The row as it was.
            after: The row as it is.
            others: All rows of the scene.
            card: Its height and first row.
            plate_opacity: In ``OPACITY_STEPS``.
        """
        geometry = self._geometry
        ends = [geometry.left + row.bar_length / LENGTH_STEPS for row in (before, after)]
        around = around_end(geometry)
        first, last = self._rows.bar_rows(after)
        size = geometry.box.width, geometry.box.height
        columns = int(min(ends)) - around, math.ceil(max(ends)) + around
        box = even_box(columns[0], first, columns[1], last, size)
        opaque = after.opacity == plate_opacity == OPACITY_STEPS
        copied = opaque and self._alone(after, others, box) and self._plain(card, box)
        return Patch(box, self._stamp(after, box) if copied else None)

    def drawn(self, end: BarEnd) -> Pixels:
        """The columns around a bar's end, ``[4, n_rows, 2 * reach]``."""
        geometry, reach = self._geometry, self._reach
        area = np.tile(self._card.color[:, None, None], (1, end.n_rows, 2 * reach))
        track = self._rows.track
        middle = track.shape[2] // 2
        ground = np.tile(track[..., middle : middle + 1], (1, 1, 2 * reach))
        columns = np.arange(reach, 3 * reach)
        length = 2 * reach * LENGTH_STEPS + end.phase
        pixels = bar(ground, columns, self._rows.bar_color(end.index), length, geometry)
        lay(area, pixels, 0, end.above, 1.0)
        return area

    def _stamp(self, row: DrawnRow, box: Box) -> Stamp | None:
        geometry = self._geometry
        steps = geometry.left * LENGTH_STEPS + row.bar_length
        phase = steps % (2 * LENGTH_STEPS)
        start = (steps - phase) // LENGTH_STEPS - self._reach
        around = around_end(geometry)
        straight = geometry.left + around <= box.x and box.right <= geometry.right - around
        near = start <= box.x and box.right <= start + 2 * self._reach
        if not (straight and near):
            return None
        above = self._rows.bar_rows(row)[0] - box.y
        return Stamp(BarEnd(row.index, phase, above, box.height), start)

    def _alone(self, bar_row: DrawnRow, others: Sequence[DrawnRow], box: Box) -> bool:
        """Whether no text and no other row is in the box of a bar."""
        for row in others:
            extent = self._rows.extent(row.index)
            bottom = extent.text_bottom if row is bar_row else extent.bottom
            if row.baseline + extent.top < box.bottom and row.baseline + bottom > box.y:
                return False
        return True

    def _plain(self, card: tuple[int, int], box: Box) -> bool:
        columns = self._geometry.left, self._geometry.right
        return self._card.is_plain(*card, (box.y, box.bottom), columns)
