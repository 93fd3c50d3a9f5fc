"""The one rule that says which tags are on when, for panel, captions, tables and summary."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, Tag, TagEvent, TagTimeline, Times
from overlay.detection.calibration import calibrated, is_calibrated
from overlay.detection.class_filter import NEVER, thresholds_of
from overlay.detection.corrections import judged, own_labels, said_of
from overlay.detection.edge_alignment import aligned
from overlay.detection.edge_preserving import SHARP_S, steadied
from overlay.detection.hysteresis import runs_of
from overlay.detection.loudness_gate import Gate
from overlay.detection.onsets_offsets import Steps, end_s, farthest_s, first_s, sharpened
from overlay.detection.ontology import FAINT, clearest, collapsed, combined, joined
from overlay.detection.ranking import moved, on_at, ranked
from overlay.detection.smoothing import rows_of, smooth_pieces
from overlay.errors import LabelError
from overlay.settings import EventSettings, PanelSettings, Settings
from overlay.track import TagTrack
from overlay.verdicts import Said
from overlay.vocabulary import Vocabulary, read_labels, vocabulary_named

SMOOTH_S = 0.9
"""Seconds of the mean over smeared rows where nothing else is asked for."""
RAW_SMOOTH_SIZE = 5
"""Rows of the same in ``raw``, as in the reference demo."""
LEAST_KIND = 0.05
"""Kinds that never reach this score add nothing to their parent."""
_PART_S = 1.0
"""What is left of a general sound beside its kinds is told of if it lasts so long."""
_SPILL_S, _SURE_PART = 0.5, 2.0
"""Where a kind of it begins or ends, so much of its score is the kind's; what is left must be so
many times as sure as what is told of at all."""
QUIET = 0.05
"""Score of a tag that stays on for the eye after its sound has ended, at most."""
THRESHOLD, OWN_THRESHOLD = 0.22, 0.15
"""Score that a tag must reach where nothing else is asked for: of calibrated scores, and of those
of a model that nobody measured."""
RAW_THRESHOLD = 0.05
"""Score that a tag must reach in ``raw`` where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Tail:
    """A stretch in which a tag stays on though its sound has ended: its score has gone."""

    index: int
    begin_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class Detection:
    """What is on when.

    At any second the tags shown are those whose events cover it, the best ``top_k`` of them.

    Attributes:
        events: From onset to offset, by onset; those of one class do not overlap.
        timeline: The same for drawing, row by row: rows are where scores are, and where a gap in
            the sound begins and ends.
        pairs: All that was found, with what reviewers said of it, and what they added.
        vocabulary: The classes, named as they are shown.
    """

    events: list[TagEvent]
    timeline: TagTimeline
    vocabulary: Vocabulary
    pairs: list[tuple[TagEvent, Said | None]] = field(repr=False)
    _orders: list[list[int]] = field(repr=False)
    """Classes that are on at each row, best first."""
    _tails: list[Tail] = field(repr=False)
    _longest_s: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive how far back an event that covers a second may begin."""
        lengths = (event.offset_s - event.onset_s for event in self.events)
        object.__setattr__(self, "_longest_s", max(lengths, default=0.0))
        self._tails.sort(key=lambda tail: tail.begin_s)

    def shown(self, at_s: float) -> list[Tag]:
        """The tags that are on at a second, best first, at most ``top_k``.

        Args:
            at_s: Second on the picture's clock; none is on before 0 and after the end.
        """
        now = {event.index for event in self._covering(at_s)}
        if not now:
            return []
        row = self._row_at(at_s)
        scores, top_k = self.timeline.scores[row], self.timeline.classes.shape[1]
        order = moved(self._orders[row], now, scores)[:top_k]
        gone = self._gone(at_s)
        return [
            Tag(i, self.timeline.labels[i], min(float(scores[i]), QUIET if i in gone else 1.0))
            for i in order
        ]

    def _gone(self, at_s: float) -> set[int]:
        """The classes that stay on only for the eye."""
        last = bisect_right(self._tails, at_s, key=lambda tail: tail.begin_s)
        first = bisect_left(self._tails, at_s - self._longest_s, key=lambda tail: tail.begin_s)
        return {tail.index for tail in islice(self._tails, first, last) if at_s < tail.end_s}

    def _row_at(self, at_s: float) -> int:
        times = self.timeline.times
        behind = int(np.searchsorted(times, at_s))
        around = [row for row in (behind - 1, behind) if 0 <= row < len(times)]
        return min(around, key=lambda row: abs(float(times[row]) - at_s))

    def _covering(self, at_s: float) -> Iterator[TagEvent]:
        last = bisect_right(self.events, at_s, key=lambda event: event.onset_s)
        first = bisect_left(self.events, at_s - self._longest_s, key=lambda event: event.onset_s)
        for event in islice(self.events, first, last):
            if at_s < event.offset_s:
                yield event


def detect(track: TagTrack, settings: Settings | None = None) -> Detection:
    """Which tags are on when.

    Args:
        track: Scores as they come from the tagger, not smoothed.
        settings: Thresholds, lengths, labels (tables ``events`` and ``panel``); the defaults if
            ``None``.

    Raises:
        LabelError: The label file cannot be read or does not fit the scores.
        SettingsError: A label in the settings is none of the track's, nor one that a reviewer gave.
        ExportError: The verdicts cannot be read, or are of another sound.
    """
    settings = settings or Settings()
    panel = settings.panel
    own = vocabulary_named(track.vocabulary, track.labels)
    smoothed = _smoothed(track, panel)
    if not panel.raw:
        smoothed = calibrated(smoothed, track.model)
        if _collapses(settings):
            smoothed = combined(smoothed, own, LEAST_KIND)
    said = said_of(track, settings)
    named = _with_own_labels(_renamed(own, settings), said)
    own = own.extended(named.names[len(own) :])
    if len(own) > track.n_classes:
        smoothed = np.pad(smoothed, ((0, 0), (0, len(own) - track.n_classes)))
    thresholds = _all_thresholds(named, settings, usual_threshold(settings, track.model))
    thresholds[track.n_classes :] = NEVER  # a person alone hears these
    times, scores = _with_ends(track, smoothed)
    tails: list[Tail] = []
    if panel.raw:
        orders = _plain_top(scores[times < end_s(track)], thresholds, panel.top_k)
        orders += [[]] * (len(times) - len(orders))
        events = _events_of_rows(track, orders, times, scores)
    else:
        events, tails = _events(track, smoothed, thresholds, own, settings)
        scores = _without_tails(scores, times, tails)
    if named.names != own.names:
        events = [replace(event, label=named.names[event.index]) for event in events]
    unwanted = _unwanted(named, settings) if said else ()
    after = judged(events, said, named, track.model, end_s(track), unwanted)
    if not panel.raw:
        events = after.events
        orders = list(ranked(on_at(events, times), after.scores(scores, times)))
        scores = after.scores(_without_quiet(scores, Gate.of(track).quiet(times)), times)
    best = _best_of(orders, min(panel.top_k, len(named)))
    names = named.in_language(panel.language)
    timeline = TagTimeline(
        times, scores, best, names, named.families, named.going_on(panel.language), own.kinds,
        tuple(events), track.levels, track.level_times, track.duration_s,
        track.mel, track.mel_times,
    )  # fmt: skip
    return Detection(events, timeline, named, after.pairs, orders, tails)


def _smoothed(track: TagTrack, panel: PanelSettings) -> Scores:
    """Scores made steady: by a mean over rows, and up to borders where rows know their moment."""
    is_sharp = track.window_s <= SHARP_S and not panel.raw and panel.smoothing != "none"
    usual = RAW_SMOOTH_SIZE if panel.raw else 1 if is_sharp else rows_of(SMOOTH_S, track.hop_s)
    size = panel.smooth_size or usual
    scores = smooth_pieces(track.scores, track.times, track.hop_s, panel.smoothing, size)
    return steadied(scores, track.times, track.hop_s) if is_sharp else scores


def shown(track: TagTrack, at_s: float, settings: Settings | None = None) -> list[Tag]:
    """What the panel shows at a second, best first.

    For many seconds of one track call ``detect`` once, and ``Detection.shown`` for each.

    Args:
        track: Scores as they come from the tagger.
        at_s: Second on the picture's clock.
        settings: As for ``detect``.

    Raises:
        LabelError: The label file cannot be read or does not fit the scores.
        SettingsError: A label in the settings is none of the track's.
    """
    return detect(track, settings).shown(at_s)


def vocabulary_shown(track: TagTrack, settings: Settings) -> Vocabulary:
    """The vocabulary of a track, under the names of the label file if there is one.

    Behind its classes are the labels of their own that people gave in the verdicts on the track.

    Raises:
        LabelError: The label file cannot be read or does not fit the scores.
        ExportError: As ``detect``.
    """
    own = vocabulary_named(track.vocabulary, track.labels)
    return _with_own_labels(_renamed(own, settings), said_of(track, settings))


def _renamed(vocabulary: Vocabulary, settings: Settings) -> Vocabulary:
    path = settings.panel.label_file
    if path is None:
        return vocabulary
    names = read_labels(path)
    if len(names) != len(vocabulary):
        raise LabelError(
            f"{path}: {len(names)} names do not fit scores of {len(vocabulary)} classes"
        )
    return vocabulary.renamed(names)


def _with_own_labels(vocabulary: Vocabulary, said: Mapping[str, Said]) -> Vocabulary:
    return vocabulary.extended(own_labels(said.values(), vocabulary))


def _collapses(settings: Settings) -> bool:
    return settings.events.collapse and settings.panel.collapse


def usual_threshold(settings: Settings, model: str) -> float:
    """Score that a class must reach for which nothing else is said."""
    if settings.panel.threshold is not None:
        return settings.panel.threshold
    if settings.panel.raw:
        return RAW_THRESHOLD
    if settings.events.event_threshold is not None:
        return settings.events.event_threshold
    return THRESHOLD if is_calibrated(model) else OWN_THRESHOLD


def _all_thresholds(
    vocabulary: Vocabulary, settings: Settings, usual: float
) -> npt.NDArray[np.float32]:
    """Score that each class must reach, ``[n_classes]``; what tells nothing reaches none."""
    options = settings.events
    thresholds = thresholds_of(vocabulary, options, usual)
    if not (options.show_all or settings.panel.raw):
        asked = {index for label in options.allow for index in vocabulary.indices_of(label)}
        thresholds[list(vocabulary.say_nothing - asked)] = NEVER
    return thresholds


def _unwanted(vocabulary: Vocabulary, settings: Settings) -> Sequence[int]:
    """Classes that the settings deny, or do not allow."""
    thresholds = thresholds_of(vocabulary, settings.events, 0.0)
    denied: list[int] = np.flatnonzero(thresholds >= NEVER).tolist()
    return denied


def _events(
    track: TagTrack,
    scores: Scores,
    thresholds: npt.NDArray[np.float32],
    vocabulary: Vocabulary,
    settings: Settings,
) -> tuple[list[TagEvent], list[Tail]]:
    """All events, by onset, and where they stay on after their sound.

    Args:
        track: Times and loudness.
        scores: Smoothed, ``[track.n_hops, n_classes]``.
        thresholds: ``[n_classes]``.
        vocabulary: Which classes are kinds of which.
        settings: All options.
    """
    options = settings.events
    finder = _Finder(track, options)
    found: list[TagEvent] = []
    for index in np.flatnonzero((scores >= thresholds).any(axis=0)).tolist():
        found += finder.of_class(index, scores[:, index], float(thresholds[index]))
    if _collapses(settings):
        found = collapsed(found, vocabulary, options.margin, finder.part_of)
        if not options.show_all:
            found = clearest(found, vocabulary.under_others, FAINT)
    found = _joined_by_class(aligned(found))
    found = sorted(found, key=lambda event: (event.onset_s, -event.peak, event.index))
    return found, finder.tails


class _Finder:
    """Finds the events of one class after the other.

    Args:
        track: Scores and loudness.
        options: Thresholds and lengths.
    """

    def __init__(self, track: TagTrack, options: EventSettings) -> None:
        self._track, self._options = track, options
        self._steps, self._gate, self._end_s = Steps(track), Gate.of(track), end_s(track)
        far = np.diff(track.times) > farthest_s(track)
        self._breaks: list[int] = (np.flatnonzero(far) + 1).tolist()
        self.tails: list[Tail] = []
        self._columns: dict[int, tuple[npt.NDArray[np.float32], float]] = {}

    def part_of(self, event: TagEvent, begin: float, end: float) -> TagEvent | None:
        """A part of an event, from one second to another; ``None`` if it says too little."""
        if end - begin < _PART_S:
            return None
        column, threshold = self._columns[event.index]
        first = begin + _SPILL_S * (begin > event.onset_s)
        last = end - _SPILL_S * (end < event.offset_s)
        inside = self._inside(column, first, max(first, last))
        if inside.mean() < _SURE_PART * threshold:
            return None
        return _event(self._track, event.index, begin, end, inside)

    def of_class(
        self, index: int, column: npt.NDArray[np.float32], threshold: float
    ) -> list[TagEvent]:
        """The events of a class, by onset and apart."""
        self._columns[index] = column, threshold
        options, low = self._options, threshold * self._options.hysteresis
        events: list[TagEvent] = []
        for first, last in runs_of(column, threshold, low, self._breaks):
            edges = self._steps.snapped(*sharpened(self._track, column, first, last, low))
            if edges[0] >= edges[1]:  # only in the padding behind the end
                continue
            for onset, offset in self._gate.heard(*edges, options.max_gap_s):
                inside = self._inside(column, onset, offset)
                if inside.max() >= threshold:
                    events.append(_event(self._track, index, onset, offset, inside))
        events = _merged(events, options.max_gap_s)
        events = [e for e in events if e.offset_s - e.onset_s >= options.min_duration_s]
        return _merged(self._stayed(events), 0.0) if events else []

    def _inside(
        self, column: npt.NDArray[np.float32], onset: float, offset: float
    ) -> npt.NDArray[np.float32]:
        """The scores of the rows of a stretch, at least of the row nearest to its middle."""
        times = self._track.times
        first, stop = np.searchsorted(times, (onset, offset))
        if first == stop:
            middle = (onset + offset) / 2
            first = min(first, len(times) - 1)
            if first and middle - times[first - 1] < times[first] - middle:
                first -= 1
            stop = first + 1
        return column[first:stop]

    def _stayed(self, events: Sequence[TagEvent]) -> Iterator[TagEvent]:
        """None shorter than what a viewer needs to notice it, as far as the sound goes."""
        following = (*(event.onset_s for event in events[1:]), self._end_s)
        for event, limit in zip(events, following, strict=True):
            offset = max(event.offset_s, min(event.onset_s + self._options.stay_s, limit))
            if offset > event.offset_s:
                self.tails.append(Tail(event.index, event.offset_s, offset))
            yield replace(event, offset_s=offset)


def _event(
    track: TagTrack, index: int, onset: float, offset: float, inside: npt.NDArray[np.float32]
) -> TagEvent:
    peak = float(inside.max())
    mean = min(float(inside.mean(dtype=np.float64)), peak)
    return TagEvent(index, track.labels[index], onset, offset, peak, mean)


def _merged(events: Iterable[TagEvent], max_gap_s: float) -> list[TagEvent]:
    """Neighbours of one class with a short gap between them become one."""
    merged: list[TagEvent] = []
    for event in sorted(events, key=lambda event: event.onset_s):
        if merged and event.onset_s - merged[-1].offset_s <= max_gap_s:
            merged[-1] = joined(merged[-1], event)
        else:
            merged.append(event)
    return merged


def _joined_by_class(events: Iterable[TagEvent]) -> list[TagEvent]:
    """Events of a class that touch become one."""
    of_class: dict[int, list[TagEvent]] = {}
    for event in events:
        of_class.setdefault(event.index, []).append(event)
    return [event for own in of_class.values() for event in _merged(own, 0.0)]


def _with_ends(track: TagTrack, scores: Scores) -> tuple[Times, Scores]:
    """Times and scores of the rows, and empty rows where the sound has gaps or ends early.

    A row stands half way to its neighbours, so an empty one lies as far behind the end of what was
    heard as the last row lies before it.
    """
    times, half = track.times, track.window_s / 2
    if not len(times):
        return times, scores
    places, extra = [], []
    begin, end = first_s(track), end_s(track)
    if begin > 0:
        places, extra = [0], [2 * begin - float(times[0])]
    for row in (np.flatnonzero(np.diff(times) > farthest_s(track)) + 1).tolist():
        before, behind = float(times[row - 1]), float(times[row])
        places += [row, row]
        extra += [
            before + min(2 * half, (behind - before) / 2),
            behind - min(2 * half, (behind - before) / 2),
        ]
    if end > times[-1]:
        places.append(len(times))
        extra.append(2 * end - float(times[-1]))
    if not places:
        return times, scores
    return np.insert(times, places, extra), np.insert(scores, places, 0.0, axis=0)


def _without_tails(scores: Scores, times: Times, tails: Sequence[Tail]) -> Scores:
    """The same, but a tag whose sound has ended scores next to nothing."""
    if not tails:
        return scores
    made = np.array(scores)
    for tail in tails:
        first, stop = np.searchsorted(times, (tail.begin_s, tail.end_s))
        column = made[first:stop, tail.index]
        np.minimum(column, QUIET, out=column)
    return made


def _without_quiet(scores: Scores, quiet: npt.NDArray[np.bool_]) -> Scores:
    """The same, but where it is quiet nothing scores more than next to nothing."""
    if not quiet.any():
        return scores
    made = np.array(scores)
    made[quiet] = np.minimum(made[quiet], QUIET)
    return made


def _plain_top(scores: Scores, thresholds: npt.NDArray[np.float32], top_k: int) -> list[list[int]]:
    """The best classes of each row that reach their thresholds."""
    orders = []
    for row in scores:
        best = np.argsort(-row, kind="stable")[:top_k]
        kept = (row[best] >= thresholds[best]) & (row[best] > 0)
        orders.append(best[kept].tolist())
    return orders


def _events_of_rows(
    track: TagTrack, orders: Sequence[Sequence[int]], times: Times, scores: Scores
) -> list[TagEvent]:
    """For each class the stretches of rows that it is in; a row stands half way to the next."""
    if not len(times):
        return []
    middles = (times[1:] + times[:-1]) / 2
    edges = np.concatenate(([first_s(track)], middles, [end_s(track)])).clip(0, end_s(track))
    open_since: dict[int, int] = {}
    events = []
    for row, order in enumerate([*orders, ()]):
        now = set(order)
        for index in open_since.keys() - now:
            first = open_since.pop(index)
            inside = scores[first:row, index]
            begin, end = float(edges[first]), float(edges[row])
            events.append(_event(track, index, begin, end, inside))
        for index in now - open_since.keys():
            open_since[index] = row
    return sorted(events, key=lambda event: (event.onset_s, -event.peak, event.index))


def _best_of(orders: Sequence[Sequence[int]], k: int) -> npt.NDArray[np.int32]:
    """The first ``k`` of each row, ``[n_rows, k]``, -1 where there are fewer."""
    best = np.full((len(orders), k), -1, np.int32)
    for row, order in enumerate(orders):
        best[row, : min(k, len(order))] = order[:k]
    return best
