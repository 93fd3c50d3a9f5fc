"""Of sounds that are a kind of each other, one tag: the most specific that is sure.

AudioSet's classes form branches: Animal - Domestic animals, pets - Dog - Bark. A tagger scores all
of a branch at once. Each sound gets one of them:

- a kind stands for its parent while it is heard, if it scores near it and no sibling comes near
  the kind; before and behind it the parent is told of as far as that is sure by itself;
- where the kinds are unsure, or several score alike, their parent stands for them;
- a class above a whole tree of others ("Animal", "Vehicle", "Music") says so little that several
  sure kinds of it stand side by side, and that it goes wherever one of them is sure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace

import numpy as np

from overlay.datatypes import Scores, TagEvent
from overlay.detection.intervals import Spans
from overlay.vocabulary import Vocabulary

_COVERED = 0.5
"""Part of an event's time that others must cover for it to say nothing beside them."""
NEAR = 0.4
"""Part of a general class's score that a kind of it needs to stand for it."""
_RIVALS = 16
RIVAL = 0.8
"""Part of a kind's score from which on a sibling is its rival; the best few are asked."""
FAINT = 0.4
"""An event whose peak is below this part of the peak of those at its time is not told of."""

PartOf = Callable[[TagEvent, float, float], TagEvent | None]
"""A part of an event, from one second to another; ``None`` if it is not worth telling of."""


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
        for event in events:
            own = self.of[event.index]
            place = bisect_left(own, event.onset_s, key=lambda each: each.onset_s)
            if own[place : place + 1] == [event]:
                del own[place]

    def replace(self, event: TagEvent, parts: Sequence[TagEvent]) -> None:
        """Put parts of an event in its place."""
        own = self.of[event.index]
        place = bisect_left(own, event.onset_s, key=lambda each: each.onset_s)
        own[place : place + 1] = parts

    def events(self) -> list[TagEvent]:
        """All that are left, by onset."""
        left = (event for own in self.of.values() for event in own)
        return sorted(left, key=lambda event: (event.onset_s, -event.peak))


def collapsed(
    events: Iterable[TagEvent], vocabulary: Vocabulary, margin: float, part_of: PartOf
) -> list[TagEvent]:
    """One event a sound, by onset.

    Args:
        events: Those of one class do not overlap.
        vocabulary: Which classes are kinds of which.
        margin: A general event stays beside specific ones if its peak is higher by more than this.
        part_of: What is heard of a general event outside of the specific ones that stand for it.
    """
    alive = _Alive(events)
    kinds = vocabulary.descendants
    for index in sorted(alive.of, key=lambda index: len(kinds.get(index, ()))):
        below = [kind for kind in kinds.get(index, ()) if alive.of.get(kind)]
        is_broad = any(kind in kinds for kind in kinds.get(index, ()))
        if below:
            for event in tuple(alive.of[index]):
                closer = alive.touching(below, event)
                sure = _sure(event, closer, margin, is_broad)
                parts = _outside(event, sure, part_of) if sure else [event]
                alive.remove(_needless(closer, sure, parts, is_broad))
                alive.replace(event, parts)
    for one, other in _twins(alive.of, vocabulary):
        alive.remove([e for e in alive.of[other] if _better(alive.touching([one], e), e)])
        alive.remove([e for e in alive.of[one] if _better(alive.touching([other], e), e)])
    return alive.events()


def _twins(present: Iterable[int], vocabulary: Vocabulary) -> list[tuple[int, int]]:
    """Pairs of classes of different branches that have the same kinds: they say one thing.

    A siren and an emergency vehicle; the one with more kinds goes first.
    """
    kinds = vocabulary.descendants
    general = sorted((n for n in present if n in kinds), key=lambda n: -len(kinds[n]))
    return [
        (one, other)
        for place, one in enumerate(general)
        for other in general[place + 1 :]
        if len(set(kinds[one]) & set(kinds[other])) > 1
        and other not in kinds[one]
        and one not in kinds[other]
    ]


def _better(twins: Sequence[TagEvent], event: TagEvent) -> bool:
    closer = [twin for twin in twins if twin.peak >= event.peak]
    return covered_share(event, closer) >= _COVERED


def _sure(
    event: TagEvent, closer: Sequence[TagEvent], margin: float, is_broad: bool
) -> Sequence[TagEvent]:
    """Which of an event's kinds stand for it while they are heard.

    Args:
        event: The general one.
        closer: Of kinds of its class, each overlapping it.
        margin: See ``collapsed``.
        is_broad: Whether the class is above a whole tree, so that several kinds may stand.
    """
    sure = [e for e in closer if e.peak >= NEAR * event.peak and event.peak <= e.peak + margin]
    return sure if is_broad else _unrivalled(sure, closer)


def _outside(event: TagEvent, sure: Sequence[TagEvent], part_of: PartOf) -> list[TagEvent]:
    """What is left of a general event where none of its sure kinds is heard."""
    spans = Spans()
    for each in sure:
        spans.add(each.onset_s, each.offset_s)
    parts = (part_of(event, *gap) for gap in spans.gaps(event.onset_s, event.offset_s))
    return [part for part in parts if part is not None]


def _needless(
    closer: Sequence[TagEvent], sure: Sequence[TagEvent], parts: Iterable[TagEvent], is_broad: bool
) -> list[TagEvent]:
    """The unsure kinds that say nothing beside the sure ones, or beside parts of the general one.

    Of a broad class, unsure kinds stay beside sure ones: they are other sounds.
    """
    unsure = [event for event in closer if event not in sure]
    gone = [] if is_broad else [e for e in unsure if covered_share(e, sure) >= _COVERED]
    for part in parts:
        near = NEAR * part.peak if is_broad else 1.0
        gone += [e for e in unsure if e.peak < near and covered_share(e, [part]) >= _COVERED]
    return gone


def _unrivalled(sure: Sequence[TagEvent], closer: Sequence[TagEvent]) -> list[TagEvent]:
    """Those with no sibling at their time that comes near them: of two alike the parent stands."""
    best = sorted(closer, key=lambda e: -e.peak)[:_RIVALS]

    def has_rival(event: TagEvent) -> bool:
        return any(
            other.index != event.index
            and other.peak >= RIVAL * event.peak
            and min(other.offset_s, event.offset_s) > max(other.onset_s, event.onset_s)
            for other in best
        )

    return [event for event in sure if not has_rival(event)]


def combined(scores: Scores, vocabulary: Vocabulary, least: float) -> Scores:
    """Scores in which a class is at least as sure as its two surest kinds together.

        parent = max(parent, 1 - (1 - first) (1 - second))

    Police car 0.3 and ambulance 0.3 make a siren of 0.5. Only classes right above others get it:
    a broad one such as "Music" would get it from kinds that have nothing in common.

    Args:
        scores: ``[n_hops, n_classes]``.
        vocabulary: Which classes are kinds of which.
        least: Kinds that never reach this score are passed over.
    """
    kinds = vocabulary.descendants
    heard = np.any(scores >= least, axis=0)
    made: Scores | None = None
    for index, below in kinds.items():
        own = [kind for kind in below if heard[kind]]
        if len(own) > 1 and not any(kind in kinds for kind in below):
            two = np.sort(scores[:, own], axis=1)[:, -2:]
            made = scores.copy() if made is None else made
            made[:, index] = np.maximum(scores[:, index], 1 - (1 - two).prod(axis=1))
    return scores if made is None else made


def clearest(events: Sequence[TagEvent], unclear: Container[int], faint: float) -> list[TagEvent]:
    """Without those that say nothing beside the clearer ones that cover most of their time.

    Args:
        events: Of any classes.
        unclear: Classes that tell nothing beside any other, such as noise.
        faint: Part of the peak of others from which on an event counts beside them.
    """
    clear, strong = Spans(), Spans()
    by_peak = sorted(events, key=lambda event: -event.peak)
    clearer = [event for event in by_peak if event.index not in unclear]
    kept, place, n_clear = [], 0, 0
    for event in by_peak:
        while n_clear < len(clearer) and clearer[n_clear].peak >= event.peak * faint:
            clear.add(clearer[n_clear].onset_s, clearer[n_clear].offset_s)
            n_clear += 1
        while by_peak[place].peak * faint > event.peak:
            strong.add(by_peak[place].onset_s, by_peak[place].offset_s)
            place += 1
        around = clear if event.index in unclear else strong
        shares = [spans.share(event.onset_s, event.offset_s) for spans in (around, strong)]
        if max(shares) < _COVERED:
            kept.append(event)
    return kept


def covered_share(event: TagEvent, others: Iterable[TagEvent]) -> float:
    """Part of an event's time that others cover together, 0 to 1."""
    spans = Spans()
    for other in others:
        spans.add(other.onset_s, other.offset_s)
    return spans.share(event.onset_s, event.offset_s)


def joined(a: TagEvent, b: TagEvent) -> TagEvent:
    """Two events of one class as one."""
    lengths = a.offset_s - a.onset_s, b.offset_s - b.onset_s
    mean = (a.mean * lengths[0] + b.mean * lengths[1]) / max(sum(lengths), 1e-9)
    return replace(
        a, onset_s=min(a.onset_s, b.onset_s), offset_s=max(a.offset_s, b.offset_s),
        peak=max(a.peak, b.peak), mean=mean,
    )  # fmt: skip
