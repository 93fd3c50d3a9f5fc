"""Sound and picture as small pictures that a page shows: drawn here, so that it decodes nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.datatypes import SoundBlock
from overlay.drawing.image_bytes import Pixels, encoded
from overlay.media.audio import stream_sound
from overlay.media.excerpt import begin_s
from overlay.media.process import ffmpeg_program
from overlay.media.source import Source
from overlay.media.thumbnails import glimpses
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.tagging.spectrogram import Spectrogram, decibels

Decibels = npt.NDArray[np.float32]

_RATE = 32_000

_FINEST_S = 0.02
"""Seconds of the narrowest column."""
_MOST_COLUMNS = 64_000
_TALL, _LOW, _TALL_COLUMNS = 128, 64, 16_000
"""Rows of a spectrogram of few columns, of many, and how many are few."""
_FRAMES_A_COLUMN = 4
_TILE = 4096
_SILENCE, _RANGE_DB = 1e-10, 65.0
_LOUDEST = 99.8
"""Percentile of a spectrogram that is drawn brightest."""
_QUALITY = 50
_THUMB_PX, _MOST_THUMBS, _THUMBS_A_ROW = 72, 400, 10
_EXACT_S = 600.0
"""Videos up to this length have thumbnails of the very frame, longer ones of the keyframe before
it."""


def data_uri(kind: str, content: bytes) -> str:
    """A file as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns of time.

    Attributes:
        n_columns: How many.
        column_s: Seconds of each.
        frames: Spectra that are looked at in each; the loudest counts.
    """

    n_columns: int
    column_s: float
    frames: int

    @property
    def n_bands(self) -> int:
        """Rows: many of few columns."""
        return _LOW if self.n_columns > _TALL_COLUMNS else _TALL

    @classmethod
    def over(cls, end_s: float) -> Grid:
        """Columns from 0 to a second, as narrow as their number allows."""
        column_s = max(_FINEST_S, end_s / _MOST_COLUMNS)
        frames = max(1, min(_FRAMES_A_COLUMN, round(column_s / _FINEST_S)))
        return cls(max(1, int(np.ceil(end_s / column_s))), column_s, frames)


def sound_pictures(
    source: Source, end_s: float, settings: Settings, reporter: Reporter
) -> dict[str, Any]:
    """Mel spectrogram and loudness of the sound of a source.

    Args:
        source: With sound.
        end_s: Where the columns end, seconds.
        settings: Says which ffmpeg decodes.
        reporter: Told the seconds that are drawn, as step ``draw``.

    Returns:
        ``column_s``; ``mel``, addresses of grey pictures of at most ``tile`` columns each, low
        tones at the bottom; ``loudness``, one byte a column in base64, 0 for silence.
    """
    grid = Grid.over(end_s)
    blocks = stream_sound(
        source.info, _RATE, source.audio_track, tolerant=True,
        ffmpeg_path=settings.video.ffmpeg,
    )  # fmt: skip
    mel, loudness = _spectrogram(_told(blocks, end_s, reporter), grid)
    grey = _as_grey(mel)
    tiles = [grey[:, at : at + _TILE] for at in range(0, grid.n_columns, _TILE)]
    level = np.clip((loudness - loudness.max() + _RANGE_DB) / _RANGE_DB, 0, 1)
    return {
        "column_s": grid.column_s,
        "tile": _TILE,
        "mel": [data_uri(*encoded(np.ascontiguousarray(tile), _QUALITY)) for tile in tiles],
        "loudness": base64_of((255 * level).astype(np.uint8)),
    }


def base64_of(array: npt.NDArray[Any]) -> str:
    """The bytes of an array, little-endian, as base64."""
    little = array.astype(array.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode("ascii")


def _told(blocks: Iterable[SoundBlock], end_s: float, reporter: Reporter) -> Iterable[SoundBlock]:
    for block in blocks:
        reporter.progress("draw", block.start_s, end_s)
        yield block


def _spectrogram(blocks: Iterable[SoundBlock], grid: Grid) -> tuple[Decibels, Decibels]:
    """Loudest mel spectrum, ``[n_columns, n_bands]``, and level, ``[n_columns]``, each in dB."""
    listener = Spectrogram(_RATE, grid.column_s, grid.frames, grid.n_bands)
    for _ in listener.listening(blocks):
        pass
    heard, times = listener.columns()
    places = np.round(times / grid.column_s).astype(int)
    codes = np.zeros((grid.n_columns, grid.n_bands), np.uint8)
    codes[places[places < grid.n_columns]] = heard[places < grid.n_columns]
    mel = decibels(codes)
    power = np.where(codes > 0, 10 ** (mel / 10), np.float32(0)).sum(axis=1)
    return mel, 10 * np.log10(np.maximum(power, np.float32(_SILENCE)))


def _as_grey(mel: Decibels) -> Pixels:
    """Decibels as grey, low tones at the bottom, ``[n_bands, n_columns]``."""
    top = float(np.percentile(mel[:: max(1, len(mel) // 5000)], _LOUDEST))
    grey: Pixels = (255 * np.clip((mel - top + _RANGE_DB) / _RANGE_DB, 0, 1)).astype(np.uint8)
    return grey.T[::-1]


def thumbnails(
    source: Source, moments_s: Sequence[float], end_s: float, settings: Settings, reporter: Reporter
) -> dict[str, Any] | None:
    """Small pictures of a video in one sheet.

    Args:
        source: A media file; without a picture there are none.
        moments_s: Where events are, seconds; of many some are taken.
        end_s: Where the sound ends.
        settings: Says which ffmpeg decodes.
        reporter: Told how far it is, as step ``look``.

    Returns:
        ``times`` in milliseconds, ``width``, ``height``, ``columns`` and ``sheet``, the address of
        the picture; ``None`` where nothing can be seen.
    """
    if source.info.video is None:
        return None
    times = _chosen(moments_s)
    exact = begin_s(source.info) + end_s <= _EXACT_S
    seen: list[tuple[float, Pixels]] = []
    program = ffmpeg_program(settings.video.ffmpeg)
    found = glimpses(source.info, times, _THUMB_PX, program, exact=exact)
    for time_s, picture in zip(times, found, strict=True):
        reporter.progress("look", time_s, end_s)
        if picture is not None:
            seen.append((time_s, picture))
    if not seen:
        return None
    height, width, _ = seen[0][1].shape
    return {
        "times": [round(1000 * time_s) for time_s, _ in seen],
        "width": width,
        "height": height,
        "columns": _THUMBS_A_ROW,
        "sheet": data_uri(*encoded(_sheet([picture for _, picture in seen]), _QUALITY)),
    }


def _chosen(moments_s: Sequence[float]) -> list[float]:
    """At most so many moments, rising."""
    moments = sorted({round(moment, 1) for moment in moments_s})
    if len(moments) <= _MOST_THUMBS:
        return moments
    return [moments[n * len(moments) // _MOST_THUMBS] for n in range(_MOST_THUMBS)]


def _sheet(pictures: Sequence[Pixels]) -> Pixels:
    height, width, _ = pictures[0].shape
    n_rows = -(-len(pictures) // _THUMBS_A_ROW)
    sheet = np.zeros((n_rows * height, _THUMBS_A_ROW * width, 3), np.uint8)
    for number, picture in enumerate(pictures):
        top, left = number // _THUMBS_A_ROW * height, number % _THUMBS_A_ROW * width
        sheet[top : top + height, left : left + width] = picture
    return sheet
