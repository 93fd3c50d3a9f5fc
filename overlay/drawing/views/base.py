"""What a view is: tags, a layout and a theme in, pixels out.

To add one, write a file here with a class that keeps ``View``: made of a ``Motion`` (which tags
are where when), a ``Layout`` or a geometry of its own, a theme and fonts (``Look``). What it shows
at a second is a ``Scene``: a value, so that equal scenes are equal pixels. It draws any box of any
scene, and knows in which boxes two scenes differ; the canvas, the planes that ffmpeg takes, and
caches are not its business. Name it in ``overlay.drawing.panel``; the contract tests draw every
view bit by bit and as a whole, and compare.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from overlay.datatypes import Box
from overlay.drawing.text import Encode, Pixels
from overlay.drawing.theme import Theme

Scene = Hashable
"""All that is on the canvas at a moment; each view has its own kind."""


@dataclass(frozen=True)
class Look:
    """How all views of one panel look."""

    theme: Theme
    fonts: tuple[Path, Path]
    """Of labels and of numbers."""
    families: Mapping[str, str]
    """AudioSet family of each label that has one."""
    encode: Encode
    """From sRGB to the colours of the canvas."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A small picture that is seen in many places, and where it lies on the canvas."""

    key: Hashable
    """Equal keys mean equal pixels; ``View.stamp`` draws them."""
    start: int
    """Column of the canvas on which its first column falls; its rows are the box's."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A box in which a picture differs from the one before; all even."""

    box: Box
    stamp: Stamp | None = None
    """What it looks like, where that need not be painted."""


class View(Protocol):
    """One way to show tags."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its canvas in pixels; even."""
        ...

    def scene(self, t: float, *, settled: bool = False) -> Scene:
        """What is shown at second ``t``; ``settled``, as if nothing were under way."""
        ...

    def patches(self, old: Scene, new: Scene) -> Iterable[Patch]:
        """Where two scenes differ."""
        ...

    def paint(self, scene: Scene, box: Box, area: Pixels) -> None:
        """Draw a box of a scene into ``area``, over whatever is in it."""
        ...

    def stamp(self, key: Hashable) -> Pixels:
        """The picture that a patch is copied from."""
        ...

    def still_until(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``; ``t`` if anything moves."""
        ...
