"""How often a score is right: a table from clips that were held back from the training.

    python -m overlay.training.calibration WEIGHTS.npz WORK_FOLDER TARGET.csv

Moments of the held-back clips alone, by family of the class and by score. What is right is the
label of the recording with all that it is a kind of, or, for clips without one, the teacher's score
of the whole clip taken as a probability.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from overlay.tagging.networks.builtin import STEP_FRAMES, MomentNet
from overlay.training.measure import audible
from overlay.training.recordings import held_back, true_classes
from overlay.training.sound_bank import Sounds
from overlay.training.teacher_scores import lessons_of, taught
from overlay.vocabulary.audioset import audioset

Floats = npt.NDArray[np.float32]

EDGES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
"""Of the bins of scores."""


def tabulate(
    tagger: MomentNet, sounds: Sounds, lessons: Floats
) -> list[tuple[str, float, float, float, float]]:
    """Rows of family, lowest and mean score of the bin, share that is right, moments.

    Args:
        tagger: What is measured.
        sounds: The bank.
        lessons: ``[n_clips, n_classes]``.
    """
    families = np.array(audioset().families)
    sums: dict[tuple[str, int], npt.NDArray[np.float64]] = defaultdict(lambda: np.zeros(3))
    for clip in np.flatnonzero(held_back(sounds.clips)):
        logarithm = sounds.take(int(clip), 0).astype(np.float32)
        logarithm = logarithm[: len(logarithm) // STEP_FRAMES * STEP_FRAMES]
        features = (logarithm + np.float32(4.5)) / np.float32(5)
        scores = tagger(features[None])[0][0][audible(logarithm)]
        right = _right(true_classes(sounds.clips[clip]), lessons[clip])
        moments, classes = np.nonzero(scores >= EDGES[0])
        found = scores[moments, classes]
        for family, place, score, chance in zip(
            families[classes], np.digitize(found, EDGES) - 1, found, right[classes], strict=True
        ):
            sums[family, int(place)] += (score, chance, 1)
    return [
        (family, EDGES[place], total[0] / total[2], total[1] / total[2], total[2])
        for (family, place), total in sorted(sums.items())
    ]


def _right(names: tuple[str, ...], lesson: Floats) -> Floats:
    if not names:
        return lesson
    right = lesson * np.float32(0.5)  # beside what the label says, other sounds may be there
    for index in map(audioset().index_of, names):
        right[[index, *audioset().ancestors[index]]] = 1
    return right


def main(weights: Path, work: Path, target: Path) -> None:
    """Write the table."""
    sounds = Sounds.of_folders((), work)
    rows = tabulate(MomentNet(weights), sounds, lessons_of(taught(work), sounds.clips))
    with target.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["family", "from", "mean_score", "right", "moments"])
        for family, low, mean, right, n in rows:
            table.writerow([family, low, f"{mean:.3f}", f"{right:.3f}", f"{n:.0f}"])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
