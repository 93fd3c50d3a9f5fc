"""The timeline: where the playhead is, what is lit, which part of a long video is shown."""

from itertools import pairwise

import numpy as np
import pytest

from overlay.datatypes import TagEvent
from overlay.detection import detect
from overlay.drawing.lanes import Lane, in_lanes
from overlay.drawing.loudness import Loudness
from overlay.drawing.panel import Panel
from overlay.drawing.spectrum import Spectrum
from overlay.drawing.views.timeline import Window, clock_face
from overlay.settings import PanelSettings, Settings
from overlay.track import MEL_COLUMN_S, TagTrack
from overlay.vocabulary.audioset import audioset

SIZE = 1280, 720


def panel(length_s=20.0, size=SIZE, has_mel=True, **options):
    """A siren in the second quarter of a sound that is loud there."""
    names, n = audioset().names, int(length_s / 0.1)
    scores = np.full((n, len(names)), 0.004, np.float32)
    scores[n // 4 : n // 2, names.index("Siren")] = 0.8
    levels = np.full((int(50 * length_s), 8), -50, np.float16)
    levels[len(levels) // 4 : len(levels) // 2] = -5
    mel = np.full((round(length_s / MEL_COLUMN_S), 64), 20, np.uint8)
    mel[len(mel) // 4 : len(mel) // 2, 40:] = 160
    mel = mel if has_mel else mel[:0]
    track = TagTrack(scores, names, 0.2, 0.1, length_s, levels=levels, mel=mel)
    settings = PanelSettings(view="timeline", smoothing="none", **options)
    line = detect(track, Settings(panel=settings)).timeline
    return Panel(line, size, settings, families=line.family_by_label)


def luma(made, t, **options):
    drawn = made.rgba(t, **options).astype(float)
    return drawn[..., :3].mean(axis=2) * drawn[..., 3] / 255


def playhead(made, t):
    """Column of the playhead: the line that is light where nothing else is."""
    strip = made.pieces[0].strip
    rows = luma(made, t)[strip.lane(1) : strip.sound[0] - 2]
    return float(np.flatnonzero(rows.min(axis=0) > 100).mean())


@pytest.mark.parametrize("theme", ["dark", "high-contrast"])
def test_the_playhead_is_where_the_time_is(theme):
    made = panel(theme=theme)
    strip = made.pieces[0].strip
    for t in (0.5, 5.0, 12.34, 19.5):
        expected = strip.left + strip.width * t / 20
        assert playhead(made, t) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_letters_can_be_read_through_the_playhead(theme):
    made = panel(theme=theme, length_s=8.0)  # the label begins at 2.0 s
    strip = made.pieces[0].strip
    base = strip.lane(0) + strip.baseline
    rows = slice(base - round(0.7 * strip.text_size), base)
    height = np.ptp(luma(made, 7.9)[rows], axis=0)  # of letters and ground in each column
    some = np.flatnonzero(height > 0.8 * height.max())[::3]
    some = some[some < strip.left + strip.width // 2]
    assert len(some) > 5
    for column in some.tolist():
        crossed = luma(made, (column + 0.5 - strip.left) / strip.width * 8)[rows, column]
        assert np.ptp(crossed) > 0.2 * height.max()


def test_the_strip_is_as_wide_as_the_picture_and_as_high_as_was_said():
    for size in ((1280, 720), (3840, 2160), (426, 240)):
        box = panel(size=size).pieces[0].box
        assert 0.14 <= box.height / size[1] <= 0.18
        assert box.width == pytest.approx(0.9 * size[0], abs=2)  # title-safe, as all views


def test_bars_are_where_the_events_are_and_what_is_to_come_is_dimmer():
    made = panel()
    strip = made.pieces[0].strip
    row = strip.lane(0) + strip.bar_offset + strip.bar_height // 2

    def bar(t):
        red = made.rgba(t)[row, :, 0].astype(float)
        colored = np.flatnonzero(red > 60)
        return red, colored[(colored >= strip.left) & (colored < strip.left + strip.width)]

    before, columns = bar(1.0)
    after, _ = bar(19.0)
    columns = columns[np.abs(columns - (strip.left + strip.width / 20)) > 6]
    edges = strip.left + strip.width * np.array([0.25, 0.5])
    assert (columns[0], columns[-1]) == pytest.approx(edges, abs=0.012 * strip.width)
    middle = round(edges.mean())
    assert after[middle] > 1.5 * before[middle]


def test_the_curve_is_high_where_the_sound_is_loud():
    made = panel()
    strip = made.pieces[0].strip
    sound = luma(made, 19.9)[strip.sound[0] : strip.sound[1]]
    tall = (sound > 128).sum(axis=0)
    x = [strip.left + round(strip.width * share) for share in (0.1, 0.37, 0.7)]
    assert tall[x[1]] > 0.8 * (strip.sound[1] - strip.sound[0])
    assert max(tall[x[0]], tall[x[2]]) <= 3


@pytest.mark.parametrize("has_mel", [True, False])
def test_the_spectrogram_is_bright_where_and_as_high_as_it_sounds(has_mel):
    made = panel(strip="spectrogram", has_mel=has_mel)
    strip = made.pieces[0].strip
    sound = luma(made, 19.9)[strip.sound[0] : strip.sound[1]]
    x = [strip.left + round(strip.width * share) for share in (0.1, 0.37, 0.7)]
    assert sound[:, x[1]].mean() > 2 * max(sound[:, x[0]].mean(), sound[:, x[2]].mean())
    if has_mel:
        high, low = np.array_split(sound[:, x[1]], [len(sound) * 3 // 8])
        assert high[:-1].min() > 2 * low[4:].max()


def test_a_short_video_is_shown_whole_and_a_long_one_by_its_span():
    assert Window(80, 60, 1200).is_whole
    assert {Window(80, 60, 1200).offset(t) for t in (0, 40, 80, 99)} == {0}
    window = Window(300, 60, 1200)
    assert not window.is_whole
    times = np.arange(0, 310, 1 / 30)
    offsets = [window.offset(t) for t in times]
    assert {b - a for a, b in pairwise(offsets)} == {0, 1}  # smooth
    assert (offsets[0], offsets[-1]) == (0, 4 * 1200)
    for t, offset in zip(times, offsets, strict=True):
        column = window.column(t, offset)
        assert column == pytest.approx(20 * min(t, 300) - offset, abs=1.01)
        if 31 < t < 269:
            assert column == 600


def test_what_is_still_is_said_and_the_end_stands():
    window = Window(200, 60, 1200)
    for t in np.arange(0, 210, 0.0771):
        until = window.still_until(t)
        assert until > t
        later = min(until - 1e-6, t + 9)
        assert window.offset(later) == window.offset(t)
        assert window.column(later, window.offset(t)) == window.column(t, window.offset(t))
    assert window.still_until(200) == float("inf")


def events(n, seed=3, n_classes=6):
    rng = np.random.default_rng(seed)
    onsets = np.sort(rng.random(n) * n)
    return [
        TagEvent(int(rng.integers(n_classes)), "x", float(a), float(a + rng.exponential(3)),
                 float(rng.random()), 0.3)
        for a in onsets
    ]  # fmt: skip


def test_bars_of_a_lane_never_meet_and_the_surest_are_there():
    heard = events(400)
    lanes = in_lanes(heard, 3, gap_s=0.2, label_s=2.0)
    for lane in lanes:
        assert all(a.offset_s + 0.2 <= b.onset_s + 1e-9 for a, b in pairwise(lane.events))
        expected = [e for e in lane.events if e.offset_s >= 50 and e.onset_s < 60]
        assert list(lane.between(50.0, 60.0)) == expected
    shown = [event.peak for lane in lanes for event in lane.events]
    assert max(event.peak for event in heard) in shown
    assert np.mean(shown) > np.mean([event.peak for event in heard])


def test_every_bar_has_room_for_a_label_or_follows_one_of_its_class():
    for lane in in_lanes(events(400), 3, gap_s=0.2, label_s=2.0):
        for a, b in pairwise(lane.events):
            assert a.index == b.index or a.onset_s + 0.55 * 2.0 + 0.2 <= b.onset_s + 1e-9


def event(index, onset_s, offset_s, peak=0.5):
    return TagEvent(index, "x", onset_s, offset_s, peak, 0.3)


def test_bars_of_one_class_share_a_label_until_another_comes_or_they_are_far_apart():
    lane = Lane([event(1, 0, 1), event(1, 2, 3), event(2, 4, 5), event(1, 6, 7), event(1, 20, 21)])
    runs = [[e.onset_s for e in run] for run in lane.runs(3.0)]
    assert runs == [[0, 2], [4], [6], [20]]
    assert list(Lane().runs(3.0)) == []


def test_an_event_comes_back_to_the_lane_of_its_class():
    heard = [event(1, 0, 2, 0.9), event(2, 1, 3, 0.8), event(2, 10, 12, 0.7)]
    lanes = in_lanes(heard, 2, gap_s=0.1, label_s=1.0)
    assert [[e.index for e in lane.events] for lane in lanes] == [[1], [2, 2]]


@pytest.mark.parametrize(
    ("heard", "shown"),
    [
        ([event(1, 0, 1), event(1, 2, 3)], [(0, 1), (2, 3)]),  # of one class: one label will do
        ([event(1, 0, 1), event(1, 1.7, 3)], [(0, 3)]),  # too close to be told apart
        ([event(1, 0, 1), event(1, 1.9, 3)], [(0, 1), (1.9, 3)]),
        ([event(1, 0, 1, 0.6), event(2, 2, 3, 0.5)], [(0, 1)]),  # no room for the label
        ([event(1, 0, 1, 0.6), event(2, 4.2, 5, 0.5)], [(0, 1), (4.2, 5)]),
        ([event(1, 0, 1, 0.6), event(2, 0.5, 9, 0.5)], [(0.5, 9)]),  # what lasts goes before
        ([event(1, 0, 1, 0.9), event(2, 0.5, 9, 0.5)], [(0, 1)]),  # unless the other is surer
        ([event(1, 0, 3), event(1, 2, 2.5)], [(0, 3)]),
    ],
)
def test_what_finds_a_place_in_one_lane(heard, shown):
    (lane,) = in_lanes(heard, 1, gap_s=0.2, label_s=4.0)
    assert [(each.onset_s, each.offset_s) for each in lane.events] == shown


def test_a_bar_of_several_is_as_sure_as_the_surest():
    (lane,) = in_lanes([event(1, 0, 1, 0.4), event(1, 1.2, 2, 0.7)], 1, 0.1, 1.0)
    assert lane.events == [event(1, 0, 2, 0.7)]


def long_panel(story, length_s=200.0, size=SIZE, **options):
    """A long video in which each (label, onset, offset) is heard."""
    names, n = audioset().names, int(length_s / 0.1)
    scores = np.full((n, len(names)), 0.004, np.float32)
    for label, on, off in story:
        scores[round(on / 0.1) : round(off / 0.1), names.index(label)] = 0.8
    track = TagTrack(scores, names, 0.2, 0.1, length_s)
    settings = PanelSettings(view="timeline", smoothing="none", span=30, **options)
    line = detect(track, Settings(panel=settings)).timeline
    return Panel(line, size, settings, families=line.family_by_label)


def ink(made, t, lane=0):
    """Columns of the window in which letters of a lane are seen, as (first, last) of each word."""
    strip = made.pieces[0].strip
    rows = slice(strip.lane(lane), strip.lane(lane) + strip.label_height)
    bright = luma(made, t)[rows, strip.left : strip.left + strip.width].max(axis=0) > 90
    places = np.flatnonzero(bright)
    groups = np.split(places, np.flatnonzero(np.diff(places) > 40) + 1) if len(places) else []
    return [(int(group[0]), int(group[-1])) for group in groups]


def test_a_label_stays_at_the_edge_while_its_bar_is_seen_and_goes_with_it():
    made = long_panel([("Siren", 60.0, 100.0)])
    scale = made.pieces[0].window.columns_per_s
    (first, last), *_ = ink(made, 70.0)
    assert first == pytest.approx(scale * (60 - 55), abs=4)
    width = last - first
    for t in (76.0, 90.0, 105.0):
        assert ink(made, t)[0] == pytest.approx((0, width), abs=4)
    end = round(scale * (100 - (114.0 - 15)))  # its bar's, in the window
    assert ink(made, 114.0)[0][1] == pytest.approx(end, abs=5)
    assert end < width
    assert [word for word in ink(made, 117.0) if word[0] < 500] == []


def test_a_label_at_the_edge_makes_room_for_the_next_one():
    made = long_panel([("Siren", 50.0, 70.0), ("Bell", 71.0, 80.0), ("Siren", 82.0, 99.0)])
    for t in np.arange(60, 110, 0.31):
        words = [word for word in ink(made, t) if word[1] < 550]
        assert all(a[1] + 4 < b[0] for a, b in pairwise(words)), (t, words)


def test_short_events_have_labels_of_their_own():
    story = [(("Dog", "Bell", "Siren")[n % 3], 4.0 * n, 4.0 * n + 0.4) for n in range(7)]
    made = long_panel(story, 30.0)
    strip = made.pieces[0].strip
    n_words = sum(len(ink(made, 29.9, lane)) for lane in range(strip.n_lanes))
    assert n_words == len(story) + strip.n_lanes  # the playhead is in each lane, too


def test_a_label_at_the_end_of_a_video_begins_before_its_bar():
    made = long_panel([("Applause", 29.4, 30.0)], 30.0)
    strip = made.pieces[0].strip
    (first, last), *_ = ink(made, 10.0)[-1:]
    assert last < strip.width
    assert first < 29.4 * made.pieces[0].window.columns_per_s


def test_very_many_events_take_no_time():
    assert sum(len(lane.events) for lane in in_lanes(events(10_000), 3, 0.2, 2.0)) > 1000


def test_loudness_is_the_largest_between_two_edges_and_nothing_where_nothing_is():
    levels = np.full((100, 2), -60, np.float32)
    levels[40] = 0
    sound = Loudness(levels.astype(np.float16), 1 + np.arange(100) / 50)
    heights = sound.heights(np.linspace(0, 6, 61))
    assert heights[18] == pytest.approx(1, abs=0.01)
    assert heights[:10].max() == heights[31:].max() == 0
    assert Loudness(np.empty((0, 0), np.float16), np.empty(0)).heights(np.arange(4.0)).max() == 0


def test_a_spectrum_is_clear_where_nothing_was_heard_and_passes_over_no_column():
    codes = np.full((100, 4), 20, np.uint8)
    codes[:, 3], codes[57] = 160, 160
    times = np.concatenate([np.arange(50), 100 + np.arange(50)]) * 0.08
    sound = Spectrum(codes, times)
    rows = sound.rows(np.linspace(0, 12, 301), 8)
    assert rows.shape == (8, 300)
    assert rows[0, :99].min() > 0.95  # the highest band on top
    assert rows[-1, :99].max() < 0.1
    assert rows[:, 105:195].max() == 0  # a gap
    wide = sound.rows(np.linspace(0, 12, 13), 8)
    assert wide[-1, 8] > 0.95  # one loud column of twelve
    assert Spectrum(np.empty((0, 0), np.uint8), np.empty(0)).rows(np.arange(4.0), 5).max() == 0


@pytest.mark.parametrize(("n_bands", "n_rows"), [(64, 8), (64, 64), (8, 30), (1, 5)])
def test_every_band_is_seen_in_rows_of_any_number(n_bands, n_rows):
    for band in range(n_bands):
        codes = np.zeros((20, n_bands), np.uint8)
        codes[:, band] = 200
        seen = Spectrum(codes, 0.08 * np.arange(20)).rows(np.linspace(0.2, 1.2, 11), n_rows)
        place = n_rows - 1 - seen[:, 5].argmax()
        assert seen[:, 5].max() > 0
        assert place / n_rows == pytest.approx(band / n_bands, abs=1 / min(n_bands, n_rows))


def test_the_time_is_written_as_players_do():
    assert [clock_face(t) for t in (0, 59.99, 60, 3599, 3600)] == [
        "0:00", "0:59", "1:00", "59:59", "1:00:00",
    ]  # fmt: skip
