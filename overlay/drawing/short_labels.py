"""Labels where there is little room: AudioSet's hold several names, of which the first will do."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from overlay.drawing.text import TextDrawer

_MORE_NAMES = re.compile(r"\s*[,(;/、，（]")
_LONGEST = 240
"""Letters of a label that are looked at."""
_SHRUNK = 0.82
"""Part of its size to which a text may shrink."""


def forms_of(label: str) -> tuple[str, ...]:
    """A label and what is left of it without its last names, from long to short.

    >>> forms_of("Fire engine, fire truck (siren)")
    ('Fire engine, fire truck (siren)', 'Fire engine, fire truck', 'Fire engine')
    """
    label = label[:_LONGEST]
    ends = [match.start() for match in _MORE_NAMES.finditer(label) if match.start()]
    return (label, *(label[:end] for end in reversed(ends)))


class ShortNames:
    """Shorter forms of labels that still tell them apart.

    Args:
        labels: All that are shown.
    """

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._shared = _shared_forms(labels)

    def forms(self, label: str) -> tuple[str, ...]:
        """The label and its shorter forms, from long to short."""
        full, *shorter = forms_of(label)
        return (full, *(form for form in shorter if form not in self._shared))

    def shortest(self, label: str) -> str:
        """Its shortest form."""
        return self.forms(label)[-1]

    def fitting(self, label: str, drawer: TextDrawer, size: float, width: float) -> str | None:
        """The longest form that fits at this size, or the shortest one a little smaller.

        Args:
            label: As it is shown elsewhere.
            drawer: Measures it.
            size: Font size.
            width: What there is, in units of the pixel's height.
        """
        text, shortest = self.whole(label, drawer, size, width), self.shortest(label)
        if text is None and _SHRUNK * drawer.length(shortest, size) <= width:
            return shortest
        return text

    def whole(self, label: str, drawer: TextDrawer, size: float, width: float) -> str | None:
        """The longest form that fits at this size; the arguments are those of ``fitting``."""
        forms = self.forms(label)
        return next((text for text in forms if drawer.length(text, size) <= width), None)


@lru_cache(maxsize=8)
def _shared_forms(labels: tuple[str, ...]) -> frozenset[str]:
    """Forms that more than one label has."""
    counts = Counter(form for label in set(labels) for form in set(forms_of(label)))
    return frozenset(form for form, n in counts.items() if n > 1)
