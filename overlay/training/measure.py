"""The two measures of a tagger that hears frames, on timelines of clips whose sound is known.

Clips are joined with hard cuts. Of all moments in which a clip is audible (within 30 dB of its
loudest), the share with a right class at the first place, and among the first five.

    python -m overlay.training.measure WEIGHTS.npz FOLDER_WITH_LABELS_CSV [WORK_FOLDER]

measures a file that ``export`` wrote; with the work folder of a training, on its held-back clips,
too.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from overlay.tagging.frontends import MelFrontEnd
from overlay.tagging.networks.builtin import STEP_FRAMES, STRETCH_FRAMES, MomentNet
from overlay.training.recordings import held_back, recording, true_classes
from overlay.training.sound_bank import FLOOR, Sounds, decoded
from overlay.vocabulary.audioset import audioset_labels

Floats = npt.NDArray[np.float32]
Scorer = Callable[[Floats], Floats]
"""From log-mel features ``[n_frames, 128]`` to scores ``[n_moments, n_classes]``."""

_QUIET_DB = 30.0
_LONGEST = 500
_SURE = 0.3


@dataclass(frozen=True, eq=False)
class Timeline:
    """Clips end to end."""

    features: Floats
    """``[n_frames, 128]``."""
    clip: npt.NDArray[np.int64]
    """Which clip a moment is of, -1 where it is not audible, ``[n_moments]``."""
    right: npt.NDArray[np.bool_]
    """``[n_clips, n_classes]``."""

    @classmethod
    def of_clips(cls, clips: Sequence[Floats], right: npt.NDArray[np.bool_]) -> Timeline:
        """Join logarithms of mel power, each ``[n_frames, 128]``, the first 5 s of each."""
        cut = [clip[: min(len(clip), _LONGEST) // STEP_FRAMES * STEP_FRAMES] for clip in clips]
        owner = []
        for number, clip in enumerate(cut):
            owner.append(np.where(audible(clip), number, -1))
        features = (np.concatenate(cut).astype(np.float32) + np.float32(4.5)) / np.float32(5)
        return cls(features, np.concatenate(owner), right)

    def measured(self, scorer: Scorer) -> tuple[float, float]:
        """Shares of audible moments: right at the first place, right among the first five."""
        on = self.clip >= 0
        order = np.argsort(-scorer(self.features)[: len(self.clip)][on], axis=1)[:, :5]
        hits = self.right[self.clip[on][:, None], order]
        return float(hits[:, 0].mean()), float(hits.any(axis=1).mean())


def audible(logarithm: Floats) -> npt.NDArray[np.bool_]:
    """In which moments a clip is heard, ``[n_frames / 8]``: within 30 dB of its loudest frame.

    Args:
        logarithm: Of mel power, ``[n_frames, 128]``, a multiple of 8 frames.
    """
    level = np.exp(logarithm.astype(np.float32)).sum(axis=1)
    loud = level > level.max() * 10 ** (-_QUIET_DB / 10)
    heard: npt.NDArray[np.bool_] = loud.reshape(-1, STEP_FRAMES).mean(axis=1) >= 0.5
    return heard


def labelled_timelines(folder: Path, seeds: Sequence[int] = (0, 1)) -> list[Timeline]:
    """Of a folder with ``labels.csv``: columns file, strict_labels, lenient_extra_labels."""
    front_end = MelFrontEnd()
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    powers = [front_end.power(decoded(folder / row["file"])[None])[0] for row in rows]
    clips = [np.log(power + np.float32(FLOOR)) for power in powers]
    names = [f"{row['strict_labels']};{row['lenient_extra_labels']}".split(";") for row in rows]
    right = np.array([[label in own for label in audioset_labels()] for own in names])
    orders = [np.random.default_rng(seed).permutation(len(clips)) for seed in seeds]
    return [Timeline.of_clips([clips[i] for i in order], right[order]) for order in orders]


def held_back_timelines(
    sounds: Sounds, lessons: Floats, chosen: npt.NDArray[np.int64]
) -> dict[str, Timeline]:
    """Timelines of clips that are never trained on.

    ``recordings`` has one clip of each recording of ESC-50, by its label; ``repositories`` the
    other clips in which the teacher is sure of something, by what it is sure of.

    Args:
        sounds: The bank.
        lessons: ``[n_clips, n_classes]``.
        chosen: The clips that are held back.
    """
    labelled: dict[str, int] = {}
    others = []
    for clip in chosen:
        name = recording(sounds.clips[clip])
        if name is None and lessons[clip].max() > _SURE:
            others.append(int(clip))
        elif name is not None and true_classes(sounds.clips[clip]):
            labelled.setdefault(name, int(clip))
    groups = {"recordings": list(labelled.values()), "repositories": others}
    timelines = {}
    for group, members in groups.items():
        if members:
            own = [set(true_classes(sounds.clips[clip])) for clip in members]
            right = np.array([[label in names for label in audioset_labels()] for names in own])
            right |= (group == "repositories") & (lessons[members] > _SURE)
            clips = [sounds.take(clip, 0).astype(np.float32) for clip in members]
            order = np.random.default_rng(0).permutation(len(members))
            timelines[group] = Timeline.of_clips([clips[i] for i in order], right[order])
    return timelines


def in_stretches(
    net: Callable[[Floats], Floats], features: Floats, overlap: int = 25
) -> Floats:  # fmt: skip
    """Scores of a long sound from stretches of ten seconds that overlap and are blended.

    Args:
        net: From ``[1, n_frames, 128]`` to ``[1, n_frames / 8, n_classes]``.
        features: ``[n_frames, 128]``; the length is cut to a multiple of 8.
        overlap: Moments that two stretches share; weights fall and rise linearly there.
    """
    n_moments, size = len(features) // STEP_FRAMES, STRETCH_FRAMES // STEP_FRAMES
    last = max(0, n_moments - size)
    starts = sorted({*range(0, last, size - overlap), last})
    total: Floats | None = None
    weights = np.zeros((n_moments, 1), np.float32)
    for start in starts:
        end = min(n_moments, start + size)
        scores = net(features[None, start * STEP_FRAMES : end * STEP_FRAMES])[0]
        places = np.arange(end - start) + 1.0
        weight = np.minimum(np.minimum(places, places[::-1]), overlap)[:, None].astype(np.float32)
        if total is None:
            total = np.zeros((n_moments, scores.shape[1]), np.float32)
        total[start:end] += weight * scores
        weights[start:end] += weight
    return np.zeros((0, 0), np.float32) if total is None else total / weights


def main(weights: Path, labelled: Path, work: Path | None) -> None:
    """Print both measures of each group of timelines, and how fast the network is."""
    from overlay.training.teacher_scores import lessons_of, taught

    tagger = MomentNet(weights)
    groups = {"labelled": labelled_timelines(labelled, range(5))}
    if work is not None:
        sounds = Sounds.of_folders((), work)
        lessons = lessons_of(taught(work), sounds.clips)
        chosen = np.flatnonzero(held_back(sounds.clips))
        for name, line in held_back_timelines(sounds, lessons, chosen).items():
            groups[name] = [line]
    for name, group in groups.items():
        begin = time.perf_counter()
        rows = np.array(
            [line.measured(lambda x: in_stretches(lambda y: tagger(y)[0], x)) for line in group]
        )
        speed = sum(len(line.features) for line in group) / 100 / (time.perf_counter() - begin)
        first, five = 100 * rows.mean(axis=0)
        print(f"{name}: {first:.1f} / {five:.1f}; {speed:.0f} times real time without mel")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
