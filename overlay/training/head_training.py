"""A head for a person's own labels, trained on a folder of clips in seconds.

The model below stays as it is: its embedding of every window is computed once, and one layer of
logistic regressions is fitted to them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.errors import MediaError, TrainingError
from overlay.files import entries, is_file, is_folder, path_error, read_csv
from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.tagging.head import Embedder, Head
from overlay.tagging.segmenting import Samples, segments

Floats = npt.NDArray[np.float32]

MIN_CLIPS = 3
"""Clips that every label needs."""
_LARGEST_TABLE = 1 << 26
_QUIET_DB = 30.0
_N_FOLDS = 4
_N_STEPS, _LEARNING_RATE, _DECAY = 400, 0.03, 1e-3


@dataclass(frozen=True)
class Clip:
    """One sound file and what is heard in it."""

    path: Path
    labels: tuple[str, ...]
    """Empty for a clip with none of the sounds in question."""


@dataclass(frozen=True, eq=False)
class _Windows:
    """Embeddings of all clips, end to end."""

    embeddings: Floats
    """``[n_windows, width]``."""
    clip: npt.NDArray[np.int64]
    """Which clip each window is of, ``[n_windows]``."""


@dataclass(frozen=True)
class Trained:
    """What came out."""

    head: Head
    n_clips: int
    n_right: int
    """Clips whose best label was right while they were left out of the training."""
    n_tested: int
    left_out: Floats
    """Mean scores of each clip by heads that never heard it, ``[n_clips, n_labels]``; NaN where
    there was none."""


def find_clips(folder: Path, labels: Path | None = None) -> list[Clip]:
    """The clips of a folder with their labels.

    Args:
        folder: Without ``labels`` it has one folder for each label, with its clips.
        labels: CSV with the columns ``file`` (below ``folder``) and ``label``; several labels are
            separated by ``;``, none means "none of these".

    Raises:
        TrainingError: There is no such folder or file, or it has no clips.
    """
    if not is_folder(folder):
        raise TrainingError(f"{folder}: there is no such folder of clips")
    clips = _of_table(folder, labels) if labels is not None else _of_folders(folder)
    if not clips:
        how = labels or f"{folder}: put the clips of each label into a folder with its name"
        raise TrainingError(f"{how}: no clips found")
    return clips


def _of_folders(folder: Path) -> list[Clip]:
    return [
        Clip(path, (label.name,))
        for label in entries(folder)
        for path in _looked_into(label)
        if is_file(path) and not path.name.startswith(".")
    ]


def _looked_into(label: Path) -> list[Path]:
    if is_folder(label) and not os.access(label, os.R_OK | os.X_OK):
        raise TrainingError(f"{label}: cannot be looked into: permission is denied")
    return entries(label)


def _of_table(folder: Path, table: Path) -> list[Clip]:
    refusal = path_error(TrainingError, table)
    rows = read_csv(table, _LARGEST_TABLE, "the labels", refusal, ("file", "label"))
    return [Clip(folder / row["file"], _split(row["label"])) for row in rows]


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(";") if name.strip()))


def train_head(
    clips: Sequence[Clip],
    base: Embedder,
    window_s: float,
    hop_s: float,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Trained:
    """Train a head, and measure it on clips that were left out.

    Clips that cannot be decoded are left out with a note.

    Args:
        clips: At least three for each label.
        base: Gives the embeddings.
        window_s: Seconds in a window.
        hop_s: Seconds between the starts of two windows.
        on_progress: Told how many clips of how many are heard.
        on_note: Told of each clip that cannot be used.

    Raises:
        TrainingError: Too few clips or labels.
    """
    labels = _labels_of(clips)
    _check_enough(clips, labels)  # before minutes of listening
    heard, embeddings = [], []
    for number, clip in enumerate(clips):
        on_progress(number, len(clips))
        try:
            sound = stream_audio(probe(clip.path), base.sample_rate)
            embeddings.append(embeddings_of(sound, clip.path, base, window_s, hop_s))
            heard.append(clip)
        except MediaError as error:
            on_note(f"left out: {error}")
    on_progress(len(clips), len(clips))
    _check_enough(heard, labels)
    return trained_on(heard, embeddings, base)


def trained_on(
    clips: Sequence[Clip],
    embeddings: Sequence[Floats],
    base: Embedder,
    groups: Sequence[int] | None = None,
) -> Trained:
    """Fit a head to clips that have been heard, and measure it on those that are left out.

    Args:
        clips: At least three for each label.
        embeddings: Of the windows of each clip, ``[n_windows, width]``.
        base: Made them.
        groups: A number for each clip; those of one are left out together. Each alone if ``None``.

    Raises:
        TrainingError: Too few clips or labels.
    """
    labels = _labels_of(clips)
    _check_enough(clips, labels)
    targets = np.array([[label in clip.labels for label in labels] for clip in clips], np.float32)
    index = np.repeat(np.arange(len(clips)), [len(rows) for rows in embeddings])
    windows = _Windows(np.concatenate(embeddings), index)
    means = _left_out(windows, targets, groups or range(len(clips)))
    tested = targets.any(axis=1) & ~np.isnan(means).any(axis=1)
    best = means[tested].argmax(axis=1)
    n_right = int(targets[tested][np.arange(len(best)), best].sum())
    weight, bias = _fit(windows.embeddings, targets[index])
    head = Head(labels, weight, bias, base.name, base.model_hash)
    return Trained(head, len(clips), n_right, int(tested.sum()), means)


def _labels_of(clips: Sequence[Clip]) -> tuple[str, ...]:
    return tuple(sorted({label for clip in clips for label in clip.labels}))


def _check_enough(clips: Sequence[Clip], labels: Sequence[str]) -> None:
    if not labels:
        raise TrainingError("no clip has a label")
    counts = Counter(label for clip in clips for label in clip.labels)
    few = [f"{label!r} has {counts[label]}" for label in labels if counts[label] < MIN_CLIPS]
    if few:
        more = f" and {len(few) - 5} labels more" if len(few) > 5 else ""
        raise TrainingError(
            f"too few clips: {', '.join(few[:5])}{more}; each label needs {MIN_CLIPS} usable clips"
        )
    if len(labels) == 1 and all(clip.labels for clip in clips):
        raise TrainingError(f"all clips are {labels[0]!r}: add clips of another label or of none")


def embeddings_of(
    sound: Iterable[Samples], path: Path, base: Embedder, window_s: float, hop_s: float
) -> Floats:
    """Embeddings of the windows of a clip that are not silence beside its loudest.

    Args:
        sound: Mono, in blocks, at the base's sample rate.
        path: Where it is from.
        base: Gives the embeddings.
        window_s: Seconds in a window.
        hop_s: Seconds between the starts of two windows.

    Raises:
        MediaError: There is no sound.
    """
    rate = base.sample_rate
    window_length, hop_length = round(window_s * rate), max(1, round(hop_s * rate))
    rows, levels = [], []
    for segment in segments(sound, window_length, hop_length):
        rows.append(base.embed(segment, window_length, hop_length))
        views = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        levels.append(np.square(views).mean(axis=1))
    if not rows:
        raise MediaError("has no sound", path=path)
    level = np.concatenate(levels)
    loud: Any = level >= level.max() * 10 ** (-_QUIET_DB / 10)
    embeddings: Floats = np.concatenate(rows)[loud]
    return embeddings


def _left_out(windows: _Windows, targets: Floats, groups: Sequence[int]) -> Floats:
    """Mean scores of each clip by heads that never heard it, ``[n_clips, n_labels]``."""
    fold = _folds(targets, groups)
    means = np.full(targets.shape, np.nan, np.float32)
    for number in range(_N_FOLDS):
        test = (fold == number)[windows.clip]
        if test.all() or not test.any():
            continue
        weight, bias = _fit(windows.embeddings[~test], targets[windows.clip[~test]])
        scores = _sigmoid(windows.embeddings[test] @ weight + bias)
        for clip in np.flatnonzero(fold == number):
            means[clip] = scores[windows.clip[test] == clip].mean(axis=0)
    return means


def _folds(targets: Floats, groups: Sequence[int]) -> npt.NDArray[np.int64]:
    """A fold for each clip, the same within a group, the groups of every label spread evenly."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    fold = np.zeros(len(first), np.int64)
    order = np.lexsort((first, targets[first].argmax(axis=1)))
    fold[order] = np.arange(len(first)) % _N_FOLDS
    folds: npt.NDArray[np.int64] = fold[group]
    return folds


def _fit(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Logistic regressions, one a label, on standardised embeddings, by Adam on all windows.

    loss = mean BCE(x w + b, y) + decay |w|^2
    """
    mean, scale = x.mean(axis=0), x.std(axis=0) + np.float32(1e-3)
    z = (x - mean) / scale
    weight = np.zeros((x.shape[1], y.shape[1]), np.float32)
    bias = np.full(y.shape[1], -2.0, np.float32)
    parameters = [weight, bias]
    first = [np.zeros_like(p) for p in parameters]
    second = [np.zeros_like(p) for p in parameters]
    for step in range(1, _N_STEPS + 1):
        error = (_sigmoid(z @ weight + bias) - y) / np.float32(len(z))
        gradients = (z.T @ error + _DECAY * weight, error.sum(axis=0))
        for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
            m += 0.1 * (g - m)
            v += 0.01 * (g * g - v)
            corrected = np.sqrt(v / (1 - 0.99**step)) + 1e-8
            p -= np.float32(_LEARNING_RATE / (1 - 0.9**step)) * m / corrected
    unscaled: Floats = weight / scale[:, None]
    shifted: Floats = (bias - mean @ unscaled).astype(np.float32)
    return unscaled, shifted


def _sigmoid(x: Floats) -> Floats:
    y: Floats = (1 / (1 + np.exp(-np.clip(x, -60, 60)))).astype(np.float32)
    return y
