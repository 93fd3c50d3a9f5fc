"""From a training checkpoint to the file that ships: half precision, no pickle.

    python -m overlay.training.checkpoint_export WORK_FOLDER TARGET.npz

Prints the sha256 for ``overlay.tagging.weights``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.tagging.weights.checkpoint import read_arrays
from overlay.tagging.weights.published import sha256
from overlay.training.recordings import held_back
from overlay.training.scenes import weights_of
from overlay.training.sound_bank import Sounds
from overlay.training.teacher_scores import lessons_of, taught

PRIOR_WEIGHT = 0.3
"""How much a frequent class is held back; see ``evened``."""


def export(
    checkpoint: Path, target: Path, prior: npt.NDArray[np.float64] | None = None
) -> str:  # fmt: skip
    """Write the npz; returns its sha256.

    Args:
        checkpoint: Of ``distill``.
        target: The npz.
        prior: Mean score of each class where the student learnt; ``None`` holds nothing back.

    Raises:
        CheckpointError: The checkpoint cannot be read.
    """
    arrays = read_arrays(checkpoint)
    kept = {name: array for name, array in arrays.items() if "num_batches" not in name}
    if prior is not None:
        kept["output.bias"] = evened(kept["output.bias"], prior)
    half: dict[str, Any] = {name: array.astype(np.float16) for name, array in kept.items()}
    np.savez_compressed(target, **half)
    return sha256(target)


def evened(
    bias: npt.NDArray[np.floating[Any]],
    prior: npt.NDArray[np.float64],
    weight: float = PRIOR_WEIGHT,
) -> npt.NDArray[np.floating[Any]]:
    """Biases that make up for what a student does with a sound it does not know.

    It then answers with what is frequent, so "Animal" comes before "Dog". A part of the classes'
    logarithmic frequency is taken off:

        bias[c] -= weight ln(prior[c] / mean(prior))

    Source:
        Menon et al., "Long-tail learning via logit adjustment", arXiv:2007.07314.
    """
    adjusted: npt.NDArray[np.floating[Any]] = bias - weight * np.log(prior / prior.mean())
    return adjusted


def mean_scores(work: Path) -> npt.NDArray[np.float64]:
    """Mean score of each class over the lessons, as often as they are drawn."""
    clips = Sounds.of_folders((), work).clips
    lessons = lessons_of(taught(work), clips)[~np.array(held_back(clips))]
    mean: npt.NDArray[np.float64] = np.average(lessons, axis=0, weights=weights_of(lessons))
    return mean


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    print(export(folder / "student.pt", Path(sys.argv[2]), mean_scores(folder)))
