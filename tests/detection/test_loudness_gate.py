"""What is quiet beside what is loud nearby scores next to nothing."""

import numpy as np
import pytest
from detection.hearing import HOP_S, WINDOW_S, heard, index

from overlay.detection import detect
from overlay.detection.detect import QUIET
from overlay.detection.loudness_gate import Gate
from overlay.track import TagTrack

FRAMES_HZ = 50


def of_levels(levels):
    """A dog for as long as the levels last, dB."""
    n = len(levels)
    scores = np.full((int(n / FRAMES_HZ / HOP_S), 527), 0.01, np.float32)
    scores[:, index("Dog")] = 0.8
    rows = np.repeat(np.asarray(levels, np.float16)[:, None], 8, axis=1)
    return TagTrack(scores, heard([]).labels, WINDOW_S, HOP_S, n / FRAMES_HZ, levels=rows)


def with_dip(length_s, depth_db, seconds=12.0, at_s=6.0):
    levels = np.full(round(seconds * FRAMES_HZ), 10.0)
    levels[round(at_s * FRAMES_HZ) : round((at_s + length_s) * FRAMES_HZ)] -= depth_db
    return of_levels(levels)


@pytest.mark.parametrize(
    ("length_s", "depth_db", "is_quiet"), [(1.0, 35, True), (1.0, 20, False), (0.1, 35, False)]
)
def test_a_moment_is_quiet_if_it_is_long_and_far_below_what_is_around(length_s, depth_db, is_quiet):
    gate = Gate.of(with_dip(length_s, depth_db))
    assert gate.quiet(np.array([6.0 + length_s / 2])).tolist() == [is_quiet]
    assert not gate.quiet(np.array([1.0, 5.5, 9.0])).any()


def test_a_tag_in_a_quiet_moment_stays_and_scores_next_to_nothing():
    detection = detect(with_dip(0.28, 35.0, at_s=5.92))
    assert [tag.label for tag in detection.shown(6.05)] == ["Dog"]
    assert detection.shown(6.05)[0].score == pytest.approx(QUIET)
    assert detection.shown(4.0)[0].score > 0.5
    assert len(detection.events) == 1


def test_a_quiet_scene_after_a_loud_one_is_heard_again():
    levels = np.full(20 * FRAMES_HZ, -25.0)
    levels[: 5 * FRAMES_HZ] = 20
    quiet = Gate.of(of_levels(levels)).quiet(np.array([4.0, 6.0, 12.0]))
    assert quiet.tolist() == [False, True, False]


def test_without_loudness_nothing_is_quiet():
    assert not Gate(np.empty(0, np.float32), np.empty(0)).quiet(np.array([0.0, 3.0])).any()
