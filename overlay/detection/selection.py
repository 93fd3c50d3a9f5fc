"""From scores to what is shown: smoothing, the most specific, top k."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores, TagTimeline
from overlay.errors import LabelError
from overlay.settings import PanelSettings
from overlay.track import TagTrack
from overlay.vocabulary.labels import audioset_labels, descendants_of, read_labels
from overlay.vocabulary.wording import translated_labels

SPECIFIC_SHARE = 0.7
"""Part of a general tag's score that a specific one needs to stand for it."""
_CLASSES_AT_ONCE = 32
_HOPS_AT_ONCE = 4096


def moving_average(scores: Scores, size: int) -> Scores:
    """Replace each hop's scores by the mean of the last ``size`` hops.

    The first ``size - 1`` hops average over the hops seen so far, so a constant input stays
    constant:

        y[i] = mean(x[max(0, i - size + 1) : i + 1])

    Args:
        scores: Tag scores, ``[n_hops, n_classes]``, in [0, 1].
        size: Number of hops averaged; 1 returns an equal copy.

    Returns:
        Smoothed scores, ``[n_hops, n_classes]``, same dtype and range.

    Raises:
        ValueError: ``size`` is below 1, or ``scores`` is not 2-D.

    Source:
        PaddleAudio ``examples/panns/parse_result.py`` (default size 5).
    """
    return _windowed_mean(scores, size, before=size - 1, after=0)


def centered_average(scores: Scores, size: int) -> Scores:
    """Replace each hop's scores by the mean of the ``size`` hops around it.

    At the ends the mean is over the hops that exist. An even ``size`` looks one hop further back
    than ahead:

        y[i] = mean(x[max(0, i - size // 2) : i + (size - 1) // 2 + 1])

    Args:
        scores: Tag scores, ``[n_hops, n_classes]``, in [0, 1].
        size: Number of hops averaged; 1 returns an equal copy.

    Raises:
        ValueError: ``size`` is below 1, or ``scores`` is not 2-D.
    """
    return _windowed_mean(scores, size, before=size // 2, after=(size - 1) // 2)


def _windowed_mean(scores: Scores, size: int, before: int, after: int) -> Scores:
    if size < 1 or scores.ndim != 2:
        raise ValueError(f"size {size} must be at least 1, scores {scores.shape} must be 2-D")
    hops = np.arange(len(scores))
    first = np.maximum(hops - before, 0)
    last = np.minimum(hops + after + 1, len(scores))
    smoothed = np.empty(scores.shape, np.float32)
    for block in _blocks(scores.shape[1], _CLASSES_AT_ONCE):
        sums = np.zeros((len(scores) + 1, block.stop - block.start), np.float64)
        np.cumsum(scores[:, block], axis=0, out=sums[1:], dtype=np.float64)
        means = (sums[last] - sums[first]) / (last - first)[:, None]
        np.clip(means, 0, 1, out=smoothed[:, block], casting="same_kind")
    return smoothed


def _blocks(length: int, size: int) -> Iterator[slice]:
    """Slices that cover a length: hours of scores are too many to be held in several copies."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def smooth(scores: Scores, method: str, size: int) -> Scores:
    """Smooth by name: ``centered`` or ``trailing`` mean over ``size`` hops, or ``none``."""
    if method == "none":
        return scores
    return {"centered": centered_average, "trailing": moving_average}[method](scores, size)


def select(track: TagTrack, settings: PanelSettings) -> TagTimeline:
    """The tags to show, hop by hop: smoothed, the best ``top_k`` at or above ``threshold``.

    With ``collapse`` a tag that only says in general what another says in particular is not shown.

    Raises:
        LabelError: The label file cannot be read or does not fit the scores.
    """
    labels = _shown_labels(track, settings)
    scores = smooth(track.scores, settings.smoothing, settings.smooth_size)
    k = min(settings.top_k, track.n_classes)
    classes = np.empty((len(scores), k), np.int32)
    descendants = descendants_of(track.labels) if settings.collapse else {}
    for hops in _blocks(len(scores), _HOPS_AT_ONCE):
        rank = scores[hops].copy()
        rank[repeated(rank, descendants, settings.threshold)] = -1
        best = np.argsort(-rank, axis=1, kind="stable")[:, :k]
        best[np.take_along_axis(rank, best, axis=1) < settings.threshold] = -1
        classes[hops] = best
    return TagTimeline(track.times, scores, classes, labels)


def _shown_labels(track: TagTrack, settings: PanelSettings) -> tuple[str, ...]:
    label_file = settings.label_file
    if label_file is None:
        is_audioset = track.labels == audioset_labels()
        return translated_labels(settings.language) if is_audioset else track.labels
    labels = read_labels(label_file)
    if len(labels) != track.n_classes:
        raise LabelError(
            f"{label_file}: {len(labels)} names do not fit scores of {track.n_classes} classes"
        )
    return labels


def repeated(
    scores: Scores, descendants: Mapping[int, Sequence[int]], threshold: float
) -> npt.NDArray[np.bool_]:
    """Which tags only repeat in general what another says in particular.

    A class repeats one of its descendants that scores at least ``threshold`` and 0.7 times what
    it scores itself: "Animal 60" says nothing beside "Dog 45", and stands beside "Dog 20".

    Args:
        scores: ``[n_hops, n_classes]``.
        descendants: Classes that are a kind of a class, however many steps down.
        threshold: Score below which no tag is shown.

    Returns:
        ``[n_hops, n_classes]``.
    """
    marked = np.zeros(scores.shape, np.bool_)
    for index, below in descendants.items():
        closest = scores[:, below].max(axis=1)
        marked[:, index] = (closest >= threshold) & (closest >= SPECIFIC_SHARE * scores[:, index])
    return marked
