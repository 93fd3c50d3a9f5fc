"""Several views on one canvas, one below the other, wherever they lie on the picture.

So one stream brings all of them to ffmpeg, and no pixel between them travels.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from overlay.datatypes import Box
from overlay.drawing.text import Pixels
from overlay.drawing.views.base import Patch, Scene, Stamp, View

_LEAST = 2


@dataclass(frozen=True, slots=True)
class SheetScene:
    """What each of the views shows."""

    scenes: tuple[Scene, ...]


class Sheet:
    """A ``View`` of views.

    Args:
        views: From top to bottom; may be none, then it is clear.
    """

    def __init__(self, views: Sequence[View]) -> None:
        self._views = tuple(views)
        self._starts = sheet_rows([view.size for view in views])
        width, height = (
            max((view.size[0] for view in views), default=_LEAST),
            max((y + view.size[1] for y, view in self._parts()), default=_LEAST),
        )
        self._size = width, height

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole sheet."""
        return self._size

    def scene(self, t: float, *, settled: bool = False) -> SheetScene:
        """What is shown at second ``t``."""
        return SheetScene(tuple(view.scene(t, settled=settled) for view in self._views))

    def patches(self, old: Scene, new: Scene) -> Iterable[Patch]:
        """Where two scenes differ."""
        assert isinstance(old, SheetScene) and isinstance(new, SheetScene)
        for number, (y, view) in enumerate(self._parts()):
            before, after = old.scenes[number], new.scenes[number]
            if before != after:
                for patch in view.patches(before, after):
                    yield _moved(patch, y, number)

    def paint(self, scene: Scene, box: Box, area: Pixels) -> None:
        """Draw a box of a scene."""
        assert isinstance(scene, SheetScene)
        for (y, view), each in zip(self._parts(), scene.scenes, strict=True):
            top, bottom = max(box.y, y), min(box.bottom, y + view.size[1])
            right = min(box.right, view.size[0])
            if top < bottom and box.x < right:
                part = Box(box.x, top - y, right - box.x, bottom - top)
                view.paint(each, part, area[:, top - box.y : bottom - box.y, : right - box.x])

    def stamp(self, key: Hashable) -> Pixels:
        """The picture that a patch is copied from."""
        assert isinstance(key, tuple)
        number, own = key
        return self._views[number].stamp(own)

    def still_until(self, t: float) -> float:
        """Second up to which all stays as it is at ``t``."""
        return min((view.still_until(t) for view in self._views), default=float("inf"))

    def _parts(self) -> Iterable[tuple[int, View]]:
        return zip(self._starts, self._views, strict=True)


def sheet_rows(sizes: Sequence[tuple[int, int]]) -> list[int]:
    """The first row of each of some canvases that lie below each other."""
    rows = [0]
    for _, height in sizes:
        rows.append(rows[-1] + height)
    return rows[:-1]


def _moved(patch: Patch, y: int, number: int) -> Patch:
    box = replace(patch.box, y=patch.box.y + y)
    stamp = patch.stamp and Stamp((number, patch.stamp.key), patch.stamp.start)
    return Patch(box, stamp)
