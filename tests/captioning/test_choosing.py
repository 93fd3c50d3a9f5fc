"""Which sounds get a caption, step by step: echoes, instruments, density, stretches of labels."""

from dataclasses import replace

import pytest

from overlay.captioning.density import DENSITIES, EVERYTHING, Density, worth_showing
from overlay.captioning.label_cues import stretches_of
from overlay.captioning.music import is_general, named_by_instrument
from overlay.captioning.phrasing import Mention
from overlay.captioning.redundancy import without_echoes
from overlay.captioning.styles import style_named
from overlay.datatypes import TagEvent
from overlay.vocabulary.wording import Wording


def mention(line, onset_s, offset_s, peak=0.8, worth=2, kind=(), **more):
    return Mention(onset_s, offset_s, (line,), (line,), worth, peak, frozenset(kind), **more)


@pytest.mark.parametrize(
    ("others", "kept"),
    [
        ([("clock ticking", 0, 10)], [("clock ticking", 0, 10)]),
        ([("clock ticking", 2, 6)], [("clock ticking", 0, 10)]),  # for both's time
        ([("clock ticking", 5, 15)], [("clock ticking", 0, 15)]),  # half of it, just
        ([("clock ticking", 5.1, 15.1)], [("ticking", 0, 10), ("clock ticking", 5.1, 15.1)]),
        ([("clock ticking", -3, 1)], [("clock ticking", -3, 1), ("ticking", 0, 10)]),
        ([("clock ticking", 10, 20)], [("ticking", 0, 10), ("clock ticking", 10, 20)]),
        ([("clock", 0, 10)], [("clock", 0, 10), ("ticking", 0, 10)]),  # says something else
        ([("TICKING CLOCK", 0, 10)], [("TICKING CLOCK", 0, 10)]),
        ([("ticking", 0, 10)], [("ticking", 0, 10), ("ticking", 0, 10)]),  # no less than the other
        ([("…", 0, 10)], [("ticking", 0, 10), ("…", 0, 10)]),
    ],
)
def test_of_two_that_say_one_thing_the_fuller_stays(others, kept):
    mentions = [mention("ticking", 0, 10), *(mention(*other) for other in others)]
    mentions.sort(key=lambda each: each.onset_s)
    found = [(each.lines[0], each.onset_s, each.offset_s) for each in without_echoes(mentions)]
    assert sorted(found) == sorted(kept)


def test_the_fuller_one_is_worth_and_as_sure_as_both():
    less, more = mention("dog", 0, 9, 0.9, 3), mention("dog barking", 1, 4, 0.6, 1)
    (kept,) = without_echoes([less, more])
    assert (kept.peak, kept.worth, kept.lines) == (0.9, 3, ("dog barking",))


def test_an_echo_of_an_echo_goes_too():
    three = [mention("bell", 0, 9), mention("church bell", 0, 9), mention("old church bell", 0, 9)]
    assert [each.lines[0] for each in without_echoes(three)] == ["old church bell"]


@pytest.mark.parametrize(
    ("density", "worth", "peak", "shown"),
    [
        ("low", 1, 1.0, False), ("low", 2, 0.75, True), ("low", 2, 0.74, False),
        ("low", 3, 0.6, True), ("medium", 1, 0.65, True), ("medium", 1, 0.64, False),
        ("medium", 2, 0.55, True), ("medium", 3, 0.5, True), ("medium", 3, 0.49, False),
        ("high", 1, 0.01, True), ("high", 0, 1.0, False),
    ],
)  # fmt: skip
def test_what_matters_more_needs_less_sureness(density, worth, peak, shown):
    one = mention("x", 0, 5, peak, worth)
    assert worth_showing([one], DENSITIES[density]) == ([one] if shown else [])


def test_everything_is_shown_by_onset_where_no_dial_is_set():
    late, early = mention("a", 5, 6, 0.0, 0), mention("b", 1, 2, 0.1, 0)
    assert worth_showing([late, early], EVERYTHING) == [early, late]


DIAL = Density((0.0, 0.0, 0.0), 2, None, None, alike=False)


@pytest.mark.parametrize(
    ("sounds", "kept"),
    [
        ([("a", 0, 9, "dog"), ("b", 3, 5, "dog")], ["a"]),  # of one kind at one time
        ([("a", 0, 4, "dog"), ("b", 4, 5, "dog")], ["a", "b"]),
        ([("a", 0, 9, "dog"), ("b", 3, 5, "cat")], ["a", "b"]),
        ([("a", 0, 9, "cat dog"), ("b", 3, 5, "dog")], ["a"]),
        ([("a", 3, 5, "dog"), ("b", 0, 3.5, "dog")], ["a"]),
        ([("a", 0, 1, "1"), ("b", 20, 21, "2"), ("c", 59, 60, "3")], ["a", "b"]),  # two a minute
        ([("a", 0, 1, "1"), ("b", 20, 21, "2"), ("c", 60, 61, "3")], ["a", "b", "c"]),
        ([("a", 30, 31, "1"), ("b", 80, 81, "2"), ("c", 0, 1, "3")], ["a", "b", "c"]),
    ],
)
def test_of_one_kind_and_of_too_many_the_better_stay(sounds, kept):
    mentions = [mention(name, a, b, 0.9 - 0.1 * n, 2, kind.split())
                for n, (name, a, b, kind) in enumerate(sounds)]  # fmt: skip
    assert sorted(each.lines[0] for each in worth_showing(mentions, DIAL)) == kept


def test_general_music_gives_way_to_what_plays():
    music = mention("music", 0, 9, 0.9, 2, ["music"], is_general=True)
    piano = mention("piano", 1, 8, 0.5, 2, ["music"])
    assert worth_showing([music, piano], DIAL) == [piano]


def wording(en, nature="music"):
    return Wording(0, en, 2, nature, en, f"{en} playing", f"{en} plays", en, en, en)


MUSIC, PIANO, GUITAR, DOG = (wording("music"), wording("piano"), wording("guitar"),
                             wording("dog", "animal"))  # fmt: skip
WORDS = {0: MUSIC, 1: PIANO, 2: GUITAR, 3: DOG, 4: None, 5: wording("dance music")}


@pytest.mark.parametrize(
    ("sounds", "said"),
    [
        ([(1, 0, 10, 0.4)], "piano music"), ([(1, 0, 10, 0.29)], "music"),  # not sure enough
        ([(1, 0, 10, 0.3)], "piano music"), ([(1, 0, 10, 0.55)], "music"),  # sure: says it itself
        ([(1, 0, 4.9, 0.4)], "music"), ([(1, 0, 5, 0.4)], "piano music"),  # half of it
        ([(1, 0, 20.1, 0.4)], "music"), ([(1, -5, 15, 0.4)], "piano music"),
        ([(1, 0, 10, 0.4), (2, 0, 10, 0.5)], "guitar music"),
        ([(2, 0, 10, 0.5), (1, 0, 10, 0.4)], "guitar music"), ([(3, 0, 10, 0.5)], "music"),
        ([(4, 0, 10, 0.5)], "music"), ([(5, 0, 10, 0.5)], "dance music"), ([], "music"),
        ([(1, 10, 20, 0.5)], "music"),
    ],
)  # fmt: skip
def test_music_is_named_by_what_plays_in_it(sounds, said):
    heard = [TagEvent(i, str(i), a, b, peak, peak) for i, a, b, peak in sounds]
    heard.sort(key=lambda event: event.onset_s)
    whole = TagEvent(0, "Music", 0, 10, 0.9, 0.9)
    found = named_by_instrument(whole, MUSIC, heard, lambda event: WORDS[event.index])
    assert found.en == said
    if said != "music":
        assert found.en_sustained == f"{said} playing"


def test_what_only_says_that_there_is_music():
    assert is_general(MUSIC)
    assert is_general(wording("instrumental music"))  # "Musical instrument"
    assert not is_general(PIANO)
    assert not is_general(None)


PLAIN = style_named("plain", "en")


@pytest.mark.parametrize(
    ("sounds", "taken", "cues"),
    [
        ([("a", 1, 5)], [], [(1, 5, "a")]),
        ([("a", 1, 5), ("b", 5, 9)], [], [(1, 5, "a"), (5, 9, "b")]),
        ([("a", 1, 9), ("b", 3, 6)], [], [(1, 3, "a"), (3, 6, "a|b"), (6, 9, "a")]),
        ([("a", 1, 9)], [(300, 500)], [(1, 3, "a"), (5, 9, "a")]),  # dialogue
        ([("a", 1, 9)], [(0, 900)], []),
        ([("a", 1, 5), ("a", 5, 9)], [], [(1, 9, "a")]),  # nothing changes
        ([("a", 1, 9), ("a", 3, 6)], [], [(1, 9, "a")]),  # two sounds of one name
        ([("a", 1, 2.3), ("b", 2, 6)], [], [(1, 2.3, "a|b"), (2.3, 6, "b")]),  # a moment of both
        ([("a", 1, 5), ("b", 4.7, 6)], [], [(1, 4.7, "a"), (4.7, 6, "a|b")]),  # to the shorter side
        ([], [], []),
    ],
)
def test_labels_stand_for_each_stretch_in_which_the_same_sounds_last(sounds, taken, cues):
    mentions = [replace(mention(*each), peak=0.9 - 0.1 * n) for n, each in enumerate(sounds)]
    found = [(c.start_s, c.end_s, "|".join(c.lines)) for c in stretches_of(mentions, PLAIN, taken)]
    assert found == cues


def test_a_sound_that_is_mentioned_twice_is_there_once():
    one = mention("a", 1, 5)
    assert stretches_of([one, one], PLAIN, []) == stretches_of([one], PLAIN, [])
