"""Motion is a smooth function of the time that shows each hop exactly at its own time."""

import numpy as np
import pytest

from overlay.datatypes import TagTimeline
from overlay.drawing.animation import rows_at


def timeline(scores, k=3, hop_s=0.3):
    scores = np.asarray(scores, np.float32)
    classes = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
    shown = np.take_along_axis(scores, classes, 1) >= 0.05
    labels = tuple("abcdefgh"[: scores.shape[1]])
    times = 1 + hop_s * np.arange(len(scores))
    return TagTimeline(times, scores, np.where(shown, classes, -1), labels)


RISING = timeline([[0.8, 0.5, 0.2, 0.0], [0.6, 0.7, 0.2, 0.0], [0.6, 0.7, 0.0, 0.3]])


def at(t, line=RISING):
    return {row.index: row for row in rows_at(line, t, 3) if row.opacity > 0.02}


@pytest.mark.parametrize(("t", "hop"), [(1.0, 0), (1.3, 1), (1.6, 2), (-5.0, 0), (99.0, 2)])
def test_at_a_hops_time_the_hop_is_shown(t, hop):
    rows = at(t)
    expected = [i for i in RISING.classes[hop] if i >= 0]
    assert sorted(rows, key=lambda i: rows[i].rank) == expected
    for rank, index in enumerate(expected):
        row = rows[index]
        assert (row.rank, row.opacity) == (pytest.approx(rank, abs=1e-6), pytest.approx(1))
        assert row.score == pytest.approx(RISING.scores[hop, index], abs=1e-6)
        assert row.number == round(100 * float(RISING.scores[hop, index]))


def test_a_row_that_is_overtaken_slides_and_steps_back():
    rows = at(1.15)
    assert rows[0].rank == pytest.approx(0.5)
    assert rows[1].rank == pytest.approx(0.5)
    assert rows[0].opacity < 0.6 < rows[1].opacity == 1
    assert rows_at(RISING, 1.15, 3)[-1].index == 1  # drawn last: on top


def test_rows_fade_in_their_places():
    rows = at(1.45)
    assert rows[2].opacity == pytest.approx(0.5)
    assert rows[3].opacity == pytest.approx(0.5)
    assert rows[2].rank == rows[3].rank == 2


def test_nothing_jumps():
    rng = np.random.default_rng(0)
    line = timeline(rng.random((30, 6)) * 0.9)
    for t in np.arange(0.9, 10, 0.01):
        a, b = at(t, line), at(t + 0.01, line)
        for index in a.keys() & b.keys():
            assert abs(a[index].rank - b[index].rank) < 0.16
            assert abs(a[index].score - b[index].score) < 0.1
            assert abs(a[index].opacity - b[index].opacity) < 0.12
        for index in a.keys() ^ b.keys():
            assert (a.get(index) or b.get(index)).opacity < 0.12


def test_bars_never_overshoot_the_scores():
    line = timeline([[0.1], [0.1], [0.9], [0.9], [0.2]], k=1)
    scores = [at(t, line)[0].score for t in np.arange(1, 2.2, 0.01)]
    assert min(scores) >= 0.1 - 1e-6
    assert max(scores) <= 0.9 + 1e-6


def test_long_hops_hold_and_then_change_quickly():
    line = timeline([[0.8, 0.5], [0.5, 0.8]], k=2, hop_s=4)
    assert at(2.7, line)[0].rank == 0
    assert at(3.3, line)[0].rank == 1


def test_empty_and_single_hop_timelines():
    assert rows_at(timeline(np.zeros((0, 2))), 1.0, 3) == []
    assert at(5.0, timeline([[0.5, 0.2]]))[0].rank == 0
