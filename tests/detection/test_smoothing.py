import numpy as np
import pytest

from overlay.detection.smoothing import centered_average, moving_average, smooth_pieces


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


def test_no_mean_reaches_over_a_gap():
    scores = np.array([[0.0], [0.0], [0.9], [0.9]], np.float32)
    times = np.array([1.0, 1.3, 9.0, 9.3])
    smoothed = smooth_pieces(scores, times, 0.3, "centered", 3)
    np.testing.assert_allclose(smoothed, scores, atol=1e-6)
    assert smooth_pieces(scores, 1 + 0.3 * np.arange(4), 0.3, "centered", 3)[1, 0] > 0.2
    np.testing.assert_array_equal(smooth_pieces(scores, times, 0.3, "none", 3), scores)
