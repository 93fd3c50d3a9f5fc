"""Verdicts decide what is on: panel, captions, tables and summary follow alike."""

from dataclasses import replace

import numpy as np
import pytest
from detection.hearing import heard, index, settings
from verdicts.saying import entry

from overlay.datatypes import Excerpt
from overlay.detection import detect
from overlay.errors import ExportError, SettingsError
from overlay.products.events import captions_of
from overlay.settings import CaptionSettings, Settings, override
from overlay.verdicts import Media, Verdicts, event_id, fingerprint_of, write_verdicts

SPANS = [("Dog", 3, 6), ("Rain", 10, 20), ("Siren", 22, 26)]
TRACK = heard(SPANS)


@pytest.fixture
def judged(tmp_path):
    """Detect ``TRACK`` with some entries in a file."""

    def detected(*entries, track=TRACK, media=None, part=None, **options):
        media = media or Media("clip.mp4", fingerprint_of(track), 30.0, track.model)
        path = write_verdicts(tmp_path / "v.json", Verdicts(media).with_entries(entries))
        chosen = settings(verdicts=(str(path),), **options)
        if part is not None:
            track = track.part(part)
            chosen = override(chosen, from_s=part.from_s, to_s=part.to_s)
        return detect(track, chosen)

    return detected


def found(label, track=TRACK, **options):
    """An event as it is found without verdicts."""
    (event,) = (e for e in detect(track, settings(**options)).events if e.label == label)
    return event


def on(label, action="judge", at=0, **facts):
    """An entry about the event of a label."""
    event = found(label)
    own = {"label": label, "onset_s": event.onset_s, "offset_s": event.offset_s,
           "score": min(event.peak, 1.0)} | facts  # fmt: skip
    return entry(event_id(event, TRACK.model), action, at, **own)


def spans(detection):
    return {e.label: (e.onset_s, e.offset_s) for e in detection.events}


def test_a_file_that_says_nothing_changes_nothing(judged):
    plain = detect(TRACK)
    for made in (judged(), judged(on("Dog", verdict="right"), on("Rain", verdict="unsure"))):
        assert made.events == plain.events
        assert np.array_equal(made.timeline.scores, plain.timeline.scores)
        assert np.array_equal(made.timeline.classes, plain.timeline.classes)


def test_what_is_wrong_goes_from_events_panel_and_timeline(judged):
    made = judged(on("Dog", verdict="wrong"))
    assert list(spans(made)) == ["Rain", "Siren"]
    assert made.shown(4.5) == []
    assert index("Dog") not in made.timeline.classes
    assert [tag.label for tag in made.shown(15)] == ["Rain"]


def test_what_is_something_else_stands_in_its_place_with_its_score(judged):
    made = judged(on("Dog", verdict="wrong", relabel="cat"))
    dog = found("Dog")
    (cat,) = (e for e in made.events if e.label == "Cat")
    assert (cat.onset_s, cat.offset_s, cat.peak) == (dog.onset_s, dog.offset_s, dog.peak)
    before, after = detect(TRACK).shown(4.5), made.shown(4.5)
    assert [(tag.label, tag.score) for tag in after] == [("Cat", before[0].score)]


def test_moved_edges_hold_to_the_end_of_the_sound(judged):
    made = judged(on("Siren", "edit", onset_s=21.0, offset_s=99.0))
    assert spans(made)["Siren"] == (21.0, 30.0)
    assert [tag.label for tag in made.shown(21.2)] == ["Siren"]


def test_an_event_moved_behind_the_end_is_none(judged):
    assert "Siren" not in spans(judged(on("Siren", "edit", onset_s=40.0, offset_s=99.0)))


def test_what_a_person_adds_is_sure(judged):
    made = judged(entry("new", "add", label="Bell", onset_s=7.0, offset_s=8.5))
    (bell,) = (e for e in made.events if e.label == "Bell")
    assert (bell.onset_s, bell.offset_s, bell.peak) == (7.0, 8.5, 1.0)
    assert [(t.label, t.score) for t in made.shown(8)] == [("Bell", 1.0)]
    assert made.shown(8.6) == []


def test_an_addition_that_is_taken_back_is_gone(judged):
    new = entry("new", "add", label="Bell", onset_s=7.0, offset_s=8.5)
    assert "Bell" not in spans(judged(new, entry("new", "undo", 1, undoes=new.id)))


def test_merged_events_are_one(judged):
    track = heard([("Dog", 3, 6), ("Dog", 12, 14)])
    one, other = detect(track).events
    merge = entry(
        event_id(one, track.model), "merge", onset_s=one.onset_s, offset_s=other.offset_s,
        others=(event_id(other, track.model),),
    )  # fmt: skip
    made = judged(merge, track=track)
    assert [(e.onset_s, e.offset_s) for e in made.events] == [(one.onset_s, other.offset_s)]
    assert [tag.label for tag in made.shown(9)] == ["Dog"]


def test_events_of_one_class_never_overlap(judged):
    made = judged(on("Dog", verdict="wrong", relabel="Rain"), on("Dog", "edit", 1, offset_s=12.0))
    assert spans(made)["Rain"] == (found("Dog").onset_s, found("Rain").offset_s)
    assert list(spans(made)) == ["Rain", "Siren"]


def test_verdicts_hold_where_other_settings_find_other_edges(judged):
    options = {"smooth_size": 9}
    assert found("Dog", **options) != found("Dog")
    assert "Dog" not in spans(judged(on("Dog", verdict="wrong"), **options))


def test_verdicts_on_an_event_far_away_are_of_no_other(judged):
    far = entry("gone", verdict="wrong", label="Dog", onset_s=5.5, offset_s=12.0)
    assert "Dog" in spans(judged(far))


def test_all_that_was_found_is_told_with_what_was_said(judged):
    made = judged(
        on("Dog", verdict="wrong"), entry("new", "add", label="Bell", onset_s=7, offset_s=8)
    )
    said = {event.label: state and state.verdict for event, state in made.pairs}
    assert said == {"Dog": "wrong", "Rain": None, "Siren": None, "Bell": "right"}


def test_captions_follow(judged):
    def cues(detection):
        plain = Settings(captions=CaptionSettings(style="plain"))
        return [cue.lines for cue in captions_of(detection.events, TRACK, plain).cues]

    assert ("[Dog]",) in cues(detect(TRACK))
    assert ("[Dog]",) not in cues(judged(on("Dog", verdict="wrong")))


def test_names_of_a_label_file_are_known(judged, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("\n".join("Hund" if n == "Dog" else n for n in TRACK.labels))
    events = detect(TRACK, settings(label_file=str(names))).events
    dog = next(e for e in events if e.label == "Hund")
    wrong = entry(event_id(dog, TRACK.model), label="Hund", verdict="wrong", relabel="Cat")
    assert list(spans(judged(wrong, label_file=str(names)))) == ["Cat", "Rain", "Siren"]


def test_verdicts_on_another_sound_are_refused(judged):
    with pytest.raises(ExportError, match=r"v\.json.*another sound.*other\.mp4"):
        judged(media=Media("other.mp4", "0" * 64))


def test_what_was_said_of_the_whole_holds_for_a_part(judged):
    """Rain from 10 to 20 s, of which the part has the end; Siren from 22 to 26 s."""
    whole = replace(TRACK, sound="5eed")
    said = (
        on("Dog", verdict="wrong", relabel="Cat"), on("Siren", verdict="wrong"),
        entry("new", "add", label="Gong", onset_s=14.0, offset_s=17.0),
        entry("far", "add", label="Cat", onset_s=1.0, offset_s=15.0),
    )  # fmt: skip
    media = Media("clip.mp4", "5eed")
    made = spans(judged(*said, track=whole, media=media, part=Excerpt(15.0, 25.0)))
    assert made.keys() == {"Rain", "Gong"}
    assert made["Gong"] == (0.0, 2.0)
    assert spans(judged(*said, track=whole, media=media))["Gong"] == (14.0, 17.0)


def test_a_verdict_is_never_of_what_is_at_its_second_in_a_part(judged):
    """Event ids tell label and edges: the same ones in a part are of another moment."""
    twice = replace(heard([("Dog", 12, 15), ("Dog", 21.9, 24.9)]), sound="5eed")
    first, second = detect(twice).events
    part = Excerpt(9.9)
    assert event_id(first, "") in {event_id(e, "") for e in detect(twice.part(part)).events}
    wrong = entry(event_id(first, twice.model), label="Dog", verdict="wrong", score=0.8,
                  onset_s=first.onset_s, offset_s=first.offset_s)  # fmt: skip
    made = judged(wrong, track=twice, media=Media("clip.mp4", "5eed"), part=part)
    assert [e.onset_s for e in made.events] == [pytest.approx(second.onset_s - 9.9)]


def test_a_label_of_ones_own_is_shown_where_a_person_heard_it(judged):
    made = judged(
        on("Dog", verdict="wrong", relabel="my machine"),
        entry("new", "add", 1, label="My Machine", onset_s=12.0, offset_s=14.0),
        entry("other", "add", 2, label="<Whistle>", onset_s=15.0, offset_s=16.0),
    )
    dog = found("Dog")
    mine = [e for e in made.events if e.label not in ("Rain", "Siren")]
    assert [(e.label, e.onset_s, e.offset_s) for e in mine] == [
        ("my machine", dog.onset_s, dog.offset_s), ("my machine", 12.0, 14.0),
        ("<Whistle>", 15.0, 16.0),
    ]  # fmt: skip
    assert [tag.label for tag in made.shown(4.5)] == ["my machine"]
    assert made.shown(4.5)[0].score == pytest.approx(detect(TRACK).shown(4.5)[0].score)
    assert {tag.label: tag.score for tag in made.shown(13.0)}["my machine"] == 1.0
    assert made.shown(28.0) == [] and len(detect(TRACK).vocabulary) == len(TRACK.labels)


def test_a_label_of_ones_own_can_be_denied_and_captioned(judged, tmp_path):
    said = on("Dog", verdict="wrong", relabel="my machine")
    assert list(spans(judged(said, deny=("my machine",)))) == ["Rain", "Siren"]
    events = judged(said).events
    cues = captions_of(events, TRACK, settings(verdicts=(str(tmp_path / "v.json"),))).cues
    assert any("machine" in line for cue in cues for line in cue.lines)


def test_plain_scores_take_no_verdicts(judged):
    with pytest.raises(SettingsError, match="raw"):
        judged(raw=True)


def test_what_a_person_heard_is_there_though_it_is_not_found(judged):
    strict = {"event_threshold": 0.95}
    assert detect(TRACK, settings(**strict)).events == []
    right, wrong = on("Dog", verdict="right", score=0.8), on("Rain", verdict="wrong")
    made = judged(right, wrong, **strict)
    dog = found("Dog")
    assert [(e.label, e.onset_s, e.offset_s, e.peak) for e in made.events] == [
        ("Dog", dog.onset_s, dog.offset_s, 0.8)
    ]
    assert [tag.label for tag in made.shown(4.5)] == ["Dog"]


def test_what_another_program_found_is_there_once_a_person_says_so(judged):
    bell = {"label": "Bell", "onset_s": 7.0, "offset_s": 8.5, "score": None}
    assert spans(judged(entry("far", verdict="right", **bell)))["Bell"] == (7.0, 8.5)
    assert judged(entry("far", verdict="right", **bell)).shown(8)[0].score == 1.0
    assert "Bell" not in spans(judged(entry("far", verdict="unsure", **bell)))
    own = {**bell, "label": "My own label"}
    assert list(spans(judged(entry("far", verdict="right", **own)))) == ["Dog", "Rain", "Siren"]
    put_right = entry("far", verdict="wrong", relabel="Cat", **own)
    assert spans(judged(put_right))["Cat"] == (7.0, 8.5)


def test_labels_that_are_not_wanted_stay_away_whoever_gave_them(judged):
    said = (
        on("Dog", verdict="wrong", relabel="Cat"), on("Rain", verdict="right"),
        entry("new", "add", label="Bell", onset_s=7.0, offset_s=8.5),
    )  # fmt: skip
    assert list(spans(judged(*said, deny=("Cat", "Rain")))) == ["Bell", "Siren"]
    assert list(spans(judged(*said, allow=("Cat", "Siren")))) == ["Cat", "Siren"]


@pytest.mark.parametrize(
    ("begin", "end", "is_same"),
    [
        (0.0, 1.98, True),  # the event is just more than half of it
        (0.0, 2.05, False),  # and just less
        (0.0, 0.51, True),
        (0.0, 0.48, False),
        (1.1, 1.6, False),  # near, and nothing in common
    ],
)
@pytest.mark.parametrize("length_s", [0.8, 3.0])
def test_a_verdict_is_of_what_it_has_half_in_common_with(judged, begin, end, is_same, length_s):
    track = heard([("Dog", 3, 3 + length_s)])
    dog = found("Dog", track)
    own_s = dog.offset_s - dog.onset_s
    edges = {"onset_s": dog.onset_s + begin * own_s, "offset_s": dog.onset_s + end * own_s}
    made = judged(entry("elsewhere", verdict="wrong", label="Dog", **edges), track=track)
    assert (made.events == []) == is_same


def test_of_two_verdicts_the_nearer_one_is_of_the_event(judged):
    dog = found("Dog")
    near, far = (
        entry(name, verdict=verdict, label="Dog", onset_s=dog.onset_s, offset_s=dog.offset_s + late)
        for name, verdict, late in (("near", "right", 0.2), ("far", "wrong", 1.5))
    )
    for said in ((near, far), (far, near)):
        assert "Dog" in spans(judged(*said))


def test_a_verdict_of_its_own_stands_before_those_that_lie_near(judged):
    dog = found("Dog")
    near = entry("near", verdict="wrong", label="Dog", onset_s=dog.onset_s, offset_s=dog.offset_s)
    assert "Dog" in spans(judged(on("Dog", verdict="right"), near))


def test_events_of_one_class_that_lie_apart_stay_apart(judged):
    track = heard([("Dog", 3, 6), ("Rain", 8, 10), ("Dog", 12, 14)])
    first, second = (e for e in detect(track).events if e.label == "Dog")
    sure = entry(event_id(first, track.model), verdict="right", onset_s=first.onset_s,
                 offset_s=first.offset_s)  # fmt: skip
    made = judged(sure, track=track).events
    assert [(e.onset_s, e.offset_s) for e in made if e.label == "Dog"] == [
        (first.onset_s, first.offset_s), (second.onset_s, second.offset_s)
    ]  # fmt: skip


def test_a_known_name_in_place_of_an_unknown_one_is_as_sure_as_a_person(judged):
    """There are no scores of the unknown one to take over, whatever it was scored."""
    own = entry("far", verdict="wrong", relabel="Cat", label="My own label", onset_s=7.0,
                offset_s=8.5, score=0.4)  # fmt: skip
    assert [(tag.label, tag.score) for tag in judged(own).shown(8)] == [("Cat", 1.0)]
