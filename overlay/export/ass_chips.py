"""The chips as ASS events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import cos, pi, sin

from overlay.drawing.curves import Curve, cut
from overlay.drawing.icons import Point, icon_for
from overlay.drawing.layout import CAP_HEIGHT
from overlay.drawing.motion import score_at
from overlay.drawing.panel import Panel
from overlay.drawing.seating import IN_S, OUT_S, Chip
from overlay.drawing.theme import Color
from overlay.drawing.views.chips import RING_STEPS, ChipsPiece
from overlay.export.ass import escaped
from overlay.export.ass_drawing import (
    Event,
    decimal,
    event_line,
    faded,
    font_of,
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
        geometry, box, start_s = self._geometry, self._piece.box, chip.start_s
        place = self._piece.place(chip)
        x, y = place[0] + box.x, place[1] + box.y
        opacity = _opacity(chip)
        ring = x + geometry.before, y + (geometry.height - geometry.ring) // 2

        def shape(layer: int, style: str, at: tuple[float, float], path: str, most: float) -> Event:
            tags = placed(start_s, at[0], ((start_s, at[1]),)) + faded(start_s, opacity, most)
            return event_line(layer, start_s, end_s, style, f"{{{tags}\\p3}}{path}")

        if self._theme.card.opacity:
            pill = round_box(chip.width, geometry.height, geometry.height / 2)
            yield shape(0, "Chip", (x, y), pill, self._theme.card.opacity)
        elif geometry.outline:
            disc = round_box(geometry.ring, geometry.ring, geometry.ring / 2)
            yield shape(0, "ChipDisc", ring, disc, 0.8)
        size = geometry.ring
        track = polygons([_sector(size, geometry.stroke, 1.0)], size)
        most = max(self._theme.bar.track_opacity, _TRACK)
        yield shape(1, "ChipTrack", ring, track, most)
        for style, path in self._icon(chip.event.index):
            inset = (geometry.ring - geometry.icon) / 2
            yield shape(2, style, (ring[0] + inset, ring[1] + inset), path, 1.0)
        yield from self._ring(chip, ring, opacity, end_s)
        yield self._text(chip, (ring[0] + geometry.ring + geometry.between, y), opacity, end_s)

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

    def _ring(
        self, chip: Chip, place: tuple[float, float], opacity: Curve, end_s: float
    ) -> Iterator[Event]:
        """The arc: an event for as long as it stays as it is."""
        size, stroke = self._geometry.ring, self._geometry.stroke
        for start, end, steps in self._steps(chip, end_s):
            tags = placed(start, place[0], ((start, place[1]),))
            tags += faded(start, cut(opacity, start, end))
            path = polygons([_sector(size, stroke, steps / RING_STEPS)], size)
            style = self._ring_style(chip.event.index)
            yield event_line(2, start, end, style, f"{{{tags}\\p3}}{path}")

    def _steps(self, chip: Chip, end_s: float) -> Iterator[tuple[float, float, int]]:
        """From when to when the ring has which length."""
        n = min(max(1, round((end_s - chip.start_s) / _LOOK_S)), _MOST_RINGS)
        times = [chip.start_s + (end_s - chip.start_s) * i / n for i in range(n)]
        since, before = chip.start_s, 0
        for t in times:
            middle = t + (end_s - chip.start_s) / n / 2
            score = score_at(self._timeline, self._times, chip.event.index, middle)
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

    def _text(self, chip: Chip, place: tuple[float, float], opacity: Curve, end_s: float) -> Event:
        geometry, font = self._geometry, self._font
        text, size = self._piece.text(chip.event.index)
        baseline = place[1] + round((geometry.height + CAP_HEIGHT * geometry.text_size) / 2)
        tags = placed(chip.start_s, place[0], ((chip.start_s, baseline - font.ascent * size),))
        tags += faded(chip.start_s, opacity)
        if size != geometry.text_size:
            tags += f"\\fs{decimal(size * font.height)}"
        written = f"{{{tags}}}{escaped(one_line(text))}"
        return event_line(3, chip.start_s, end_s, "ChipText", written)


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
