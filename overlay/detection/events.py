"""From scores to events: what is heard from when to when, each sound once.

A window smears: it fires as soon as a little of a sound is in it, so the run of windows that fire
begins almost half a window before the sound and ends almost half a window after it. Knowing how
much of a sound a window needs, the run tells onset and offset:

    onset  = first firing centre + window / 2 - needed
    offset = last firing centre  - window / 2 + needed

Where the track knows the loudness, both move to the strongest rise and fall of it nearby.

Source:
    Hysteresis and the merging of gaps: Mesaros et al., "Sound event detection: a tutorial",
    IEEE Signal Processing Magazine 38(5), 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from overlay.datatypes import TagEvent
from overlay.detection.selection import centered_average
from overlay.errors import SettingsError
from overlay.files import path_error, read_toml
from overlay.settings import EventSettings
from overlay.track import LEVEL_RATE_HZ, TagTrack
from overlay.vocabulary.labels import audioset_ancestors, audioset_labels

NEEDED_S = 0.4
"""Seconds of a sound that make a window fire; measured by ``tests/benchmarks/events.py``."""
_SMOOTH_HOPS = 3
_EDGE_S = 0.2
"""Seconds before and behind an edge whose loudness is compared."""
_QUIET_SHARE = 0.1
"""Part of a track that is at most as loud as its quiet parts."""
_LEAST_STEP_DB = 3.0
"""A smaller step of the loudness, on the mean over the bands, is no edge."""
_ONSET_REACH_S, _OFFSET_REACH_S = (1.0, 1.0), (0.7, 2.0)
"""How far before and behind the guess an edge is looked for: sounds fade out."""
_LIKELY_S = 0.75
"""Standard deviation of the guess."""


def find_events(track: TagTrack, settings: EventSettings) -> list[TagEvent]:
    """The events of a track, by onset.

    Per class: above the threshold with hysteresis, edges sharpened to the sound, short gaps closed,
    short events dropped; then of classes that are a kind of each other the most specific.

    Args:
        track: Scores as they come from the tagger, not smoothed.
        settings: Thresholds and lengths.

    Raises:
        SettingsError: A label in the settings is none of the track's.
    """
    thresholds = _thresholds(track.labels, settings)
    scores = centered_average(track.scores, min(_SMOOTH_HOPS, max(1, track.n_hops)))
    steps = _Steps(track)
    found: list[TagEvent] = []
    for index in np.flatnonzero((scores >= thresholds).any(axis=0)):
        column = scores[:, index]
        found.extend(
            _of_class(track, int(index), column, float(thresholds[index]), settings, steps)
        )
    if settings.collapse:
        found = collapsed(found, _ancestors(track.labels), settings.margin)
    return sorted(found, key=lambda event: (event.onset_s, -event.peak))


def _thresholds(labels: tuple[str, ...], settings: EventSettings) -> npt.NDArray[np.float32]:
    """Threshold of each class; above 1 for those that are not wanted."""
    values = np.full(len(labels), settings.event_threshold, np.float32)
    for label, value in read_thresholds(settings.thresholds_file).items():
        values[_index(labels, label, "thresholds_file")] = value
    allowed = {_index(labels, label, "allow") for label in settings.allow}
    denied = {_index(labels, label, "deny") for label in settings.deny}
    for index in range(len(labels)):
        if index in denied or (allowed and index not in allowed):
            values[index] = 2.0
    return values


def _index(labels: tuple[str, ...], label: str, where: str) -> int:
    try:
        return [name.lower() for name in labels].index(label.lower())
    except ValueError:
        raise SettingsError(f"{where}: {label!r} is no label of this model") from None


def read_thresholds(path: str | None) -> dict[str, float]:
    """Thresholds by label from a TOML file: ``"Dog" = 0.4`` a line.

    Raises:
        SettingsError: The file cannot be read, or a value is no number from 0 to 1.
    """
    if path is None:
        return {}
    content = read_toml(path, "the thresholds", path_error(SettingsError, path))
    for label, value in content.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise SettingsError(f"{path}: {label}: {value!r} is no threshold from 0 to 1")
    return {label: float(value) for label, value in content.items()}


def _of_class(
    track: TagTrack,
    index: int,
    column: npt.NDArray[np.float32],
    threshold: float,
    settings: EventSettings,
    steps: _Steps,
) -> list[TagEvent]:
    """Events of one class."""
    low = threshold * settings.hysteresis
    events = []
    for first, last in _runs(column >= low):
        inside = column[first : last + 1]
        if inside.max() < threshold:
            continue
        onset, offset = steps.snapped(*_sharpened(track, column, first, last, low))
        events.append(
            TagEvent(index, track.labels[index], onset, offset, float(inside.max()),
                     float(inside.mean()))
        )  # fmt: skip
    events = _merged(events, settings.max_gap_s)
    return [event for event in events if event.offset_s - event.onset_s >= settings.min_duration_s]


class _Steps:
    """Rises and falls of the loudness.

        step[k] = mean of the bands of (mean of the frames behind k - mean of those before k)

    Only bands that rise count for a rise, only those that fall for a fall. Before the track begins
    and after it ends it is as quiet as in its quiet parts, so a sound that is there from the start
    rises at 0.
    """

    def __init__(self, track: TagTrack) -> None:
        levels = track.levels.astype(np.float32)
        n, reach = len(levels), round(_EDGE_S * LEVEL_RATE_HZ)
        quiet = np.quantile(levels, _QUIET_SHARE, axis=0) if n else np.zeros(levels.shape[1])
        around = np.broadcast_to(quiet, (reach, levels.shape[1]))
        sums = np.cumsum(
            np.concatenate([np.zeros_like(quiet)[None], around, levels, around]), axis=0
        )
        edges = np.arange(n + 1) + reach
        before = (sums[edges] - sums[edges - reach]) / reach
        behind = (sums[edges + reach] - sums[edges]) / reach
        step = behind - before
        n_bands = max(1, levels.shape[1])
        self._rise = np.maximum(step, 0).sum(axis=1) / n_bands
        self._fall = np.maximum(-step, 0).sum(axis=1) / n_bands

    def snapped(self, onset: float, offset: float) -> tuple[float, float]:
        """Both on the most likely edges nearby; where there are none, as they are."""
        begin = _strongest(self._rise, onset, *_ONSET_REACH_S)
        end = _strongest(self._fall, offset, *_OFFSET_REACH_S)
        if end > begin:
            return begin, end
        return onset, offset


def _strongest(steps: npt.NDArray[np.float64], guess: float, back: float, ahead: float) -> float:
    first = max(0, round((guess - back) * LEVEL_RATE_HZ))
    places = np.arange(first, min(len(steps) - 1, round((guess + ahead) * LEVEL_RATE_HZ)) + 1)
    if len(places) == 0:
        return guess
    likely = np.exp(-0.5 * np.square((places / LEVEL_RATE_HZ - guess) / _LIKELY_S))
    best = int(places[np.argmax(steps[places] * likely)])
    return best / LEVEL_RATE_HZ if steps[best] >= _LEAST_STEP_DB else guess


def _runs(active: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate(([False], active, [False])).astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _sharpened(
    track: TagTrack, column: npt.NDArray[np.float32], first: int, last: int, level: float
) -> tuple[float, float]:
    """Onset and offset of the sound behind a run of windows that fire."""
    half = track.window_s / 2
    begin = _crossing(track, column, first - 1, first, level)
    end = _crossing(track, column, last + 1, last, level)
    onset = 0.0 if first == 0 else begin + half - NEEDED_S
    offset = track.duration_s if last == track.n_hops - 1 else end - half + NEEDED_S
    if offset - onset < track.hop_s:  # shorter than can be told apart: as long as a hop
        middle = min(max((onset + offset) / 2, 0.0), track.duration_s)
        onset, offset = middle - track.hop_s / 2, middle + track.hop_s / 2
    return max(0.0, onset), min(track.duration_s, offset)


def _crossing(
    track: TagTrack, column: npt.NDArray[np.float32], outside: int, inside: int, level: float
) -> float:
    """When the score crosses a level between two hops, on a straight line."""
    if not 0 <= outside < len(column):
        return float(track.times[inside])
    low, high = float(column[outside]), float(column[inside])
    share = (high - level) / (high - low) if high > low else 0.5
    t_in, t_out = float(track.times[inside]), float(track.times[outside])
    return t_in + (t_out - t_in) * min(max(share, 0.0), 1.0)


def _merged(events: Iterable[TagEvent], max_gap_s: float) -> list[TagEvent]:
    """Neighbours with a short gap between them become one."""
    merged: list[TagEvent] = []
    for event in sorted(events, key=lambda event: event.onset_s):
        if merged and event.onset_s - merged[-1].offset_s <= max_gap_s:
            merged[-1] = _joined(merged[-1], event)
        else:
            merged.append(event)
    return merged


def _joined(a: TagEvent, b: TagEvent) -> TagEvent:
    lengths = a.offset_s - a.onset_s, b.offset_s - b.onset_s
    mean = (a.mean * lengths[0] + b.mean * lengths[1]) / sum(lengths)
    return replace(
        a, offset_s=max(a.offset_s, b.offset_s), peak=max(a.peak, b.peak), mean=mean
    )  # fmt: skip


def _ancestors(labels: tuple[str, ...]) -> Sequence[frozenset[int]]:
    if len(labels) == len(audioset_labels()):
        return audioset_ancestors()
    return [frozenset()] * len(labels)


def collapsed(
    events: Sequence[TagEvent], ancestors: Sequence[frozenset[int]], margin: float
) -> list[TagEvent]:
    """Without those that only repeat in general what another says in particular.

    An event goes if events of more specific classes cover most of it, unless its peak is higher
    than theirs by more than ``margin``.
    """
    return [
        event
        for event in events
        if _covered_share(event, _closer(event, events, ancestors, margin)) < 0.5
    ]


def _closer(
    event: TagEvent,
    events: Sequence[TagEvent],
    ancestors: Sequence[frozenset[int]],
    margin: float,
) -> list[TagEvent]:
    return [
        other
        for other in events
        if event.index in ancestors[other.index] and event.peak <= other.peak + margin
    ]


def _covered_share(event: TagEvent, others: Iterable[TagEvent]) -> float:
    """Part of an event's time that others cover together, 0 to 1."""
    covered, until = 0.0, event.onset_s
    for other in sorted(others, key=lambda other: other.onset_s):
        begin, end = max(other.onset_s, until), min(other.offset_s, event.offset_s)
        covered += max(0.0, end - begin)
        until = max(until, end)
    return covered / max(event.offset_s - event.onset_s, 1e-9)
