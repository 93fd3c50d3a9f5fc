"""Scores are steady while a sound lasts, and change at once where another begins."""

import numpy as np
import pytest
from detection.hearing import plain, settings

from overlay.datatypes import TagEvent
from overlay.detection import detect
from overlay.detection.edge_alignment import aligned
from overlay.detection.edge_preserving import borders, own_borders, steadied

HOP_S = 0.24


def two_sounds(noise=0.0, n=40):
    """One sound, then another, scored with some noise; ``[2 n, 6]``."""
    scores = np.full((2 * n, 6), 0.02, np.float32)
    scores[:n, 1] = scores[n:, 4] = 0.6
    random = np.random.default_rng(0).normal(0, noise, scores.shape)
    return np.clip(scores + random, 0, 1).astype(np.float32)


def times(n):
    return (np.arange(n) + 0.5) * HOP_S


def test_a_border_is_where_what_is_heard_changes():
    found = borders(two_sounds(0.02), HOP_S)
    assert np.flatnonzero(found).tolist() == [40]
    assert found[40] > 0.6


def test_noise_goes_and_the_border_stays_sharp():
    clean, noisy = two_sounds(), two_sounds(0.1)
    made = steadied(noisy, times(80), HOP_S)
    assert np.abs(made - clean).mean() < 0.6 * np.abs(noisy - clean).mean()
    assert made[38:40, 1].min() > 0.4
    assert made[40:42, 1].max() < 0.2


def beside(hop_s, floor=0.004, n_classes=200):
    """A sound from second 8 to 14 beside one that goes on, and many that are hardly there."""
    n = round(24 / hop_s)
    at = hop_s * (np.arange(n) + 0.5)
    scores = np.full((n, n_classes), floor, np.float32)
    scores[:, 3] = 0.8
    scores[(at >= 8) & (at < 14), 7] = 0.6
    return scores, at


@pytest.mark.parametrize("hop_s", [0.04, 0.1, 0.24, 0.3, 0.5])
@pytest.mark.parametrize("floor", [0.0, 0.004, 0.03])
def test_a_sound_beside_another_keeps_its_borders_whatever_the_hop(hop_s, floor):
    scores, at = beside(hop_s, floor)
    made = steadied(scores, at, hop_s)
    assert borders(scores, hop_s).max() == 0  # all together change too little
    assert np.flatnonzero(own_borders(scores, hop_s).max(axis=0)).tolist() == [7]
    np.testing.assert_allclose(made[:, 7], scores[:, 7], atol=0.06)
    np.testing.assert_allclose(made[:, 3], 0.8, atol=1e-5)


@pytest.mark.parametrize("hop_s", [0.04, 0.1, 0.24, 0.3, 0.5])
def test_events_begin_and_end_with_their_sound_whatever_the_hop(hop_s):
    scores, _ = beside(hop_s, n_classes=20)
    track = plain(scores.T, hop_s=hop_s, window_s=min(hop_s, 0.3))
    event = next(e for e in detect(track).events if e.index == 7)
    assert event.onset_s == pytest.approx(8, abs=hop_s + 0.05)
    assert event.offset_s == pytest.approx(14, abs=hop_s + 0.05)


@pytest.mark.parametrize("hop_s", [0.1, 0.3])
def test_the_mean_over_smeared_rows_is_as_long_whatever_the_hop(hop_s):
    n = round(12 / hop_s)
    one = np.zeros(n)
    one[n // 2] = 0.9
    spread = detect(plain([one], hop_s=hop_s, window_s=2.0)).timeline.scores[:, 0]
    assert np.count_nonzero(spread) * hop_s == pytest.approx(0.9)


def test_what_does_not_change_stays_and_all_stays_in_range():
    steady = np.full((30, 5), 0.4, np.float32)
    np.testing.assert_allclose(steadied(steady, times(30), HOP_S), steady, rtol=1e-5)
    wild = np.random.default_rng(1).uniform(0, 1, (50, 130)).astype(np.float32)
    made = steadied(wild, times(50), HOP_S)
    assert made.min() >= 0
    assert made.max() <= 1
    assert made.dtype == np.float32


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_rows_are_no_trouble(n):
    assert steadied(np.full((n, 4), 0.5, np.float32), times(n), HOP_S).shape == (n, 4)


def test_no_mean_reaches_over_a_gap():
    scores = np.zeros((20, 3), np.float32)
    scores[10:] = 0.9
    apart = np.concatenate([times(10), 60 + times(10)])
    np.testing.assert_allclose(steadied(scores, apart, HOP_S), scores, atol=1e-6)


def test_only_rows_that_speak_of_their_moment_are_made_steady():
    flicker = [[0.3, 0.6] * 20]
    sharp, smeared = (plain(flicker, hop_s=HOP_S, window_s=window) for window in (HOP_S, 2.0))
    none, made, left = (
        detect(track, settings(smoothing=how)).timeline.scores[10:30, 0]
        for track, how in ((sharp, "none"), (sharp, "centered"), (smeared, "centered"))
    )
    assert np.ptp(made) < np.ptp(left) < np.ptp(none)


def event(index, onset, offset, peak=0.5):
    return TagEvent(index, f"label {index}", onset, offset, peak, peak)


def spans(events):
    return [(e.onset_s, e.offset_s) for e in events]


def test_edges_that_lie_together_become_that_of_the_sound_heard_best():
    events = [event(0, 1.0, 5.0, 0.3), event(1, 1.2, 4.9, 0.9), event(2, 5.1, 8.0, 0.8)]
    assert spans(aligned(events)) == [(1.2, 5.0), (1.2, 5.0), (5.0, 8.0)]


def test_edges_that_lie_apart_stay():
    events = [event(0, 1.0, 5.0), event(1, 1.5, 5.6)]
    assert aligned(events) == events


def test_a_short_event_does_not_vanish():
    events = [event(0, 1.0, 1.2, 0.9), event(1, 1.1, 6.0, 0.9)]
    made = aligned(events)
    assert made[0] == events[0]
    assert made[1].offset_s == 6.0


def test_many_edges_close_to_each_other_do_not_pull_each_other_along():
    events = [event(n, 0.3 * n, 20.0 + n) for n in range(12)]
    pairs = zip(events, aligned(events), strict=True)
    moved = [abs(new.onset_s - old.onset_s) for old, new in pairs]
    assert max(moved) <= 0.56


def test_no_events_are_none():
    assert aligned([]) == []
