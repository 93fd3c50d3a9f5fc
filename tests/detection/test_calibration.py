import numpy as np
import pytest
from detection.hearing import heard, settings

from overlay.detection import detect
from overlay.detection.calibration import calibrated, curves

SCORES = np.linspace(0, 1, 5001, dtype=np.float32)[:, None]


@pytest.mark.parametrize("tagger", ["mn04", "builtin"])
def test_the_maps_that_ship_rise_and_stay_in_range(tagger):
    made = calibrated(SCORES, tagger)
    assert made.dtype == np.float32
    assert made.min() == 0
    assert 0.9 <= made.max() <= 1
    assert (np.diff(made[:, 0]) >= 0).all()


@pytest.mark.parametrize("tagger", sorted(curves()))
def test_no_map_makes_two_scores_equal(tagger):
    scores, right = curves()[tagger]
    assert (np.diff(scores) > 0).all()
    assert (np.diff(right) > 0).all()


def test_what_was_not_measured_stays_as_it_is():
    assert calibrated(SCORES, "my own") is SCORES


def test_raw_scores_are_the_taggers_own():
    spans = [("Dog", 5, 9, 0.3)]
    ours = detect(heard(spans, model="mn04")).shown(7.0)[0].score
    raw = detect(heard(spans, model="mn04"), settings(raw=True)).shown(7.0)[0].score
    assert raw == pytest.approx(0.3, abs=0.01)
    assert ours == pytest.approx(float(calibrated(np.array([[0.3]], np.float32), "mn04")[0, 0]))
