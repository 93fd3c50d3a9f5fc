"""The last word on each event."""

from verdicts.saying import entry, verdicts

from overlay.verdicts import fold


def said(*entries):
    return fold(verdicts(*entries).entries)


def test_the_last_word_holds():
    state = said(
        entry(verdict="right", score=0.4), entry(verdict="wrong", relabel="Cat", at=1), entry("e2")
    )
    assert state["e1"].verdict == "wrong"
    assert (state["e1"].label, state["e1"].relabel, state["e1"].score) == ("Dog", "Cat", 0.4)
    assert state["e2"].verdict is None


def test_a_later_verdict_takes_the_new_name_away():
    state = said(entry(verdict="wrong", relabel="Cat"), entry(verdict="right", at=1))
    assert (state["e1"].verdict, state["e1"].relabel) == ("right", None)


def test_what_is_taken_back_never_was_and_taking_back_can_be_taken_back():
    first, second = entry(verdict="right"), entry(verdict="wrong", at=1)
    back = entry(action="undo", undoes=second.id, at=2)
    again = entry(action="undo", undoes=back.id, at=3)
    assert said(first, second, back)["e1"].verdict == "right"
    assert said(first, second, back, again)["e1"].verdict == "wrong"
    assert said(first, entry(action="undo", undoes=first.id, at=2)) == {}


def test_edges_move_with_edits_not_with_verdicts():
    state = said(
        entry(verdict="right"), entry(action="edit", onset_s=0.5, offset_s=4.0, at=1),
        entry(verdict="right", onset_s=0.1, offset_s=9.0, at=2),
    )["e1"]  # fmt: skip
    assert (state.onset_s, state.offset_s, state.has_new_edges) == (0.5, 4.0, True)


def test_an_added_event_is_right_until_somebody_says_no():
    assert said(entry("n", "add", label="Rain"))["n"].is_heard
    later = said(entry("n", "add", label="Rain"), entry("n", verdict="wrong", at=1))["n"]
    assert later.is_added
    assert not later.is_heard


def test_merged_events_go_into_the_one_that_stays():
    state = said(
        entry("a", "merge", onset_s=0, offset_s=5, others=("b", "c")),
        entry("b", verdict="right", score=0.6, at=1),
    )
    assert (state["b"].into, state["c"].into, state["a"].into) == ("a", "a", None)
    assert (state["a"].onset_s, state["a"].offset_s) == (0, 5)
    assert (state["b"].verdict, state["b"].score) == ("right", 0.6)
    assert not state["b"].is_heard


def test_comments_do_not_touch_verdicts():
    state = said(entry(verdict="wrong"), entry(action="comment", comment="far away", at=1))["e1"]
    assert (state.verdict, state.comment) == ("wrong", "far away")


def test_of_two_reviewers_the_later_is_believed_and_each_can_be_asked():
    both = verdicts(
        entry(verdict="right", reviewer="Ann", at=5), entry(verdict="wrong", reviewer="Bo", at=4)
    )
    assert fold(both.entries)["e1"].verdict == "right"
    assert fold(both.entries)["e1"].reviewer == "Ann"
    assert fold(both.of("Bo").entries)["e1"].verdict == "wrong"
