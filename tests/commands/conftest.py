"""A clip and its scores, for commands that need no model."""

import numpy as np
import pytest

from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset_labels


@pytest.fixture
def clip(make_clip, tmp_path):
    """Two seconds of picture and sound."""
    made = make_clip(
        "bird.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x240:d=2", "-f", "lavfi", "-i",
        "sine=d=2:f=3000", "-c:a", "aac", "-preset", "ultrafast",
    )  # fmt: skip
    path = tmp_path / "bird.mp4"
    path.write_bytes(made.read_bytes())
    return path


@pytest.fixture
def npz(tmp_path):
    """Saved scores."""
    scores = np.random.default_rng(0).random((7, 527), np.float32)
    return TagTrack(scores, audioset_labels(), 2.0, 0.3, 2.0, "mn04").save(tmp_path / "t.npz")
