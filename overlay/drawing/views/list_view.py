"""The list: a card with a row for each tag, best on top."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from overlay.datatypes import Box
from overlay.drawing.bar_ends import BarEnd, BarEnds
from overlay.drawing.bars import LENGTH_STEPS
from overlay.drawing.canvas import even_box
from overlay.drawing.layout import Layout, layout
from overlay.drawing.motion import Motion, Row
from overlay.drawing.plate import Card
from overlay.drawing.row_transitions import arranged
from overlay.drawing.rows import OPACITY_STEPS, DrawnRow, RowPainter
from overlay.drawing.text import Pixels
from overlay.drawing.theme import RowTheme
from overlay.drawing.views.base import Brief, Look, Patch, Scene


def listed(brief: Brief) -> list[ListPiece]:
    """The list, with as many rows as there are ever tags."""
    classes, settings = brief.timeline.classes, brief.settings
    most = int((classes >= 0).sum(axis=1).max(initial=0)) or settings.top_k
    geometry = layout(
        brief.room, brief.theme, position=settings.position, top_k=min(settings.top_k, most),
        scale=settings.scale,
    )  # fmt: skip
    return [ListPiece(arranged(brief.timeline, geometry.n_rows), geometry)]


@dataclass(frozen=True)
class ListPiece:
    """A ``Piece``."""

    motion: Motion
    layout: Layout

    @property
    def box(self) -> Box:
        """The card with all its rows."""
        return self.layout.box

    @property
    def fits(self) -> bool:
        """Whether there is room for it."""
        return self.layout.fits

    def view(self, look: Look) -> ListView:
        """Rows on a card."""
        return ListView(self.motion, self.layout, look)


@dataclass(frozen=True, slots=True)
class ListScene:
    """All that is on the canvas."""

    plate: int
    """Opacity of the card in ``OPACITY_STEPS``."""
    height: int
    """Of the card in pixels."""
    top: int
    """First row of the card."""
    rows: tuple[DrawnRow, ...]


class ListView:
    """Rows on a card.

    Args:
        motion: Which tags are where when.
        geometry: Where everything goes.
        look: Colours and fonts.
    """

    def __init__(self, motion: Motion, geometry: Layout, look: Look) -> None:
        self._motion, self._geometry, self._theme = motion, geometry, look.theme
        self._rows = RowPainter(motion.timeline.labels, geometry, look)
        self._card = Card(geometry, look.theme, look.encode)
        self._ends = BarEnds(geometry, self._card, self._rows)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the card with all its rows."""
        return self._geometry.box.width, self._geometry.box.height

    def scene(self, t: float, *, settled: bool = False) -> ListScene:
        """What is shown at second ``t``."""
        if not self._geometry.fits:
            return ListScene(0, self.size[1], 0, ())
        moment = self._motion.settled(t) if settled else self._motion.at(t)
        height = self._geometry.card_height(moment.height)
        plate = round(moment.plate * OPACITY_STEPS)
        drop = moment.drop if self._geometry.hangs else 0.0
        top = self._geometry.baseline(drop) - self._geometry.baseline(0)
        rows = tuple(self._drawn(row, drop) for row in moment.rows)
        return ListScene(plate, height, top, rows)

    def patches(self, old: Scene, new: Scene) -> Iterable[Patch]:
        """Where two scenes differ."""
        assert isinstance(old, ListScene) and isinstance(new, ListScene)
        if old.plate != new.plate:
            return [Patch(Box(0, 0, *self.size))]
        return self._patches(old, new)

    def paint(self, scene: Scene, box: Box, area: Pixels) -> None:
        """Draw a box of a scene."""
        assert isinstance(scene, ListScene)
        card = self._card.pixels(scene.height, scene.top)[:, *box.slices]
        np.multiply(card, np.float32(scene.plate / OPACITY_STEPS), out=area)
        for row in scene.rows:
            self._rows.paint(row, area, box)

    def stamp(self, key: Hashable) -> Pixels:
        """The end of a bar."""
        assert isinstance(key, BarEnd)
        return self._ends.drawn(key)

    def still_until(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``."""
        return self._motion.still_until(t) if self._geometry.fits else float("inf")

    def _drawn(self, row: Row, drop: float) -> DrawnRow:
        geometry = self._geometry
        text = row.opacity * text_strength(self._theme.row, row.number)
        return DrawnRow(
            row.index,
            geometry.baseline(row.rank + drop),
            round(text * OPACITY_STEPS),
            round(row.opacity * OPACITY_STEPS),
            row.number,
            round(row.score * (geometry.right - geometry.left) * LENGTH_STEPS),
        )

    def _patches(self, old: ListScene, new: ListScene) -> Iterator[Patch]:
        before, after = ({row.index: row for row in scene.rows} for scene in (old, new))
        spans: list[tuple[int, int]] = []
        if old.top != new.top:
            spans.append((min(old.top, new.top), self.size[1]))
        elif old.height != new.height:
            around, ends = int(self._geometry.radius) + 2, (old.height, new.height)
            spans.append((new.top + min(ends) - around, new.top + max(ends)))
        moving = {index for index in before.keys() | after.keys()
                  if before.get(index) != after.get(index)}  # fmt: skip
        for index in moving:
            a, b = before.get(index), after.get(index)
            if not (a and b and a.stands_like(b)):
                spans += [self._all_of(row) for row in (a, b) if row]
                continue
            if a.number != b.number:
                yield Patch(self._rows.number_box(b, self.size))
            if a.bar_length != b.bar_length:
                yield self._ends.patch(a, b, new.rows, (new.height, new.top), new.plate)
        for first, last in _merged(spans):
            yield Patch(even_box(0, first, self.size[0], last, self.size))

    def _all_of(self, row: DrawnRow) -> tuple[int, int]:
        extent = self._rows.extent(row.index)
        return row.baseline + extent.top, row.baseline + extent.bottom


def text_strength(theme: RowTheme, number: int) -> float:
    """Opacity of the text of a tag that scores this many percent: less for weak ones."""
    strength = min(number / 100 / theme.full_at, 1.0) if theme.full_at else 1.0
    return theme.dim + (1 - theme.dim) * strength


def _merged(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans of rows without overlaps, grown to even rows."""
    current: tuple[int, int] | None = None
    for first, last in sorted((a // 2 * 2, -(-b // 2) * 2) for a, b in spans):
        if current and first <= current[1]:
            current = current[0], max(current[1], last)
        else:
            if current:
                yield current
            current = first, last
    if current:
        yield current
