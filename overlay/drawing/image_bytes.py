"""Pixels as the bytes of a small picture file, for pages."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, features

Pixels = npt.NDArray[np.uint8]
"""``[height, width]`` for grey, ``[height, width, 3]`` for sRGB."""


def encoded(pixels: Pixels, quality: int) -> tuple[str, bytes]:
    """A lossy picture: its media type and its bytes.

    Args:
        pixels: At most 16383 wide and high.
        quality: From 0 to 100, by the encoder's own scale.

    Returns:
        WebP, which every browser of the last years shows, or JPEG where Pillow was built without.
    """
    kind = "WEBP" if features.check("webp") else "JPEG"
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=quality)
    return f"image/{kind.lower()}", file.getvalue()
