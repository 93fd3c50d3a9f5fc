"""Curves of right against score, and the thresholds that they give."""

import itertools

import numpy as np
import pytest
from verdicts.saying import entry, verdicts

from overlay.errors import ExportError
from overlay.verdicts import Media, Verdicts
from overlay.verdicts.learning import POINTS, Judgement, judgements, learn, thresholds_of


def judged(label, n, a, slope, seed=0):
    """``n`` events that are right as often as sigmoid(a + slope logit(score)) says."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.15, 0.99, n).round(3)
    shares = 1 / (1 + np.exp(-a) * ((1 - scores) / scores) ** slope)
    right = rng.random(n) < shares
    return [Judgement(label, float(s), bool(r)) for s, r in zip(scores, right, strict=True)]


def precision_above(threshold, a, slope):
    scores = np.linspace(threshold, 0.99, 500)
    return float(np.mean(1 / (1 + np.exp(-a) * ((1 - scores) / scores) ** slope)))


@pytest.mark.parametrize(("a", "slope"), [(0.0, 1.0), (1.5, 1.0), (-1.0, 1.5), (0.0, 2.5)])
def test_what_is_let_through_is_as_precise_as_was_wanted(a, slope):
    _, (curve,) = learn(judged("Dog", 2000, a, slope), 0.9)
    assert precision_above(curve.threshold, a, slope) == pytest.approx(0.9, abs=0.03)
    assert curve.interval[0] <= curve.threshold <= curve.interval[1]
    truth = 1 / (1 + np.exp(-a) * ((1 - POINTS) / POINTS) ** slope)
    assert np.abs(curve.right[0] - truth).max() < 0.06


def test_before_much_is_said_scores_are_believed():
    together, _ = learn([Judgement("Dog", 0.5, True), Judgement("Dog", 0.5, False)], 0.9)
    np.testing.assert_allclose(together.right[0], POINTS, atol=0.12)
    assert together.interval[1] - together.interval[0] > 0.2


def test_more_verdicts_are_surer():
    widths = []
    for n in (10, 100, 1000):
        _, (curve,) = learn(judged("Dog", n, 0, 1), 0.8)
        widths.append(curve.interval[1] - curve.interval[0])
        assert (curve.right[1] <= curve.right[0]).all()
        assert (curve.right[0] <= curve.right[2]).all()
    assert widths[0] > widths[1] > widths[2]


def test_a_label_of_few_verdicts_leans_on_all_the_others():
    many = judged("Rain", 400, -2.0, 1.0)
    alone, _ = learn([Judgement("Dog", 0.6, True)], 0.9)
    _, (dog, rain) = learn([*many, Judgement("Dog", 0.6, True)], 0.9)
    assert (dog.label, rain.label) == ("Dog", "Rain")
    at = int(np.searchsorted(POINTS, 0.6))
    assert rain.right[0, at] < dog.right[0, at] < alone.right[0, at]


def test_labels_are_told_apart_where_there_is_enough_of_them():
    found = judged("Good", 300, 3.0, 1.0) + judged("Bad", 300, -2.0, 1.0, seed=1)
    _, (bad, good) = learn(found, 0.9)
    assert good.threshold < 0.4 < 0.8 < bad.threshold
    assert good.kept > 0.8


def test_a_higher_precision_asks_for_higher_scores_and_keeps_less():
    found = judged("Dog", 400, 0, 1)
    curves = [learn(found, precision)[1][0] for precision in (0.5, 0.7, 0.9, 0.97)]
    for low, high in itertools.pairwise(curves):
        assert low.threshold <= high.threshold
        assert low.kept >= high.kept
    assert curves[0].precision >= 0.5


def test_what_is_always_right_may_stay_as_it_is_and_what_never_is_goes():
    right = [Judgement("Yes", s, True) for s in np.linspace(0.15, 0.95, 200).round(3).tolist()]
    wrong = [Judgement("No", s, False) for s in np.linspace(0.15, 0.95, 200).round(3).tolist()]
    _, (no, yes) = learn(right + wrong, 0.9)
    assert yes.threshold == pytest.approx(0.15)
    assert thresholds_of([no, yes]) == {"No": 1.0, "Yes": 0.1495}
    assert not no.is_reached


def test_the_share_never_falls_with_the_score():
    upside_down = [Judgement("Dog", s / 100, s < 50) for s in range(15, 95)]
    _, (curve,) = learn(upside_down, 0.9)
    assert (np.diff(curve.right, axis=1) >= 0).all()


def test_learning_is_the_same_every_time_and_in_every_order():
    found = judged("Dog", 50, 0, 1) + judged("Rain", 50, 0, 1)
    one, other = learn(found, 0.9)[1], learn(found[::-1], 0.9)[1]
    assert thresholds_of(one) == thresholds_of(other)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_scores_at_the_ends_are_no_infinities(score):
    together, (curve,) = learn([Judgement("Dog", score, score > 0.5)] * 30, 0.9)
    assert np.isfinite(curve.right).all()
    assert 0 <= curve.threshold <= 1
    assert together.n == 30


def test_only_what_somebody_was_sure_about_counts():
    found = judgements([
        verdicts(
            entry("a", verdict="right", score=0.7), entry("b", verdict="wrong", score=0.3),
            entry("b", verdict="wrong", relabel="Cat", score=0.3, at=1),
            entry("c", verdict="unsure", score=0.5), entry("d", action="edit", score=0.5),
            entry("e", "add"), entry("f", verdict="right"),
        )
    ])  # fmt: skip
    assert found == [Judgement("Dog", 0.7, True), Judgement("Dog", 0.3, False)]


def test_an_event_at_the_threshold_is_kept():
    found = [Judgement("Dog", s / 1000, s >= 700) for s in range(400, 1000, 5)]
    _, (dog,) = learn(found, 0.9)
    right = [each for each in found if each.is_right]
    kept = [each for each in right if each.score >= thresholds_of([dog])["Dog"]]
    assert any(each.score == dog.threshold for each in found)
    assert dog.kept == pytest.approx(len(kept) / len(right))


def test_the_interval_begins_where_it_is_hardly_possible_and_ends_where_it_is_nearly_sure():
    _, (dog,) = learn(judged("Dog", 300, 0.0, 2.0), 0.9)
    assert 0.2 < dog.interval[0] < dog.threshold < dog.interval[1] < 1
    assert 0.05 < dog.sureness < 0.95


def test_scores_of_several_models_are_not_mixed():
    said = entry("a", verdict="right", score=0.7)
    other = Verdicts(Media("b.mp4", "0" * 64, 1.0, "mn04"), (said,))
    with pytest.raises(ExportError, match="'builtin' and 'mn04'"):
        judgements([verdicts(said), other])
    nothing = Verdicts(other.media, (entry("a", verdict="unsure", score=0.7),))
    assert len(judgements([verdicts(said), nothing])) == 1


def test_nothing_teaches_nothing():
    with pytest.raises(ExportError, match="right or wrong"):
        learn([], 0.9)


def test_what_was_counted_decides_where_no_curve_fits():
    """Half right up to 0.8, nearly always above: the step is no logistic curve."""
    below = [Judgement("Dog", s / 1000, s % 2 == 0) for s in range(200, 790, 3)]
    above = [Judgement("Dog", s / 1000, s % 40 != 0) for s in range(800, 990, 2)]
    _, (dog,) = learn(below + above, 0.9)
    assert 0.74 < dog.threshold <= 0.805
    assert dog.kept > 0.4 and dog.precision >= 0.9


def test_few_verdicts_ask_for_the_wanted_share_and_say_how_unsure_that_is():
    few = [Judgement("Dog", s / 100, s > 60) for s in range(30, 96, 6)]
    together, _ = learn(few, 0.9)
    assert together.threshold < 0.8 < together.interval[1]
    assert 0.5 < together.sureness < 0.95


def test_a_label_that_is_wrong_at_every_score_is_not_shown_at_the_top_either():
    good = judged("Good", 200, 2.0, 1.5)
    bad = [Judgement("Bad", s / 100, False) for s in range(30, 95, 3)]
    _, (never, curve) = learn(good + bad, 0.9)
    assert not never.is_reached and curve.is_reached
