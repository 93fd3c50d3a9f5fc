"""From the tags of each hop to a list that can be read: who comes, stays, changes place and goes.

Everything that changes at one time is one ``Change`` in three steps, each left out where there is
nothing to do:

    1. what goes, or would cross another, fades where it is
    2. what stays glides to its new place, in one and the same motion; the plate takes its height
    3. what comes, or crossed another, appears in its place

so no two labels ever meet. Between two changes there is rest; a tag that was heard for a moment
stays long enough to be read, and one that was gone for a moment does not blink. Where nothing is
heard for so short a time that the plate would blink, the last tags stay. Where all that is shown is
exchanged, the list goes to where what comes hangs best (``Motion.drop``): no label travels for it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from overlay.datatypes import TagTimeline
from overlay.drawing.interpolation import Curve, usual_step
from overlay.drawing.motion import Change, Motion, RowSpan

OUT_S, GLIDE_S, IN_S = 0.12, 0.2, 0.16
PLATE_S = 0.2
"""Time in which the plate appears or leaves."""

_LEAD_S = 0.14
"""A change begins so long before the sound's: in its middle it is on time."""
_REST_S = 0.14
"""Nothing but bars moves for so long behind a change."""
_SHORTEST_S = 1.0
"""A tag stays at least so long."""
_GAP_S = 0.8
"""A tag that is gone for less stays."""
_BLINK_S = 1.3
"""The plate stays where it would be gone for less."""
_REACH_S = 1.0
"""Where the sound has a gap, a row of scores is good for so long before and behind its time."""
_LEAD_SCORE, _LEAD_SCORE_ALONE = 0.02, 0.05
"""By how much a tag must lead to change places: with other changes, and for that alone."""
_ORDER_S = 1.5
"""Tags only change places so long after the last change."""
_STEP_S = 0.25
"""How often the order is looked at."""
_AHEAD_S = 1.2
"""Tags stand by the best score of so long from then on: what just begins scores little yet."""
_EASED = ((0.25, 0.15625), (0.5, 0.5), (0.75, 0.84375), (1.0, 1.0))
"""A smooth step x² (3 - 2x) in straight pieces."""


@dataclass(frozen=True, slots=True)
class _Stay:
    """A tag from when to when."""

    index: int
    start_s: float
    end_s: float


def arranged(timeline: TagTimeline, n_rows: int) -> Motion:
    """The motion of a timeline's tags.

    Args:
        timeline: The tags to show, hop by hop; times may be uneven.
        n_rows: Rows that there is room for.
    """
    states = list(_states(timeline, n_rows))
    stays = _unblinking(_stays(states))
    director = _Director(timeline, n_rows)
    for change in _changes(timeline, states, stays, n_rows):
        director.play(change)
    return director.motion()


def _states(timeline: TagTimeline, n_rows: int) -> Iterator[tuple[float, tuple[int, ...]]]:
    """From when on which classes are wanted, best first: a row is good up to half way to the next.

    Before the first row that one counts, behind the last one that.
    """
    times = timeline.times.tolist()
    if not times:
        return
    reach = max(_REACH_S, 1.5 * usual_step(timeline.times)) if times[1:] else 1.0
    wanted = [tuple(c for c in row if c >= 0) for row in timeline.classes[:, :n_rows].tolist()]
    yield -float("inf"), wanted[0]
    for hop, (a, b) in enumerate(pairwise(times)):
        if b - a > 2 * reach:
            yield a + reach, ()
            yield b - reach, wanted[hop + 1]
        elif wanted[hop + 1] != wanted[hop]:
            yield (a + b) / 2, wanted[hop + 1]


def _stays(states: Sequence[tuple[float, tuple[int, ...]]]) -> list[_Stay]:
    """When each tag is on, by start: none too short, none gone for a moment."""
    stays: list[_Stay] = []
    since: dict[int, float] = {}
    closed: dict[int, _Stay] = {}

    def close(index: int, end_s: float) -> None:
        start = since.pop(index)
        before = closed.get(index)
        if before is not None and start - before.end_s <= _GAP_S:
            start = before.start_s
        elif before is not None:
            stays.append(before)
        closed[index] = _Stay(index, start, max(end_s, start + _SHORTEST_S))

    for start_s, wanted in states:
        for index in since.keys() - set(wanted):
            close(index, start_s)
        for index in wanted:
            since.setdefault(index, start_s)
    for index in list(since):
        close(index, float("inf"))
    return sorted([*stays, *closed.values()], key=lambda stay: stay.start_s)


def _unblinking(stays: Sequence[_Stay]) -> list[_Stay]:
    """The last tags before a short silence stay until it is over."""
    kept: list[_Stay] = []
    end_s, last = -float("inf"), list[int]()
    for stay in stays:
        if end_s < stay.start_s < end_s + _BLINK_S:
            for place in last:
                kept[place] = _Stay(kept[place].index, kept[place].start_s, stay.start_s)
        if stay.end_s > end_s:
            end_s, last = stay.end_s, []
        if stay.end_s == end_s:
            last.append(len(kept))
        kept.append(stay)
    return kept


def _changes(
    timeline: TagTimeline,
    states: Sequence[tuple[float, tuple[int, ...]]],
    stays: Sequence[_Stay],
    n_rows: int,
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """When the list becomes which, from the top row down; the first is there from the start.

    Whoever takes it must say when the change is over (``send``), so that the next one waits.
    """
    if not states:
        return
    order = _Order(timeline, n_rows)
    edges = (t for stay in stays for t in (stay.start_s, stay.end_s))
    moments = sorted({*_looks(timeline), *edges} - {float("inf")})
    waiting, on, place = list(reversed(stays)), list[_Stay](), 0
    state, shown, changed_s, free_s = 0, tuple[int, ...](), -float("inf"), -float("inf")
    while place < len(moments):
        t = max(moments[place], free_s + _LEAD_S)
        while place < len(moments) and moments[place] <= t:
            place += 1
        while waiting and waiting[-1].start_s <= t:
            on.append(waiting.pop())
        on = [stay for stay in on if stay.end_s > t]
        while state + 1 < len(states) and states[state + 1][0] <= t:
            state += 1
        alone = t - changed_s > _ORDER_S
        wanted = order.of({stay.index for stay in on}, states[state][1], shown, t, alone=alone)
        if wanted == shown:
            continue
        free_s = t - _LEAD_S + _length(shown, wanted, n_rows) + _REST_S
        shown, changed_s = wanted, t
        yield t, wanted


def _looks(timeline: TagTimeline) -> Iterator[float]:
    """Times of hops, not too many of them."""
    last = -float("inf")
    for t in timeline.times.tolist():
        if t - last >= _STEP_S:
            last = t
            yield t


class _Order:
    """Who stands above whom: by score, but no two tags change places for a hair's breadth."""

    def __init__(self, timeline: TagTimeline, n_rows: int) -> None:
        self._timeline, self._n_rows = timeline, n_rows
        self._times: list[float] = timeline.times.tolist()

    def of(
        self,
        on: set[int],
        wanted: Sequence[int],
        shown: Sequence[int],
        t: float,
        *,
        alone: bool,
    ) -> tuple[int, ...]:
        """The list at second ``t``.

        Args:
            on: Classes that may stand there.
            wanted: Of those the ones that the sound asks for, best first.
            shown: The list before.
            t: Second.
            alone: Whether tags may change places if nothing else changes.
        """
        scores = self._scores(on, t)
        first = [index for index in wanted if index in on]
        rest = sorted(on - set(first), key=lambda index: (index not in shown, -scores[index]))
        chosen = set([*first, *rest][: self._n_rows])
        listed = [index for index in shown if index in chosen]
        same = len(listed) == len(chosen) == len(shown)
        if same and not alone:
            return tuple(listed)
        for index in sorted(chosen - set(listed), key=lambda index: -scores[index]):
            place = next(
                (n for n, i in enumerate(listed) if scores[i] < scores[index]), len(listed)
            )
            listed.insert(place, index)
        lead = _LEAD_SCORE_ALONE if same else _LEAD_SCORE
        return tuple(_bubbled(listed, [scores[i] for i in listed], lead))

    def _scores(self, on: set[int], t: float) -> dict[int, float]:
        """The best scores of some classes soon from second ``t`` on."""
        first, stop = self._hop(t), bisect_right(self._times, t + _AHEAD_S)
        rows, classes = slice(first, max(stop, first + 1)), list(on)
        best: list[float] = self._timeline.scores[rows, classes].max(axis=0).tolist()
        return dict(zip(classes, best, strict=True))

    def _hop(self, t: float) -> int:
        behind = min(bisect_left(self._times, t), len(self._times) - 1)
        before = max(behind - 1, 0)
        return before if t - self._times[before] < self._times[behind] - t else behind


def _bubbled(listed: Sequence[int], scores: Sequence[float], lead: float) -> Iterator[int]:
    """Sorted by score, best first, where one leads its upper neighbour by more than ``lead``."""
    pairs = list(zip(listed, scores, strict=True))
    for end in range(len(pairs), 1, -1):
        for n in range(1, end):
            if pairs[n][1] > pairs[n - 1][1] + lead:
                pairs[n - 1], pairs[n] = pairs[n], pairs[n - 1]
    return (index for index, _ in pairs)


@dataclass(frozen=True, slots=True)
class _Steps:
    """What happens in a change."""

    out: frozenset[int]
    """Classes that fade where they are."""
    coming: frozenset[int]
    glides: bool

    @property
    def length_s(self) -> float:
        out, glide = (OUT_S if self.out else 0.0), (GLIDE_S if self.glides else 0.0)
        return out + glide + (IN_S if self.coming else 0.0)


def _steps(before: Sequence[int], after: Sequence[int], n_rows: int) -> _Steps:
    """Those stay that keep their order; who would cross them fades and comes again.

    Where none stays the list may hang elsewhere afterwards, unless it has but one row.
    """
    ranks = {index: rank for rank, index in enumerate(after)}
    keep = set(_longest_rising([index for index in before if index in ranks], ranks))
    glides = (
        (n_rows > 1 and not keep)
        or len(before) != len(after)
        or any(before.index(i) != ranks[i] for i in keep)
    )
    return _Steps(frozenset(before) - keep, frozenset(after) - keep, glides)


def _length(before: Sequence[int], after: Sequence[int], n_rows: int) -> float:
    if not before or not after:
        return PLATE_S
    return _steps(before, after, n_rows).length_s


def _longest_rising(listed: Sequence[int], ranks: dict[int, int]) -> list[int]:
    """The most of them whose ranks rise; at most twenty are shown."""
    best: list[list[int]] = []
    for index in listed:
        shorter = [run for run in best if ranks[run[-1]] < ranks[index]]
        best.append([*max(shorter, key=len, default=[]), index])
    return max(best, key=len, default=[])


@dataclass(slots=True)
class _Going:
    """A row on its way."""

    index: int
    start_s: float
    rank: list[tuple[float, float]]
    opacity: list[tuple[float, float]] = field(default_factory=list)


@dataclass(slots=True)
class _Scene:
    """While some row always stays."""

    start_s: float
    n_rows: int
    """The most at one time."""
    glides: bool = False
    """Whether the plate is seen when it begins."""


class _Director:
    """Turns lists over time into motion."""

    def __init__(self, timeline: TagTimeline, n_rows: int) -> None:
        self._timeline = timeline
        self._shown: tuple[int, ...] = ()
        self._rows: dict[int, _Going] = {}
        self._spans: list[RowSpan] = []
        self._changes: list[Change] = []
        self._plate: list[tuple[float, float]] = []
        self._height: list[tuple[float, float]] = []
        self._n_rows = n_rows
        self._scenes: list[_Scene] = []

    def play(self, wanted: tuple[float, tuple[int, ...]]) -> None:
        """Go over to another list."""
        due_s, tags = wanted
        if due_s == -float("inf"):
            self._begin(tags)
            return
        if not self._plate:
            self._begin(())
        start_s = due_s - _LEAD_S
        if not self._shown:
            end_s = self._appear(start_s, tags)
        elif not tags:
            end_s = self._leave(start_s)
        else:
            end_s = self._rearrange(start_s, tags)
        self._changes.append(Change(start_s, due_s, end_s, tags))
        self._shown = tags

    def motion(self) -> Motion:
        """All of it."""
        if not self._plate:
            self._begin(())
        for index in list(self._rows):
            self._end(index, float("inf"))
        spans = tuple(sorted(self._spans, key=lambda span: span.start_s))
        plate, height = tuple(self._plate), tuple(self._height)
        return Motion(self._timeline, tuple(self._changes), spans, plate, height, self._drop())

    def _drop(self) -> Curve:
        """How much lower the list hangs in each scene: its most rows end at the bottom."""
        points: list[tuple[float, float]] = []
        for scene in self._scenes:
            drop = float(max(self._n_rows - max(scene.n_rows, 1), 0))
            if not points:
                points.append((scene.start_s, drop))
            elif scene.glides:
                points += _eased(scene.start_s, points[-1][1], drop)
            else:
                points += [(scene.start_s, points[-1][1]), (scene.start_s, drop)]
        return tuple(points)

    def _begin(self, tags: tuple[int, ...]) -> None:
        """What is shown at the start is there at once."""
        start = -float("inf")
        for rank, index in enumerate(tags):
            self._rows[index] = _Going(index, start, [(start, float(rank))], [(start, 1.0)])
        self._plate.append((start, 1.0 if tags else 0.0))
        self._height.append((start, float(max(len(tags), 1))))
        self._changes.append(Change(start, start, start, tags))
        self._scenes.append(_Scene(start, len(tags)))
        self._shown = tags

    def _appear(self, start_s: float, tags: tuple[int, ...]) -> float:
        """The plate and its rows from nothing."""
        end_s = start_s + PLATE_S
        self._plate += [(start_s, 0.0), (end_s, 1.0)]
        self._height += [(start_s, self._height[-1][1]), (start_s, float(len(tags)))]
        self._scenes.append(_Scene(start_s, len(tags)))
        for rank, index in enumerate(tags):
            self._come(index, rank, end_s - IN_S)
        return end_s

    def _leave(self, start_s: float) -> float:
        end_s = start_s + PLATE_S
        self._plate += [(start_s, 1.0), (end_s, 0.0)]
        for index in self._shown:
            self._go(index, start_s)
        return end_s

    def _rearrange(self, start_s: float, tags: tuple[int, ...]) -> float:
        steps = _steps(self._shown, tags, self._n_rows)
        for index in steps.out:
            self._go(index, start_s)
        glide_s = start_s + (OUT_S if steps.out else 0.0)
        come_s = glide_s + (GLIDE_S if steps.glides else 0.0)
        if len(steps.coming) == len(tags):
            self._scenes.append(_Scene(glide_s, len(tags), glides=True))
        self._scenes[-1].n_rows = max(self._scenes[-1].n_rows, len(tags))
        for rank, index in enumerate(tags):
            if index in steps.coming:
                self._come(index, rank, come_s)
            else:
                self._rows[index].rank += _eased(glide_s, self._rows[index].rank[-1][1], rank)
        self._height += _eased(glide_s, self._height[-1][1], len(tags))
        return come_s + (IN_S if steps.coming else 0.0)

    def _come(self, index: int, rank: int, start_s: float) -> None:
        opacity = [(start_s, 0.0), (start_s + IN_S, 1.0)]
        self._rows[index] = _Going(index, start_s, [(start_s, float(rank))], opacity)

    def _go(self, index: int, start_s: float) -> None:
        end_s = start_s + OUT_S
        self._rows[index].opacity += [(start_s, 1.0), (end_s, 0.0)]
        self._end(index, end_s)

    def _end(self, index: int, end_s: float) -> None:
        row = self._rows.pop(index)
        span = RowSpan(index, row.start_s, end_s, tuple(row.rank), tuple(row.opacity))
        self._spans.append(span)


def _eased(start_s: float, before: float, after: float) -> Curve:
    """A smooth step in straight pieces; nothing where nothing changes."""
    if before == after:
        return ()
    steps = [(start_s + GLIDE_S * x, before + (after - before) * y) for x, y in _EASED]
    return ((start_s, before), *steps)
