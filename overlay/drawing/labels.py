"""Labels where there is little room: AudioSet's hold several names, of which one will do."""

from __future__ import annotations

import re

from overlay.drawing.text import TextDrawer

_MORE_NAMES = re.compile(r"\s*[,(;/]")
_LONGEST = 240
"""Letters of a label that are looked at."""
_SHRUNK = 0.82
"""Part of its size to which a text may shrink."""


def short_name(label: str) -> str:
    """The first of a label's names.

    >>> short_name("Fire engine, fire truck (siren)")
    'Fire engine'
    """
    return _MORE_NAMES.split(label, maxsplit=1)[0][:_LONGEST] or label[:_LONGEST]


def fitting_name(label: str, drawer: TextDrawer, size: float, width: float) -> str | None:
    """The label, or the first of its names, if one fits at this size or a little smaller.

    Args:
        label: As it is shown elsewhere.
        drawer: Measures it.
        size: Font size.
        width: What there is, in units of the pixel's height.
    """
    label = label[:_LONGEST]
    for text, factor in ((label, 1.0), (short_name(label), 1.0), (short_name(label), _SHRUNK)):
        if factor * drawer.length(text, size) <= width:
            return text
    return None
