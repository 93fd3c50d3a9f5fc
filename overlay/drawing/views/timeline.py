"""The timeline: a strip with lanes of events and the sound below them, and where we are on it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from overlay.datatypes import Box, TagEvent
from overlay.drawing.bars import capsule
from overlay.drawing.canvas import even_box, lay
from overlay.drawing.card import plate, rounded
from overlay.drawing.labels import fitting_name
from overlay.drawing.lanes import Lane, in_lanes
from overlay.drawing.layout import CAP_HEIGHT, NOWHERE, Room, safe_room
from overlay.drawing.loudness import Loudness
from overlay.drawing.text import Floats, Pixels, TextDrawer, TextStyle, over, solid
from overlay.drawing.theme import Theme
from overlay.drawing.views.base import Brief, Look, Patch, Scene

_SHARE = 0.175
"""Of the picture's height."""
_TEXT, _TIME = 0.72, 0.62
"""Letters of labels and of the time, in parts of the theme's."""
_LEAST_PX = 8.0
"""Letters are at least so large; then there are fewer lanes."""
_SOUND = 0.2
"""Part of the strip that shows the sound itself."""
_LABEL_EMS = 6.0
"""About as wide as a label is, in font sizes."""
_COMING, _COMING_TEXT = 0.4, 0.62
"""Opacity of what is still to come; that of its labels can still be read."""
_UNSURE, _SURE = 0.4, 0.6
"""Opacity of the bar of an event that scores next to nothing, and score of an opaque one."""
_WHOLE = 1.5
"""A video is shown as a whole up to this many spans."""
_GLIDE_S = 0.4
"""When three quarters of the window are over it glides on by half of it."""
_MOST_LANES = 6
_N_KEPT = 4
"""Halves of windows that are kept."""


def timelined(brief: Brief) -> list[TimelinePiece]:
    """The strip, at the bottom of the picture or at its top."""
    settings, theme, room = brief.settings, brief.theme, brief.room
    wide = safe_room(room.picture, theme.card.margin / 2, room.pixel_aspect)
    strip = _strip(wide, theme, settings.scale, settings.position)
    window = Window(max(brief.duration_s, 1.0), settings.span, strip.width)
    return [TimelinePiece(strip, window, brief)]


@dataclass(frozen=True, slots=True)
class Strip:
    """Geometry; all numbers inside the strip count from its top left corner."""

    box: Box
    pixel_aspect: float
    left: int
    """First column of what moves."""
    width: int
    """Columns of what moves; half of it is even."""
    n_lanes: int
    pitch: int
    first_baseline: int
    bar_offset: int
    """From the baseline down to the top of the bar."""
    bar_height: int
    sound: tuple[int, int]
    """First row of the sound's picture, and the one behind it."""
    text_size: float
    time_size: float
    outline: float
    radius: float
    fits: bool


def _strip(room: Room, theme: Theme, scale: float, position: str) -> Strip:
    unit = room.unit(scale)
    height = _SHARE * room.shown[1]
    box = room.placed((room.width, height), "top" if "top" in position else "bottom")
    text_size = max(_TEXT * theme.text.size * unit, _LEAST_PX)
    padding = max(2, round(0.4 * text_size))
    bar_height = max(2, round(0.95 * theme.bar.height * unit))
    bar_offset = max(1, round(0.3 * text_size))
    sound_height = max(4, round(_SOUND * box.height))
    lowest = box.height - padding - sound_height - padding // 2
    row = CAP_HEIGHT * text_size + bar_offset + bar_height
    between = 0.22 * text_size
    n_lanes = min(_MOST_LANES, int((lowest - padding + between) / (row + between)))
    left = round(max(theme.card.padding * unit, 0.6 * text_size) / room.pixel_aspect)
    width = max(4, (box.width - 2 * left) // 4 * 4)
    fits = n_lanes > 0 and width > 6 * text_size
    return Strip(
        box=box if fits else NOWHERE,
        pixel_aspect=room.pixel_aspect,
        left=(box.width - width) // 4 * 2,
        width=width,
        n_lanes=max(1, n_lanes),
        pitch=int((lowest - padding + between) / max(1, n_lanes)),
        first_baseline=padding + round(CAP_HEIGHT * text_size),
        bar_offset=bar_offset,
        bar_height=bar_height,
        sound=(box.height - padding - sound_height, box.height - padding),
        text_size=text_size,
        time_size=max(_TIME * theme.text.size * unit, 1.0),
        outline=theme.text.outline * unit,
        radius=theme.card.radius * unit,
        fits=fits,
    )


class Window:
    """Which part of the time is shown when: all of a short video, of a longer one a span.

    A window stands still, so that it can be read, and glides on by half of it when the playhead
    has come to three quarters.

    Args:
        duration_s: Of the video.
        span_s: What is shown of a long one.
        width: Columns; half of it is even.
    """

    def __init__(self, duration_s: float, span_s: float, width: int) -> None:
        self.is_whole = duration_s <= _WHOLE * span_s
        self.span_s = duration_s if self.is_whole else span_s
        self.duration_s, self.width = duration_s, width
        self.half_s = self.span_s / 2
        self.columns_per_s = width / self.span_s
        self._n_glides = 0 if self.is_whole else ceil((duration_s - span_s) / self.half_s)

    def offset(self, t: float, *, settled: bool = False) -> int:
        """Even number of columns between second 0 and the window's start at second ``t``."""
        n = self._begun(t)
        if not n:
            return 0
        done = 1.0 if settled else min((t - self.half_s * (n + 0.5)) / _GLIDE_S, 1.0)
        halves = n - 1 + done * done * (3 - 2 * done)
        return 2 * round(halves * self.width / 4)

    def column(self, t: float, offset: int) -> int:
        """Where second ``t`` is in a window."""
        column = floor(min(t, self.duration_s) * self.columns_per_s) - offset
        return min(max(column, 0), self.width - 1)

    def still_until(self, t: float) -> float:
        """When the next column or second begins; ``t`` while the window glides."""
        if t >= self.duration_s:
            return float("inf")
        n = self._begun(t)
        if n and t < self.half_s * (n + 0.5) + _GLIDE_S:
            return t
        turn = self.half_s * (n + 1.5) if n < self._n_glides else float("inf")
        column = (floor(t * self.columns_per_s) + 1) / self.columns_per_s
        return max(t, min(turn, column, floor(t) + 1.0))

    def _begun(self, t: float) -> int:
        """How many times the window has begun to glide."""
        return min(max(floor(t / self.half_s - 0.5), 0), self._n_glides)


@dataclass(frozen=True)
class TimelinePiece:
    """A ``Piece``."""

    strip: Strip
    window: Window
    brief: Brief

    @property
    def box(self) -> Box:
        """The strip."""
        return self.strip.box

    @property
    def fits(self) -> bool:
        """Whether there is room for a lane with letters."""
        return self.strip.fits

    def view(self, look: Look) -> TimelineView:
        """Lanes, the sound, and a playhead."""
        return TimelineView(self, look)


@dataclass(frozen=True, slots=True)
class TimelineScene:
    """All that is on the canvas."""

    offset: int
    """Columns between second 0 and the window's start."""
    column: int
    """Of the playhead in the window."""
    time: str


class TimelineView:
    """Lanes of events, the sound below them, and a playhead.

    Args:
        piece: What is where.
        look: Colours and fonts.
    """

    def __init__(self, piece: TimelinePiece, look: Look) -> None:
        self._strip, self._window = piece.strip, piece.window
        self._paper = _Paper(piece, look)
        self._playhead = _Playhead(piece.strip, look)
        self._shown: tuple[int, Pixels, Pixels] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the strip."""
        return self._strip.box.width, self._strip.box.height

    def scene(self, t: float, *, settled: bool = False) -> TimelineScene:
        """What is shown at second ``t``."""
        t = max(t, 0.0)
        offset = self._window.offset(t, settled=settled)
        time = clock_face(min(t, self._window.duration_s))
        return TimelineScene(offset, self._window.column(t, offset), time)

    def patches(self, old: Scene, new: Scene) -> Iterable[Patch]:
        """Where two scenes differ."""
        assert isinstance(old, TimelineScene) and isinstance(new, TimelineScene)
        if old.offset != new.offset:
            return [Patch(Box(0, 0, *self.size))]
        left = self._strip.left
        columns = [left + scene.column for scene in (old, new)]
        boxes = self._playhead.changed(columns, (old.time, new.time))
        return [Patch(even_box(*box, self.size)) for box in boxes]

    def paint(self, scene: Scene, box: Box, area: Pixels) -> None:
        """Draw a box of a scene."""
        assert isinstance(scene, TimelineScene)
        lit, coming = self._pages(scene.offset)
        now = self._strip.left + scene.column
        over_s = min(max(now - box.x, 0), box.width)
        rows, columns = box.slices
        area[:, :, :over_s] = lit[:, rows, columns][:, :, :over_s]
        area[:, :, over_s:] = coming[:, rows, columns][:, :, over_s:]
        for tile, x, y in self._playhead.tiles(now, scene.time):
            lay(area, tile, x - box.x, y - box.y, 1.0)

    def stamp(self, key: Hashable) -> Pixels:
        """Nothing is copied."""
        raise AssertionError(key)

    def still_until(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``."""
        return self._window.still_until(max(t, 0.0))

    def _pages(self, offset: int) -> tuple[Pixels, Pixels]:
        """The strip without a playhead: what is over, and what is to come."""
        if self._shown is None or self._shown[0] != offset:
            drawn, written = self._paper.between(offset)
            columns = slice(self._strip.left, self._strip.left + self._strip.width)
            pages = []
            for opacity, of_text in ((1.0, 1.0), (_COMING, _COMING_TEXT)):
                page = self._paper.ground.copy()
                over(page[:, :, columns], drawn, opacity)
                over(page[:, :, columns], written, of_text)
                pages.append(page)
            self._shown = offset, pages[0], pages[1]
        return self._shown[1], self._shown[2]


class _Paper:
    """What is written on the strip, drawn in halves of a window as they come to be seen.

    Args:
        piece: What is where.
        look: Colours and fonts.
    """

    def __init__(self, piece: TimelinePiece, look: Look) -> None:
        strip, brief = piece.strip, piece.brief
        self._strip, self._window, self._look = strip, piece.window, look
        self._timeline = brief.timeline
        self._is_spectrum = brief.settings.strip == "spectrogram"
        size = strip.box.width, strip.box.height
        self.ground = plate(size, strip.radius, strip.pixel_aspect, look.theme, look.encode)
        """The strip with nothing on it."""
        text = look.theme.text
        style = TextStyle(look.fonts[0], text.color, strip.outline, text.outline_color,
                          strip.pixel_aspect, self._band())  # fmt: skip
        self._letters = TextDrawer(style, look.encode)
        second = 1 / self._window.columns_per_s
        gap_s = 0.35 * strip.text_size / strip.pixel_aspect * second
        label_s = _LABEL_EMS * strip.text_size / strip.pixel_aspect * second
        self._gap = gap_s / second
        self._lanes = in_lanes(brief.timeline.events, strip.n_lanes, gap_s, label_s)
        self._sound = Loudness(brief.timeline.levels, brief.timeline.level_times)
        self._halves: OrderedDict[int, Pixels] = OrderedDict()

    def between(self, offset: int) -> Pixels:
        """A window that starts at this column: shapes and letters, ``[2, 4, height, width]``."""
        half = self._strip.width // 2
        first, start = divmod(offset, half)
        n = 2 if not start else 3
        whole = np.concatenate([self._half(first + i) for i in range(n)], axis=3)
        return whole[..., start : start + self._strip.width]

    def _half(self, number: int) -> Pixels:
        if number not in self._halves:
            self._halves[number] = self._drawn(number)
            if len(self._halves) > _N_KEPT:
                self._halves.popitem(last=False)
        self._halves.move_to_end(number)
        return self._halves[number]

    def _drawn(self, number: int) -> Pixels:
        strip = self._strip
        first, width = number * strip.width // 2, strip.width // 2
        layers = np.zeros((2, 4, strip.box.height, width), np.float32)
        self._draw_sound(layers[0], first)
        for place, lane in enumerate(self._lanes):
            self._draw_lane(layers, first, lane, strip.first_baseline + place * strip.pitch)
        return layers

    def _draw_lane(self, layers: Pixels, first: int, lane: Lane, baseline: int) -> None:
        """The bars and labels of a lane, from column ``first`` on."""
        strip, width, scale = self._strip, layers.shape[3], self._window.columns_per_s
        # labels reach as far as a window
        start_s, end_s = (first - strip.width) / scale, (first + width) / scale
        for event, following_s in lane.between(start_s, end_s):
            x0, x1 = round(event.onset_s * scale), round(event.offset_s * scale)
            if x1 > first:
                self._draw_bar(layers[0], event, (x0 - first, x1 - first), baseline)
            until = min(following_s * scale - self._gap, self._last_column(x0))
            for x in self._label_columns(x0, x1, first):
                self._draw_label(layers[1], event, (x, until), first, baseline)

    def _last_column(self, x0: int) -> float:
        return float(self._window.width) if self._window.is_whole else float("inf")

    def _label_columns(self, x0: int, x1: int, first: int) -> Iterator[int]:
        """Where a bar's label begins: with the bar, and again where a window begins."""
        yield x0
        if x0 < first < x1 and not self._window.is_whole:
            yield first

    def _draw_label(
        self, area: Pixels, event: TagEvent, room: tuple[float, float], first: int, baseline: int
    ) -> None:
        strip, (x, until) = self._strip, room
        label = self._timeline.labels[event.index]
        width = (until - x) * strip.pixel_aspect
        name = fitting_name(label, self._letters, strip.text_size, width)
        if name is None:
            return
        within = None if width == float("inf") else int(until - x)
        tile = self._letters.tile(name, strip.text_size, within)
        place = int(x) - tile.inset - first
        lay(area, tile.pixels, place, baseline - tile.ascent, 1.0)

    def _draw_bar(
        self, area: Pixels, event: TagEvent, ends: tuple[int, int], baseline: int
    ) -> None:
        """A bar, at least a dot; dark around it where there is no plate."""
        strip, theme = self._strip, self._look.theme
        label = self._timeline.labels[event.index]
        sure = _UNSURE + (1 - _UNSURE) * min(event.mean / _SURE, 1.0)
        around = round(0.6 * strip.outline)
        if around:
            self._draw_capsule(area, ends, baseline, around, theme.text.outline_color, 0.8)
        color = theme.bar_color(label, self._look.families.get(label))
        self._draw_capsule(area, ends, baseline, 0, color, sure)

    def _draw_capsule(
        self,
        area: Pixels,
        ends: tuple[int, int],
        baseline: int,
        around: int,
        color: tuple[float, float, float],
        opacity: float,
    ) -> None:
        strip = self._strip
        height, beside = strip.bar_height + 2 * around, ceil(around / strip.pixel_aspect)
        length = max(ends[1] - ends[0], ceil(strip.bar_height / strip.pixel_aspect)) + 2 * beside
        x = ends[0] - beside
        columns = np.arange(max(-x, 0), max(min(length, area.shape[2] - x), max(-x, 0)))
        coverage = capsule(columns, length, height, strip.pixel_aspect)
        top = baseline + strip.bar_offset - around
        lay(area, solid(self._ink(color), coverage), max(x, 0), top, opacity)

    def _draw_sound(self, area: Pixels, first: int) -> None:
        strip, theme = self._strip, self._look.theme
        top, bottom = strip.sound
        edges = (first + np.arange(area.shape[2] + 1)) / self._window.columns_per_s
        color, outline = self._ink(theme.text.color), self._ink(theme.text.outline_color)
        heard = edges[:-1] < self._timeline.duration_s
        target = area[:, top:bottom]
        if self._is_spectrum:
            bands = self._sound.bands(edges, bottom - top) * heard
            low = self._ink(theme.families.get("nature", theme.bar.color))
            mixed = low[:, None, None] * (1 - bands) + color[:, None, None] * bands
            over(target, np.concatenate([mixed * bands, bands[None]]).astype(np.float32))
            return
        heights = self._sound.heights(edges)
        padded = np.pad(heights, 1, mode="edge")
        smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
        half = (smooth * (bottom - top) / 2 + 0.5).astype(np.float32)
        if strip.outline:
            over(
                target,
                solid(outline, _mirrored(half + np.float32(strip.outline), bottom - top) * heard),
                0.8,
            )
        over(target, solid(color, _mirrored(half, bottom - top) * heard), 0.85)

    def _ink(self, color: tuple[float, float, float]) -> Floats:
        return self._look.encode(np.array(color, np.float32))

    def _band(self) -> tuple[int, int]:
        strip = self._strip
        below = strip.bar_offset
        return max(1, strip.pitch - strip.bar_offset - strip.bar_height), below


def _mirrored(half: Floats, n_rows: int) -> Floats:
    """Coverage of columns that reach so far above and below the middle, ``[n_rows, n]``."""
    distance = np.abs(np.arange(n_rows, dtype=np.float32) + 0.5 - n_rows / 2)
    coverage: Floats = np.clip(half[None, :] - distance[:, None] + np.float32(0.5), 0, 1)
    return coverage


class _Playhead:
    """A line, and the time on a flag at its foot.

    Args:
        strip: Geometry.
        look: Colours and fonts.
    """

    def __init__(self, strip: Strip, look: Look) -> None:
        self._strip, theme = strip, look.theme
        self._color = look.encode(np.array(theme.text.color, np.float32))
        style = TextStyle(look.fonts[1], theme.card.color, pixel_aspect=strip.pixel_aspect)
        self._digits = TextDrawer(style, look.encode)
        self._cell = self._digits.digit_width(strip.time_size)
        width = max(2, round(0.1 * strip.text_size / strip.pixel_aspect))
        edge = ceil(strip.outline / strip.pixel_aspect)
        top = max(1, strip.first_baseline - round(CAP_HEIGHT * strip.text_size) - 1)
        self._top = top
        self._line = self._drawn_line(width, edge, strip.sound[1] - top, look)
        self._flags: OrderedDict[str, Pixels] = OrderedDict()

    def tiles(self, column: int, time: str) -> Iterator[tuple[Pixels, int, int]]:
        """What to lay at which column and row."""
        yield self._line, column - self._line.shape[2] // 2, self._top
        x, y = self._flag_place(column, time)
        yield self._flag(time), x, y

    def changed(
        self, columns: list[int], times: tuple[str, str]
    ) -> Iterator[tuple[int, int, int, int]]:
        """Left, top, right and bottom of where two playheads differ."""
        reach = self._line.shape[2] // 2 + 1
        places = [self._flag_place(*each) for each in zip(columns, times, strict=True)]
        widths = [self._flag(time).shape[2] for time in times]
        left, top = min(x for x, _ in places), places[0][1]
        right = max(x + width for (x, _), width in zip(places, widths, strict=True))
        yield min(columns) - reach, 0, max(columns) + reach, top  # letters may reach above it
        left, right = min(left, min(columns) - reach), max(right, max(columns) + reach)
        yield left, top, right, self._strip.box.height

    def _flag_place(self, column: int, time: str) -> tuple[int, int]:
        strip, flag = self._strip, self._flag(time)
        last = strip.left + strip.width - flag.shape[2]
        x = min(max(column - flag.shape[2] // 2, strip.left), max(last, strip.left))
        return x, strip.sound[1] - flag.shape[1]

    def _flag(self, time: str) -> Pixels:
        if time not in self._flags:
            self._flags[time] = self._drawn_flag(time)
            if len(self._flags) > _N_KEPT:
                self._flags.popitem(last=False)
        return self._flags[time]

    def _drawn_flag(self, time: str) -> Pixels:
        size, cell = self._strip.time_size, self._cell
        colon = max(1, cell // 2)
        widths = [cell if letter.isdigit() else colon for letter in time]
        padding = round(0.4 * size / self._strip.pixel_aspect)
        height = min(2 * round(0.68 * size), self._strip.sound[1] - self._strip.sound[0])
        width = 2 * ceil((sum(widths) + 2 * padding) / 2)
        coverage = rounded((width, height), height / 2, self._strip.pixel_aspect)
        flag = solid(self._color, coverage)
        x, baseline = (width - sum(widths)) // 2, round((height + CAP_HEIGHT * size) / 2)
        for letter, room in zip(time, widths, strict=True):
            tile = self._digits.tile(letter, size)
            own = tile.pixels.shape[2] - 2 * tile.inset
            lay(flag, tile.pixels, x + (room - own) // 2 - tile.inset, baseline - tile.ascent, 1.0)
            x += room
        return flag

    def _drawn_line(self, width: int, edge: int, height: int, look: Look) -> Pixels:
        line = np.zeros((4, height, width + 2 * edge), np.float32)
        if edge:
            dark = look.encode(np.array(look.theme.text.outline_color, np.float32))
            line[:] = solid(dark, np.full((height, width + 2 * edge), 0.8, np.float32))
        line[:, :, edge : edge + width] = solid(self._color, np.ones((height, width), np.float32))
        return line


def clock_face(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any.

    >>> clock_face(27.9), clock_face(3723)
    ('0:27', '1:02:03')
    """
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
