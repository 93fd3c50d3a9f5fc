"""Text as pictures: fitted to a width, drawn once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from overlay.drawing.fonts import Run, sized, split_runs
from overlay.drawing.theme import Color

Floats = npt.NDArray[np.float32]

Pixels = Floats
"""Three parts of a colour, each times opacity, and opacity: ``[4, height, width]``."""

Encode = Callable[[Floats], Floats]
"""From sRGB colours ``[..., 3]`` to the three parts that pixels are kept in."""

_SMALLEST = 0.82
"""A label that is too long shrinks to this part of its size before it is cut."""

_ELLIPSIS = "…"
_LONGEST = 240
"""Letters of a label that are looked at."""
_FINER = 3
"""Letters are drawn this much larger before they are squeezed to pixels that are not square."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How text is drawn."""

    font: Path
    color: Color
    outline: float = 0.0
    """Width of a line around each letter, in pixels."""
    outline_color: Color = (0.0, 0.0, 0.0)
    pixel_aspect: float = 1.0
    """Width of a pixel over its height."""
    band: tuple[int, int] | None = None
    """Rows above and below the baseline behind which text is cut off; ``None`` cuts nothing."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Drawn text."""

    pixels: Pixels
    ascent: int
    """Rows of the tile above the baseline."""
    inset: int
    """Columns of the tile before the text's own start (outline)."""

    @property
    def descent(self) -> int:
        """Rows of the tile below the baseline."""
        return int(self.pixels.shape[1]) - self.ascent


class TextDrawer:
    """Draws text in one style and keeps the latest tiles.

    Args:
        style: Font and colours.
        encode: From sRGB to the colours of the picture.
        n_kept: How many tiles are kept.
    """

    def __init__(self, style: TextStyle, encode: Encode, n_kept: int = 512) -> None:
        self._style = style
        self._encode = encode
        self._n_kept = n_kept
        self._tiles: OrderedDict[tuple[str, float, int | None], Tile] = OrderedDict()

    def tile(self, text: str, size: float, width: int | None = None) -> Tile:
        """The tile of a text.

        Args:
            text: One line; control characters are drawn as spaces.
            size: Font size in pixels.
            width: Columns that it may take: it shrinks a little, then loses its end.
        """
        key = text, size, width
        if key not in self._tiles:
            line = "".join(letter if letter.isprintable() else " " for letter in text)
            if width is not None:
                line, size = self.fitted(line, size, width * self._style.pixel_aspect)
            self._tiles[key] = self._drawn(line, size)
            if len(self._tiles) > self._n_kept:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end(key)
        return self._tiles[key]

    def digit_width(self, size: float) -> int:
        """Columns of the widest digit: every digit takes these, so that numbers stand still."""
        widest = max(self.length(digit, size) for digit in "0123456789")
        return max(1, round(widest / self._style.pixel_aspect))

    def length(self, text: str, size: float) -> float:
        """Width of a line in units of the pixel's height."""
        return sum(
            font.getlength(run.text) * factor
            for run in split_runs(text, self._style.font)
            for font, factor in [sized(run.font, size, run.face)]
        )

    def fitted(self, text: str, size: float, width: float) -> tuple[str, float]:
        """The text and size that fit: shrunk first, then cut with an ellipsis."""
        text = _at_most(text, _LONGEST)
        length = self.length(text, size)
        if length <= width:
            return text, size
        size *= max(_SMALLEST, 0.99 * width / length)
        if self.length(text, size) <= width:
            return text, size
        fits, too_long = 0, len(text)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self.length(_cut(text, middle), size) <= width:
                fits = middle
            else:
                too_long = middle
        return _cut(text, fits), size

    def _drawn(self, text: str, size: float) -> Tile:
        style, finer = self._style, 1 if self._style.pixel_aspect == 1 else _FINER
        size, outline = size * finer, style.outline * finer
        runs = split_runs(text, style.font)
        ascent, descent = self._extent(runs, size)
        border = int(np.ceil(outline + size / 10)) + finer  # letters lean out of their own width
        length = int(np.ceil(self.length(text, size)))
        canvas = length + 2 * border, ascent + descent + 2 * border
        layers = _layers(runs, size, canvas, (border, border + ascent), outline)
        target = round(canvas[0] / finer / style.pixel_aspect), round(canvas[1] / finer)
        if target != canvas:
            target = max(1, target[0]), max(1, target[1])
            layers = [layer.resize(target, Image.Resampling.BOX) for layer in layers]
        pixels = self._inked(*layers)
        above = round((border + ascent) / finer)
        rows = self._in_band(_inked_rows(pixels), above)
        return Tile(
            pixels[:, rows].copy(),
            above - rows.start,
            round(border / finer / style.pixel_aspect),
        )

    def _in_band(self, rows: slice, above: int) -> slice:
        """The rows that text may take; ``above`` of the picture's are above the baseline."""
        if self._style.band is None:
            return rows
        first = max(rows.start, above - self._style.band[0])
        return slice(first, max(min(rows.stop, above + self._style.band[1]), first + 1))

    def _extent(self, runs: list[Run], size: float) -> tuple[int, int]:
        """Rows above and below the baseline."""
        metrics = [
            (*font.getmetrics(), factor)
            for font, factor in (sized(r.font, size, r.face) for r in runs)
        ]
        above = max((ascent * factor for ascent, _, factor in metrics), default=size)
        below = max((descent * factor for _, descent, factor in metrics), default=0)
        return int(np.ceil(above)), int(np.ceil(below))

    def _inked(self, outline: Image.Image, letters: Image.Image, pictures: Image.Image) -> Pixels:
        """Layers over one another: outline, letters, then letters that are pictures themselves."""
        pixels = self._solid(self._style.outline_color, outline)
        over(pixels, self._solid(self._style.color, letters))
        emoji = np.asarray(pictures, np.float32) / np.float32(255)
        if emoji[..., 3].any():
            parts = self._encode(emoji[..., :3]) * emoji[..., 3:]
            over(pixels, np.concatenate([parts, emoji[..., 3:]], axis=-1).transpose(2, 0, 1))
        return pixels

    def _solid(self, color: Color, mask: Image.Image) -> Pixels:
        coverage = np.asarray(mask, np.float32) / np.float32(255)
        return solid(self._encode(np.array(color, np.float32)), coverage)


def _at_most(text: str, n_letters: int) -> str:
    """Cut before anything is measured: no picture is as wide as a label may be long."""
    return text if len(text) <= n_letters else text[: n_letters - 1] + _ELLIPSIS


def _cut(text: str, end: int) -> str:
    return text[:end].rstrip(" ,;-") + _ELLIPSIS


def solid(color: Floats, coverage: Floats) -> Pixels:
    """Pixels of one colour with this coverage, ``[height, width]`` in [0, 1]."""
    pixels = np.empty((4, *coverage.shape), np.float32)
    np.multiply(color[:, None, None], coverage, out=pixels[:3])
    pixels[3] = coverage
    return pixels


def over(below: Pixels, above: Pixels, opacity: float = 1.0) -> None:
    """Lay one picture over another of the same size, in place: below * (1 - a) + above."""
    if opacity != 1.0:
        above = above * np.float32(opacity)
    below *= 1 - above[3]
    below += above


def _inked_rows(pixels: Pixels) -> slice:
    """The rows with ink and a clear one on either side."""
    inked = np.flatnonzero(pixels[3].any(axis=1))
    return slice(max(inked[0] - 1, 0), inked[-1] + 2) if len(inked) else slice(0, 1)


def _layers(
    runs: list[Run], size: float, canvas: tuple[int, int], start: tuple[int, int], outline: float
) -> list[Image.Image]:
    """Outline and letters as coverage, letters that are pictures (emoji) in colour."""
    around, letters = Image.new("L", canvas), Image.new("L", canvas)
    pictures = Image.new("RGBA", canvas)
    x, baseline = float(start[0]), start[1]
    for run in runs:
        font, factor = sized(run.font, size, run.face)
        place = round(x), baseline
        if factor != 1:
            _paste_pictures(pictures, run.text, font, factor, place)
        else:
            if outline:
                drawing = ImageDraw.Draw(around)
                drawing.text(place, run.text, 255, font, "ls", stroke_width=outline)
            ImageDraw.Draw(letters).text(place, run.text, 255, font, "ls")
        x += font.getlength(run.text) * factor
    return [around, letters, pictures]


def _paste_pictures(
    canvas: Image.Image, text: str, font: object, factor: float, place: tuple[int, int]
) -> None:
    """Draw a font of pictures at its own size, then bring it to the wanted one."""
    ascent, descent = font.getmetrics()  # type: ignore[attr-defined]
    size = round(font.getlength(text)), ascent + descent  # type: ignore[attr-defined]
    drawn = Image.new("RGBA", (max(1, size[0]), max(1, size[1])))
    ImageDraw.Draw(drawn).text((0, ascent), text, font=font, anchor="ls", embedded_color=True)  # type: ignore[arg-type]
    smaller = max(1, round(drawn.width * factor)), max(1, round(drawn.height * factor))
    drawn = drawn.resize(smaller, Image.Resampling.LANCZOS)
    canvas.alpha_composite(drawn, (place[0], max(0, place[1] - round(ascent * factor))))
