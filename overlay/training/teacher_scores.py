"""What is heard in each training clip: the teacher's scores of the whole clip, of several views.

    python -m overlay.training.teacher_scores WORK_FOLDER [--teacher NAME] [--weights FILE]

The teacher hears the clip as it is, faster and slower, over and over until 2.5, 5, 7.5 or 10 s are
full, and short clips also once with silence after them. The lesson is the mean over these views,
half of it from the clip as it is. For a clip of ESC-50 the label that came with the recording
corrects the teacher.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from overlay.settings import TaggingSettings
from overlay.tagging.engines.paddle import PaddleEngine
from overlay.tagging.registry import load_network
from overlay.training.recordings import true_classes
from overlay.training.sound_bank import FLOOR, N_BANDS, TAKES, Clip, Sounds
from overlay.vocabulary.audioset import audioset_labels

Floats = npt.NDArray[np.float32]
Half = npt.NDArray[np.float16]

_BUCKET = 250
"""The teacher hears multiples of this many frames: each new length costs it a second."""
_BATCH = 16
_HEARD_TAKES = (0, TAKES.index("faster"), TAKES.index("slower"))
_OWN_SHARE = 0.5
_TRUE_SCORE, _OTHERS = 0.8, 0.6


def views(sounds: Sounds, clip: int) -> list[Half]:
    """Logarithms of mel power, each ``[n_frames, 128]``: as it is, changed, and perhaps once."""
    rows = []
    for take in _HEARD_TAKES:
        whole = sounds.take(clip, take)
        length = -(-min(len(whole), 4 * _BUCKET) // _BUCKET) * _BUCKET
        rows.append(whole[np.arange(length) % len(whole)])
    own = sounds.take(clip, 0)
    if len(own) < _BUCKET:
        once = np.full((2 * _BUCKET, N_BANDS), np.log(FLOOR), np.float16)
        once[: len(own)] = own
        rows.append(once)
    return rows


def taught(work: Path, teacher: str = "mn04", weights: str | None = None) -> Floats:
    """The teacher's scores, ``[n_clips, n_views, n_classes]``, kept in ``scores.npy``.

    The last view of a clip that is not short is its first.

    Args:
        work: Folder with the sound.
        teacher: Name of its network.
        weights: Its file; ``None`` for the one it is published with.
    """
    path = work / "scores.npy"
    if not path.exists():
        sounds = Sounds.of_folders((), work)
        n_views = len(_HEARD_TAKES) + 1
        scores = np.zeros((len(sounds.clips), n_views, len(audioset_labels())), np.float16)
        settings = TaggingSettings(model=teacher, weights=weights, threads=1)
        engine = PaddleEngine(load_network(settings).job, "cpu")
        waiting: dict[int, list[tuple[int, int, Half]]] = defaultdict(list)
        for clip in range(len(sounds.clips)):
            for number, view in enumerate(views(sounds, clip)):
                rows = waiting[len(view)]
                rows.append((clip, number, view))
                if len(rows) == _BATCH:
                    _hear(engine, rows, scores)
        for rows in waiting.values():
            if rows:
                _hear(engine, rows, scores)
        same = ~scores[:, -1].any(axis=1)
        scores[same, -1] = scores[same, 0]
        part = path.with_suffix(".part.npy")
        np.save(part, scores)
        part.replace(path)
    heard: Floats = np.load(path).astype(np.float32)
    return heard


def _hear(engine: PaddleEngine, rows: list[tuple[int, int, Half]], scores: Half) -> None:
    logarithms = np.stack([view for _, _, view in rows]).astype(np.float32)
    features = ((logarithms + np.float32(4.5)) / np.float32(5)).transpose(0, 2, 1)[:, None]
    heard = engine.scores_of(np.ascontiguousarray(features))
    for (clip, number, _), row in zip(rows, heard, strict=True):
        scores[clip, number] = row
    rows.clear()


def lessons_of(scores: Floats, clips: Sequence[Clip]) -> Floats:
    """One lesson for each clip, ``[n_clips, n_classes]``.

    Args:
        scores: Of ``taught``.
        clips: Where they came from.
    """
    own, changed = (scores[:, 0] + scores[:, -1]) / 2, scores[:, 1:-1].mean(axis=1)
    lessons: Floats = _OWN_SHARE * own + (1 - _OWN_SHARE) * changed
    for lesson, clip in zip(lessons, clips, strict=True):
        right = [audioset_labels().index(name) for name in true_classes(clip)]
        if right:
            best = right[int(lesson[right].argmax())]
            wrong = np.setdiff1d(np.flatnonzero(lesson > lesson[best]), right)
            lesson[wrong] *= _OTHERS
            lesson[best] = max(lesson[best], _TRUE_SCORE)
    return lessons


def main() -> None:
    """Read the command line and let the teacher hear everything."""
    parser = argparse.ArgumentParser(description="Let the teacher hear all training clips.")
    parser.add_argument("work", type=Path, help="folder with the sound")
    parser.add_argument("--teacher", default="mn04")
    parser.add_argument("--weights", help="the teacher's weights")
    args = parser.parse_args()
    taught(args.work, args.teacher, args.weights)


if __name__ == "__main__":
    main()
