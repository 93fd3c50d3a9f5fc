"""Where everything is on a timeline's strip: lanes with a label above each bar, and the sound."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from overlay.datatypes import Box
from overlay.drawing.layout import CAP_HEIGHT, NOWHERE, Room
from overlay.drawing.theme import Theme

_SHARE, _WIDE_SHARE = 0.178, 0.24
"""Of the picture's height, and at most of its width: more lanes would stand empty."""
_TEXT, _TIME = 0.72, 0.62
"""Letters of labels and of the time, in parts of the theme's."""
_LEAST_PX = 8.0
"""Letters are at least so large; then there are fewer lanes."""
_SOUND = 0.18
"""Part of the strip that shows the sound itself."""
_ABOVE, _BELOW = 0.86, 0.26
"""Rows of a label above its baseline and below it, in font sizes."""
_THICKEST = 0.38
"""Of a bar, in font sizes."""
_MOST_LANES = 6


@dataclass(frozen=True, slots=True)
class Strip:
    """Geometry; all numbers inside the strip count from its top left corner."""

    box: Box
    pixel_aspect: float
    left: int
    """First column of what moves; even."""
    width: int
    """Columns of what moves; a multiple of 4."""
    n_lanes: int
    first_lane: int
    """First row of the first lane's label; even."""
    pitch: int
    """Rows from one lane to the next; even."""
    label_height: int
    """Rows of a label, in which there is nothing else; even."""
    baseline: int
    """Row of a lane on which its label stands."""
    bar_height: int
    around: int
    """Rows of the dark edge around a bar."""
    sound: tuple[int, int]
    """First row of the sound's picture, and the one behind it."""
    text_size: float
    time_size: float
    outline: float
    radius: float
    fits: bool

    @property
    def bar_offset(self) -> int:
        """First row of a lane's bar."""
        return self.label_height + self.around

    def lane(self, number: int) -> int:
        """First row of a lane."""
        return self.first_lane + number * self.pitch


def strip_in(room: Room, theme: Theme, scale: float, position: str) -> Strip:
    """Fit a strip into a picture, as wide as its room.

    Args:
        room: What is free of the picture.
        theme: Sizes, as fractions of the shorter side as it is shown.
        scale: Factor on all sizes of letters.
        position: At the top of the room if it says so, else at its bottom.
    """
    unit = room.unit(scale)
    box = room.placed(
        (room.width, min(_SHARE * room.shown[1], _WIDE_SHARE * room.shown[0])),
        "top" if "top" in position else "bottom",
    )
    size = max(_TEXT * theme.text.size * unit, _LEAST_PX)
    outline = theme.text.outline * unit
    padding = max(2, round(0.4 * size))
    sound_height = max(4, round(_SOUND * box.height))
    lowest = box.height - padding - sound_height - padding // 2
    label_height = _even((_ABOVE + _BELOW) * size)
    bar_height = max(2, round(min(0.95 * theme.bar.height * unit, _THICKEST * size)))
    around = round(0.6 * outline)
    lane = label_height + bar_height + 2 * around
    top = max(0, padding - round((_ABOVE - CAP_HEIGHT) * size)) // 2 * 2
    least = 2 * ceil(lane / 2)
    n_lanes = min(_MOST_LANES, 1 + (lowest - top - lane) // least)
    pitch = max((lowest - top) // max(1, n_lanes) // 2 * 2, least)
    corner = min(theme.card.radius * unit, box.height / 2)
    side = max(theme.card.padding * unit, 0.6 * size, corner)
    width = max(4, (box.width - 2 * round(side / room.pixel_aspect)) // 4 * 4)
    fits = n_lanes > 0 and width > 6 * size and box.height >= 2 * size
    return Strip(
        box=box if fits else NOWHERE,
        pixel_aspect=room.pixel_aspect,
        left=(box.width - width) // 4 * 2,
        width=width,
        n_lanes=max(1, n_lanes),
        first_lane=top,
        pitch=pitch,
        label_height=label_height,
        baseline=round(_ABOVE * size),
        bar_height=bar_height,
        around=around,
        sound=(box.height - padding - sound_height, box.height - padding),
        text_size=size,
        time_size=max(_TIME * theme.text.size * unit, _LEAST_PX),
        outline=outline,
        radius=theme.card.radius * unit,
        fits=fits,
    )


def _even(length: float) -> int:
    return 2 * round(length / 2)
