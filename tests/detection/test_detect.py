"""One rule: what the panel shows at a second are the events that cover it."""

import itertools
import time

import numpy as np
import pytest
from detection.hearing import HOP_S, WINDOW_S, heard, index, plain, row, settings

from overlay.datatypes import TagEvent
from overlay.detection import detect, shown
from overlay.detection.detect import usual_threshold
from overlay.detection.hysteresis import runs_of
from overlay.errors import LabelError, SettingsError
from overlay.settings import EventSettings, PanelSettings, Settings
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset, audioset_labels


def labels_at(detection, at_s):
    return [tag.label for tag in detection.shown(at_s)]


def rows_of(detection):
    timeline = detection.timeline
    return [[timeline.labels[i] for i in row if i >= 0] for row in timeline.classes.tolist()]


def random_track(seed, n_hops=150, n_classes=40, **options):
    random = np.random.default_rng(seed)
    walk = np.cumsum(random.normal(0, 0.15, (n_hops, n_classes)), axis=0)
    scores = 1 / (1 + np.exp(-(walk - walk.mean(axis=0)) * 3 + 1))
    return plain(scores.T, **options)


def frame_track():
    return random_track(3, 1000, hop_s=0.04, window_s=0.04)


def gap_track():
    times = np.concatenate([5 + 0.3 * np.arange(50), 40 + 0.3 * np.arange(50), 70 + np.arange(50)])
    return random_track(4, times=times, duration_s=130.0)


TRACKS = {
    "windows": lambda: random_track(1), "frames": frame_track, "gaps": gap_track,
    "one row": lambda: plain([[0.9], [0.1]], duration_s=2.0), "sounds": lambda: heard(
        [("Dog", 3, 5), ("Bark", 3, 4), ("Rain", 4.5, 20), ("Siren", 12, 13), ("Music", 0, 30)]
    ),
}  # fmt: skip


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("name", TRACKS)
def test_the_rows_at_a_time_are_the_events_that_cover_it(name, raw):
    track = TRACKS[name]()
    detection = detect(track, settings(top_k=20, raw=raw))
    assert detection.events == sorted(detection.events, key=lambda event: event.onset_s)
    assert detection.events
    for rows, t in zip(rows_of(detection), detection.timeline.times.tolist(), strict=True):
        covering = {e.label for e in detection.events if e.onset_s <= t < e.offset_s}
        assert set(rows) == set(labels_at(detection, t))
        assert len(rows) == min(20, len(covering))
        assert set(rows) <= covering
    moments = np.random.default_rng(0).uniform(-1, track.times[-1] + 2, 200).tolist()
    for t in moments:
        covering = {e.label for e in detection.events if e.onset_s <= t < e.offset_s}
        tags = detection.shown(t)
        assert {tag.label for tag in tags} <= covering
        assert len(tags) == min(20, len(covering))
    for t in moments[:3]:
        assert shown(track, t, settings(top_k=20, raw=raw)) == detection.shown(t)


def test_an_empty_track_shows_nothing():
    empty = TagTrack(np.zeros((0, 527), np.float32), audioset_labels(), 2.0, 0.3, 0.0)
    for raw in (False, True):
        detection = detect(empty, settings(raw=raw))
        assert detection.events == []
        assert detection.shown(0.0) == []
        assert detection.timeline.classes.shape == (0, 5)


def test_nothing_is_shown_where_the_sound_has_a_gap():
    times = np.concatenate([1 + 0.3 * np.arange(20), 30 + 0.3 * np.arange(20)])
    track = plain([[0.9] * 40], times=times, duration_s=12.0)
    for raw in (False, True):
        detection = detect(track, settings(raw=raw))
        assert labels_at(detection, 3.0) == ["label 0"]
        assert labels_at(detection, 32.0) == ["label 0"]
        for t in (9.0, 15.0, 27.5, 40.0):
            assert labels_at(detection, t) == []
        timeline = detection.timeline
        inside = (timeline.times > 8) & (timeline.times < 28)
        assert inside.any()
        assert (timeline.classes[inside] == -1).all()
        assert (np.diff(timeline.times) > 0).all()


def test_sound_that_begins_late_and_ends_early_has_its_tags_only_then():
    track = plain([[0.9] * 13], times=6 + 0.3 * np.arange(13), duration_s=4.0)
    detection = detect(track)
    assert labels_at(detection, 4.5) == []
    assert labels_at(detection, 6.0) == ["label 0"]
    assert labels_at(detection, 9.5) == []
    assert detection.events[0].offset_s == pytest.approx(9.0)
    assert rows_of(detection)[0] == rows_of(detection)[-1] == []


def test_tags_go_when_their_sound_does():
    track = heard([("Dog", 1, 4)], seconds=4.0)
    detection = detect(track)
    assert labels_at(detection, 3.9) == ["Dog"]
    assert labels_at(detection, 4.01) == []
    assert rows_of(detection)[-1] == []


def test_digital_silence_has_no_tags_whatever_the_scores():
    track = heard([("Dog", 2, 5)])
    scores = np.full(track.scores.shape, 0.01, np.float32)
    scores[:, index("Dog")] = 0.9
    levels = np.full(track.levels.shape, -60, np.float16)
    levels[100:250] = -10
    still = TagTrack(scores, track.labels, WINDOW_S, HOP_S, 30.0, levels=levels)
    events = detect(still).events
    assert [(e.label, round(e.onset_s, 1), round(e.offset_s, 1)) for e in events] == [
        ("Dog", 2.0, 5.0)
    ]


def test_a_quiet_sound_under_a_loud_one_stays_where_it_is_alone():
    track = heard([("Rain", 0, 30)])
    levels = track.levels.copy()
    levels[:] = -15
    levels[700:750] = 25
    loud = TagTrack(track.scores, track.labels, WINDOW_S, HOP_S, 30.0, levels=levels)
    assert [(e.onset_s, e.offset_s) for e in detect(loud).events] == [(0.0, 30.0)]


def test_a_tag_that_has_come_stays_until_it_falls_below_the_lower_threshold():
    flicker = [0.0] * 5 + [0.5, 0.25, 0.35, 0.2, 0.4, 0.28, 0.33] * 3 + [0.0] * 5
    events = detect(plain([flicker]), settings(smoothing="none")).events
    assert len(events) == 1
    assert runs_of(np.array(flicker), 0.3, 0.3) != runs_of(np.array(flicker), 0.3, 0.15)
    below = detect(plain([[0.0, 0.29, 0.29, 0.29, 0.0]]), settings(smoothing="none"))
    assert below.events == []


def test_a_tag_stays_as_long_as_asked_for_but_not_beyond_the_sound():
    blip = plain([[0] * 10 + [0.9] + [0] * 20], window_s=0.3)
    for stay_s in (0.0, 1.0, 2.0):
        event = detect(blip, settings(smoothing="none", stay_s=stay_s, max_gap_s=0.1)).events[0]
        assert event.offset_s - event.onset_s == pytest.approx(max(stay_s, 0.3), abs=0.3)
    at_the_end = plain([[0] * 10 + [0.9]], window_s=0.3)
    event = detect(at_the_end, settings(smoothing="none", stay_s=2.0)).events[0]
    assert event.offset_s == pytest.approx(at_the_end.duration_s)


def test_rows_change_places_only_beyond_a_margin():
    a = 0.6 + 0.04 * np.sin(np.arange(60))
    b = 0.6 - 0.04 * np.sin(np.arange(60))
    b[40:] = 0.9
    detection = detect(plain([a, b]), settings(smoothing="none"))
    tops = [rows[0] for rows in rows_of(detection) if rows]
    assert sum(x != y for x, y in itertools.pairwise(tops)) <= 1
    assert tops[-1] == "label 1"


def test_raw_is_the_plain_smoothed_top_k():
    track = random_track(5)
    timeline = detect(track, settings(raw=True, smoothing="trailing", top_k=3)).timeline
    scores = track.scores
    for hop in range(track.n_hops):
        mean = scores[max(0, hop - 4) : hop + 1].mean(axis=0)
        best = [i for i in np.argsort(-mean, kind="stable")[:3].tolist() if mean[i] >= 0.05]
        if track.times[hop] < track.duration_s:
            assert [i for i in timeline.classes[hop].tolist() if i >= 0] == best
    silence = row(Silence=0.9, Animal=0.8, Cat=0.7)
    assert labels_at(detect(silence, settings(raw=True)), 1.5) == ["Silence", "Animal", "Cat"]


def test_thresholds_and_lists_hold_for_panel_and_events(tmp_path):
    track = heard([("Dog", 5.0, 9.0), ("Rain", 12.0, 16.0)], score=0.5)
    file = tmp_path / "t.toml"
    file.write_text('"Dog" = 0.6\n')

    def labels(**options):
        detection = detect(track, settings(**options))
        seen = {label for t in (7.0, 14.0) for label in labels_at(detection, t)}
        assert seen == {event.label for event in detection.events}
        return sorted(seen)

    for raw in (False, True):
        assert labels(raw=raw) == ["Dog", "Rain"]
        assert labels(raw=raw, thresholds_file=str(file)) == ["Rain"]
        assert labels(raw=raw, allow=("dog",)) == ["Dog"]
        assert labels(raw=raw, allow=("狗叫声",)) == ["Dog"]
        assert labels(raw=raw, deny=("Dog",)) == ["Rain"]
        assert labels(raw=raw, threshold=0.7) == []
        with pytest.raises(SettingsError, match="'Dragon' is no label"):
            labels(raw=raw, allow=("Dragon",))
    assert labels(event_threshold=0.7) == []
    file.write_text("Dog = 2\n")
    with pytest.raises(SettingsError, match="no threshold"):
        labels(thresholds_file=str(file))


def test_what_says_nothing_is_not_shown_unless_asked_for():
    track = row(Silence=0.9, Dog=0.5, Noise=0.7)
    assert labels_at(detect(track), 1.5) == ["Dog"]
    assert labels_at(detect(row(Noise=0.7)), 1.5) == ["Noise"]
    assert labels_at(detect(track, settings(allow=("silence",))), 1.5) == ["Silence"]
    everything = detect(track, settings(show_all=True))
    assert labels_at(everything, 1.5) == ["Silence", "Noise", "Dog"]


def test_a_label_file_renames_and_changes_nothing_else(tmp_path):
    names = [f"name {i}" for i in range(527)]
    names[index("Dog")] = "Hund"
    file = tmp_path / "labels.txt"
    file.write_text("\n".join(names))
    track = heard([("Dog", 5, 9), ("Animal", 5, 9), ("Silence", 12, 16)])
    detection = detect(track, settings(label_file=str(file)))
    assert [event.label for event in detection.events] == ["Hund"]
    assert labels_at(detection, 7) == ["Hund"]
    assert detection.timeline.family_by_label["Hund"] == "animal"
    assert labels_at(detect(track, settings(language="zh")), 7) == ["狗叫声"]
    file.write_text("one\ntwo\n")
    with pytest.raises(LabelError, match="2 names do not fit scores of 527"):
        detect(track, settings(label_file=str(file)))


@pytest.mark.parametrize(("onset", "offset"), [(5.0, 9.0), (10.37, 12.91), (7.11, 8.2)])
def test_edges_are_those_of_the_sound(onset, offset):
    events = detect(heard([("Dog", onset, offset)])).events
    assert [event.label for event in events] == ["Dog"]
    assert events[0].onset_s == pytest.approx(onset, abs=0.05)
    assert events[0].offset_s == pytest.approx(offset, abs=0.05)
    assert events[0].peak == pytest.approx(0.8, abs=0.01)


def test_a_sound_that_is_there_from_the_start_begins_at_the_start():
    events = detect(heard([("Speech", 0.0, 0.6), ("Speech", 0.9, 4.0)])).events
    assert events[0].onset_s == pytest.approx(0.0, abs=0.05)
    assert events[-1].offset_s == pytest.approx(4.0, abs=0.05)


def test_without_loudness_edges_are_nearer_than_the_windows():
    track = heard([("Dog", 5.0, 9.0)])
    quiet = TagTrack(track.scores, track.labels, WINDOW_S, HOP_S, 30.0)
    event = detect(quiet).events[0]
    assert event.onset_s == pytest.approx(5.0, abs=0.45)
    assert event.offset_s == pytest.approx(9.0, abs=0.45)


def test_sounds_at_the_ends_reach_the_ends():
    event = detect(heard([("Rain", 0.0, 30.0)])).events[0]
    assert (event.onset_s, event.offset_s) == (0.0, 30.0)


def test_short_gaps_are_closed_and_long_ones_are_not():
    track = heard([("Dog", 5.0, 9.0), ("Dog", 14.0, 17.0)])
    assert len(detect(track).events) == 2
    assert len(detect(track, settings(max_gap_s=6.0)).events) == 1


def test_the_most_specific_label_stays():
    names = ("Animal", "Domestic animals, pets", "Cat", "Meow")
    track = heard([(name, 5.0, 9.0) for name in names])
    assert [event.label for event in detect(track).events] == ["Meow"]
    every = detect(track, settings(collapse=False))
    assert {event.label for event in every.events} == set(names)
    assert set(labels_at(every, 7.0)) == set(names)
    assert audioset().breadcrumb(index("Meow")) == names


def test_ten_thousand_events_take_seconds():
    n_hops = 40_000
    scores = np.zeros((n_hops, 527), np.float32)
    for place, label in enumerate(("Animal", "Dog", "Bark", "Noise", "Vehicle", "Car")):
        scores[place :: 24 - place, index(label)] = 0.9
    track = TagTrack(scores, audioset_labels(), 0.3, 0.3, 12_000.0)
    start = time.process_time()
    detection = detect(track, settings(smoothing="none", max_gap_s=0.0, min_duration_s=0.0))
    assert len(detection.events) > 5_000
    for t in range(0, 12_000, 100):
        detection.shown(float(t))
    assert time.process_time() - start < 20


def test_twenty_thousand_labels_take_seconds():
    names = tuple(f"{'x' * (i % 2000)}{i}" for i in range(20_000))
    scores = np.zeros((40, 20_000), np.float32)
    scores[10:20] = 0.9
    start = time.process_time()
    track = TagTrack(scores, names, 2.0, 0.3, 12.0)
    detection = detect(track, settings(allow=names[:5000], deny=names[100:4000]))
    assert len(detection.events) == 1100
    assert len(detection.shown(5.0)) == 5
    assert time.process_time() - start < 20


def test_events_are_values():
    event = detect(heard([("Dog", 5.0, 9.0)])).events[0]
    assert isinstance(event, TagEvent)
    assert 0 <= event.mean <= event.peak <= 1


def test_a_tag_that_stays_after_its_sound_has_no_score():
    track = heard([("Dog", 5.0, 5.3)])
    detection = detect(track, settings(stay_s=1.0))
    assert labels_at(detection, 5.1) == labels_at(detection, 5.9) == ["Dog"]
    assert detection.shown(5.9)[0].score <= 0.05
    assert labels_at(detection, 6.2) == []
    rows = (detection.timeline.times > 5.4) & (detection.timeline.times < 5.95)
    assert (detection.timeline.scores[rows, index("Dog")] <= 0.05).all()
    assert (track.scores[:, index("Dog")] > 0.5).any()


@pytest.mark.parametrize(
    ("options", "model", "least"),
    [
        ({}, "builtin", 0.22),  # its scores say how often they are right
        ({}, "mn04+builtin", 0.22),
        ({}, "somebody's own", 0.15),  # nobody measured what its scores say
        ({"raw": True}, "builtin", 0.05),
        ({"event_threshold": 0.4}, "builtin", 0.4),
        ({"event_threshold": 0.4, "raw": True}, "builtin", 0.05),
        ({"event_threshold": 0.4, "threshold": 0.3}, "builtin", 0.3),
        ({"threshold": 0.3, "raw": True}, "builtin", 0.3),
    ],
)
def test_what_a_score_must_reach_where_nothing_else_is_said(options, model, least):
    assert usual_threshold(settings(**options), model) == least


@pytest.mark.parametrize("options", [{}, {"raw": True}])
def test_a_tag_comes_when_its_score_reaches_the_threshold(options):
    """Also that of ``usual_threshold``, and no other."""
    least = usual_threshold(settings(**options), "own")
    for score, is_on in ((least + 0.01, True), (least - 0.01, False)):
        detection = detect(plain([[score] * 20], model="own"), settings(**options))
        assert bool(detection.events) == is_on


def test_a_tag_that_stays_has_no_score_where_its_windows_still_hear_it():
    scores = heard([("Dog", 5.0, 6.0)]).scores
    smeared = TagTrack(scores, audioset_labels(), WINDOW_S, HOP_S, 30.0)
    short = detect(smeared)
    (dog,) = short.events
    longer = detect(smeared, settings(stay_s=dog.offset_s - dog.onset_s + 1))
    assert longer.events[0].offset_s == pytest.approx(dog.offset_s + 1)
    times = longer.timeline.times
    after = (times > dog.offset_s) & (times < dog.offset_s + 1)
    assert longer.timeline.scores[after, index("Dog")].max() <= 0.05
    assert short.timeline.scores[after, index("Dog")].max() > 0.2


@pytest.mark.parametrize(("rest_s", "is_told"), [(0.6, False), (1.5, True)])
def test_what_is_left_of_a_general_sound_is_told_of_if_it_lasts(rest_s, is_told):
    scores = np.zeros((60, 527), np.float32)
    scores[10:40, index("Animal")] = 0.8
    scores[10 : 40 - round(rest_s / 0.3), index("Dog")] = 0.8
    track = TagTrack(scores, audioset_labels(), 0.3, 0.3, 18.0)
    events = detect(track, settings(smoothing="none")).events
    assert [event.label for event in events] == ["Dog", *["Animal"] * is_told]


@pytest.mark.parametrize("where", ["panel", "events"])
def test_either_table_keeps_general_labels_beside_the_specific_ones(where):
    kept = {"panel": PanelSettings(collapse=False), "events": EventSettings(collapse=False)}
    track = row(Animal=0.8, Dog=0.8)
    assert labels_at(detect(track), 1.5) == ["Dog"]
    assert set(labels_at(detect(track, Settings(**{where: kept[where]})), 1.5)) == {"Animal", "Dog"}
