"""Of sounds that are a kind of each other, one tag: the most specific that is sure.

AudioSet's classes form branches: Animal - Domestic animals, pets - Dog - Bark. A tagger scores all
of a branch at once. Each sound gets one of them:

- a kind stands for its parent where it scores near it and no sibling comes near the kind;
- where the kinds are unsure, or several score alike, their parent stands for them;
- a class above a whole tree of others ("Animal", "Vehicle", "Music") says so little that several
  sure kinds of it stand side by side, and that it goes wherever one of them is sure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from overlay.datatypes import TagEvent
from overlay.vocabulary import Vocabulary

_COVERED = 0.5
"""Part of a general event's time that more specific ones must cover to stand for it."""


class _Alive:
    """Events by class, each class's by onset and apart."""

    def __init__(self, events: Iterable[TagEvent]) -> None:
        self.of: dict[int, list[TagEvent]] = {}
        for event in sorted(events, key=lambda event: event.onset_s):
            self.of.setdefault(event.index, []).append(event)

    def touching(self, classes: Iterable[int], event: TagEvent) -> list[TagEvent]:
        """Those of some classes that overlap an event."""
        found = []
        for index in classes:
            own = self.of.get(index, [])
            first = bisect_right(own, event.onset_s, key=lambda each: each.offset_s)
            stop = bisect_left(own, event.offset_s, key=lambda each: each.onset_s)
            found += own[first:stop]
        return found

    def remove(self, events: Iterable[TagEvent]) -> None:
        """Take some out."""
        gone: dict[int, set[int]] = {}
        for event in events:
            gone.setdefault(event.index, set()).add(id(event))
        for index, ids in gone.items():
            self.of[index] = [event for event in self.of[index] if id(event) not in ids]

    def events(self) -> list[TagEvent]:
        """All that are left, by onset."""
        left = (event for own in self.of.values() for event in own)
        return sorted(left, key=lambda event: (event.onset_s, -event.peak))


def collapsed(events: Iterable[TagEvent], vocabulary: Vocabulary, margin: float) -> list[TagEvent]:
    """One event a sound, by onset.

    Args:
        events: Those of one class do not overlap.
        vocabulary: Which classes are kinds of which.
        margin: A general event stays beside specific ones if its peak is higher by more than this.
    """
    alive = _Alive(events)
    present = set(alive.of)
    for index in sorted(present, key=lambda index: len(vocabulary.descendants.get(index, ()))):
        below = [kind for kind in vocabulary.descendants.get(index, ()) if kind in present]
        if below:
            gone = [e for e in alive.of[index] if _said_by_kinds(e, alive, below, margin)]
            alive.remove(gone)
    return alive.events()


def _said_by_kinds(event: TagEvent, alive: _Alive, below: Sequence[int], margin: float) -> bool:
    closer = [e for e in alive.touching(below, event) if event.peak <= e.peak + margin]
    return covered_share(event, closer) >= _COVERED


def clearest(events: Sequence[TagEvent], unclear: Container[int]) -> list[TagEvent]:
    """Without those of unclear classes, such as noise, that clearer ones cover for the most part.

    Args:
        events: Of any classes.
        unclear: Classes that tell nothing beside any other.
    """
    spans: list[list[float]] = []
    for event in sorted(events, key=lambda event: event.onset_s):
        if event.index in unclear:
            continue
        if spans and event.onset_s <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], event.offset_s)
        else:
            spans.append([event.onset_s, event.offset_s])

    def share(event: TagEvent) -> float:
        first = bisect_right(spans, event.onset_s, key=lambda span: span[1])
        stop = bisect_left(spans, event.offset_s, key=lambda span: span[0])
        covered = sum(
            min(end, event.offset_s) - max(begin, event.onset_s) for begin, end in spans[first:stop]
        )
        return covered / max(event.offset_s - event.onset_s, 1e-9)

    return [event for event in events if event.index not in unclear or share(event) < _COVERED]


def covered_share(event: TagEvent, others: Iterable[TagEvent]) -> float:
    """Part of an event's time that others cover together, 0 to 1."""
    covered, until = 0.0, event.onset_s
    for other in sorted(others, key=lambda other: other.onset_s):
        begin, end = max(other.onset_s, until), min(other.offset_s, event.offset_s)
        covered += max(0.0, end - begin)
        until = max(until, end)
    return covered / max(event.offset_s - event.onset_s, 1e-9)


def joined(a: TagEvent, b: TagEvent) -> TagEvent:
    """Two events of one class as one."""
    lengths = a.offset_s - a.onset_s, b.offset_s - b.onset_s
    mean = (a.mean * lengths[0] + b.mean * lengths[1]) / max(sum(lengths), 1e-9)
    return replace(
        a, onset_s=min(a.onset_s, b.onset_s), offset_s=max(a.offset_s, b.offset_s),
        peak=max(a.peak, b.peak), mean=mean,
    )  # fmt: skip
