"""Another shape for a picture: what is cut off it or put around it, in whole pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from overlay.datatypes import Box, VideoInfo


@dataclass(frozen=True, slots=True)
class Reframing:
    """How a picture becomes another shape: a part of it, or all of it, on a larger one."""

    size: tuple[int, int]
    """Width and height of the result in pixels, even."""
    sample_aspect: Fraction
    """Of the result: width of a pixel over its height."""
    part: Box | None = None
    """What is kept of the picture; ``None`` keeps all of it."""
    scaled: Box | None = None
    """Where all of it goes on the result, scaled; ``None`` where a part is kept."""

    def applied(self, picture: Any) -> Any:
        """Frames, as ffmpeg-python's stream, in the other shape, at the same times."""
        if self.part is not None:
            part = self.part
            return picture.filter("crop", part.width, part.height, part.x, part.y, exact=1)
        assert self.scaled is not None
        box = self.scaled
        picture = picture.filter("scale", box.width, box.height, flags="bicubic", interl=-1)
        picture = picture.filter("pad", *self.size, box.x, box.y)
        return picture.filter("setsar", 1)

    def of(self, video: VideoInfo) -> VideoInfo:
        """The video as it is then."""
        width, height = self.size
        return replace(video, width=width, height=height, sample_aspect=self.sample_aspect)


def reframing(video: VideoInfo, ratio: Fraction, fit: str) -> Reframing | None:
    """What makes a picture of this shape; ``None`` where it has it already.

    Args:
        video: The picture.
        ratio: Width over height of the result as it is shown.
        fit: ``crop`` keeps the middle, in the pixels that are there; ``pad`` keeps all of it, on
            black, with a shorter side as long as the picture's.
    """
    shown = video.width * video.sample_aspect
    if abs(shown / video.height / ratio - 1) < Fraction(1, 200):
        return None
    return _cropped(video, ratio) if fit == "crop" else _padded(video, ratio)


def _cropped(video: VideoInfo, ratio: Fraction) -> Reframing:
    width = min(_even(video.height * ratio / video.sample_aspect), _floor(video.width))
    height = min(_even(video.width * video.sample_aspect / ratio), _floor(video.height))
    x, y = (video.width - width) // 4 * 2, (video.height - height) // 8 * 4  # whole pairs of fields
    return Reframing((width, height), video.sample_aspect, part=Box(x, y, width, height))


def _padded(video: VideoInfo, ratio: Fraction) -> Reframing:
    shown = video.width * video.sample_aspect
    short = min(shown, Fraction(video.height))
    width, height = (short, short / ratio) if ratio < 1 else (short * ratio, short)
    size = _even(width), _even(height)
    factor = min(size[0] / shown, size[1] / Fraction(video.height))
    inner = min(_even(shown * factor), size[0]), min(_even(video.height * factor), size[1])
    x, y = (size[0] - inner[0]) // 4 * 2, (size[1] - inner[1]) // 8 * 4
    return Reframing(size, Fraction(1), scaled=Box(x, y, *inner))


def _even(length: Fraction) -> int:
    return max(2, 2 * round(length / 2))


def _floor(length: int) -> int:
    return max(2, length // 2 * 2)
