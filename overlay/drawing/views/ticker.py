"""The ticker: in words what is heard now, and at the side the last events with their times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

import numpy as np

from overlay.datatypes import Box, TagEvent
from overlay.drawing.canvas import lay
from overlay.drawing.interpolation import Curve, constant_until, value_at
from overlay.drawing.layout import CAP_HEIGHT, NOWHERE
from overlay.drawing.motion import Motion
from overlay.drawing.plate import plate, rounded
from overlay.drawing.row_transitions import IN_S, OUT_S, arranged
from overlay.drawing.rows import OPACITY_STEPS
from overlay.drawing.short_labels import ShortNames
from overlay.drawing.text import Floats, Pixels, TextDrawer, TextStyle, solid
from overlay.drawing.views.base import Brief, Look, Patch, Scene
from overlay.drawing.views.timeline import clock_face

_TEXT = 1.4
"""Letters of the words, in parts of the theme's; those of the events are the theme's."""
_WORDS_HEIGHT, _EVENT_HEIGHT, _EVENT_PITCH = 1.9, 1.62, 1.84
"""Of a plate, and from one event to the next, in font sizes."""
_PADDING, _ACCENT = 0.55, 0.16
"""Columns beside the text, and of the line in the family's colour, in font sizes."""
_WORDS_SHARE, _EVENTS_SHARE = 0.6, 0.36
"""Of the room's width that words and events may take where they lie beside each other."""
_NARROW = 26.0
"""Where there is less room, in font sizes of the words, they lie above each other."""
_SEEN_S = 0.06
"""Where words come longer than this after others, their plate comes from nothing."""
_N_EVENTS = 4
_LONGEST = 240
"""Letters of what is said that are looked at."""
_STEP_S = 0.25
"""How long the events take to slide up by one."""
_LATEST_S = 1.5
"""An event that would come later than this is left out."""
_AGAIN_S = 3.0
"""One that was over for less goes on."""


def ticked(brief: Brief) -> list[WordsPiece | EventsPiece]:
    """The words at the bottom of the picture or at its top, and the events beside or above them."""
    room, settings = brief.room, brief.settings
    unit = room.unit(settings.scale)
    words_size = min(_TEXT * brief.theme.text.size * unit, room.width / 9)
    events_size = min(brief.theme.text.size * unit, words_size)
    is_narrow = room.width < _NARROW * words_size
    down = "top" if "top" in settings.position else "bottom"
    across = "right" if "right" in settings.position else "left"
    beside = "left" if across == "right" else "right"
    words = _words(brief, words_size, 1.0 if is_narrow else _WORDS_SHARE, f"{down}-{across}")
    if is_narrow and words.fits:
        brief = replace(brief, room=room.without(words.box))
    share = 1.0 if is_narrow else _EVENTS_SHARE
    side = across if is_narrow else beside
    return [words, _events(brief, events_size, share, f"{down}-{side}")]


@dataclass(frozen=True, slots=True)
class Plate:
    """Sizes of a plate with a line of text; ``box`` is where one or more of them lie."""

    box: Box
    pixel_aspect: float
    height: int
    accent: int
    """Columns of the line in the family's colour."""
    padding: int
    """Columns on either side of the text."""
    text_size: float
    outline: float
    radius: float
    fits: bool

    @property
    def baseline(self) -> int:
        """Row on which the text stands."""
        return round((self.height + CAP_HEIGHT * self.text_size) / 2)

    @property
    def text_width(self) -> int:
        """Columns that the text may take."""
        return max(1, self.box.width - self.accent - 2 * self.padding)


def _plate(
    brief: Brief, size: float, height: float, rows: float, text_width: float, position: str
) -> Plate:
    room, aspect, theme = brief.room, brief.room.pixel_aspect, brief.theme
    accent, padding = max(2.0, _ACCENT * size), _PADDING * size
    width = min(text_width + accent + 2 * padding, room.width)
    box = room.placed((width, rows), position)
    fits = size >= 8 and room.height >= rows and width > 5 * size
    return Plate(
        box=box if fits else NOWHERE,
        pixel_aspect=aspect,
        height=2 * ceil(height / 2),
        accent=max(1, round(accent / aspect)),
        padding=round(padding / aspect),
        text_size=size,
        outline=0.9 * theme.text.outline * room.unit(brief.settings.scale),
        radius=min(theme.card.radius * room.unit(brief.settings.scale), height / 4),
        fits=fits,
    )


def _measure(brief: Brief, number: int) -> TextDrawer:
    return TextDrawer(TextStyle(brief.fonts[number], (1.0, 1.0, 1.0)), lambda rgb: rgb)


def _words(brief: Brief, size: float, share: float, position: str) -> WordsPiece:
    motion, drawer = arranged(brief.timeline, 1), _measure(brief, 0)
    spoken = {span.index for span in motion.spans}
    longest = max((drawer.length(_said(brief, index), size) for index in spoken), default=0.0)
    around = _ACCENT * size + 2 * _PADDING * size
    width = min(max(longest + 1, 5 * size), share * brief.room.width - around)
    height = 2 * ceil(_WORDS_HEIGHT * size / 2)
    return WordsPiece(brief, _plate(brief, size, height, height, width, position), motion)


def _said(brief: Brief, index: int) -> str:
    line = brief.timeline
    words = (line.words or line.labels)[index][:_LONGEST]
    return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class PlatePiece:
    """What lies on plates of one kind; to be completed to a ``Piece``."""

    brief: Brief
    plate: Plate

    @property
    def box(self) -> Box:
        """All that its plates ever use."""
        return self.plate.box

    @property
    def fits(self) -> bool:
        """Whether there is room for them."""
        return self.plate.fits


@dataclass(frozen=True)
class WordsPiece(PlatePiece):
    """What is heard now; a ``Piece``."""

    motion: Motion

    @cached_property
    def width(self) -> Curve:
        """Columns of the plate over time: it grows as words leave and shrinks as words come."""
        points: list[tuple[float, float]] = []
        end_s = -float("inf")
        for span in self.motion.spans:
            columns = float(self.columns(span.index))
            before = points[-1][1] if points else columns
            if span.start_s > end_s + _SEEN_S:  # from nothing
                points += [(span.start_s - _SEEN_S, before), (span.start_s - _SEEN_S, columns)]
            elif columns > before:
                points += [(end_s - OUT_S, before), (end_s, columns)]
            else:
                points += [(span.start_s, before), (span.start_s + IN_S, columns)]
            end_s = span.end_s
        return tuple(points) or ((0.0, float(self.box.width)),)

    def columns(self, index: int) -> int:
        """Columns of the plate for what is said of a class."""
        plate, drawer = self.plate, _measure(self.brief, 0)
        room = plate.text_width * plate.pixel_aspect
        line, size = drawer.fitted(_said(self.brief, index), plate.text_size, room)
        text = drawer.length(line, size) / plate.pixel_aspect
        return min(2 * ceil((text + plate.accent + 2 * plate.padding) / 2), plate.box.width)

    def left(self, columns: int) -> int:
        """First column of a plate: it keeps to the picture's side."""
        return self.box.width - columns if "right" in self.brief.settings.position else 0

    def view(self, look: Look) -> WordsView:
        """Words on a plate."""
        return WordsView(self, look)


class _Painter:
    """Draws plates with a line of text.

    Args:
        brief: Labels and families.
        geometry: Sizes.
        look: Colours and fonts.
        font: Which of the fonts.
    """

    def __init__(self, brief: Brief, geometry: Plate, look: Look, font: int = 0) -> None:
        self.geometry, self._look, self._timeline = geometry, look, brief.timeline
        text = look.theme.text
        band = geometry.baseline, geometry.height // 3
        style = TextStyle(look.fonts[font], text.color, geometry.outline, text.outline_color,
                          geometry.pixel_aspect, band)  # fmt: skip
        self.letters = TextDrawer(style, look.encode)
        size = geometry.box.width, geometry.height
        self.ground = plate(size, geometry.radius, geometry.pixel_aspect, look.theme, look.encode)
        """A plate with nothing on it."""

    def written(self, text: str, left: int = 0) -> tuple[Pixels, int, int]:
        """A text, and its first column and row on the plate."""
        geometry = self.geometry
        tile = self.letters.tile(text, geometry.text_size, geometry.text_width - left)
        x = geometry.accent + geometry.padding + left - tile.inset
        return tile.pixels, x, geometry.baseline - tile.ascent

    def accent(self, index: int) -> tuple[Pixels, int, int]:
        """The line in the colour of a class, and its first column and row."""
        geometry, theme = self.geometry, self._look.theme
        label = self._timeline.labels[index]
        color = theme.bar_color(label, self._look.families.get(label))
        inset, around = max(1, round(0.2 * geometry.height)), round(0.7 * geometry.outline)
        line = self._rounded(color, geometry.accent, geometry.height - 2 * inset)
        x, y = round(0.5 * geometry.padding), inset
        if around:  # no plate: dark around it
            beside = max(1, round(around / geometry.pixel_aspect))
            size = geometry.accent + 2 * beside, geometry.height - 2 * inset + 2 * around
            edge = self._rounded(theme.text.outline_color, *size)
            lay(edge, line, beside, around, 1.0)
            line, x, y = edge, x - beside, y - around
        return line, x, y

    def _rounded(self, color: tuple[float, float, float], width: int, height: int) -> Pixels:
        aspect = self.geometry.pixel_aspect
        return solid(self._ink(color), rounded((width, height), width * aspect / 2, aspect))

    def _ink(self, color: tuple[float, float, float]) -> Floats:
        return self._look.encode(np.array(color, np.float32))


@dataclass(frozen=True, slots=True)
class WordsScene:
    """All that is on the plate."""

    plate: int
    """Opacity in ``OPACITY_STEPS``."""
    columns: int
    """Of the plate; even."""
    words: tuple[tuple[int, int], ...]
    """Class and opacity."""


class WordsView:
    """One line on a plate, which stays while words change.

    Args:
        piece: What is said when.
        look: Colours and fonts.
    """

    def __init__(self, piece: WordsPiece, look: Look) -> None:
        self._piece = piece
        self._painter = _Painter(piece.brief, piece.plate, look)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the plate."""
        return self._piece.box.width, self._piece.box.height

    def scene(self, t: float, *, settled: bool = False) -> WordsScene:
        """What is shown at second ``t``."""
        motion = self._piece.motion
        moment = motion.settled(t) if settled else motion.at(t)
        rows = ((row.index, round(row.opacity * OPACITY_STEPS)) for row in moment.rows)
        words = tuple(row for row in rows if row[1])
        columns = 2 * round(value_at(self._piece.width, t) / 2)
        if settled and words:
            columns = self._piece.columns(words[0][0])
        return WordsScene(round(moment.plate * OPACITY_STEPS), columns, words)

    def patches(self, old: Scene, new: Scene) -> Iterable[Patch]:
        """Where two scenes differ."""
        yield Patch(Box(0, 0, *self.size))

    def paint(self, scene: Scene, box: Box, area: Pixels) -> None:
        """Draw a box of a scene."""
        assert isinstance(scene, WordsScene)
        piece, whole = self._piece, self._ground(scene.columns)
        whole *= np.float32(scene.plate / OPACITY_STEPS)
        for index, opacity in scene.words:
            left = piece.left(piece.columns(index))
            tiles = self._painter.written(_said(piece.brief, index)), self._painter.accent(index)
            for tile, x, y in tiles:
                lay(whole, tile, left + x, y, opacity / OPACITY_STEPS)
        area[:] = whole[:, *box.slices]

    def _ground(self, columns: int) -> Pixels:
        """A plate that is so wide: the middle of the whole one is left out."""
        whole = self._painter.ground
        ground, half = np.zeros_like(whole), columns // 2
        left = self._piece.left(columns)
        ground[:, :, left : left + half] = whole[:, :, :half]
        ground[:, :, left + half : left + columns] = whole[:, :, whole.shape[2] - columns + half :]
        return ground

    def stamp(self, key: Hashable) -> Pixels:
        """Nothing is copied."""
        raise AssertionError(key)

    def still_until(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``: bars and numbers are not seen."""
        until = constant_until(self._piece.width, t)
        return min(until, self._piece.motion.standing_until(t))


@dataclass(frozen=True, slots=True)
class Entry:
    """An event among the last ones."""

    event: TagEvent
    start_s: float
    """The others begin to slide up, and it to come."""


def entries_of(events: Iterable[TagEvent]) -> list[Entry]:
    """The events that come in, one after the other, by start."""
    entries: list[Entry] = []
    over_s: dict[int, float] = {}
    for event in events:
        again = event.onset_s - over_s.get(event.index, -float("inf")) < _AGAIN_S
        over_s[event.index] = max(event.offset_s, over_s.get(event.index, 0.0))
        free_s = entries[-1].start_s + _STEP_S if entries else 0.0
        if not again and free_s - event.onset_s <= _LATEST_S:
            entries.append(Entry(event, max(event.onset_s, free_s)))
    return entries


def _events(brief: Brief, size: float, share: float, position: str) -> EventsPiece:
    entries = entries_of(brief.timeline.events)
    letters, digits = _measure(brief, 0), _measure(brief, 1)
    last_s = entries[-1].event.onset_s if entries else 0.0
    time_width = digits.length("0" * len(clock_face(last_s)), size) + 0.5 * size
    names = ShortNames(brief.timeline.labels)
    labels = {names.shortest(brief.timeline.labels[entry.event.index]) for entry in entries}
    longest = max((letters.length(label, size) for label in labels), default=0.0)
    width = min(max(time_width + longest + 1, 5 * size), share * brief.room.width - 1.3 * size)
    height, pitch = 2 * ceil(_EVENT_HEIGHT * size / 2), 2 * ceil(_EVENT_PITCH * size / 2)
    rows = (_N_EVENTS - 1) * pitch + height
    geometry = _plate(brief, size, height, rows, width, position)
    time_columns = round(time_width / geometry.pixel_aspect)
    return EventsPiece(brief, geometry, tuple(entries), pitch, time_columns)


@dataclass(frozen=True)
class EventsPiece(PlatePiece):
    """The last events; a ``Piece``."""

    entries: tuple[Entry, ...]
    pitch: int
    """Rows from one to the next."""
    time_columns: int
    """Of the time before a label."""

    def view(self, look: Look) -> EventsView:
        """Times and labels that slide up."""
        return EventsView(self, look)

    @cached_property
    def starts(self) -> list[float]:
        """When each entry comes."""
        return [entry.start_s for entry in self.entries]

    def begun(self, t: float) -> float:
        """How many entries have come at second ``t``; between integers while one comes."""
        n = bisect_right(self.starts, t)
        if not n:
            return 0.0
        done = min((t - self.starts[n - 1]) / _STEP_S, 1.0)
        return n - 1 + done * done * (3 - 2 * done)


@dataclass(frozen=True, slots=True)
class DrawnEntry:
    """An entry as it is on the canvas."""

    number: int
    y: int
    """First row of its plate."""
    opacity: int
    """In ``OPACITY_STEPS``."""


class EventsView:
    """The last events, the newest at the bottom.

    Args:
        piece: What comes when.
        look: Colours and fonts.
    """

    def __init__(self, piece: EventsPiece, look: Look) -> None:
        self._piece = piece
        self._painter = _Painter(piece.brief, piece.plate, look)
        self._times = _Painter(piece.brief, piece.plate, look, font=1)
        self._names = ShortNames(piece.brief.timeline.labels)
        self._plates: dict[int, Pixels] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the last events."""
        return self._piece.box.width, self._piece.box.height

    def scene(self, t: float, *, settled: bool = False) -> tuple[DrawnEntry, ...]:
        """What is shown at second ``t``."""
        piece = self._piece
        begun = float(bisect_right(piece.starts, t)) if settled else piece.begun(t)
        first = max(ceil(begun) - _N_EVENTS - 1, 0)
        drawn = []
        for number in range(first, ceil(begun)):
            place = begun - number
            opacity = round(min(place, 1.0, _N_EVENTS + 1 - place) * OPACITY_STEPS)
            if opacity > 0:
                drawn.append(DrawnEntry(number, round((_N_EVENTS - place) * piece.pitch), opacity))
        return tuple(drawn)

    def patches(self, old: Scene, new: Scene) -> Iterable[Patch]:
        """Where two scenes differ."""
        yield Patch(Box(0, 0, *self.size))

    def paint(self, scene: Scene, box: Box, area: Pixels) -> None:
        """Draw a box of a scene."""
        assert isinstance(scene, tuple)
        area[:] = 0
        for entry in scene:
            tile = self._plate(entry.number)
            lay(area, tile, -box.x, entry.y - box.y, entry.opacity / OPACITY_STEPS)

    def stamp(self, key: Hashable) -> Pixels:
        """Nothing is copied."""
        raise AssertionError(key)

    def still_until(self, t: float) -> float:
        """Second up to which the picture stays as it is at ``t``."""
        starts = self._piece.starts
        n = bisect_right(starts, t)
        if n and t < starts[n - 1] + _STEP_S:
            return t
        return starts[n] if n < len(starts) else float("inf")

    def _plate(self, number: int) -> Pixels:
        if number not in self._plates:
            for old in [n for n in self._plates if n < number - _N_EVENTS - 1]:
                del self._plates[old]
            self._plates[number] = self._drawn(number)
        return self._plates[number]

    def _drawn(self, number: int) -> Pixels:
        event = self._piece.entries[number].event
        label = self._names.shortest(self._piece.brief.timeline.labels[event.index])
        tile = self._painter.ground.copy()
        for part in self._parts(event, label):
            lay(tile, *part, 1.0)
        return tile

    def _parts(self, event: TagEvent, label: str) -> Iterator[tuple[Pixels, int, int]]:
        yield self._painter.accent(event.index)
        yield self._times.written(clock_face(event.onset_s))
        yield self._painter.written(label, self._piece.time_columns)
