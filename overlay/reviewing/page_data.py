"""What the page is told, as one value that JSON can hold.

Long lists go as parallel columns, tables of numbers as base64 of their bytes: three hours and
5,000 events stay small, and quick to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.datatypes import NO_CLASS, Scores, TagEvent
from overlay.detection import Detection
from overlay.detection.class_filter import thresholds_of
from overlay.detection.detect import usual_threshold
from overlay.drawing.theme import Color, load_theme
from overlay.export.event_readers import Lane
from overlay.reviewing.page_pictures import base64_of
from overlay.settings import Settings
from overlay.track import TagTrack
from overlay.verdicts import event_id, fingerprint_of
from overlay.verdicts.agreement import agreements_in_time
from overlay.vocabulary import Vocabulary

N_BEST = 9
"""Tags of each moment that can be chosen by a digit."""
_MOST_ROWS = 40_000
"""Of the table of best tags; of a longer one every second, third, ... row is taken."""
_LOOKS = ("dark", "light")


def end_of(track: TagTrack) -> float:
    """Where the sound of a track ends, seconds."""
    return max(track.duration_s, float(track.times[-1]) if track.n_hops else 0.0)


def review_data(
    track: TagTrack, found: Detection, settings: Settings, beside: Sequence[Lane] = ()
) -> dict[str, Any]:
    """What was heard, as the page takes it.

    Args:
        track: The scores.
        found: The events in it.
        settings: Thresholds, and how many tags a panel shows.
        beside: Events of other origin, to be judged in lanes of their own.
    """
    best, scores = best_tags(found.timeline.scores)
    step = -(-len(best) // _MOST_ROWS) or 1
    usual = usual_threshold(settings, track.model)
    lanes = _named_apart((Lane(track.model, tuple(found.events)), *beside))
    foreign = sorted({e.label for lane in beside for e in lane.events if e.index == NO_CLASS})
    places = {name: place for place, name in enumerate(foreign, start=len(found.vocabulary))}
    return {
        "fingerprint": fingerprint_of(track),
        "duration_s": round(end_of(track), 3),
        "model": track.model,
        "vocabulary": track.vocabulary,
        "labels": [*_labels(found.vocabulary), *((name, name, "") for name in foreign)],
        "thresholds": _rounded(thresholds_of(found.vocabulary, settings.events, usual)),
        "colors": {look: _colors(look) for look in _LOOKS},
        "events": _events(lanes, places),
        "lanes": [lane.name for lane in lanes],
        "kappa": [{}, *(_kappa(found.events, lane, end_of(track)) for lane in beside)],
        "top_k": settings.panel.top_k,
        "best": {
            "n": best.shape[1],
            "times": base64_of((1000 * found.timeline.times[::step]).astype(np.int32)),
            "classes": base64_of(best[::step].astype(np.uint16)),
            "scores": base64_of((255 * scores[::step]).round().astype(np.uint8)),
        },
    }


def best_tags(scores: Scores) -> tuple[npt.NDArray[np.int_], Scores]:
    """The best classes of each row, best first, and their scores, each ``[n_rows, n_best]``."""
    n_best = min(N_BEST, scores.shape[1])
    best = np.argpartition(-scores, n_best - 1, axis=1)[:, :n_best]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    return best, np.take_along_axis(scores, best, axis=1)


def _labels(vocabulary: Vocabulary) -> list[tuple[str, str, str]]:
    """English or own name, Chinese name and family of each class."""
    chinese = vocabulary.in_language("zh")
    return list(zip(vocabulary.names, chinese, vocabulary.families, strict=True))


def _named_apart(lanes: Sequence[Lane]) -> list[Lane]:
    """The same, but none has the name of another: names are part of the events' ids."""
    names: list[str] = []
    for lane in lanes:
        same = sum(name.partition(" #")[0] == lane.name for name in names)
        names.append(f"{lane.name} #{same + 1}" if same else lane.name)
    return [replace(lane, name=name) for lane, name in zip(lanes, names, strict=True)]


def _events(lanes: Sequence[Lane], foreign: Mapping[str, int]) -> dict[str, list[Any]]:
    """The events of all lanes by onset, in columns; labels of no class have places behind all."""
    found = [(event, n) for n, lane in enumerate(lanes) for event in lane.events]
    found.sort(key=lambda each: each[0].onset_s)
    return {
        "id": [event_id(event, lanes[n].name) for event, n in found],
        "label": [
            foreign[event.label] if event.index == NO_CLASS else event.index for event, _ in found
        ],
        "onset_ms": [round(1000 * event.onset_s) for event, _ in found],
        "offset_ms": [round(1000 * event.offset_s) for event, _ in found],
        "score": [round(e.peak, 3) if lanes[n].is_scored else None for e, n in found],
        "lane": [n for _, n in found],
    }


def _kappa(found: Sequence[TagEvent], lane: Lane, end_s: float) -> dict[str, float | None]:
    """How far a lane agrees with what was found, by label."""
    agreed = agreements_in_time(found, lane.events, end_s)
    return {each.label: each.kappa and round(each.kappa, 2) for each in agreed}


def _rounded(values: npt.NDArray[np.float32]) -> list[float]:
    return [round(float(value), 4) for value in values]


def _colors(look: str) -> dict[str, str]:
    """The themes' colour of each family, and of labels that have none."""
    theme = load_theme(look)
    return {name: _hex(color) for name, color in theme.families.items()} | {
        "": _hex(theme.bar.color)
    }


def _hex(color: Color) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in color)
