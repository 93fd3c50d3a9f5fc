"""From a training checkpoint to the file that ships: Paddle's names and layout, half precision.

python -m overlay.training.export WORK_FOLDER/student.pt TARGET.npz
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from overlay.tagging.checkpoint import read_arrays
from overlay.tagging.loading import in_paddle_layout
from overlay.tagging.student import Student
from overlay.tagging.weights import sha256


def export(checkpoint: Path, target: Path) -> str:
    """Write the npz; returns its sha256.

    Raises:
        CheckpointError: The checkpoint is not one of the student's.
    """
    arrays = in_paddle_layout(read_arrays(checkpoint), Student())
    half: dict[str, Any] = {name: array.astype(np.float16) for name, array in arrays.items()}
    np.savez_compressed(target, **half)
    return sha256(target)


if __name__ == "__main__":
    print(export(Path(sys.argv[1]), Path(sys.argv[2])))
