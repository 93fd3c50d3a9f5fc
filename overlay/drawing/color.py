"""From sRGB to the colours a video is coded in, and to its planes.

A theme's colours are sRGB. A video may hold another gamut (BT.2020) or another curve (PQ, HLG);
the panel is then drawn in those from the start, its white at the level that broadcasters give
graphics, so that ffmpeg has nothing to convert.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from overlay.datatypes import ColorInfo

Floats = npt.NDArray[np.float32]

_LUMA = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
    "bt2020c": (0.2627, 0.0593),
}
"""Weights of red and blue in luma, by ffmpeg's name of the matrix (ITU-T H.273, table 4)."""

_LARGEST_SD_HEIGHT = 576
"""Where a file does not name its matrix, players take the one of standard definition up to here."""

_TO_BT2020 = np.array(
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]], np.float32
)
"""Linear BT.709 to linear BT.2020 (ITU-R BT.2087)."""

_ALMOST_CLEAR = np.float32(1e-6)
"""Opacity below which a colour means nothing."""

_PQ_WHITE = 203 / 10000
"""Graphics white of a PQ picture in parts of 10000 cd/m² (ITU-R BT.2408)."""

_HLG_WHITE = 0.2650
"""Scene light whose HLG signal is 75 %, graphics white (ITU-R BT.2408)."""


@dataclass(frozen=True)
class Coding:
    """How a video codes colours.

    Args:
        color: The video's colour tags.
        bit_depth: 8 or 10.
        picture_height: Tells the matrix where the tags do not.
    """

    color: ColorInfo
    bit_depth: int
    picture_height: int

    def encode(self, rgb: Floats) -> Floats:
        """SRGB colours, ``[..., 3]`` in [0, 1], as Y in [0, 1], Cb and Cr in [-0.5, 0.5]."""
        coded: Floats = self.signal(rgb) @ self.matrix.T
        return coded

    def signal(self, rgb: Floats) -> Floats:
        """SRGB colours, ``[..., 3]`` in [0, 1], in the video's gamut and curve, in [0, 1]."""
        wide = self.color.primaries == "bt2020"
        curve = self.color.transfer
        if not wide and curve not in ("smpte2084", "arib-std-b67"):
            return rgb
        linear = _srgb_to_linear(rgb)
        if wide:
            linear = linear @ _TO_BT2020.T
        if curve == "smpte2084":
            return _pq(linear * _PQ_WHITE)
        if curve == "arib-std-b67":
            return _hlg(linear * _HLG_WHITE)
        return _linear_to_srgb(linear)

    @cached_property
    def matrix(self) -> Floats:
        """Rows that make Y in [0, 1], Cb and Cr in [-0.5, 0.5] from R'G'B', ``[3, 3]``.

        Y = Kr R + Kg G + Kb B,  Cb = (B - Y) / (2 - 2 Kb),  Cr = (R - Y) / (2 - 2 Kr)
        """
        guess = "smpte170m" if self.picture_height <= _LARGEST_SD_HEIGHT else "bt709"
        kr, kb = _LUMA.get(self.color.space or guess, _LUMA["smpte170m"])
        y = np.array([kr, 1 - kr - kb, kb])
        cb = (np.array([0, 0, 1]) - y) / (2 - 2 * kb)
        cr = (np.array([1, 0, 0]) - y) / (2 - 2 * kr)
        return np.stack([y, cb, cr]).astype(np.float32)

    @cached_property
    def luma_levels(self) -> tuple[float, float]:
        """Code of black, and codes from black to white."""
        if self.color.range == "pc":
            return 0.0, float(2**self.bit_depth - 1)
        return 16.0 * self._step, 219.0 * self._step

    @cached_property
    def chroma_levels(self) -> tuple[float, float]:
        """Code of no colour, and codes over the whole range."""
        if self.color.range == "pc":
            return float(2 ** (self.bit_depth - 1)), float(2**self.bit_depth - 1)
        return 128.0 * self._step, 224.0 * self._step

    @property
    def full(self) -> float:
        """Code of an opaque pixel."""
        return float(2**self.bit_depth - 1)

    @property
    def _step(self) -> int:
        return 1 << (self.bit_depth - 8)


def to_planes(pixels: Floats, coding: Coding) -> tuple[Floats, Floats, Floats, Floats]:
    """Luma, both chromas (half as wide and high) and opacity of pixels, as codes.

    Args:
        pixels: Y, Cb, Cr, each times opacity, and opacity, ``[4, height, width]``, both even.
        coding: What the codes mean.

    Returns:
        Y ``[height, width]``, Cb and Cr ``[height / 2, width / 2]``, A ``[height, width]``. Colour
        is not multiplied by opacity; a chroma sample is the mean of its four pixels, each as much
        as it is opaque, which is what an overlay in 4:2:0 multiplies by the mean opacity.
    """
    black, luma_span = coding.luma_levels
    gray, chroma_span = coding.chroma_levels
    luma = pixels[0] / np.maximum(pixels[3], _ALMOST_CLEAR) * luma_span + black
    rows = pixels[1:, 0::2] + pixels[1:, 1::2]
    quads = rows[:, :, 0::2] + rows[:, :, 1::2]
    cb, cr = quads[:2] / np.maximum(quads[2], _ALMOST_CLEAR) * chroma_span + gray
    return luma, cb, cr, pixels[3] * coding.full


def _srgb_to_linear(rgb: Floats) -> Floats:
    low, high = rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    return np.where(rgb <= 0.04045, low, high).astype(np.float32)


def _linear_to_srgb(linear: Floats) -> Floats:
    linear = np.clip(linear, 0, 1)
    low, high = linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, low, high).astype(np.float32)


def _pq(light: Floats) -> Floats:
    """PQ signal of light in parts of 10000 cd/m².

    Source:
        SMPTE ST 2084.
    """
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = np.clip(light, 0, 1).astype(np.float64) ** m1
    return (((c1 + c2 * power) / (1 + c3 * power)) ** m2).astype(np.float32)


def _hlg(light: Floats) -> Floats:
    """HLG signal of scene light in [0, 1].

    Source:
        ITU-R BT.2100, table 5.
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    light = np.clip(light, 0, 1)
    low, high = np.sqrt(3 * light), a * np.log(np.maximum(12 * light - b, 1e-6)) + c
    return np.where(light <= 1 / 12, low, high).astype(np.float32)
