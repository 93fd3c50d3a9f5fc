"""In which order the tags that are on stand: they change places only beyond a margin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, TagEvent, Times

MARGIN = 0.15
"""A tag overtakes the one above it when it scores higher by more than this."""
_MOST = 64
"""Of more than this many at one time the best are ranked, without a margin."""


def on_at(events: Sequence[TagEvent], times: Times) -> Iterator[set[int]]:
    """The classes of the events that cover each time.

    Args:
        events: By onset.
        times: Rising.
    """
    changes = [(event.onset_s, 1, event.index) for event in events]
    changes += [(event.offset_s, -1, event.index) for event in events]
    changes.sort()
    counts: dict[int, int] = {}
    place = 0
    for t in times.tolist():
        while place < len(changes) and changes[place][0] <= t:
            _, change, index = changes[place]
            counts[index] = counts.get(index, 0) + change
            if not counts[index]:
                del counts[index]
            place += 1
        yield set(counts)


def ranked(on: Iterable[set[int]], scores: Scores, margin: float = MARGIN) -> Iterator[list[int]]:
    """The classes that are on at each row, best first.

    Args:
        on: Classes for each row.
        scores: ``[n_rows, n_classes]``.
        margin: See ``MARGIN``.
    """
    order: list[int] = []
    for now, row in zip(on, scores, strict=True):
        if len(now) > _MOST:
            order = _best(now, row)
        elif now:
            order = moved(order, now, row, margin)
        else:
            order = []
        yield list(order)


def _best(now: Iterable[int], row: npt.NDArray[np.float32]) -> list[int]:
    return sorted(now, key=lambda index: (-float(row[index]), index))


def moved(
    order: Sequence[int], now: set[int], row: npt.NDArray[np.float32], margin: float = MARGIN
) -> list[int]:
    """Those that stay in their order, the new ones among them by score, then overtaking.

    Args:
        order: Classes as they stood before, best first.
        now: Classes that are on.
        row: Scores of all classes.
        margin: See ``MARGIN``.
    """
    kept = [index for index in order if index in now]
    for index in _best(now.difference(kept), row):
        place = next((n for n, k in enumerate(kept) if row[k] < row[index]), len(kept))
        kept.insert(place, index)
    for place in range(1, len(kept)):
        at = place
        while at and row[kept[at]] > row[kept[at - 1]] + margin:
            kept[at - 1], kept[at] = kept[at], kept[at - 1]
            at -= 1
    return kept
