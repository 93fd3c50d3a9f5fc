"""Of a branch one tag: the most specific that is sure, its parent where kinds are unsure."""

import time
from dataclasses import replace

import numpy as np
import pytest
from detection.hearing import heard, index, row, settings

from overlay.datatypes import TagEvent
from overlay.detection import detect
from overlay.detection.intervals import Spans
from overlay.detection.ontology import clearest, collapsed, combined
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset, audioset_labels


def event(label, onset, offset, peak):
    return TagEvent(index(label), label, onset, offset, peak, peak)


def part_of(event, begin, end):
    """Parts of an event of which all is as sure."""
    return replace(event, onset_s=begin, offset_s=end) if end - begin >= 1 else None


def left(*events, margin=0.4):
    return [(e.label, e.onset_s) for e in collapsed(events, audioset(), margin, part_of)]


def shown(track, **options):
    return [tag.label for tag in detect(track, settings(**options)).shown(1.5)]


def test_the_most_specific_that_is_sure_stands_for_its_branch():
    assert left(event("Animal", 0, 5, 0.8), event("Dog", 0, 5, 0.8), event("Bark", 0, 5, 0.7)) == [
        ("Bark", 0)
    ]
    scores = {"Animal": 0.8, "Domestic animals, pets": 0.75, "Dog": 0.8, "Bark": 0.3, "Yip": 0.28}
    scores |= {"Bow-wow": 0.29, "Canidae, dogs, wolves": 0.2}
    assert shown(row(**scores)) == ["Dog"]
    assert set(shown(row(**scores), collapse=False, top_k=20)) == set(scores)


def test_several_unsure_kinds_are_what_they_have_in_common():
    unsure = row(**{"Police car (siren)": 0.3, "Ambulance (siren)": 0.3})
    assert shown(unsure) == ["Siren"]
    tags = detect(unsure).shown(1.5)
    assert tags[0].score == pytest.approx(1 - 0.7 * 0.7, abs=0.01)
    assert shown(row(**{"Police car (siren)": 0.8, "Siren": 0.8})) == ["Police car (siren)"]


def test_a_broad_class_goes_and_its_sure_kinds_stand_side_by_side():
    assert left(
        event("Animal", 0, 9, 0.9), event("Dog", 0, 5, 0.8), event("Meow", 5, 9, 0.7),
        event("Purr", 0, 1, 0.1),
    ) == [("Dog", 0), ("Purr", 0), ("Meow", 5)]  # fmt: skip
    band = event("Music", 0, 9, 0.6), event("Guitar", 0, 9, 0.5), event("Piano", 0, 9, 0.5)
    assert left(*band) == [("Guitar", 0), ("Piano", 0)]
    assert left(event("Vehicle", 0, 9, 0.8), event("Car", 0, 9, 0.2)) == [("Vehicle", 0)]


def test_a_general_label_stays_where_it_is_much_surer_or_much_longer():
    general, specific = event("Animal", 1, 4, 0.9), event("Cat", 1, 4, 0.4)
    assert left(general, specific, margin=0.4) == [("Animal", 1), ("Cat", 1)]
    assert left(general, specific, margin=0.6) == [("Cat", 1)]
    assert left(event("Animal", 1, 9, 0.5), specific, margin=0.6) == [("Cat", 1), ("Animal", 4)]


def test_a_general_sound_is_told_of_where_no_kind_of_it_is_heard():
    music, violin = ("Music", 2, 20, 0.6), ("Violin, fiddle", 8, 15, 0.5)
    spans = [(e.label, round(e.onset_s), round(e.offset_s))
             for e in detect(heard([music, violin], needed_s=1.0)).events]  # fmt: skip
    assert [label for label, *_ in spans] == ["Music", "Violin, fiddle", "Music"]
    assert [onset for _, onset, _ in spans] == pytest.approx([2, 8, 15], abs=1)
    assert spans[-1][2] == 20


@pytest.mark.parametrize(
    ("around", "labels"),
    [
        pytest.param([0.6] * 10, ["Siren", "Police car (siren)", "Siren"], id="sure by itself"),
        pytest.param([0.1] * 10, ["Police car (siren)"], id="carried on by hysteresis alone"),
        pytest.param([0.25] * 10, ["Police car (siren)"], id="no surer than faint tags are"),
        pytest.param([0.2] * 8 + [0.8] * 2, ["Police car (siren)"], id="only what spills over"),
    ],
)
def test_what_is_left_of_a_general_sound_must_be_sure_by_itself(around, labels):
    scores = {"Siren": [*around, *[0.7] * 10, *reversed(around)],
              "Police car (siren)": [0.0] * 10 + [0.6] * 10 + [0.0] * 10}  # fmt: skip
    values = np.zeros((30, 527), np.float32)
    for label, column in scores.items():
        values[:, index(label)] = column
    track = TagTrack(values, audioset_labels(), 0.3, 0.3, 9.0)
    assert [e.label for e in detect(track, settings(smoothing="none")).events] == labels


def test_of_a_general_sound_a_moment_beside_its_kind_is_not_told_of():
    whole, kind = event("Dog", 0, 5, 0.8), event("Bark", 0.4, 4.5, 0.7)
    assert left(whole, kind) == [("Bark", 0.4)]
    assert left(event("Dog", 0, 9, 0.8), kind) == [("Bark", 0.4), ("Dog", 4.5)]


def test_parents_are_as_sure_as_their_two_surest_kinds_together():
    scores = np.zeros((2, 527), np.float32)
    for label, score in (("Tick", 0.3), ("Tick-tock", 0.4), ("Guitar", 0.4), ("Piano", 0.4)):
        scores[0, index(label)] = score
    made = combined(scores, audioset(), 0.05)
    assert made[0, index("Clock")] == pytest.approx(1 - 0.7 * 0.6)
    assert made[0, index("Music")] == 0
    assert (made[1] == 0).all()
    assert scores[0, index("Clock")] == 0


def test_noise_and_faint_tags_go_where_others_are_clear():
    dog, noise = event("Dog", 2, 4, 0.8), event("Noise", 0, 20, 0.9)
    under = audioset().under_others
    assert clearest([dog, noise], under, 0.3) == [noise, dog]
    assert clearest([dog, event("Noise", 2, 5, 0.9)], under, 0.3) == [dog]
    assert clearest([dog, event("Rain", 2, 5, 0.2)], under, 0.3) == [dog]
    assert len(clearest([dog, event("Rain", 2, 9, 0.2)], under, 0.3)) == 2
    assert len(clearest([dog, event("Rain", 2, 5, 0.3)], under, 0.3)) == 2
    assert clearest([], under, 0.3) == []


def test_of_noise_and_a_faint_tag_under_it_the_noise_stays():
    noise, rain = event("Noise", 2, 5, 0.8), event("Rain", 2, 5, 0.2)
    assert clearest([noise, rain], audioset().under_others, 0.4) == [noise]


def test_faint_tags_come_back_when_nothing_else_is_heard():
    track = heard([("Dog", 2, 6, 0.9), ("Rain", 2, 6, 0.25), ("Rain", 12, 16, 0.25)])
    events = detect(track).events
    assert [(e.label, round(e.onset_s)) for e in events] == [("Dog", 2), ("Rain", 12)]


def test_spans_are_the_union_of_what_was_added():
    random = np.random.default_rng(0)
    spans, ticks = Spans(), np.zeros(1000, bool)
    for _ in range(60):
        begin = int(random.integers(0, 950))
        end = begin + int(random.integers(1, 40))
        spans.add(begin, end)
        ticks[begin:end] = True
        first = int(random.integers(0, 900))
        assert spans.share(first, first + 90) == pytest.approx(ticks[first : first + 90].mean())
        gaps = np.ones(90, bool)
        for a, b in spans.gaps(first, first + 90):
            gaps[round(a - first) : round(b - first)] = False
        np.testing.assert_array_equal(gaps, ticks[first : first + 90])


def test_ten_thousand_events_of_a_branch_take_seconds():
    labels = ("Animal", "Dog", "Bark", "Yip", "Music", "Guitar", "Noise", "Rain")
    events = [
        event(labels[n % 8], 0.1 * n, 0.1 * n + 0.75, 0.2 + n % 7 / 10) for n in range(20_000)
    ]
    events += [event("Vehicle", 0, 2000, 0.5), event("Car", 0, 2000, 0.2)]
    start = time.process_time()
    found = collapsed(events, audioset(), 0.4, part_of)
    clearest(found, audioset().under_others, 0.3)
    assert time.process_time() - start < 15
