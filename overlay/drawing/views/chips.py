"""Chips: one to three large pills with an icon and a ring for the score, and no numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from PIL import Image, ImageDraw

from overlay.datatypes import Box, TagTimeline
from overlay.drawing.canvas import even_box, lay
from overlay.drawing.chip_slots import IN_S, OUT_S, Chip, Seats, seated
from overlay.drawing.icons import icon_for, icon_mask
from overlay.drawing.interpolation import constant_until
from overlay.drawing.layout import CAP_HEIGHT, NOWHERE
from overlay.drawing.motion import score_at
from overlay.drawing.plate import plate, rounded
from overlay.drawing.rows import OPACITY_STEPS
from overlay.drawing.short_labels import ShortNames
from overlay.drawing.text import Floats, Pixels, TextDrawer, TextStyle, over, solid
from overlay.drawing.views.base import Brief, Look, Patch, Scene

RING_STEPS = 48
"""A ring grows by this part of its whole."""
_TEXT = 1.4
"""Letters, in parts of the theme's: capitals are 3.5 % of the picture's shorter side."""
_HEIGHT, _RING, _STROKE, _ICON = 1.84, 1.4, 0.13, 0.76
"""Of a chip, its ring, the ring's line and its icon, in font sizes."""
_BEFORE, _BETWEEN, _BEHIND = 0.24, 0.34, 0.66
"""Columns before the ring, between it and the label, and behind that, in font sizes."""
_GAP = 0.36
"""Between two chips, in font sizes."""
_USUAL = 12.5
"""About as wide as a long chip is, in font sizes."""
_LABEL = 9.5
"""A label that is wider than this gives way to the first of its names."""
_MOST = 3


def chipped(brief: Brief) -> list[ChipsPiece]:
    """The chips, with as much room as they ever need."""
    geometry = _geometry(brief)
    chips: list[Chip] = []
    if geometry.fits:
        widths = _Widths(brief, geometry)
        chips = seated(brief.timeline.events, geometry.seats, widths.of)
    return [ChipsPiece(brief, geometry, tuple(chips))]


@dataclass(frozen=True, slots=True)
class ChipGeometry:
    """Sizes and places of chips."""

    room: Box
    """What they may use of the picture."""
    pixel_aspect: float
    seats: Seats
    upwards: bool
    """Whether lines follow each other from the bottom up."""
    height: int
    """Of a chip."""
    pitch: int
    """From one line to the next."""
    ring: int
    """Rows and columns of the ring: of square pixels so many."""
    icon: int
    stroke: float
    before: int
    """Columns before the ring; and so on."""
    between: int
    behind: int
    text_size: float
    outline: float
    fits: bool

    @property
    def ring_width(self) -> int:
        """Columns of the ring."""
        return max(1, round(self.ring / self.pixel_aspect))

    def top(self, line: int) -> int:
        """First row of a line in the room."""
        return (self.seats.n_lines - 1 - line if self.upwards else line) * self.pitch


def _geometry(brief: Brief) -> ChipGeometry:
    room, theme, settings = brief.room, brief.theme, brief.settings
    unit, aspect = room.unit(settings.scale), room.pixel_aspect
    size = _TEXT * theme.text.size * unit
    size = min(size, room.width / _LABEL, room.height / _HEIGHT)
    height, gap = 2 * ceil(_HEIGHT * size / 2), 2 * round(_GAP * size / 2)
    usual = _USUAL * size
    n_lines = min(_MOST, settings.top_k, max(1, ceil(_MOST * usual / max(room.width, 1))))
    n_lines = max(1, min(n_lines, int((room.height + gap) / (height + gap))))
    box = room.placed((room.width, n_lines * (height + gap) - gap), settings.position)
    side = 0.0 if "left" in settings.position else 1.0 if "right" in settings.position else 0.5
    most = min(_MOST, settings.top_k)
    fits = size >= theme.text.size * room.unit(0.01) and size >= 8
    return ChipGeometry(
        room=box,
        pixel_aspect=aspect,
        seats=Seats(box.width, n_lines, max(2, 2 * round(gap / aspect / 2)), most, side),
        upwards="top" not in settings.position,
        height=height,
        pitch=height + gap,
        ring=2 * round(_RING * size / 2),
        icon=max(1, round(_ICON * size)),
        stroke=max(1.0, _STROKE * size),
        before=round(_BEFORE * size / aspect),
        between=round(_BETWEEN * size / aspect),
        behind=round(_BEHIND * size / aspect),
        text_size=size,
        outline=0.9 * theme.text.outline * unit,
        fits=fits,
    )


class _Widths:
    """How wide the chip of a class is, and what stands on it."""

    def __init__(self, brief: Brief, geometry: ChipGeometry) -> None:
        self._labels, self._geometry = brief.timeline.labels, geometry
        self._names = ShortNames(brief.timeline.labels)
        self._known: dict[int, int] = {}
        self._drawer = TextDrawer(TextStyle(brief.fonts[0], (1.0, 1.0, 1.0)), lambda rgb: rgb)

    def of(self, index: int) -> int:
        """Columns, even."""
        if index not in self._known:
            self._known[index] = self._measured(index)
        return self._known[index]

    def _measured(self, index: int) -> int:
        geometry = self._geometry
        length = self._drawer.length(*self.text(index)) / geometry.pixel_aspect
        width = geometry.before + geometry.ring_width + geometry.between + length + geometry.behind
        return min(2 * ceil(width / 2), geometry.seats.width // 2 * 2)

    def text(self, index: int) -> tuple[str, float]:
        """What is written on it, and its size."""
        geometry, label = self._geometry, self._labels[index]
        around = geometry.before + geometry.ring_width + geometry.between + geometry.behind
        room = (geometry.seats.width - around - 2) * geometry.pixel_aspect
        least = min(room, _LABEL * geometry.text_size)
        name = self._names.fitting(label, self._drawer, geometry.text_size, least)
        name = name or self._names.shortest(label)
        return self._drawer.fitted(name, geometry.text_size, room)


@dataclass(frozen=True)
class ChipsPiece:
    """A ``Piece``."""

    brief: Brief
    geometry: ChipGeometry
    chips: tuple[Chip, ...]
    """By start."""

    @cached_property
    def box(self) -> Box:
        """What the chips ever use of their room."""
        geometry, room = self.geometry, self.geometry.room
        if not geometry.fits:
            return NOWHERE
        if not self.chips:
            return Box(room.x, room.y, 2, 2)
        tops = [geometry.top(chip.line) for chip in self.chips]
        columns = [(round(x), round(x) + c.width) for c in self.chips for _, x in c.across]
        x0, x1 = min(a for a, _ in columns) // 2 * 2, max(b for _, b in columns)
        y0, y1 = min(tops), max(tops) + geometry.height
        return Box(room.x + x0, room.y + y0, x1 - x0 + (x1 - x0) % 2, y1 - y0)

    @property
    def fits(self) -> bool:
        """Whether there is room for a chip with letters."""
        return self.geometry.fits

    def place(self, chip: Chip, t: float) -> tuple[int, int]:
        """First column and row of a chip in the box at second ``t``."""
        geometry, room = self.geometry, self.geometry.room
        return chip.x(t) + room.x - self.box.x, geometry.top(chip.line) + room.y - self.box.y

    def text(self, index: int) -> tuple[str, float]:
        """What is written on the chip of a class, and its size."""
        return _Widths(self.brief, self.geometry).text(index)

    def view(self, look: Look) -> ChipsView:
        """Pills."""
        return ChipsView(self, look)


@dataclass(frozen=True, slots=True)
class DrawnChip:
    """A chip as it is on the canvas: equal values mean equal pixels."""

    number: int
    """Which chip."""
    x: int
    """Its first column on the canvas, and first row."""
    y: int
    opacity: int
    """In ``OPACITY_STEPS``."""
    ring: int
    """In ``RING_STEPS``."""


class ChipsView:
    """Pills, each in its place.

    Args:
        piece: What is where when.
        look: Colours and fonts.
    """

    def __init__(self, piece: ChipsPiece, look: Look) -> None:
        self._piece, self._timeline = piece, piece.brief.timeline
        self._painter = ChipPainter(piece, look)
        self._times: list[float] = self._timeline.times.tolist()
        edges = {t for c in piece.chips for t in _edges(c)}
        self._edges = sorted(edges)
        self._alive = _alive(piece.chips, self._edges)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what the chips ever use."""
        return self._piece.box.width, self._piece.box.height

    def scene(self, t: float, *, settled: bool = False) -> tuple[DrawnChip, ...]:
        """What is shown at second ``t``."""
        drawn = []
        for number in self._alive[bisect_right(self._edges, t)]:
            chip = self._piece.chips[number]
            opacity = round(chip.opacity(t) * OPACITY_STEPS)
            if settled:
                opacity = OPACITY_STEPS if chip.start_s <= t < chip.end_s else 0
            if opacity:
                drawn.append(
                    DrawnChip(number, *self._piece.place(chip, t), opacity, self._ring(chip, t))
                )
        return tuple(drawn)

    def patches(self, old: Scene, new: Scene) -> Iterable[Patch]:
        """Where two scenes differ."""
        assert isinstance(old, tuple) and isinstance(new, tuple)
        before, after = ({chip.number: chip for chip in scene} for scene in (old, new))
        for number in before.keys() | after.keys():
            a, b = before.get(number), after.get(number)
            if a and b and (a.opacity, a.x) == (b.opacity, b.x):
                if a.ring != b.ring:
                    yield Patch(self._ring_box(b))
            else:
                boxes = [self._chip_box(chip) for chip in (a, b) if chip]
                left, right = min(b.x for b in boxes), max(b.right for b in boxes)
                yield Patch(even_box(left, boxes[0].y, right, boxes[0].bottom, self.size))

    def paint(self, scene: Scene, box: Box, area: Pixels) -> None:
        """Draw a box of a scene."""
        assert isinstance(scene, tuple)
        area[:] = 0
        for chip in scene:
            whole = self._chip_box(chip)
            if (
                whole.x < box.right
                and box.x < whole.right
                and (whole.y < box.bottom and box.y < whole.bottom)
            ):
                index, opacity = self._piece.chips[chip.number].event.index, chip.opacity
                place, share = (whole.x - box.x, whole.y - box.y), opacity / OPACITY_STEPS
                lay(area, self._painter.pill(index), *place, share)
                x, y = self._painter.ring_place
                ring = self._painter.ring(index, chip.ring)
                lay(area, ring, place[0] + x, place[1] + y, share)

    def stamp(self, key: Hashable) -> Pixels:
        """Nothing is copied."""
        raise AssertionError(key)

    def still_until(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``."""
        place = bisect_right(self._edges, t)
        until = self._edges[place] if place < len(self._edges) else float("inf")
        chips = [self._piece.chips[number] for number in self._alive[place]]
        if any(0 < chip.opacity(t) < 1 or _is_edge(chip, t) for chip in chips):
            return t
        until = min([until, *(constant_until(chip.across, t) for chip in chips)])
        return min([until, *(self._ring_until(chip, t, until) for chip in chips)])

    def _ring(self, chip: Chip, t: float) -> int:
        score = score_at(self._timeline, self._times, chip.event.index, t)
        return max(1, round(score * RING_STEPS))

    def _ring_until(self, chip: Chip, t: float, limit: float) -> float:
        """Up to when the ring of a chip stays; between two hops a score only rises or falls."""
        ring, times = self._ring(chip, t), self._times
        for hop in range(bisect_right(times, t), len(times)):
            if self._ring(chip, times[hop]) != ring:
                return max(t, times[hop - 1]) if hop else t
            if times[hop] >= limit:
                break
        return limit

    def _chip_box(self, chip: DrawnChip) -> Box:
        width = self._piece.chips[chip.number].width
        return Box(chip.x, chip.y, width, self._piece.geometry.height)

    def _ring_box(self, chip: DrawnChip) -> Box:
        dx, dy = self._painter.ring_place
        x, y, geometry = chip.x + dx, chip.y + dy, self._piece.geometry
        return even_box(x, y, x + geometry.ring_width, y + geometry.ring, self.size)


def _edges(chip: Chip) -> tuple[float, ...]:
    return chip.start_s, chip.start_s + IN_S, chip.end_s, chip.end_s + OUT_S


def _is_edge(chip: Chip, t: float) -> bool:
    """Whether it just begins to appear or to leave."""
    return t in (chip.start_s, chip.end_s)


def _alive(chips: tuple[Chip, ...], edges: list[float]) -> list[list[int]]:
    """Numbers of the chips that can be seen before each edge, and behind the last."""
    alive: list[list[int]] = [[]]
    begun = 0
    for edge in edges:
        now = [number for number in alive[-1] if chips[number].end_s + OUT_S > edge]
        while begun < len(chips) and chips[begun].start_s <= edge:
            now.append(begun)
            begun += 1
        alive.append(now)
    return alive


class ChipPainter:
    """Draws pills and rings, and keeps them.

    Args:
        piece: Sizes and labels.
        look: Colours and fonts.
    """

    def __init__(self, piece: ChipsPiece, look: Look) -> None:
        self._piece, self._look, self._geometry = piece, look, piece.geometry
        self._timeline: TagTimeline = piece.brief.timeline
        text, geometry = look.theme.text, piece.geometry
        style = TextStyle(look.fonts[0], text.color, geometry.outline, text.outline_color,
                          geometry.pixel_aspect)  # fmt: skip
        self._letters = TextDrawer(style, look.encode)
        self._pills: dict[int, Pixels] = {}
        self._rings: dict[tuple[int, int], Pixels] = {}
        self.ring_place = geometry.before, (geometry.height - geometry.ring) // 2
        """First column and row of the ring on a pill."""

    def pill(self, index: int) -> Pixels:
        """The pill of a class without its ring's arc."""
        if index not in self._pills:
            self._pills[index] = self._drawn_pill(index)
        return self._pills[index]

    def ring(self, index: int, steps: int) -> Pixels:
        """The ring of a class, so many steps of it full."""
        key = index, steps
        if key not in self._rings:
            self._rings[key] = self._drawn_ring(index, steps)
        return self._rings[key]

    def _drawn_pill(self, index: int) -> Pixels:
        geometry, theme = self._geometry, self._look.theme
        chip = next(chip for chip in self._piece.chips if chip.event.index == index)
        size = chip.width, geometry.height
        pill = plate(size, geometry.height / 2, geometry.pixel_aspect, theme, self._look.encode)
        x, y = self.ring_place
        if geometry.outline:  # no plate: the icon stands on a dark disc
            disc = rounded((geometry.ring_width, geometry.ring), geometry.ring / 2,
                           geometry.pixel_aspect)  # fmt: skip
            dark = self._ink(theme.text.outline_color)
            lay(pill, solid(dark, disc * np.float32(0.8)), x, y, 1.0)
        family = self._family(index)
        kinds = self._timeline.kinds[index] if self._timeline.kinds else self._name(index)
        mask = icon_mask(icon_for(kinds, family), geometry.icon, geometry.pixel_aspect)
        middle = x + geometry.ring_width / 2, y + geometry.ring / 2
        place = round(middle[0] - mask.shape[1] / 2), round(middle[1] - mask.shape[0] / 2)
        lay(pill, solid(self._ink(theme.text.color), mask), *place, 1.0)
        tile = self._letters.tile(*self._piece.text(index))
        left = x + geometry.ring_width + geometry.between - tile.inset
        baseline = round((geometry.height + CAP_HEIGHT * geometry.text_size) / 2)
        lay(pill, tile.pixels, left, baseline - tile.ascent, 1.0)
        return pill

    def _drawn_ring(self, index: int, steps: int) -> Pixels:
        theme = self._look.theme
        track = self._arc(360.0) * np.float32(max(theme.bar.track_opacity, 0.25))
        ring = solid(self._ink(theme.bar.track_color), track)
        label = self._timeline.labels[index]
        color = theme.bar_color(label, self._look.families.get(label))
        over(ring, solid(self._ink(color), self._arc(360.0 * steps / RING_STEPS)))
        return ring

    def _arc(self, degrees: float) -> Floats:
        """Coverage of a part of the ring, clockwise from its top."""
        geometry, finer = self._geometry, 4
        side = geometry.ring * finer
        mask = Image.new("L", (side, side))
        width = max(1, round(geometry.stroke * finer))
        box = 0, 0, side - 1, side - 1
        ImageDraw.Draw(mask).arc(box, -90, -90 + degrees, 255, width)
        smaller = mask.resize((geometry.ring_width, geometry.ring), Image.Resampling.BOX)
        return np.asarray(smaller, np.float32) / np.float32(255)

    def _family(self, index: int) -> str:
        return self._timeline.families[index] if self._timeline.families else ""

    def _name(self, index: int) -> Iterator[str]:
        yield self._timeline.labels[index]

    def _ink(self, color: tuple[float, float, float]) -> Floats:
        return self._look.encode(np.array(color, np.float32))
