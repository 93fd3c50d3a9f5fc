"""The timeline: where the playhead is, what is lit, which part of a long video is shown."""

from itertools import pairwise

import numpy as np
import pytest

from overlay.datatypes import TagEvent
from overlay.detection import detect
from overlay.drawing.lanes import in_lanes
from overlay.drawing.loudness import Loudness
from overlay.drawing.panel import Panel
from overlay.drawing.views.timeline import Window, clock_face
from overlay.settings import PanelSettings, Settings
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset

SIZE = 1280, 720


def panel(length_s=20.0, size=SIZE, **options):
    """A siren in the second quarter of a sound that is loud there."""
    names, n = audioset().names, int(length_s / 0.1)
    scores = np.full((n, len(names)), 0.004, np.float32)
    scores[n // 4 : n // 2, names.index("Siren")] = 0.8
    levels = np.full((int(50 * length_s), 8), -50, np.float16)
    levels[len(levels) // 4 : len(levels) // 2] = -5
    track = TagTrack(scores, names, 0.2, 0.1, length_s, levels=levels)
    settings = PanelSettings(view="timeline", smoothing="none", **options)
    line = detect(track, Settings(panel=settings)).timeline
    return Panel(line, size, settings, families=line.family_by_label)


def luma(made, t, **options):
    drawn = made.rgba(t, **options).astype(float)
    return drawn[..., :3].mean(axis=2) * drawn[..., 3] / 255


def playhead(made, t):
    """Column of the playhead: the line that is white where nothing else is."""
    strip = made.pieces[0].strip
    rows = luma(made, t)[strip.first_baseline + strip.pitch : strip.sound[0] - 2]
    return float(np.flatnonzero(rows.min(axis=0) > 240).mean())


@pytest.mark.parametrize("theme", ["dark", "high-contrast"])
def test_the_playhead_is_where_the_time_is(theme):
    made = panel(theme=theme)
    strip = made.pieces[0].strip
    for t in (0.5, 5.0, 12.34, 19.5):
        expected = strip.left + strip.width * t / 20
        assert playhead(made, t) == pytest.approx(expected, abs=2)


def test_the_strip_is_as_wide_as_the_picture_and_as_high_as_was_said():
    for size in ((1280, 720), (3840, 2160), (426, 240)):
        box = panel(size=size).pieces[0].box
        assert 0.14 <= box.height / size[1] <= 0.18
        assert box.width > 0.94 * size[0]


def test_bars_are_where_the_events_are_and_what_is_to_come_is_dimmer():
    made = panel()
    strip = made.pieces[0].strip
    row = strip.first_baseline + strip.bar_offset + strip.bar_height // 2

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
    spectrum = panel(strip="spectrogram")
    sound = luma(spectrum, 19.9)[strip.sound[0] : strip.sound[1]]
    assert sound[:, x[1]].mean() > 2 * sound[:, x[0]].mean()


def test_a_short_video_is_shown_whole_and_a_long_one_by_its_span():
    assert Window(80, 60, 1200).is_whole
    window = Window(300, 60, 1200)
    assert not window.is_whole
    times = np.arange(0, 300, 1 / 30)
    offsets = [window.offset(t) for t in times]
    assert all(b >= a for a, b in pairwise(offsets))
    assert not any(offset % 2 for offset in offsets)
    still = np.mean([a == b for a, b in pairwise(offsets)])
    assert still > 0.97  # it can be read
    for t, offset in zip(times, offsets, strict=True):
        place = (t * window.columns_per_s - offset) / 1200
        assert -0.001 <= place <= (0.76 if t < 270 else 1), t
        assert window.column(t, offset) == pytest.approx(1200 * place, abs=1.01)
        assert window.offset(t, settled=True) % 600 == 0


def test_what_is_still_is_said_and_the_end_stands():
    window = Window(200, 60, 1200)
    for t in np.arange(0, 210, 0.0771):
        until = window.still_until(t)
        if until > t:
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
        inside = [event for event, _ in lane.between(50.0, 60.0)]
        expected = [e for e in lane.events if e.offset_s >= 50 and e.onset_s < 60]
        assert inside == expected
    shown = [event.peak for lane in lanes for event in lane.events]
    assert max(event.peak for event in heard) in shown
    assert np.mean(shown) > np.mean([event.peak for event in heard])


def test_very_many_events_take_no_time():
    assert sum(len(lane.events) for lane in in_lanes(events(10_000), 3, 0.2, 2.0)) > 1000


def test_loudness_is_the_largest_between_two_edges_and_nothing_where_nothing_is():
    levels = np.full((100, 2), -60, np.float32)
    levels[40] = 0
    sound = Loudness(levels.astype(np.float16), 1 + np.arange(100) / 50)
    heights = sound.heights(np.linspace(0, 6, 61))
    assert heights[18] == pytest.approx(1, abs=0.01)
    assert heights[:10].max() == heights[31:].max() == 0
    assert sound.bands(np.linspace(0, 6, 61), 7).shape == (7, 60)
    assert Loudness(np.empty((0, 0), np.float16), np.empty(0)).heights(np.arange(4.0)).max() == 0


def test_the_time_is_written_as_players_do():
    assert [clock_face(t) for t in (0, 59.99, 60, 3599, 3600)] == [
        "0:00", "0:59", "1:00", "59:59", "1:00:00",
    ]  # fmt: skip
