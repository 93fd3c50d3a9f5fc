"""The sound below a timeline's lanes: a curve of its loudness, or a spectrogram."""

from __future__ import annotations

from math import ceil
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from overlay.datatypes import Times
from overlay.drawing.loudness import Loudness
from overlay.drawing.spectrum import Spectrum
from overlay.drawing.text import Floats, Pixels, over, solid
from overlay.drawing.theme import Color
from overlay.drawing.views.base import Brief, Look


class SoundPicture(Protocol):
    """A sound, side by side."""

    def draw(self, area: Pixels, first: int, columns_per_s: float) -> None:
        """Draw the columns from ``first`` on, counted from second 0, into a clear area."""
        ...


def sound_picture(brief: Brief, look: Look, outline: float) -> SoundPicture:
    """What ``strip`` asks for; of a track without a spectrogram its few bands.

    Args:
        brief: Has the sound.
        look: Colours.
        outline: Width of the dark edge around everything; 0 where there is a plate.
    """
    line = brief.timeline
    if brief.settings.strip != "spectrogram":
        return _Curve(Loudness(line.levels, line.level_times), line.duration_s, look, outline)
    if line.mel.size:
        return _Bands(Spectrum(line.mel, line.mel_times), line.duration_s, look, outline)
    coarse = Spectrum.of_levels(line.levels, line.level_times)
    return _Bands(coarse, line.duration_s, look, outline)


class _Curve:
    """How loud it is, above and below the middle."""

    def __init__(self, sound: Loudness, end_s: float, look: Look, outline: float) -> None:
        self._sound, self._end_s, self._outline = sound, end_s, outline
        text = look.theme.text
        self._color, self._dark = _ink(look, text.color), _ink(look, text.outline_color)

    def draw(self, area: Pixels, first: int, columns_per_s: float) -> None:
        """See ``SoundPicture.draw``."""
        n_rows, n_columns = area.shape[1:]
        beside = ceil(self._outline)
        edges = (first + np.arange(-1 - beside, n_columns + 2 + beside)) / columns_per_s
        heights, heard = self._sound.heights(edges), _heard(edges[1:-2], self._end_s)
        smooth = (heights[:-2] + 2 * heights[1:-1] + heights[2:]) / 4
        half = (smooth * n_rows / 2 + 0.5).astype(np.float32)
        if self._outline:
            around = sliding_window_view(half + np.float32(self._outline), 1 + 2 * beside)
            dark = sliding_window_view(heard, 1 + 2 * beside).max(axis=1)
            over(area, solid(self._dark, _mirrored(around.max(axis=1), n_rows) * dark), 0.8)
        inside = slice(beside, beside + n_columns)
        over(area, solid(self._color, _mirrored(half[inside], n_rows) * heard[inside]), 0.85)


class _Bands:
    """How loud it is in mel bands: from nothing over a colour to that of letters."""

    def __init__(self, sound: Spectrum, end_s: float, look: Look, outline: float) -> None:
        self._sound, self._end_s, self._outline, theme = sound, end_s, outline, look.theme
        self._low = _ink(look, theme.families.get("nature", theme.bar.color))
        self._high, self._dark = _ink(look, theme.text.color), _ink(look, theme.text.outline_color)

    def draw(self, area: Pixels, first: int, columns_per_s: float) -> None:
        """See ``SoundPicture.draw``."""
        n_rows, n_columns = area.shape[1:]
        edges = (first + np.arange(n_columns + 1)) / columns_per_s
        heard = _heard(edges[:-1], self._end_s)
        bands = self._sound.rows(edges, n_rows) * heard
        if self._outline:
            over(area, solid(self._dark, np.ones_like(bands) * heard), 0.6)
        mixed = self._low[:, None, None] * (1 - bands) + self._high[:, None, None] * bands
        over(area, np.concatenate([mixed * bands, bands[None]]).astype(np.float32))


def _heard(starts: Times, end_s: float) -> Floats:
    """1 for columns that are within the sound, else 0."""
    heard: Floats = ((starts >= 0) & (starts < end_s)).astype(np.float32)
    return heard


def _mirrored(half: Floats, n_rows: int) -> Floats:
    """Coverage of columns that reach so far above and below the middle, ``[n_rows, n]``."""
    distance = np.abs(np.arange(n_rows, dtype=np.float32) + 0.5 - n_rows / 2)
    coverage: Floats = np.clip(half[None, :] - distance[:, None] + np.float32(0.5), 0, 1)
    return coverage


def _ink(look: Look, color: Color) -> Floats:
    return look.encode(np.array(color, np.float32))
