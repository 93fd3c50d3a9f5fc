"""Events: edges where the sound is, gaps closed, general labels left to specific ones."""

import numpy as np
import pytest

from overlay.datatypes import TagEvent
from overlay.detection.events import collapsed, find_events
from overlay.errors import SettingsError
from overlay.settings import EventSettings
from overlay.tagging.levels import LevelMeter
from overlay.tagging.windows import from_zero
from overlay.track import TagTrack
from overlay.vocabulary.labels import audioset_labels, breadcrumb

RATE, WINDOW_S, HOP_S = 32000, 2.0, 0.3


def index(label):
    return audioset_labels().index(label)


def heard(spans, seconds=30.0, needed_s=0.4, score=0.8):
    """A track of a tagger that fires where a window holds enough of a sound, with loudness."""
    n_hops = int(seconds / HOP_S) + 1
    scores = np.full((n_hops, 527), 0.01, np.float32)
    sound = np.random.default_rng(0).normal(0, 1e-4, round(seconds * RATE)).astype(np.float32)
    centres = np.arange(n_hops) * HOP_S + WINDOW_S / 2
    for label, onset, offset in spans:
        inside = np.minimum(centres + 1, offset) - np.maximum(centres - 1, onset)
        fires = inside >= min(needed_s, offset - onset)
        scores[fires, index(label)] = score
        some = slice(round(onset * RATE), round(offset * RATE))
        sound[some] += np.random.default_rng(1).normal(0, 0.1, len(sound[some]))
    meter = LevelMeter(RATE)
    list(meter.listening(from_zero([sound[: RATE + 7], sound[RATE + 7 :]], RATE)))
    levels, _ = meter.levels()
    return TagTrack(scores, audioset_labels(), WINDOW_S, HOP_S, seconds, levels=levels)


@pytest.mark.parametrize(("onset", "offset"), [(5.0, 9.0), (10.37, 12.91), (7.11, 7.6)])
def test_edges_are_those_of_the_sound(onset, offset):
    events = find_events(heard([("Dog", onset, offset)]), EventSettings())
    assert [event.label for event in events] == ["Dog"]
    assert events[0].onset_s == pytest.approx(onset, abs=0.05)
    assert events[0].offset_s == pytest.approx(offset, abs=0.05)
    assert events[0].peak == pytest.approx(0.8, abs=0.01)


def test_a_sound_that_is_there_from_the_start_begins_at_the_start():
    events = find_events(heard([("Speech", 0.0, 0.6), ("Speech", 0.9, 4.0)]), EventSettings())
    assert events[0].onset_s == pytest.approx(0.0, abs=0.05)
    assert events[-1].offset_s == pytest.approx(4.0, abs=0.05)


def test_without_loudness_edges_are_nearer_than_the_windows():
    track = heard([("Dog", 5.0, 9.0)])
    quiet = TagTrack(track.scores, track.labels, WINDOW_S, HOP_S, 30.0)
    event = find_events(quiet, EventSettings())[0]
    assert event.onset_s == pytest.approx(5.0, abs=0.45)
    assert event.offset_s == pytest.approx(9.0, abs=0.45)


def test_sounds_at_the_ends_reach_the_ends():
    event = find_events(heard([("Rain", 0.0, 30.0)]), EventSettings())[0]
    assert (event.onset_s, event.offset_s) == (0.0, 30.0)


def test_short_gaps_are_closed_and_long_ones_are_not():
    track = heard([("Dog", 5.0, 9.0), ("Dog", 14.0, 17.0)])
    assert len(find_events(track, EventSettings())) == 2
    assert len(find_events(track, EventSettings(max_gap_s=6.0))) == 1


def test_the_most_specific_label_stays():
    names = ("Animal", "Domestic animals, pets", "Cat", "Meow")
    track = heard([(name, 5.0, 9.0) for name in names])
    assert [event.label for event in find_events(track, EventSettings())] == ["Meow"]
    every = find_events(track, EventSettings(collapse=False))
    assert {event.label for event in every} == set(names)
    assert breadcrumb(index("Meow")) == names


def test_a_general_label_stays_where_it_is_much_surer():
    ancestors = [frozenset(), frozenset({0})]
    general, specific = (
        TagEvent(i, label, 1.0, 4.0, peak, peak)
        for i, label, peak in ((0, "Animal", 0.9), (1, "Cat", 0.4))
    )
    assert collapsed([general, specific], ancestors, 0.4) == [general, specific]
    assert collapsed([general, specific], ancestors, 0.6) == [specific]
    longer = TagEvent(0, "Animal", 1.0, 9.0, 0.5, 0.5)
    assert longer in collapsed([longer, specific], ancestors, 0.6)


def test_thresholds_of_single_labels_and_lists(tmp_path):
    track = heard([("Dog", 5.0, 9.0), ("Rain", 12.0, 16.0)], score=0.5)
    file = tmp_path / "t.toml"
    file.write_text('"Dog" = 0.6\n')

    def labels(**options):
        return [event.label for event in find_events(track, EventSettings(**options))]

    assert labels() == ["Dog", "Rain"]
    assert labels(thresholds_file=str(file)) == ["Rain"]
    assert labels(allow=("dog",)) == ["Dog"]
    assert labels(deny=("Dog",)) == ["Rain"]
    with pytest.raises(SettingsError, match="'Dragon' is no label"):
        labels(allow=("Dragon",))
    file.write_text("Dog = 2\n")
    with pytest.raises(SettingsError, match="no threshold"):
        labels(thresholds_file=str(file))


def test_an_empty_track_has_no_events():
    empty = TagTrack(np.zeros((0, 527), np.float32), audioset_labels(), 2.0, 0.3, 0.0)
    assert find_events(empty, EventSettings()) == []


def test_levels_survive_the_file(tmp_path):
    track = heard([("Dog", 5.0, 9.0)])
    again = TagTrack.load(track.save(tmp_path / "t.npz"))
    np.testing.assert_array_equal(again.levels, track.levels)
    assert track.levels.shape == (1500, 8)
