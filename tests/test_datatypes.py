import pickle
import zipfile

import numpy as np
import pytest

from overlay.errors import TrackError
from overlay.track import TagTrack

LABELS = ("Dog", "猫", "a, b")


def _track():
    scores = np.random.default_rng(0).random((10, 3), np.float32)
    return TagTrack(scores, LABELS, 2.0, 0.3, 4.1, "mn04", "ab" * 32)


def test_a_time_is_the_centre_of_its_window():
    np.testing.assert_allclose(_track().times[:3], [1.0, 1.3, 1.6])


def test_top_k_at_a_second_takes_the_nearest_centre():
    track = _track()
    best = track.top_k(2, at_s=1.4)
    assert [tag.index for tag in best] == np.argsort(-track.scores[1])[:2].tolist()
    assert best[0].score >= best[1].score
    assert track.top_k(99)[0].label in LABELS
    assert len(track.top_k(99)) == 3


def test_a_saved_track_comes_back_and_nothing_else_stays(tmp_path):
    path = _track().save(tmp_path / "x.npz")
    again = TagTrack.load(path)
    np.testing.assert_array_equal(again.scores, _track().scores)
    assert (again.labels, again.window_s, again.hop_s) == (LABELS, 2.0, 0.3)
    assert (again.model, again.model_hash, again.duration_s) == ("mn04", "ab" * 32, 4.1)
    assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]


def test_paddleaudios_script_can_read_it(tmp_path):
    path = _track().save(tmp_path / "x.npz")
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_allclose(file["time"], np.arange(10) * 0.3 / 4.1)
        assert file["scores"].shape == (10, 3)


def test_paddleaudios_npz_can_be_drawn(tmp_path):
    path = tmp_path / "audioset_tagging_sr_44100.npz"
    np.savez(path, time=np.arange(0, 1, 0.03), scores=np.zeros((34, 3), np.float32))
    track = TagTrack.load(path, labels=LABELS, duration_s=10)
    assert track.hop_s == pytest.approx(0.3)
    with pytest.raises(TrackError, match="length"):
        TagTrack.load(path, labels=LABELS)


class _Evil:
    def __reduce__(self):
        return print, ("pickle was executed",)


def test_what_is_no_track_is_said_and_no_pickle_runs(tmp_path, capsys):
    text = tmp_path / "text.npz"
    text.write_text("hello")
    evil = tmp_path / "evil.npz"
    evil.write_bytes(pickle.dumps(_Evil()))
    objects = tmp_path / "objects.npz"
    np.savez(objects, scores=np.array([_Evil()], dtype=object))
    other = tmp_path / "other.npz"
    np.savez(other, something=np.zeros(3))
    archive = tmp_path / "archive.npz"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("scores.npy", b"not an array")
    shape = tmp_path / "shape.npz"
    np.savez(
        shape, scores=np.zeros((2, 2, 2)), labels=np.array(["a"]), hop_s=1, window_s=1, duration_s=1
    )
    for path in (text, evil, objects, other, archive, shape, tmp_path, tmp_path / "missing.npz"):
        with pytest.raises(TrackError, match=str(path)):
            TagTrack.load(path)
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "scores", [np.zeros(3), np.zeros((2, 4)), np.full((2, 3), 1.5), np.full((2, 3), np.nan)]
)
def test_wrong_scores_are_a_programmers_mistake(scores):
    with pytest.raises(ValueError, match="scores"):
        TagTrack(scores, LABELS, 2.0, 0.3, 4.1)
