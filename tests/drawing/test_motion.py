"""A steady list: what goes is gone before anything takes its place, and nothing blinks."""

from itertools import pairwise

import numpy as np
import pytest

from overlay.datatypes import TagTimeline
from overlay.drawing.interpolation import cut, pieces, straightened, value_at
from overlay.drawing.row_transitions import arranged

N_ROWS = 5


def timeline(scores, k=3, hop_s=0.3, times=None, threshold=0.05):
    scores = np.asarray(scores, np.float32)
    classes = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int32)
    shown = np.take_along_axis(scores, classes, 1) >= threshold
    labels = tuple(f"label {n}" for n in range(scores.shape[1]))
    times = 1 + hop_s * np.arange(len(scores)) if times is None else times
    return TagTimeline(times, scores, np.where(shown, classes, -1), labels)


def hard(seed, n_hops=80, hop_s=0.3, uneven=False, threshold=0.3):
    """Tags that come, go and overtake each other at nearly every hop, and fall silent."""
    rng = np.random.default_rng(seed)
    n = 9
    steps = np.cumsum(rng.normal(0, 0.2 * min(1, hop_s / 0.3) ** 0.5, (n_hops, n)), axis=0)
    scores = np.clip(0.25 + 0.7 * steps + rng.normal(0, 0.08, (n_hops, n)), 0, 1)
    silent = rng.random(n_hops) < 0.1
    scores[silent] = 0
    times = 1 + np.cumsum(rng.choice([0.05, 0.3, 0.3, 4.0], n_hops)) if uneven else None
    return timeline(scores, N_ROWS, hop_s, times, threshold)


HARD = [
    *(hard(seed) for seed in range(6)), hard(7, uneven=True), hard(8, uneven=True),
    hard(9, 500, 0.04), hard(10, 500, 0.04, threshold=0.5),
]  # fmt: skip


def frames(line, step=0.02):
    motion = arranged(line, N_ROWS)
    for t in np.arange(0.0, float(line.times[-1]) + 3, step):
        yield float(t), motion.at(float(t))


@pytest.mark.parametrize("line", HARD)
def test_no_two_rows_that_can_be_seen_are_closer_than_one_rank(line):
    for t, moment in frames(line):
        ranks = sorted(row.rank for row in moment.rows)
        assert all(b - a >= 1 - 1e-9 for a, b in pairwise(ranks)), t
        assert all(-1e-9 <= rank <= N_ROWS - 1 + 1e-9 for rank in ranks)
        assert len({row.index for row in moment.rows}) == len(ranks)


@pytest.mark.parametrize("line", HARD)
def test_rows_lie_on_the_card_and_none_of_it_is_empty_for_long(line):
    empty_since = None
    for t, moment in frames(line):
        for row in moment.rows:
            assert row.rank <= moment.height - 1 + 1e-6, t
            assert moment.plate > 0
        solid = sum(row.opacity > 0.02 for row in moment.rows)
        if moment.plate > 0.02 and solid < moment.height - 0.02:
            empty_since = t if empty_since is None else empty_since
            assert t - empty_since <= 0.5
        else:
            empty_since = None


@pytest.mark.parametrize("line", HARD)
def test_the_plate_comes_and_goes_at_most_once_a_second_and_not_for_its_rows(line):
    motion = arranged(line, N_ROWS)
    starts = [a[0] for a, b in pairwise(motion.plate) if a[1] != b[1]]
    assert all(b - a >= 1.0 for a, b in pairwise(starts))
    for t, moment in frames(line):
        if len(moment.rows) and max(row.opacity for row in moment.rows) < 1:
            inside = any(a[0] - 1e-6 <= t <= b[0] + 1e-6
                         for a, b in pairwise(motion.plate) if a[1] != b[1])  # fmt: skip
            assert inside or moment.plate == 1


@pytest.mark.parametrize("line", HARD)
def test_changes_are_over_before_the_next_begin(line):
    changes = arranged(line, N_ROWS).changes
    for a, b in pairwise(changes[1:]):
        assert b.start_s - a.end_s >= 0.1
        assert a.end_s - a.start_s <= 0.5
        assert a.tags != b.tags


@pytest.mark.parametrize("line", HARD)
def test_nothing_jumps(line):
    for (_, a), (t, b) in pairwise(frames(line, 0.01)):
        before, after = ({row.index: row for row in m.rows} for m in (a, b))
        for index in before.keys() & after.keys():
            p, q = before[index], after[index]
            assert abs(p.rank - q.rank) < 0.55, t
            assert abs(p.opacity - q.opacity) < 0.15, t
        for index in before.keys() ^ after.keys():
            row = before.get(index) or after.get(index)
            assert row.opacity < 0.15, t
        assert abs(a.plate - b.plate) < 0.15


@pytest.mark.parametrize("line", HARD)
def test_numbers_are_never_nought_and_stand_long_enough_to_be_read(line):
    seen = {}
    for t, moment in frames(line):
        rows = {row.index: row.number for row in moment.rows}
        assert all(1 <= number <= 100 for number in rows.values())
        for index, number in rows.items():
            before, since = seen.get(index, (number, -1.0))
            if number != before:
                assert t - since >= 0.1, t
                since = t
            seen[index] = number, since
        seen = {index: kept for index, kept in seen.items() if index in rows}


@pytest.mark.parametrize("line", HARD)
def test_a_settled_moment_has_nothing_half_done(line):
    motion = arranged(line, N_ROWS)
    for t in np.arange(0, float(line.times[-1]), 0.13):
        moment = motion.settled(float(t))
        assert [row.rank for row in moment.rows] == list(range(len(moment.rows)))
        assert all(row.opacity == 1 for row in moment.rows)
        assert moment.plate == bool(moment.rows)
        assert moment.height == max(1, len(moment.rows))


@pytest.mark.parametrize("line", HARD[:8])
def test_still_until_is_a_promise(line):
    motion = arranged(line, N_ROWS)
    for t in np.arange(0.0, float(line.times[-1]) + 3, 0.17):
        until = motion.still_until(float(t))
        assert until >= t
        for later in np.linspace(t, min(until, t + 9), 7, endpoint=False):
            assert motion.at(float(later)) == motion.at(float(t))


def test_where_nothing_moves_nothing_need_be_drawn():
    line = timeline(np.tile([0.8, 0.5], (40, 1)))
    motion = arranged(line, 3)
    assert motion.still_until(2.0) == float("inf")
    silent = timeline(np.zeros((40, 2)))
    assert arranged(silent, 3).still_until(0.0) == float("inf")


def test_what_is_heard_first_is_there_from_the_first_frame():
    moment = arranged(timeline(np.tile([0.8, 0.5], (5, 1))), 3).at(0.0)
    assert [(row.index, row.opacity) for row in moment.rows] == [(0, 1.0), (1, 1.0)]
    assert moment.plate == 1


def test_a_tag_whose_score_still_rises_takes_its_place_at_once_and_keeps_it():
    scores = np.tile([0.5, 0.3, 0.0], (30, 1))
    scores[10:, 2] = np.minimum(0.1 + 0.2 * np.arange(20), 0.8)
    motion = arranged(timeline(scores), 3)
    places = {row.rank for t in np.arange(4.2, 9, 0.05) for row in motion.at(float(t)).rows
              if row.index == 2}  # fmt: skip
    assert places == {0.0}


def test_a_tag_that_soon_ends_keeps_its_place_until_then():
    scores = np.tile([0.9, 0.6, 0.4], (20, 1))
    scores[8:, 0] = 0
    motion = arranged(timeline(scores), 3)
    assert [row.index for row in motion.settled(3.0).rows] == [0, 1, 2]


def test_a_row_that_goes_is_gone_before_those_below_move_up():
    scores = np.tile([0.9, 0.6, 0.4], (20, 1))
    scores[8:, 0] = 0
    motion = arranged(timeline(scores), 3)
    for t in np.arange(2.5, 5, 0.005):
        rows = {row.index: row for row in motion.at(float(t)).rows}
        if 0 in rows:
            assert (rows[1].rank, rows[2].rank) == (1, 2)
    assert {row.index: row.rank for row in motion.at(6.0).rows} == {1: 0, 2: 1}


def test_a_tag_heard_for_a_moment_stays_to_be_read_and_one_gone_for_a_moment_does_not_blink():
    scores = np.tile([0.9, 0.0, 0.6], (40, 1))
    scores[10, 1] = 0.5
    scores[20:22, 2] = 0
    motion = arranged(timeline(scores), 3)
    times = np.arange(0, 13, 0.02)
    seen = np.array([[row.index for row in motion.at(float(t)).rows].count(1) for t in times])
    assert seen.sum() * 0.02 >= 0.9
    assert all(2 in {row.index for row in motion.at(float(t)).rows if row.opacity == 1}
               for t in times if t < 3 or t > 5)  # fmt: skip
    assert motion.at(1 + 0.3 * 20.5).rows[-1].index == 2


def test_tags_change_places_once_and_not_for_a_hairs_breadth():
    rng = np.random.default_rng(0)
    scores = 0.5 + rng.normal(0, 0.01, (100, 2))
    assert len(arranged(timeline(scores), 2).changes) == 1
    scores[50:, 0] = 0.8 if scores[0, 0] < scores[0, 1] else 0.3
    motion = arranged(timeline(scores), 2)
    assert len(motion.changes) == 2
    assert motion.changes[1].due_s == pytest.approx(1 + 0.3 * 50, abs=0.5)


def test_in_a_gap_of_the_sound_nothing_is_shown():
    times = np.array([1.0, 1.3, 1.6, 20.0, 20.3])
    motion = arranged(timeline(np.full((5, 1), 0.7), times=times), 3)
    assert motion.at(1.6).plate == 1
    assert motion.at(10.0).plate == 0
    assert motion.at(10.0).rows == ()
    assert motion.at(20.0).plate == 1


def test_bars_never_overshoot_the_scores_and_show_each_hop_at_its_time():
    line = timeline([[0.1], [0.1], [0.9], [0.9], [0.2]], k=1)
    motion = arranged(line, 1)
    scores = [motion.score(0, t) for t in np.arange(1, 2.2, 0.01)]
    assert min(scores) >= 0.1 - 1e-6
    assert max(scores) <= 0.9 + 1e-6
    for time, score in zip(line.times, line.scores[:, 0], strict=True):
        assert motion.score(0, float(time)) == pytest.approx(float(score), abs=1e-6)


def test_empty_and_single_hop_timelines():
    nothing = arranged(timeline(np.zeros((0, 2))), 3)
    assert nothing.at(1.0).rows == ()
    assert nothing.settled(1.0).rows == ()
    assert nothing.at(1.0).plate == 0
    assert nothing.still_until(0.0) == float("inf")
    assert arranged(timeline([[0.5, 0.2]]), 3).at(5.0).rows[0].rank == 0


def test_two_hours_of_rows_every_40_ms_are_arranged_in_seconds():
    line = hard(3, 90_000, 0.04)
    motion = arranged(line, N_ROWS)
    assert len(motion.at(1800.0).rows) <= N_ROWS
    assert len(motion.changes) > 100


def test_curves():
    curve = ((1.0, 0.0), (2.0, 1.0), (2.0, 0.5), (3.0, 0.5))
    values = [value_at(curve, t) for t in (0, 1.5, 2.0, 9)]
    assert values == [0.0, 0.5, 0.5, 0.5]
    assert cut(curve, 1.5, 2.0) == ((1.5, 0.5), (2.0, 1.0))
    assert list(pieces(-1.0, 4.0, curve)) == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]
    assert max(b - a for a, b in pieces(0.0, 10.0, ())) <= 3
    points = [(float(t), float(np.sin(t))) for t in np.linspace(0, 6, 200)]
    straight = straightened(points, 0.01)
    assert len(straight) < 40
    assert max(abs(value_at(straight, t) - v) for t, v in points) <= 0.0101
