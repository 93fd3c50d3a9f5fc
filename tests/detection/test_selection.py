import numpy as np
import pytest

from overlay.detection.selection import centered_average, moving_average, select
from overlay.settings import PanelSettings
from overlay.track import TagTrack
from overlay.vocabulary.labels import audioset_labels


def _track(scores, hop_s=0.3):
    scores = np.asarray(scores, np.float32)
    labels = tuple(f"label {i}" for i in range(scores.shape[1]))
    return TagTrack(scores, labels, 2.0, hop_s, len(scores) * hop_s)


def test_the_trailing_mean_is_the_reference_demos():
    scores = np.random.default_rng(0).random((12, 3), np.float32)
    expected = [scores[max(0, i - 4) : i + 1].mean(axis=0) for i in range(12)]
    np.testing.assert_allclose(moving_average(scores, 5), expected, atol=1e-6)


def test_the_centered_mean_looks_both_ways():
    impulse = np.zeros((9, 1), np.float32)
    impulse[4] = 1
    np.testing.assert_allclose(
        centered_average(impulse, 3)[:, 0], [0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0], atol=1e-7
    )


@pytest.mark.parametrize("mean", [moving_average, centered_average])
@pytest.mark.parametrize("size", [1, 2, 5, 50])
def test_a_constant_stays_constant_and_one_hop_changes_nothing(mean, size):
    constant = np.full((7, 2), 0.25, np.float32)
    np.testing.assert_array_equal(mean(constant, size), constant)
    scores = np.random.default_rng(1).random((7, 2), np.float32)
    np.testing.assert_allclose(mean(scores, 1), scores, atol=1e-7)
    with pytest.raises(ValueError, match="at least 1"):
        mean(scores, 0)


def test_selection_keeps_the_best_above_the_threshold():
    track = _track([[0.1, 0.9, 0.5], [0.8, 0.2, 0.04]])
    settings = PanelSettings(top_k=2, threshold=0.15, smoothing="none")
    assert select(track, settings).classes.tolist() == [[1, 2], [0, 1]]
    high = PanelSettings(top_k=5, threshold=0.85, smoothing="none")
    assert select(track, high).classes.tolist() == [[1, -1, -1], [-1, -1, -1]]


def _audioset_track(**scores):
    labels = audioset_labels()
    row = np.zeros((1, len(labels)), np.float32)
    for label, score in scores.items():
        row[0, labels.index(label)] = score
    return TagTrack(row, labels, 2.0, 0.3, 0.3)


def _shown(track, **options):
    timeline = select(track, PanelSettings(smoothing="none", **options))
    return [timeline.labels[index] for index in timeline.classes[0] if index >= 0]


def test_the_panel_shows_the_most_specific():
    track = _audioset_track(Animal=0.6, Cat=0.5, Meow=0.4, Music=0.3)
    assert _shown(track) == ["Meow", "Music"]
    assert _shown(track, collapse=False) == ["Animal", "Cat", "Meow", "Music"]


def test_a_general_tag_stays_where_no_specific_one_is_near_it():
    assert _shown(_audioset_track(Animal=0.6, Cat=0.2)) == ["Animal", "Cat"]
    assert _shown(_audioset_track(Animal=0.06, Cat=0.04)) == ["Animal"]


def test_labels_of_ones_own_have_no_kinds():
    assert _shown(_track([[0.6, 0.5]])) == ["label 0", "label 1"]
