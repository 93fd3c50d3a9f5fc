"""What the page is told, as one value that JSON can hold.

Long lists go as parallel columns, tables of numbers as base64 of their bytes: three hours and
5,000 events stay small, and quick to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, TagEvent
from overlay.detection import Detection
from overlay.detection.wanted import thresholds_of
from overlay.drawing.theme import Color, load_theme
from overlay.reviewing.pictures import base64_of
from overlay.settings import Settings
from overlay.track import TagTrack
from overlay.verdicts import event_id, fingerprint_of
from overlay.vocabulary import Vocabulary

N_BEST = 9
"""Tags of each moment that can be chosen by a digit."""
_MOST_ROWS = 40_000
"""Of the table of best tags; of a longer one every second, third, ... row is taken."""
_LOOKS = ("dark", "light")


def end_of(track: TagTrack) -> float:
    """Where the sound of a track ends, seconds."""
    return max(track.duration_s, float(track.times[-1]) if track.n_hops else 0.0)


def review_data(track: TagTrack, found: Detection, settings: Settings) -> dict[str, Any]:
    """What was heard, as the page takes it.

    Args:
        track: The scores.
        found: The events in it.
        settings: Thresholds, and how many tags a panel shows.
    """
    best, scores = best_tags(found.timeline.scores)
    step = -(-len(best) // _MOST_ROWS) or 1
    usual = settings.events.event_threshold
    return {
        "fingerprint": fingerprint_of(track),
        "duration_s": round(end_of(track), 3),
        "model": track.model,
        "vocabulary": track.vocabulary,
        "labels": _labels(found.vocabulary),
        "thresholds": _rounded(thresholds_of(found.vocabulary, settings.events, usual)),
        "colors": {look: _colors(look) for look in _LOOKS},
        "events": _events(found.events, track.model),
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


def _events(events: Sequence[TagEvent], model: str) -> dict[str, list[Any]]:
    return {
        "id": [event_id(event, model) for event in events],
        "label": [event.index for event in events],
        "onset_ms": [round(1000 * event.onset_s) for event in events],
        "offset_ms": [round(1000 * event.offset_s) for event in events],
        "score": [round(event.peak, 3) for event in events],
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
