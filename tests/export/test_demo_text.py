import numpy as np
import pytest

from overlay.errors import LabelError, TrackError
from overlay.export.demo_text import write_text

LABELS = ("Cat", "Animal", "Meow")


@pytest.fixture
def tagging_file(tmp_path):
    path = tmp_path / "audioset_tagging_sr_44100.npz"
    scores = np.array([[0.9, 0.5, 0.1], [0.1, 0.2, 0.6]], np.float32)
    np.savez(path, time=np.array([0.0, 0.5]), scores=scores)
    return path


def test_the_format_is_the_reference_demos(tagging_file, tmp_path):
    """A time, k lines, an empty line; scores as Python prints the float32's value."""
    path = write_text(tagging_file, LABELS, tmp_path / "out", top_k=2, smooth_size=None)
    assert path.name == "audioset_tagging_sr_44100.txt"
    assert path.read_text() == (
        "0.0\nCat: 0.8999999761581421\nAnimal: 0.5\n\n"
        "0.5\nMeow: 0.6000000238418579\nAnimal: 0.20000000298023224\n\n"
    )


def test_smoothing_is_trailing(tagging_file, tmp_path):
    text = write_text(tagging_file, LABELS, tmp_path, top_k=1, smooth_size=5).read_text()
    assert text.splitlines()[0:2] == ["0.0", "Cat: 0.8999999761581421"]
    assert text.splitlines()[3] == "0.5"
    assert text.splitlines()[4].startswith("Cat: 0.5")


def test_labels_must_fit(tagging_file, tmp_path):
    with pytest.raises(LabelError, match="3 classes, but 2 labels"):
        write_text(tagging_file, LABELS[:2], tmp_path)


def test_an_npz_of_something_else_is_said(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, time=np.zeros(3), scores=np.zeros((2, 3)))
    with pytest.raises(TrackError, match=r"x\.npz"):
        write_text(path, LABELS, tmp_path)
