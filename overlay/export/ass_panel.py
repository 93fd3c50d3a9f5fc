"""The animated panel as an ASS track: vector shapes and text that a player draws itself.

Source:
    Aegisub manual, "ASS Tags"; libass wiki, "ASS File Format Guide" (``LayoutResX``, letter sizes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from overlay.datatypes import TagTimeline, VideoInfo
from overlay.drawing.curves import Curve, cut, pieces, straightened, thinned, value_at
from overlay.drawing.fonts import font_file, font_names
from overlay.drawing.motion import RowSpan
from overlay.drawing.panel import Panel
from overlay.drawing.text import TextDrawer, TextStyle
from overlay.drawing.theme import Color
from overlay.drawing.views.list_view import text_strength
from overlay.export.ass import clock, escaped
from overlay.export.escaping import one_line
from overlay.export.formats import Format, Run
from overlay.settings import PanelSettings

DEFAULT_PICTURE = 1920, 1080
"""Width and height that a panel is made for where no video is at hand."""

_BAR_ERROR = 0.0016
"""How far a bar may be from its curve, in parts of its full length: under a pixel at 480."""

_FINEST = 6
"""A bar's curve is looked at in sixths of a hop."""

_ROUND = 0.5523
"""Handle of a Bézier curve that makes a quarter of a circle of radius 1."""

_LONGEST_NAME = 100
"""Letters of a font's name that are written; comma, line break and a leading @ are syntax."""

_HEADER = """[Script Info]
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


def panel_text(
    timeline: TagTimeline, picture: tuple[int, int], end_s: float, settings: PanelSettings
) -> str:
    """The panel over a video as the content of an ASS file.

    Args:
        timeline: The tags to show.
        picture: Width and height of the video as it is shown, with square pixels.
        end_s: Where the video ends.
        settings: Theme, place, size.

    Raises:
        SettingsError: The theme or the font cannot be used.
    """
    return _Script(timeline, picture, settings).text(end_s)


def shown_size(video: VideoInfo) -> tuple[int, int]:
    """Width and height of a video with its pixels made square."""
    return max(1, round(video.width * video.sample_aspect)), video.height


def panel_fonts(settings: PanelSettings) -> list[Path]:
    """The font files that the panel's text wants."""
    wanted = (font_file(settings.font, weight) for weight in ("SemiBold", "Medium"))
    return list(dict.fromkeys(wanted))


@dataclass(frozen=True, slots=True)
class _Font:
    """How a font is called and measured in ASS."""

    name: str
    height: float
    """Of a line, in units of the font size: ASS sizes are of the line."""
    ascent: float
    """Of a line above the baseline, in units of the font size."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A row for a while in which it stands still or glides evenly."""

    index: int
    """Class."""
    start_s: float
    end_s: float
    baseline: Curve
    opacity: Curve


class _Script:
    """One panel on its way to text."""

    def __init__(
        self, timeline: TagTimeline, picture: tuple[int, int], settings: PanelSettings
    ) -> None:
        self._picture = picture
        self._timeline = timeline
        self._panel = Panel(timeline, picture, settings, families=timeline.family_by_label)
        self._motion = self._panel.motion
        self._layout, self._theme = self._panel.layout, self._panel.theme
        self._label_font, self._number_font = (_font(file) for file in self._panel.fonts)
        self._labels, self._numbers = (_measure(self._panel, f) for f in self._panel.fonts)
        self._cell = self._numbers.digit_width(self._layout.number_size)
        size = self._layout.number_size
        self._digit_widths = [self._numbers.length(digit, size) for digit in "0123456789"]
        self._fitted: dict[int, tuple[str, float]] = {}
        self._bar_styles: dict[Color, str] = {}

    def text(self, end_s: float) -> str:
        events: list[tuple[float, str]] = []
        if self._panel.fits:
            events = [
                event
                for span in self._motion.spans
                for start, end in pieces(span.start_s, min(span.end_s, end_s), span.rank)
                for event in self._row(span, start, end)
            ]
            if self._theme.card.opacity:
                events += self._cards(end_s)
        events.sort()
        width, height = self._picture
        header = _HEADER.format(width=width, height=height, styles=self._styles())
        return header + "".join(line for _, line in events)

    def _styles(self) -> str:
        text, bar, card = self._theme.text, self._theme.bar, self._theme.card
        layout = self._layout
        outline = text.outline_color, layout.outline
        labels, numbers = self._label_font, self._number_font
        lines = [
            _style("L", text.color, *outline, labels.name, layout.text_size * labels.height),
            _style("N", text.color, *outline, numbers.name, layout.number_size * numbers.height),
            _style("C", card.color, opacity=card.opacity),
            _style("T", bar.track_color, opacity=bar.track_opacity),
        ]
        around = (layout.bar_height - 1) / 2
        lines += [_style(name, color, color, around) for color, name in self._bar_styles.items()]
        return "".join(lines)

    def _cards(self, end_s: float) -> Iterator[tuple[float, str]]:
        plate, height = self._motion.plate, self._motion.height
        last_s = max((t for t, _ in plate), default=0.0)
        if not value_at(plate, last_s):  # a file may claim years behind it
            end_s = min(end_s, last_s)
        for start, end in pieces(0.0, end_s, (*plate, *height)):
            shown = cut(plate, start, end)
            if any(value for _, value in shown):
                yield self._card(start, end, shown, cut(height, start, end))

    def _card(self, start_s: float, end_s: float, plate: Curve, height: Curve) -> tuple[float, str]:
        box = self._layout.box
        first, last = (self._layout.card_height(rows) for rows in (height[0][1], height[-1][1]))
        tags = _place(start_s, box.x, ((start_s, float(box.y)),))
        tags += _faded(start_s, plate, self._theme.card.opacity)
        if first != last:
            tags += f"\\t(0,{_ms(end_s, start_s)},\\fscy{_number(100 * last / first)})"
        shape = _rounded(box.width, first, self._layout.radius)
        return _event(0, start_s, end_s, "C", f"{{{tags}\\p3}}{shape}")

    def _row(self, span: RowSpan, start_s: float, end_s: float) -> Iterator[tuple[float, str]]:
        """A row for a while in which it stands still or glides evenly."""
        layout = self._layout
        baseline = _of(cut(span.rank, start_s, end_s), self._baseline)
        opacity = cut(span.opacity, start_s, end_s)
        if not any(value for _, value in opacity):
            return
        part = _Part(span.index, start_s, end_s, baseline, opacity)
        x, bar_y = layout.box.x + layout.left, layout.box.y + layout.bar_offset
        track = _place(start_s, x, _moved(baseline, bar_y))
        track += _faded(start_s, opacity, self._theme.bar.track_opacity)
        shape = _rounded(layout.right - layout.left, layout.bar_height, layout.bar_height / 2)
        yield _event(1, start_s, end_s, "T", f"{{{track}\\p3}}{shape}")
        yield self._bar(part, (x, bar_y))
        numbers = self._motion.numbers(span.index, start_s, end_s)
        text = self._text_opacity(opacity, numbers, end_s)
        yield self._label(part, text, x)
        for (since, value), until in zip(
            numbers, [*(t for t, _ in numbers[1:]), end_s], strict=True
        ):
            if round(since, 2) < round(until, 2):
                yield self._digits(part, cut(text, since, until), since, until, value)

    def _baseline(self, rank: float) -> float:
        return self._layout.first_baseline + rank * self._layout.pitch

    def _text_opacity(
        self, opacity: Curve, numbers: list[tuple[float, int]], end_s: float
    ) -> Curve:
        """Opacity of the text: less for weak tags."""
        points: list[tuple[float, float]] = []
        ends = [*(t for t, _ in numbers[1:]), end_s]
        for (since, value), until in zip(numbers, ends, strict=True):
            strength = text_strength(self._theme.row, value)
            points += ((t, strength * v) for t, v in cut(opacity, since, until))
        return thinned(points)

    def _bar(self, part: _Part, place: tuple[int, int]) -> tuple[float, str]:
        """A line as thick as one pixel with a round border, since borders keep their width."""
        height = self._layout.bar_height
        around = (height - 1) / 2
        full = self._layout.right - self._layout.left
        longest = max(full - 2 * around, 1.0)

        def scale(score: float) -> str:
            length = max(full * score, height) - 2 * around
            return f"\\fscx{_number(max(100 * length / longest, 0.1))}"

        x, y = place[0] + around, _moved(part.baseline, place[1] + around)
        tags = _place(part.start_s, x, y) + _faded(part.start_s, part.opacity)
        tags += _animated(part.start_s, self._scores(part), scale)
        shape = f"m 0 0 l {_number(longest)} 0 {_number(longest)} 1 0 1"
        style = self._bar_style(part.index)
        return _event(2, part.start_s, part.end_s, style, f"{{{tags}\\p1}}{shape}")

    def _scores(self, part: _Part) -> Curve:
        """The bar's length in as few straight pieces as will do."""
        inside = self._timeline.times
        inside = inside[(inside > part.start_s) & (inside < part.end_s)]
        knots = [part.start_s, *inside.tolist(), part.end_s]
        times = [a + (b - a) * n / _FINEST for a, b in pairwise(knots) for n in range(_FINEST)]
        times.append(part.end_s)
        return straightened([(t, self._motion.score(part.index, t)) for t in times], _BAR_ERROR)

    def _bar_style(self, index: int) -> str:
        label = self._timeline.labels[index]
        color = self._theme.bar_color(label, self._panel.families.get(label))
        return self._bar_styles.setdefault(color, f"B{len(self._bar_styles)}")

    def _label(self, part: _Part, opacity: Curve, x: int) -> tuple[float, str]:
        layout, font = self._layout, self._label_font
        if part.index not in self._fitted:
            label = one_line(self._timeline.labels[part.index])
            fitted = self._labels.fitted(label, layout.text_size, layout.label_width)
            self._fitted[part.index] = fitted
        text, size = self._fitted[part.index]
        above = layout.box.y - font.ascent * size
        tags = _place(part.start_s, x, _moved(part.baseline, above))
        tags += _faded(part.start_s, opacity)
        if size != layout.text_size:
            tags += f"\\fs{_number(size * font.height)}"
        return _event(3, part.start_s, part.end_s, "L", f"{{{tags}}}{escaped(text)}")

    def _digits(
        self, part: _Part, opacity: Curve, start_s: float, end_s: float, value: int
    ) -> tuple[float, str]:
        """A number whose digits stand in cells of one width, as on the drawn panel."""
        layout, font = self._layout, self._number_font
        size = layout.number_size
        digits = str(value)
        widths = [self._digit_widths[int(digit)] for digit in digits]
        gaps = [(self._cell - width) / 2 for width in widths]
        x = layout.box.x + layout.right - len(digits) * self._cell + gaps[0]
        above = layout.box.y - font.ascent * size
        tags = _place(start_s, x, _moved(cut(part.baseline, start_s, end_s), above))
        tags += _faded(start_s, opacity)
        spaces = [a + b for a, b in pairwise(gaps)]
        spaced = "".join(
            f"{{\\fsp{_number(space)}}}{digit}"
            for digit, space in zip(digits, [*spaces, 0.0], strict=True)
        )
        return _event(3, start_s, end_s, "N", f"{{{tags}}}{spaced}".replace("}{", ""))


def _font(file: Path) -> _Font:
    name, height, ascent = font_names(file)
    clean = one_line(name).replace(",", " ").lstrip("@ ")[:_LONGEST_NAME]
    return _Font(clean or "Arial", height, ascent)


def _measure(panel: Panel, font: Path) -> TextDrawer:
    return TextDrawer(TextStyle(font, panel.theme.text.color), lambda rgb: rgb)


# Syntax


def _style(
    name: str,
    color: Color,
    around: Color = (0.0, 0.0, 0.0),
    outline: float = 0.0,
    font: str = "Arial",
    size: float = 20.0,
    opacity: float = 1.0,
) -> str:
    ink = _color(color, opacity)
    return (
        f"Style: {name},{font},{_number(size)},{ink},{ink},{_color(around)},"
        f"&H00000000,0,0,0,0,100,100,0,0,1,{_number(outline)},0,7,0,0,0,1\n"
    )


def _color(color: Color, opacity: float = 1.0) -> str:
    red, green, blue = (round(255 * part) for part in color)
    return f"&H{round(255 * (1 - opacity)):02X}{blue:02X}{green:02X}{red:02X}"


def _event(layer: int, start_s: float, end_s: float, style: str, text: str) -> tuple[float, str]:
    """A line, and what it is sorted by."""
    times = f"{clock(start_s)},{clock(end_s)}"
    return round(start_s, 2), f"Dialogue: {layer},{times},{style},,0,0,0,,{text}\n"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _ms(t: float, start_s: float) -> int:
    """Milliseconds from the start of an event, which falls on a hundredth of a second."""
    return max(0, round(1000 * (t - round(start_s, 2))))


def _moved(points: Curve, by: float) -> Curve:
    return tuple((t, value + by) for t, value in points)


def _of(points: Curve, value: Callable[[float], float]) -> Curve:
    return tuple((t, value(v)) for t, v in points)


def _place(start_s: float, x: float, y: Curve) -> str:
    (first, y0), (last, y1) = y[0], y[-1]
    if abs(y0 - y1) < 0.005:
        return f"\\pos({_number(x)},{_number(y0)})"
    times = f"{_ms(first, start_s)},{_ms(last, start_s)}"
    return f"\\move({_number(x)},{_number(y0)},{_number(x)},{_number(y1)},{times})"


def _faded(start_s: float, opacity: Curve, most: float = 1.0) -> str:
    """Opacity as a part of the style's own, ``most``; nothing to be said where it is that."""
    if all(value > 0.998 for _, value in opacity):
        return ""
    return _animated(start_s, opacity, lambda v: f"\\alpha&H{round(255 * (1 - v * most)):02X}&")


def _animated(start_s: float, points: Curve, tag: Callable[[float], str]) -> str:
    """A tag with its first value, and what it becomes."""
    first, *_ = points
    written = tag(first[1])
    text = written
    for (t0, _), (t1, value) in pairwise(points):
        if tag(value) != written:
            written = tag(value)
            text += f"\\t({_ms(t0, start_s)},{_ms(t1, start_s)},{written})"
    return text


def _rounded(width: float, height: float, radius: float) -> str:
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


def _write(run: Run) -> str:
    """The panel over the video.

    Raises:
        SettingsError: The theme or the font cannot be used.
    """
    if run.timeline is None:
        raise ValueError("the animated panel is made of a timeline")
    picture = run.source.picture or DEFAULT_PICTURE
    return panel_text(run.timeline, picture, run.duration_s, run.settings.panel)


FORMAT = Format(
    "ass-panel", ".panel.ass", "the animated panel, drawn by the player", _write, "panel"
)
