"""Two reviewers, and two lists of what was heard."""

import numpy as np
import pytest
from verdicts.saying import MEDIA, entry, verdicts

from overlay.datatypes import TagEvent
from overlay.errors import ExportError
from overlay.verdicts import Media, Verdicts
from overlay.verdicts.agreement import (
    agreements,
    agreements_in_time,
    conflicts,
    named_union,
    raters,
)


def both(pairs, label="Dog"):
    """What Ann and Bo say of events, one letter each: ``rw`` is right and wrong."""
    words = {"r": "right", "w": "wrong", "u": "unsure"}
    entries = [
        entry(f"{label}{n}", label=label, verdict=words[letter], reviewer=who)
        for n, pair in enumerate(pairs)
        for who, letter in zip(("Ann", "Bo"), pair, strict=True)
        if letter != "-"
    ]
    return verdicts(*entries)


def of(file):
    said = raters({"x": file})
    return agreements(said["Ann"], said["Bo"])


def test_kappa_is_that_of_the_textbook():
    """Cohen's table of two who read 50 proposals: 20 yes-yes, 5, 10, 15 no-no."""
    total, dog = of(both(["rr"] * 20 + ["rw"] * 5 + ["wr"] * 10 + ["ww"] * 15))
    assert (total.n, total.share) == (50, pytest.approx(0.7))
    assert total.kappa == pytest.approx(0.4)
    assert (dog.label, dog.kappa) == ("Dog", total.kappa)


def test_each_label_stands_alone_and_all_stand_first():
    file = both(["rr", "ww"]).with_entries(both(["rw", "wr"], "Rain").entries)
    total, dog, rain = of(file)
    assert (total.label, dog.label, rain.label) == ("", "Dog", "Rain")
    assert (dog.kappa, rain.kappa, total.kappa) == (1.0, -1.0, 0.0)


def test_where_all_is_one_thing_there_is_no_kappa():
    total, _ = of(both(["rr"] * 5))
    assert (total.share, total.kappa) == (1.0, None)


def test_events_of_one_reviewer_alone_do_not_count():
    total, _ = of(both(["rr", "w-", "-r", "ww"]))
    assert total.n == 2
    nothing = of(both(["r-", "-r"]))
    assert [(each.n, each.kappa) for each in nothing] == [(0, None)]


def test_being_unsure_is_an_opinion():
    total, _ = of(both(["uu", "ur", "ww", "rr"]))
    assert total.share == 0.75


def test_conflicts_are_a_list_with_who_said_what():
    file = both(["rr", "rw", "u-", "ur"])
    file = file.with_entries([
        entry("Dog0", verdict="wrong", relabel="Cat", reviewer="Cy", at=9, onset_s=5, offset_s=6)
    ])  # fmt: skip
    found = conflicts(raters({"x": file}))
    assert [each.event for each in found] == ["Dog0", "Dog1", "Dog3"]
    assert dict(found[0].said) == {"Ann": "right", "Bo": "right", "Cy": "wrong: Cat"}
    assert dict(found[1].said) == {"Ann": "right", "Bo": "wrong"}


def test_two_new_names_are_a_conflict():
    file = verdicts(
        entry(verdict="wrong", relabel="Cat", reviewer="Ann"),
        entry(verdict="wrong", relabel="Fox", reviewer="Bo"),
    )
    assert len(conflicts(raters({"x": file}))) == 1


def test_reviewers_without_a_name_are_called_by_their_files():
    one, other = verdicts(entry(verdict="right")), verdicts(entry(verdict="wrong"))
    said = raters({"a": one, "b": other})
    assert said.keys() == {"a", "b"}
    assert len(conflicts(said)) == 1


def test_one_alone_agrees_with_nobody():
    with pytest.raises(ExportError, match="two reviewers"):
        raters({"a": verdicts(entry(verdict="right", reviewer="Ann"))})
    with pytest.raises(ExportError, match="nobody"):
        raters({"a": verdicts(), "b": verdicts()})


def test_events_of_two_sounds_are_never_one():
    other = Verdicts(Media("b.mp4", "0" * 64), both(["w-"]).entries)
    said = raters({"x": both(["-r"]), "y": other})
    assert agreements(said["Ann"], said["Bo"])[0].n == 0
    with pytest.raises(ExportError, match=r"'clip\.mp4' and 'b\.mp4'"):
        named_union({"x": both(["-r"]), "y": other})


def test_the_union_names_everybody_and_loses_nothing():
    one, other = verdicts(entry(verdict="right")), both(["rw"])
    made = named_union({"a": one, "b": other})
    assert made.media == MEDIA
    assert made.reviewers == ("Ann", "Bo", "a")
    assert len(made.entries) == 3


def spans(label, *edges):
    return [TagEvent(0, label, begin, end, 0.5, 0.5) for begin, end in edges]


def test_two_lists_agree_second_by_second():
    one = spans("Dog", (0, 4), (6, 8)) + spans("Cat", (1, 2))
    other = spans("Dog", (2, 7)) + spans("Rain", (0, 10))
    cat, dog, rain = agreements_in_time(one, other, 10.0)
    # both 2..4 and 6..7: 3 s; one alone 0..2, 7..8: 3 s; the other alone 4..6: 2 s; neither: 2 s
    assert (dog.label, dog.n, dog.share) == ("Dog", 10.0, pytest.approx(0.5))
    chance = (6 * 5 + 4 * 5) / 100
    assert dog.kappa == pytest.approx((0.5 - chance) / (1 - chance))
    assert (cat.share, cat.kappa) == (pytest.approx(0.9), pytest.approx(0.0))
    assert rain.share == 0


def test_events_of_a_list_that_overlap_count_once():
    """As labels that were written by hand may: one within another, one over the end of another."""
    written = spans("Dog", (0, 6), (1, 2), (5, 7))
    (dog,) = agreements_in_time(written, spans("Dog", (0, 7)), 10.0)
    assert (dog.share, dog.kappa) == (pytest.approx(1.0), pytest.approx(1.0))


def test_the_walk_over_time_is_that_of_a_grid():
    rng = np.random.default_rng(0)
    grid = np.arange(0, 100, 0.5) + 0.25
    for _ in range(20):
        lists, masks = [], []
        for _ in range(2):
            edges = np.sort(rng.choice(np.arange(0, 200), 24, replace=False)) / 2
            pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
            lists.append(spans("Dog", *pairs))
            masks.append(((grid[:, None] >= edges[::2]) & (grid[:, None] < edges[1::2])).any(1))
        (found,) = agreements_in_time(*lists, 100.0)
        assert found.share == pytest.approx(float((masks[0] == masks[1]).mean()))
