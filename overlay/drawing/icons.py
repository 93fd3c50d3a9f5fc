"""Icons of sounds, drawn by us: one a family, and one for each of the commonest sounds.

An icon is a list of polygons in a unit square, x to the right and y down, laid over each other in
their order; one that is no ink takes away what is below it. So Pillow and a subtitle player's
vector commands draw the same. To add one, write it below and name the sound in ``SOUNDS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import atan2, cos, hypot, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from overlay.drawing.text import Floats

Point = tuple[float, float]
_FINER = 6
"""Icons are drawn this much larger and reduced."""
_N_CORNERS = 40
"""Of a circle."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon, filled."""

    points: tuple[Point, ...]
    is_ink: bool = True
    """If not, it takes away what is below."""


Icon = tuple[Shape, ...]


def icon_for(kinds: Iterable[str], family: str) -> Icon:
    """The icon of a sound.

    Args:
        kinds: AudioSet's names of it and of what it is a kind of, the nearest first.
        family: AudioSet family; empty where there is none.
    """
    for name in kinds:
        if name in SOUNDS:
            return _made(SOUNDS[name])
    return _made(FAMILY_ICONS.get(family, _equalizer))


def icon_mask(icon: Icon, size: int, pixel_aspect: float = 1.0) -> Floats:
    """Coverage of an icon, ``[size, size / pixel_aspect]``."""
    width, height = max(1, round(size / pixel_aspect)), max(1, size)
    large = width * _FINER, height * _FINER
    mask = Image.new("L", large)
    draw = ImageDraw.Draw(mask)
    for shape in icon:
        corners = [(x * large[0], y * large[1]) for x, y in shape.points]
        draw.polygon(corners, 255 if shape.is_ink else 0)
    smaller = mask.resize((width, height), Image.Resampling.BOX)
    return np.asarray(smaller, np.float32) / np.float32(255)


@cache
def _made(draw: Callable[[], list[Shape]]) -> Icon:
    return tuple(draw())


# Strokes and bodies


def _poly(*points: Point, ink: bool = True) -> Shape:
    return Shape(tuple(points), ink)


def _oval(
    x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0, *, ink: bool = True
) -> Shape:
    """An ellipse, turned by so many degrees clockwise."""
    ry, turn = rx if ry is None else ry, turn * pi / 180
    points = []
    for n in range(_N_CORNERS):
        a, b = rx * cos(2 * pi * n / _N_CORNERS), ry * sin(2 * pi * n / _N_CORNERS)
        points.append((x + a * cos(turn) - b * sin(turn), y + a * sin(turn) + b * cos(turn)))
    return Shape(tuple(points), ink)


def _arc(
    x: float, y: float, radius: float, start: float, end: float, *, squash: float = 1.0
) -> list[Point]:
    """Points on a circle, degrees clockwise from the right."""
    n = max(2, round(abs(end - start) / 9))
    turns = [(start + (end - start) * i / n) * pi / 180 for i in range(n + 1)]
    return [(x + radius * cos(a), y + squash * radius * sin(a)) for a in turns]


def _stroke(points: Sequence[Point], width: float, *, ink: bool = True) -> list[Shape]:
    """A line with round ends and corners."""
    shapes = [_oval(x, y, width / 2, ink=ink) for x, y in points]
    for (x0, y0), (x1, y1) in pairwise(points):
        if hypot(x1 - x0, y1 - y0) > 0:
            turn = atan2(y1 - y0, x1 - x0)
            dx, dy = -sin(turn) * width / 2, cos(turn) * width / 2
            corners = (x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)
            shapes.append(Shape(corners, ink))
    return shapes


def _box(
    x0: float, y0: float, x1: float, y1: float, radius: float = 0.0, *, ink: bool = True
) -> Shape:
    """A rectangle with round corners."""
    if not radius:
        return _poly((x0, y0), (x1, y0), (x1, y1), (x0, y1), ink=ink)
    points = [
        *_arc(x1 - radius, y0 + radius, radius, -90, 0),
        *_arc(x1 - radius, y1 - radius, radius, 0, 90),
        *_arc(x0 + radius, y1 - radius, radius, 90, 180),
        *_arc(x0 + radius, y0 + radius, radius, 180, 270),
    ]
    return Shape(tuple(points), ink)


def _smaller(shapes: Iterable[Shape], share: float) -> list[Shape]:
    """The same about the middle."""
    return [
        Shape(tuple((0.5 + share * (x - 0.5), 0.5 + share * (y - 0.5)) for x, y in shape.points),
              shape.is_ink)
        for shape in shapes
    ]  # fmt: skip


# Families


def _person() -> list[Shape]:
    shoulders = [*_arc(0.5, 0.98, 0.38, 180, 360, squash=0.95)]
    return [_oval(0.5, 0.28, 0.2), Shape(tuple(shoulders))]


def _paw() -> list[Shape]:
    toes = [(0.16, 0.46, -25), (0.37, 0.24, -8), (0.63, 0.24, 8), (0.84, 0.46, 25)]
    pad = [*_arc(0.5, 0.62, 0.2, 180, 360), *_arc(0.66, 0.78, 0.14, -30, 110),
           (0.5, 0.84), *_arc(0.34, 0.78, 0.14, 70, 210)]  # fmt: skip
    return [_oval(x, y, 0.095, 0.135, turn) for x, y, turn in toes] + [Shape(tuple(pad))]


def _note() -> list[Shape]:
    return [
        _oval(0.25, 0.8, 0.17, 0.125, -18), _oval(0.74, 0.7, 0.17, 0.125, -18),
        _box(0.335, 0.2, 0.42, 0.79), _box(0.825, 0.1, 0.91, 0.69),
        _poly((0.335, 0.17), (0.91, 0.04), (0.91, 0.25), (0.335, 0.38)),
    ]  # fmt: skip


def _gear() -> list[Shape]:
    points: list[Point] = []
    for tooth in range(8):
        middle = tooth * 45.0
        for radius, turn in ((0.35, -14), (0.47, -9), (0.47, 9), (0.35, 14)):
            points += _arc(0.5, 0.5, radius, middle + turn, middle + turn)[:1]
    return [Shape(tuple(points)), _oval(0.5, 0.5, 0.15, ink=False)]


def _leaf() -> list[Shape]:
    blade = [*_arc(0.16, 0.06, 0.78, 0, 78), *_arc(0.92, 0.9, 0.8, 182, 268)]
    return [Shape(tuple(blade)), *_stroke([(0.1, 0.96), (0.34, 0.66)], 0.08),
            *_stroke([(0.36, 0.64), (0.72, 0.3)], 0.05, ink=False)]  # fmt: skip


def _equalizer() -> list[Shape]:
    heights = [0.3, 0.62, 0.9, 0.5, 0.22]
    return [
        _box(0.06 + 0.19 * n, 0.5 - h / 2, 0.18 + 0.19 * n, 0.5 + h / 2, 0.055)
        for n, h in enumerate(heights)
    ]


def _house() -> list[Shape]:
    return [
        _poly((0.5, 0.06), (0.98, 0.5), (0.86, 0.56), (0.5, 0.24), (0.14, 0.56), (0.02, 0.5)),
        _poly((0.5, 0.3), (0.82, 0.58), (0.82, 0.94), (0.18, 0.94), (0.18, 0.58)),
        _box(0.41, 0.62, 0.59, 0.94, ink=False),
    ]


FAMILY_ICONS = {
    "human": _person, "animal": _paw, "music": _note, "things": _gear, "nature": _leaf,
    "ambiguous": _equalizer, "environment": _house,
}  # fmt: skip


# Single sounds


def _bubble() -> list[Shape]:
    return [
        _box(0.04, 0.1, 0.96, 0.74, 0.24), _poly((0.2, 0.66), (0.48, 0.72), (0.2, 0.96)),
        *(_oval(x, 0.42, 0.07, ink=False) for x in (0.28, 0.5, 0.72)),
    ]  # fmt: skip


def _smile() -> list[Shape]:
    mouth = [*_arc(0.5, 0.52, 0.29, 0, 180)]
    return [
        _oval(0.5, 0.5, 0.46), _oval(0.34, 0.36, 0.065, 0.09, ink=False),
        _oval(0.66, 0.36, 0.065, 0.09, ink=False), Shape(tuple(mouth), is_ink=False),
    ]  # fmt: skip


def _clapping() -> list[Shape]:
    hands = [
        *_stroke([(0.3, 0.66), (0.55, 0.36)], 0.26), *_stroke([(0.22, 0.6), (0.38, 0.34)], 0.12),
        *_stroke([(0.2, 0.94), (0.34, 0.72)], 0.24),
    ]  # fmt: skip
    between = _stroke([(0.44, 0.88), (0.76, 0.46)], 0.32, ink=False)
    front = [
        *_stroke([(0.5, 0.84), (0.76, 0.52)], 0.24),
        *_stroke([(0.4, 0.96), (0.5, 0.84)], 0.24),
    ]
    rays = [
        *_stroke([(0.66, 0.2), (0.69, 0.07)], 0.06), *_stroke([(0.8, 0.26), (0.9, 0.15)], 0.06),
        *_stroke([(0.87, 0.38), (0.97, 0.35)], 0.06),
    ]  # fmt: skip
    return _smaller([*hands, *between, *front, *rays], 0.85)


def _dog() -> list[Shape]:
    return [
        _oval(0.5, 0.52, 0.31, 0.37), _oval(0.16, 0.42, 0.13, 0.28, 14),
        _oval(0.84, 0.42, 0.13, 0.28, -14), _oval(0.38, 0.45, 0.055, ink=False),
        _oval(0.62, 0.45, 0.055, ink=False), _oval(0.5, 0.68, 0.12, 0.085, ink=False),
    ]  # fmt: skip


def _cat() -> list[Shape]:
    return [
        _oval(0.5, 0.58, 0.4, 0.35), _poly((0.1, 0.06), (0.45, 0.3), (0.12, 0.58)),
        _poly((0.9, 0.06), (0.55, 0.3), (0.88, 0.58)), _oval(0.34, 0.54, 0.055, 0.075, ink=False),
        _oval(0.66, 0.54, 0.055, 0.075, ink=False),
        _poly((0.43, 0.68), (0.57, 0.68), (0.5, 0.77), ink=False),
    ]  # fmt: skip


def _bird() -> list[Shape]:
    wing = [*_arc(0.47, 0.5, 0.2, 0, 180, squash=1.1)]
    return [
        _oval(0.66, 0.32, 0.2), _oval(0.46, 0.56, 0.33, 0.26, -24),
        _poly((0.8, 0.22), (0.99, 0.33), (0.8, 0.42)),
        _poly((0.3, 0.56), (0.02, 0.9), (0.42, 0.76)),
        _oval(0.7, 0.28, 0.045, ink=False), Shape(tuple(wing), is_ink=False),
        *_stroke([(0.48, 0.78), (0.48, 0.95)], 0.05), *_stroke([(0.6, 0.76), (0.6, 0.95)], 0.05),
    ]  # fmt: skip


def _car() -> list[Shape]:
    wheels = [s for x in (0.27, 0.73) for s in (_oval(x, 0.73, 0.155, ink=False),
                                                _oval(x, 0.73, 0.11))]  # fmt: skip
    return [
        _box(0.02, 0.44, 0.98, 0.74, 0.1),
        _poly((0.2, 0.46), (0.32, 0.2), (0.68, 0.2), (0.84, 0.46)),
        _poly((0.29, 0.43), (0.37, 0.27), (0.47, 0.27), (0.47, 0.43), ink=False),
        _poly((0.54, 0.43), (0.54, 0.27), (0.64, 0.27), (0.73, 0.43), ink=False), *wheels,
    ]  # fmt: skip


def _siren() -> list[Shape]:
    dome = [*_arc(0.5, 0.6, 0.26, 180, 360, squash=1.15), (0.76, 0.76), (0.24, 0.76)]
    rays = [((0.5, 0.16), (0.5, 0.05)), ((0.2, 0.28), (0.11, 0.2)), ((0.8, 0.28), (0.89, 0.2)),
            ((0.12, 0.54), (0.04, 0.54)), ((0.88, 0.54), (0.96, 0.54))]  # fmt: skip
    return [Shape(tuple(dome)), _box(0.14, 0.8, 0.86, 0.94, 0.05),
            *(shape for ray in rays for shape in _stroke(ray, 0.075))]  # fmt: skip


def _bell() -> list[Shape]:
    body = [*_arc(0.5, 0.38, 0.26, 180, 360), (0.78, 0.6), (0.92, 0.78), (0.08, 0.78), (0.22, 0.6)]
    return [Shape(tuple(body)), _oval(0.5, 0.1, 0.07),
            Shape(tuple(_arc(0.5, 0.82, 0.13, 0, 180)))]  # fmt: skip


def _cloud(y: float) -> list[Shape]:
    return [
        _oval(0.3, y, 0.2), _oval(0.54, y - 0.1, 0.25), _oval(0.78, y + 0.02, 0.17),
        _box(0.28, y, 0.8, y + 0.19, 0.02),
    ]  # fmt: skip


def _rain() -> list[Shape]:
    drops = [((x, 0.72), (x - 0.06, 0.92)) for x in (0.3, 0.54, 0.78)]
    return [*_cloud(0.38), *(shape for drop in drops for shape in _stroke(drop, 0.085))]


def _bolt() -> list[Shape]:
    return [_poly((0.58, 0.02), (0.16, 0.58), (0.44, 0.58), (0.34, 0.98), (0.84, 0.38),
                  (0.54, 0.38), (0.72, 0.02))]  # fmt: skip


def _drop() -> list[Shape]:
    body = [(0.5, 0.02), *_arc(0.5, 0.63, 0.33, -22, 202)]
    shine = _stroke(_arc(0.5, 0.63, 0.2, 100, 170), 0.06, ink=False)
    return [Shape(tuple(body)), *shine]


def _wind() -> list[Shape]:
    lines = [
        [(0.06, 0.36), (0.56, 0.36), *_arc(0.56, 0.24, 0.12, 90, -150)],
        [(0.06, 0.54), (0.8, 0.54), *_arc(0.8, 0.41, 0.13, 90, -130)],
        [(0.16, 0.72), (0.62, 0.72), *_arc(0.62, 0.83, 0.11, -90, 140)],
    ]
    return [shape for line in lines for shape in _stroke(line, 0.095)]


def _flame() -> list[Shape]:
    body = [(0.56, 0.02), (0.64, 0.2), (0.8, 0.4), *_arc(0.5, 0.64, 0.33, -20, 190), (0.2, 0.46),
            (0.28, 0.34), (0.36, 0.46), (0.46, 0.3)]  # fmt: skip
    inner = [(0.5, 0.52), *_arc(0.5, 0.78, 0.15, -30, 210)]
    return [Shape(tuple(body)), Shape(tuple(inner), is_ink=False)]


def _clock() -> list[Shape]:
    return [_oval(0.5, 0.5, 0.46), _oval(0.5, 0.5, 0.36, ink=False),
            *_stroke([(0.5, 0.26), (0.5, 0.52), (0.66, 0.62)], 0.09)]  # fmt: skip


def _drum() -> list[Shape]:
    return [
        _box(0.1, 0.42, 0.9, 0.76), _oval(0.5, 0.76, 0.4, 0.16),
        _oval(0.5, 0.42, 0.43, 0.2, ink=False), _oval(0.5, 0.4, 0.4, 0.16),
        *_stroke([(0.56, 0.34), (0.9, 0.06)], 0.07), *_stroke([(0.44, 0.34), (0.1, 0.06)], 0.07),
    ]  # fmt: skip


def _piano() -> list[Shape]:
    keys = [_box(x, 0.14, x + 0.1, 0.56, ink=False) for x in (0.24, 0.45, 0.66)]
    gaps = [_box(x, 0.5, x + 0.03, 0.86, ink=False) for x in (0.275, 0.485, 0.695)]
    return [_box(0.06, 0.14, 0.94, 0.86, 0.06), *keys, *gaps]


def _phone() -> list[Shape]:
    body = _stroke(_arc(0.86, 0.14, 0.62, 105, 165), 0.16)
    return [
        *body,
        *_stroke([(0.24, 0.14), (0.3, 0.3)], 0.26),
        *_stroke([(0.7, 0.7), (0.86, 0.76)], 0.26),
    ]


def _feet() -> list[Shape]:
    return [
        _oval(0.28, 0.3, 0.15, 0.24, 6), _oval(0.27, 0.68, 0.1, 0.11),
        _oval(0.72, 0.46, 0.15, 0.24, -6), _oval(0.73, 0.84, 0.1, 0.11),
    ]  # fmt: skip


def _door() -> list[Shape]:
    return [_box(0.22, 0.04, 0.78, 0.96, 0.03), _oval(0.66, 0.52, 0.06, ink=False)]


def _burst() -> list[Shape]:
    points: list[Point] = []
    for n in range(20):
        points += _arc(0.5, 0.5, 0.48 if n % 2 == 0 else 0.25, n * 18, n * 18)[:1]
    return [Shape(tuple(points))]


SOUNDS = {
    "Speech": _bubble, "Laughter": _smile, "Applause": _clapping, "Clapping": _clapping,
    "Dog": _dog, "Cat": _cat, "Bird": _bird, "Vehicle": _car, "Emergency vehicle": _siren,
    "Siren": _siren, "Civil defense siren": _siren, "Bell": _bell, "Alarm": _bell, "Rain": _rain,
    "Thunderstorm": _bolt, "Water": _drop, "Wind": _wind, "Fire": _flame, "Clock": _clock,
    "Percussion": _drum, "Keyboard (musical)": _piano, "Telephone": _phone,
    "Walk, footsteps": _feet, "Door": _door, "Explosion": _burst,
}  # fmt: skip
"""Icon of a sound and its kinds, by AudioSet's name."""
