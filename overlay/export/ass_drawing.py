"""Drawing with ASS: styles, events, and the tags and shapes in them.

Source:
    Aegisub manual, "ASS Tags"; libass wiki, "ASS File Format Guide" (``LayoutResX``, letter sizes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from overlay.drawing.fonts import font_names
from overlay.drawing.interpolation import Curve
from overlay.drawing.theme import Color
from overlay.export.ass import clock
from overlay.export.escaping import one_line

Event = tuple[float, str]
"""A line, behind what it is sorted by."""

_ROUND = 0.5523
"""Handle of a Bézier curve that makes a quarter of a circle of radius 1."""

_LONGEST_NAME = 100
"""Letters of a font's name that are written; comma, line break and a leading @ are syntax."""

HEADER = """[Script Info]
; Made by tag-overlay for a picture of this size
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
LayoutResX: {width}
LayoutResY: {height}
WrapStyle: 2
ScaledBorderAndShadow: yes
YCbCr Matrix: None

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
{styles}
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True, slots=True)
class Font:
    """How a font is called and measured in ASS."""

    name: str
    height: float
    """Of a line, in units of the font size: ASS sizes are of the line."""
    ascent: float
    """Of a line above the baseline, in units of the font size."""


def font_of(file: Path) -> Font:
    """How the font of a file is called; its name is cleaned of what would be syntax."""
    name, height, ascent = font_names(file)
    clean = one_line(name).replace(",", " ").lstrip("@ ")[:_LONGEST_NAME]
    return Font(clean or "Arial", height, ascent)


def style_line(
    name: str,
    color: Color,
    around: Color = (0.0, 0.0, 0.0),
    outline: float = 0.0,
    font: str = "Arial",
    size: float = 20.0,
    opacity: float = 1.0,
) -> str:
    """A style: what a text or a shape looks like where its tags say nothing else."""
    ink = _color(color, opacity)
    return (
        f"Style: {name},{font},{decimal(size)},{ink},{ink},{_color(around)},"
        f"&H00000000,0,0,0,0,100,100,0,0,1,{decimal(outline)},0,7,0,0,0,1\n"
    )


def _color(color: Color, opacity: float = 1.0) -> str:
    red, green, blue = (round(255 * part) for part in color)
    return f"&H{round(255 * (1 - opacity)):02X}{blue:02X}{green:02X}{red:02X}"


def event_line(
    layer: int, start_s: float, end_s: float, style: str, text: str
) -> tuple[float, str]:
    """A line, and what it is sorted by."""
    times = f"{clock(start_s)},{clock(end_s)}"
    return round(start_s, 2), f"Dialogue: {layer},{times},{style},,0,0,0,,{text}\n"


def decimal(value: float) -> str:
    """A number as short as it can be, to hundredths."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def milliseconds(t: float, start_s: float) -> int:
    """Milliseconds from the start of an event, which falls on a hundredth of a second."""
    return max(0, round(1000 * (t - round(start_s, 2))))


def moved(points: Curve, by: float) -> Curve:
    """A curve, higher by so much."""
    return tuple((t, value + by) for t, value in points)


def changed(points: Curve, value: Callable[[float], float]) -> Curve:
    """A curve with its values put through a function."""
    return tuple((t, value(v)) for t, v in points)


def placed(start_s: float, x: float | Curve, y: Curve) -> str:
    """The tag that puts a shape or a text in its place, or moves it from one to another."""
    (first, y0), (last, y1) = y[0], y[-1]
    x0, x1 = (x[0][1], x[-1][1]) if isinstance(x, tuple) else (x, x)
    if abs(y0 - y1) < 0.005 and abs(x0 - x1) < 0.005:
        return f"\\pos({decimal(x0)},{decimal(y0)})"
    times = f"{milliseconds(first, start_s)},{milliseconds(last, start_s)}"
    return f"\\move({decimal(x0)},{decimal(y0)},{decimal(x1)},{decimal(y1)},{times})"


def faded(start_s: float, opacity: Curve, most: float = 1.0) -> str:
    """Opacity as a part of the style's own, ``most``; nothing to be said where it is that."""
    if all(value > 0.998 for _, value in opacity):
        return ""
    return animated(start_s, opacity, lambda v: f"\\alpha&H{round(255 * (1 - v * most)):02X}&")


def animated(start_s: float, points: Curve, tag: Callable[[float], str]) -> str:
    """A tag with its first value, and what it becomes."""
    first, *_ = points
    written = tag(first[1])
    text = written
    for (t0, _), (t1, value) in pairwise(points):
        if tag(value) != written:
            written = tag(value)
            text += f"\\t({milliseconds(t0, start_s)},{milliseconds(t1, start_s)},{written})"
    return text


def round_box(width: float, height: float, radius: float) -> str:
    """A rectangle with round corners from the origin on, in quarters of a pixel (``p3``)."""
    radius = min(radius, width / 2, height / 2)
    near, far = radius * (1 - _ROUND), radius
    w, h = width, height
    path = [
        ("m", far, 0), ("l", w - far, 0), ("b", w - near, 0, w, near, w, far),
        ("l", w, h - far), ("b", w, h - near, w - near, h, w - far, h),
        ("l", far, h), ("b", near, h, 0, h - near, 0, h - far),
        ("l", 0, far), ("b", 0, near, near, 0, far, 0),
    ]  # fmt: skip
    if height == 2 * radius:  # half circles: no lines between them
        path = [step for step in path if step[0] != "l" or step[2] in (0, h)]
    return " ".join(
        f"{kind} " + " ".join(str(round(4 * float(number))) for number in numbers)
        for kind, *numbers in path
    )


def polygons(shapes: Iterable[Sequence[tuple[float, float]]], size: float) -> str:
    """Filled polygons in a square of this size, in quarters of a pixel (``p3``).

    All turn one way, so that where two lie over each other both are filled; specks in the corners
    make every drawing as large as the square, by which players place it.
    """
    corner = round(4 * size)
    paths = ["m 0 0 l 0 0 0 0", f"m {corner} {corner} l {corner} {corner} {corner} {corner}"]
    for points in shapes:
        turned = points if _area(points) > 0 else points[::-1]
        (x, y), *rest = [(round(4 * x), round(4 * y)) for x, y in turned]
        paths.append(f"m {x} {y} l " + " ".join(f"{x} {y}" for x, y in rest))
    return " ".join(paths)


def _area(points: Sequence[tuple[float, float]]) -> float:
    pairs = pairwise([*points, points[0]])
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)
