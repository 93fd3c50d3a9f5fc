"""The chips as ASS events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import cos, pi, sin

from overlay.drawing.chip_slots import IN_S, OUT_S, Chip
from overlay.drawing.icons import Point, icon_for
from overlay.drawing.interpolation import Curve, cut
from overlay.drawing.layout import CAP_HEIGHT
from overlay.drawing.motion import score_at
from overlay.drawing.panel import Panel
from overlay.drawing.theme import Color
from overlay.drawing.views.chips import RING_STEPS, ChipsPiece
from overlay.export.ass import escaped
from overlay.export.ass_drawing import (
    Event,
    changed,
    decimal,
    event_line,
    faded,
    font_of,
    moved,
    placed,
    polygons,
    round_box,
    style_line,
)
from overlay.export.escaping import one_line

_LOOK_S = 0.08
"""How often the score is looked at for the ring."""
_MOST_RINGS = 600
"""Rings of one chip: a chip of hours looks less often."""
_TRACK = 0.25
"""Opacity of the ring's track, at least."""


class ChipsScript:
    """A ``Script``.

    Args:
        panel: Whose chips they are.
        piece: The chips.
    """

    def __init__(self, panel: Panel, piece: ChipsPiece) -> None:
        self._timeline, self._families, self._theme = panel.timeline, panel.families, panel.theme
        self._piece, self._geometry = piece, piece.geometry
        self._font = font_of(panel.fonts[0])
        self._times: list[float] = panel.timeline.times.tolist()
        self._rings: dict[Color, str] = {}

    def events(self, end_s: float) -> Iterator[Event]:
        """See ``Script.events``."""
        for chip in self._piece.chips:
            if chip.start_s < end_s:
                yield from self._chip(chip, min(chip.end_s + OUT_S, end_s))

    def styles(self) -> str:
        """See ``Script.styles``."""
        theme, geometry = self._theme, self._geometry
        text, bar, card = theme.text, theme.bar, theme.card
        dark = card.color if card.opacity else text.outline_color
        lines = [
            style_line("ChipText", text.color, text.outline_color, geometry.outline,
                       self._font.name, geometry.text_size * self._font.height),
            style_line("Chip", card.color, opacity=card.opacity),
            style_line("ChipDisc", text.outline_color, opacity=0.8),
            style_line("ChipIcon", text.color),
            style_line("ChipHole", dark),
            style_line("ChipTrack", bar.track_color, opacity=max(bar.track_opacity, _TRACK)),
        ]  # fmt: skip
        lines += [style_line(name, color) for color, name in self._rings.items()]
        return "".join(lines)

    def _chip(self, chip: Chip, end_s: float) -> Iterator[Event]:
        """A chip, piece by piece: in each it stands or glides evenly."""
        times = sorted({chip.start_s, end_s, *(t for t, _ in chip.across if t < end_s)})
        for a, b in pairwise(times):
            if round(a, 2) < round(b, 2):
                yield from self._piece_of(chip, a, b)

    def _piece_of(self, chip: Chip, start_s: float, end_s: float) -> Iterator[Event]:
        geometry, room = self._geometry, self._geometry.room
        x = changed(cut(tuple(chip.across), start_s, end_s), lambda column: column + room.x)
        y = float(geometry.top(chip.line) + room.y)
        opacity = cut(_opacity(chip), start_s, end_s)

        def shape(
            layer: int, style: str, by: tuple[float, float], path: str, most: float,
            when: tuple[float, float] = (start_s, end_s),
        ) -> Event:  # fmt: skip
            down = (when[0], y + by[1]), (when[1], y + by[1])
            tags = placed(when[0], moved(cut(x, *when), by[0]), down)
            tags += faded(when[0], cut(opacity, *when), most)
            return event_line(layer, *when, style, f"{{{tags}\\p3}}{path}")

        ring = float(geometry.before), float((geometry.height - geometry.ring) // 2)
        if self._theme.card.opacity:
            pill = round_box(chip.width, geometry.height, geometry.height / 2)
            yield shape(0, "Chip", (0.0, 0.0), pill, self._theme.card.opacity)
        elif geometry.outline:
            disc = round_box(geometry.ring, geometry.ring, geometry.ring / 2)
            yield shape(0, "ChipDisc", ring, disc, 0.8)
        size, stroke = geometry.ring, geometry.stroke
        track = polygons([_sector(size, stroke, 1.0)], size)
        yield shape(1, "ChipTrack", ring, track, max(self._theme.bar.track_opacity, _TRACK))
        inset = (geometry.ring - geometry.icon) / 2
        for style, path in self._icon(chip.event.index):
            yield shape(2, style, (ring[0] + inset, ring[1] + inset), path, 1.0)
        for since, until, steps in self._steps(chip, start_s, end_s):
            path = polygons([_sector(size, stroke, steps / RING_STEPS)], size)
            style = self._ring_style(chip.event.index)
            yield shape(2, style, ring, path, 1.0, (since, until))
        yield self._text(chip, moved(x, ring[0] + size + geometry.between), y, opacity)

    def _icon(self, index: int) -> Iterator[tuple[str, str]]:
        """The shapes of an icon, those together that follow each other and are of one ink."""
        line, size = self._timeline, self._geometry.icon
        kinds = line.kinds[index] if line.kinds else (line.labels[index],)
        family = line.families[index] if line.families else ""
        together: list[list[Point]] = []
        is_ink = True
        for shape in (*icon_for(kinds, family), None):
            if shape is None or shape.is_ink != is_ink:
                if together:
                    yield ("ChipIcon" if is_ink else "ChipHole"), polygons(together, size)
                together, is_ink = [], not is_ink
            if shape is not None:
                together.append([(size * x, size * y) for x, y in shape.points])

    def _steps(
        self, chip: Chip, start_s: float, end_s: float
    ) -> Iterator[tuple[float, float, int]]:
        """From when to when the ring has which length."""
        n = min(max(1, round((end_s - start_s) / _LOOK_S)), _MOST_RINGS)
        step_s = (end_s - start_s) / n
        since, before = start_s, 0
        for t in (start_s + step_s * i for i in range(n)):
            score = score_at(self._timeline, self._times, chip.event.index, t + step_s / 2)
            steps = max(1, round(score * RING_STEPS))
            if before and steps != before:
                yield since, t, before
                since = t
            before = steps
        yield since, end_s, before

    def _ring_style(self, index: int) -> str:
        label = self._timeline.labels[index]
        color = self._theme.bar_color(label, self._families.get(label))
        return self._rings.setdefault(color, f"ChipRing{len(self._rings)}")

    def _text(self, chip: Chip, x: Curve, y: float, opacity: Curve) -> Event:
        geometry, font = self._geometry, self._font
        (start_s, _), (end_s, _) = x[0], x[-1]
        text, size = self._piece.text(chip.event.index)
        baseline = y + round((geometry.height + CAP_HEIGHT * geometry.text_size) / 2)
        top = baseline - font.ascent * size
        tags = placed(start_s, x, ((start_s, top), (end_s, top))) + faded(start_s, opacity)
        if size != geometry.text_size:
            tags += f"\\fs{decimal(size * font.height)}"
        written = f"{{{tags}}}{escaped(one_line(text))}"
        return event_line(3, start_s, end_s, "ChipText", written)


def _opacity(chip: Chip) -> Curve:
    start_s, end_s = chip.start_s, chip.end_s
    return ((start_s, 0.0), (start_s + IN_S, 1.0), (end_s, 1.0), (end_s + OUT_S, 0.0))


def _sector(size: float, stroke: float, share: float) -> list[Point]:
    """A part of a ring, clockwise from its top."""
    n = max(2, round(60 * share))
    turns = [2 * pi * share * i / n - pi / 2 for i in range(n + 1)]
    return [*_around(size, size / 2, turns), *_around(size, size / 2 - stroke, turns[::-1])]


def _around(size: float, radius: float, turns: Iterable[float]) -> Iterator[Point]:
    for turn in turns:
        yield size / 2 + radius * cos(turn), size / 2 + radius * sin(turn)
