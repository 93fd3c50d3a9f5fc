"""The list as ASS events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from overlay.drawing.interpolation import Curve, cut, pieces, straightened, thinned, value_at
from overlay.drawing.motion import RowSpan
from overlay.drawing.panel import Panel
from overlay.drawing.short_labels import ShortNames
from overlay.drawing.text import TextDrawer, TextStyle
from overlay.drawing.theme import Color
from overlay.drawing.views.list_view import ListPiece, text_strength
from overlay.export.ass import escaped
from overlay.export.ass_drawing import (
    Event,
    animated,
    changed,
    decimal,
    event_line,
    faded,
    font_of,
    milliseconds,
    moved,
    placed,
    round_box,
    style_line,
)
from overlay.export.escaping import one_line

_BAR_ERROR = 0.0016
"""How far a bar may be from its curve, in parts of its full length: under a pixel at 480."""

_FINEST = 6
"""A bar's curve is looked at in sixths of a hop."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A row for a while in which it stands still or glides evenly."""

    index: int
    """Class."""
    start_s: float
    end_s: float
    baseline: Curve
    opacity: Curve


class ListScript:
    """A ``Script``.

    Args:
        panel: Whose list it is.
        piece: The list.
    """

    def __init__(self, panel: Panel, piece: ListPiece) -> None:
        self._timeline, self._families, self._theme = panel.timeline, panel.families, panel.theme
        self._motion, self._layout = piece.motion, piece.layout
        self._drop = piece.motion.drop if piece.layout.hangs else ((0.0, 0.0),)
        self._label_font, self._number_font = (font_of(file) for file in panel.fonts)
        self._labels, self._numbers = (_measure(panel, file) for file in panel.fonts)
        self._cell = self._numbers.digit_width(self._layout.number_size)
        size = self._layout.number_size
        self._digit_widths = [self._numbers.length(digit, size) for digit in "0123456789"]
        self._names = ShortNames(panel.timeline.labels)
        self._fitted: dict[int, tuple[str, float]] = {}
        self._bar_styles: dict[Color, str] = {}

    def events(self, end_s: float) -> Iterator[Event]:
        """See ``Script.events``."""
        for span in self._motion.spans:
            for start, end in pieces(span.start_s, min(span.end_s, end_s), span.rank):
                yield from self._row(span, start, end)
        if self._theme.card.opacity:
            yield from self._cards(end_s)

    def styles(self) -> str:
        """See ``Script.styles``."""
        text, bar, card = self._theme.text, self._theme.bar, self._theme.card
        layout = self._layout
        outline = text.outline_color, layout.outline
        labels, numbers = self._label_font, self._number_font
        sizes = layout.text_size * labels.height, layout.number_size * numbers.height
        lines = [
            style_line("L", text.color, *outline, labels.name, sizes[0]),
            style_line("N", text.color, *outline, numbers.name, sizes[1]),
            style_line("C", card.color, opacity=card.opacity),
            style_line("T", bar.track_color, opacity=bar.track_opacity),
        ]
        around = (layout.bar_height - 1) / 2
        bars = self._bar_styles.items()
        lines += [style_line(name, color, color, around) for color, name in bars]
        return "".join(lines)

    def _cards(self, end_s: float) -> Iterator[Event]:
        plate, height = self._motion.plate, self._motion.height
        last_s = max((t for t, _ in plate), default=0.0)
        if not value_at(plate, last_s):  # a file may claim years behind it
            end_s = min(end_s, last_s)
        for start, end in pieces(0.0, end_s, (*plate, *height, *self._drop)):
            shown = cut(plate, start, end)
            if any(value for _, value in shown):
                yield self._card(start, end, shown, cut(height, start, end))

    def _card(self, start_s: float, end_s: float, plate: Curve, height: Curve) -> Event:
        box, pitch = self._layout.box, self._layout.pitch
        first, last = (self._layout.card_height(rows) for rows in (height[0][1], height[-1][1]))
        top = changed(cut(self._drop, start_s, end_s), lambda drop: box.y + drop * pitch)
        tags = placed(start_s, box.x, top)
        tags += faded(start_s, plate, self._theme.card.opacity)
        if first != last:
            tags += f"\\t(0,{milliseconds(end_s, start_s)},\\fscy{decimal(100 * last / first)})"
        shape = round_box(box.width, first, self._layout.radius)
        return event_line(0, start_s, end_s, "C", f"{{{tags}\\p3}}{shape}")

    def _row(self, span: RowSpan, start_s: float, end_s: float) -> Iterator[Event]:
        """A row for a while in which it stands still or glides evenly."""
        layout = self._layout
        lower = value_at(self._drop, span.start_s)  # constant while a row is seen
        baseline = changed(cut(moved(span.rank, lower), start_s, end_s), self._baseline)
        opacity = cut(span.opacity, start_s, end_s)
        if not any(value for _, value in opacity):
            return
        part = _Part(span.index, start_s, end_s, baseline, opacity)
        x, bar_y = layout.box.x + layout.left, layout.box.y + layout.bar_offset
        track = placed(start_s, x, moved(baseline, bar_y))
        track += faded(start_s, opacity, self._theme.bar.track_opacity)
        shape = round_box(layout.right - layout.left, layout.bar_height, layout.bar_height / 2)
        yield event_line(1, start_s, end_s, "T", f"{{{track}\\p3}}{shape}")
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

    def _bar(self, part: _Part, place: tuple[int, int]) -> Event:
        """A line as thick as one pixel with a round border, since borders keep their width."""
        height = self._layout.bar_height
        around = (height - 1) / 2
        full = self._layout.right - self._layout.left
        longest = max(full - 2 * around, 1.0)

        def scale(score: float) -> str:
            length = max(full * score, height) - 2 * around
            return f"\\fscx{decimal(max(100 * length / longest, 0.1))}"

        x, y = place[0] + around, moved(part.baseline, place[1] + around)
        tags = placed(part.start_s, x, y) + faded(part.start_s, part.opacity)
        tags += animated(part.start_s, self._scores(part), scale)
        shape = f"m 0 0 l {decimal(longest)} 0 {decimal(longest)} 1 0 1"
        style = self._bar_style(part.index)
        return event_line(2, part.start_s, part.end_s, style, f"{{{tags}\\p1}}{shape}")

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
        color = self._theme.bar_color(label, self._families.get(label))
        return self._bar_styles.setdefault(color, f"B{len(self._bar_styles)}")

    def _label(self, part: _Part, opacity: Curve, x: int) -> Event:
        layout, font = self._layout, self._label_font
        if part.index not in self._fitted:
            label, width = self._timeline.labels[part.index], layout.label_width
            name = self._names.fitting(label, self._labels, layout.text_size, width)
            line = one_line(name or self._names.shortest(label))
            self._fitted[part.index] = self._labels.fitted(line, layout.text_size, width)
        text, size = self._fitted[part.index]
        above = layout.box.y - font.ascent * size
        tags = placed(part.start_s, x, moved(part.baseline, above))
        tags += faded(part.start_s, opacity)
        if size != layout.text_size:
            tags += f"\\fs{decimal(size * font.height)}"
        return event_line(3, part.start_s, part.end_s, "L", f"{{{tags}}}{escaped(text)}")

    def _digits(
        self, part: _Part, opacity: Curve, start_s: float, end_s: float, value: int
    ) -> Event:
        """A number whose digits stand in cells of one width, as on the drawn panel."""
        layout, font = self._layout, self._number_font
        size = layout.number_size
        digits = str(value)
        widths = [self._digit_widths[int(digit)] for digit in digits]
        gaps = [(self._cell - width) / 2 for width in widths]
        x = layout.box.x + layout.right - len(digits) * self._cell + gaps[0]
        above = layout.box.y - font.ascent * size
        tags = placed(start_s, x, moved(cut(part.baseline, start_s, end_s), above))
        tags += faded(start_s, opacity)
        spaces = [a + b for a, b in pairwise(gaps)]
        spaced = "".join(
            f"{{\\fsp{decimal(space)}}}{digit}"
            for digit, space in zip(digits, [*spaces, 0.0], strict=True)
        )
        return event_line(3, start_s, end_s, "N", f"{{{tags}}}{spaced}".replace("}{", ""))


def _measure(panel: Panel, font: Path) -> TextDrawer:
    return TextDrawer(TextStyle(font, panel.theme.text.color), lambda rgb: rgb)
