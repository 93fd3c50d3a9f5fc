"""What a view is: tags, a layout and a theme in, pixels out.

To add one, write a file here with two things, and name it in ``registry``:

    a function      takes a ``Brief`` (what is heard, and what is free of the picture) and gives the
                    ``Piece`` or pieces of the view: where each lies, and what is where when
    a ``View``      what a piece becomes when its colours are known (``Look``)

What a view shows at a second is a ``Scene``: a value, so that equal scenes are equal pixels. It
draws any box of any scene, and knows in which boxes two scenes differ; the canvas, the planes that
ffmpeg takes, and caches are not its business. The contract tests draw every view bit by bit and as
a whole, and compare.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from overlay.datatypes import Box, TagTimeline
from overlay.drawing.layout import Room
from overlay.drawing.text import Encode, Pixels
from overlay.drawing.theme import Theme
from overlay.settings import PanelSettings

Scene = Hashable
"""All that is on the canvas at a moment; each view has its own kind."""


@dataclass(frozen=True)
class Brief:
    """What a view is made of."""

    timeline: TagTimeline
    """What is heard."""
    duration_s: float
    """Seconds that the picture lasts, as far as anybody knows."""
    room: Room
    """What is free of the picture."""
    theme: Theme
    fonts: tuple[Path, Path]
    """Of labels and of numbers."""
    settings: PanelSettings


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


class Piece(Protocol):
    """A view in its place, whose colours are not known yet."""

    @property
    def box(self) -> Box:
        """Where it lies on the picture; all even."""
        ...

    @property
    def fits(self) -> bool:
        """Whether there is room for it; if not it is clear."""
        ...

    def view(self, look: Look) -> View:
        """What it looks like."""
        ...


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
