"""From a training checkpoint to the file that ships: Paddle's names and layout, half precision.

    python -m overlay.training.export WORK_FOLDER TARGET.npz

Prints the sha256 for ``overlay.tagging.weights.published``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.settings import TaggingSettings
from overlay.tagging.engines.paddle import PaddleEngine
from overlay.tagging.networks.student import Student
from overlay.tagging.registry import load_network
from overlay.tagging.weights.checkpoint import read_arrays
from overlay.tagging.weights.loading import in_paddle_layout
from overlay.tagging.weights.published import sha256
from overlay.training.bank import Bank
from overlay.training.mixing import N_WINDOWS, Mixer, windows_of

PRIOR_WEIGHT = 0.1
"""How much a frequent class is held back; see ``held_back``."""
_N_BATCHES, _BATCH = 200, 16


def export(
    checkpoint: Path, target: Path, prior: npt.NDArray[np.float64] | None = None
) -> str:  # fmt: skip
    """Write the npz; returns its sha256.

    Args:
        checkpoint: Of ``distill``.
        target: The npz.
        prior: Mean score of each class where the student learnt; ``None`` holds nothing back.

    Raises:
        CheckpointError: The checkpoint is not one of the student's.
    """
    arrays = in_paddle_layout(read_arrays(checkpoint), Student())
    if prior is not None:
        arrays["output.bias"] = held_back(arrays["output.bias"], prior)
    half: dict[str, Any] = {name: array.astype(np.float16) for name, array in arrays.items()}
    np.savez_compressed(target, **half)
    return sha256(target)


def held_back(
    bias: npt.NDArray[np.floating[Any]], prior: npt.NDArray[np.float64]
) -> npt.NDArray[np.floating[Any]]:
    """Biases that make up for what a student does with a sound it does not know.

    It then answers with what is frequent, so "Animal" comes before "Dog". As little of the
    classes' logarithmic frequency is taken off as agrees best with the teacher on sound that the
    student never heard:

        bias[c] -= 0.1 ln(prior[c] / mean(prior))

    Source:
        Menon et al., "Long-tail learning via logit adjustment", arXiv:2007.07314.
    """
    adjusted: npt.NDArray[np.floating[Any]] = bias - PRIOR_WEIGHT * np.log(prior / prior.mean())
    return adjusted


def mean_scores(work: Path, seed: int = 0, teacher: str = "mn04") -> npt.NDArray[np.float64]:
    """The teacher's mean score of each class over windows as the student gets them."""
    mixer = Mixer(Bank.of_folders((), work / "bank.npz"), seed)
    tagger = load_network(TaggingSettings(model=teacher))
    scores_of = PaddleEngine(tagger.job, "cpu").scores_of
    total = np.zeros(len(tagger.labels))
    for _ in range(_N_BATCHES):
        total += scores_of(windows_of(mixer.batch(_BATCH))).astype(np.float64).sum(axis=0)
    return total / (_N_BATCHES * _BATCH * N_WINDOWS)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    print(export(folder / "student.pt", Path(sys.argv[2]), mean_scores(folder)))
