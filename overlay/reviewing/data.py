"""What the page is told, as one value that JSON can hold.

Long lists go as parallel columns, tables of numbers as base64 of their bytes: three hours and
5,000 events stay small, and quick to read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores
from overlay.detection import Detection
from overlay.detection.detect import usual_threshold
from overlay.detection.wanted import thresholds_of
from overlay.drawing.theme import Color, load_theme
from overlay.errors import LabelError
from overlay.export.read_events import Lane
from overlay.reviewing.pictures import base64_of
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
    track: TagTrack,
    found: Detection,
    settings: Settings,
    judged: Lane | None = None,
    against: Lane | None = None,
) -> dict[str, Any]:
    """What was heard, as the page takes it.

    Args:
        track: The scores.
        found: The events in it.
        settings: Thresholds, and how many tags a panel shows.
        judged: Events to be judged instead, such as another program's.
        against: Events to be seen beside them, such as another model's.
    """
    judged = judged or Lane(track.model, tuple(found.events))
    labels = _Labels(found.vocabulary)
    events = _events(judged, labels)
    others = None if against is None else _against(judged, against, labels, end_of(track))
    best, scores = best_tags(found.timeline.scores)
    step = -(-len(best) // _MOST_ROWS) or 1
    usual = usual_threshold(settings, track.model)
    return {
        "fingerprint": fingerprint_of(track),
        "duration_s": round(end_of(track), 3),
        "model": judged.name,
        "vocabulary": track.vocabulary,
        "labels": labels.rows,
        "thresholds": _rounded(thresholds_of(found.vocabulary, settings.events, usual)),
        "colors": {look: _colors(look) for look in _LOOKS},
        "events": events,
        "against": others,
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


class _Labels:
    """English or own name, Chinese name and family of each label; more come as they are met."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        names = vocabulary.names, vocabulary.in_language("zh"), vocabulary.families
        self.rows: list[tuple[str, str, str]] = list(zip(*names, strict=True))
        self._vocabulary = vocabulary
        self._more: dict[str, int] = {}

    def place(self, label: str) -> int:
        """Row of a label."""
        try:
            return self._vocabulary.index_of(label)
        except LabelError:
            if label not in self._more:
                self._more[label] = len(self.rows)
                self.rows.append((label, label, ""))
            return self._more[label]


def _events(lane: Lane, labels: _Labels) -> dict[str, list[Any]]:
    """The events of a lane as columns; an id for each, since two may be alike in foreign files."""
    ids: dict[str, int] = {}
    for event in lane.events:
        name = event_id(event, lane.name)
        ids[name if name not in ids else f"{name}-{len(ids)}"] = labels.place(event.label)
    return {
        "id": list(ids),
        "label": list(ids.values()),
        "onset_ms": [round(1000 * event.onset_s) for event in lane.events],
        "offset_ms": [round(1000 * event.offset_s) for event in lane.events],
        "score": [round(event.peak, 3) if lane.is_scored else None for event in lane.events],
    }


def _against(one: Lane, other: Lane, labels: _Labels, end_s: float) -> dict[str, Any]:
    """The other's events, and how far the two agree on each label, as Cohen's kappa."""
    agreed = agreements_in_time(one.events, other.events, end_s)
    return {
        "name": other.name,
        "events": _events(other, labels),
        "kappa": {
            labels.rows[labels.place(each.label)][0]: each.kappa and round(each.kappa, 2)
            for each in agreed
        },
    }


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
