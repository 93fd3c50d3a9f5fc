"""What is written on a timeline: where labels stand, how bars look, tile by tile."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from overlay.datatypes import TagEvent, TagTimeline
from overlay.drawing.fonts import font_file
from overlay.drawing.layout import safe_room
from overlay.drawing.strip_layout import strip_in
from overlay.drawing.strip_tiles import COMING, LIT, TILE, Label, Paper
from overlay.drawing.theme import load_theme
from overlay.drawing.views.base import Brief, Look
from overlay.settings import PanelSettings

LABELS = ("Dog", "Fire engine, fire truck (siren)", "Bell", "W" * 300)
FONTS = font_file(None, "SemiBold"), font_file(None, "Medium")


def strip_of(size=(1280, 720), theme="dark", aspect=1.0, scale=1.0, position="bottom"):
    look = load_theme(theme)
    return strip_in(safe_room(size, look.card.margin / 2, aspect), look, scale, position)


def written(events, n_columns=1200, seconds=60.0, theme="dark", aspect=1.0, n_lanes=1):
    """A paper with these (class, onset, offset, mean) in one lane."""
    size = round(1280 / aspect), 720
    strip = replace(strip_of(size, theme, aspect), n_lanes=n_lanes)
    heard = tuple(TagEvent(i, LABELS[i], a, b, 0.9, mean) for i, a, b, mean in events)
    nothing = np.zeros((1, len(LABELS)), np.float32)
    line = TagTimeline(np.zeros(1), nothing, np.full((1, 1), -1, np.int32), LABELS, events=heard,
                       duration_s=seconds)  # fmt: skip
    room = safe_room(size, 0.02, aspect)
    brief = Brief(line, seconds, room, load_theme(theme), FONTS, PanelSettings(view="timeline"))
    look = Look(load_theme(theme), FONTS, {}, lambda rgb: rgb)
    return Paper(strip, n_columns / seconds, n_columns, brief, look), strip


def words(paper, strip, page=LIT, columns=(0, 1200)):
    """First and last column of each word of the first lane."""
    pixels = paper.columns(page, *columns)[:3, paper.label_rows(0)].max(axis=0)
    places = np.flatnonzero((pixels > 0.35).any(axis=0)) + columns[0]
    if not len(places):
        return []
    groups = np.split(places, np.flatnonzero(np.diff(places) > 0.45 * strip.text_size) + 1)
    return [(int(group[0]), int(group[-1])) for group in groups]


def bar(paper, strip, page=LIT, columns=(0, 1200)):
    """Colour of the middle of the first lane's bars, ``[3, columns]``."""
    row = strip.lane(0) + strip.bar_offset + strip.bar_height // 2
    return paper.columns(page, *columns)[:3, row]


@pytest.mark.parametrize(
    ("event", "first", "last"),
    [
        ((0, 10.0, 20.0, 0.9), 200, None),  # with its bar
        ((0, 0.0, 5.0, 0.9), 0, None),
        ((0, 59.5, 60.0, 0.9), None, 1200),  # at the end: before it
        ((1, 58.0, 60.0, 0.9), None, 1200),
    ],
)
def test_a_label_stands_with_its_bar_or_ends_with_the_video(event, first, last):
    paper, strip = written([event])
    ((begin, end),) = words(paper, strip)
    if first is not None:
        assert begin == pytest.approx(first, abs=3)
    if last is not None:
        assert end == pytest.approx(last, abs=5)
        assert end <= last


def test_a_label_with_room_for_neither_is_left_out_and_its_bar_stays():
    paper, strip = written([(0, 50.0, 59.0, 0.9), (0, 59.8, 60.0, 0.9), (2, 40.0, 48.0, 0.9)])
    assert len(words(paper, strip)) == 2
    assert (bar(paper, strip).max(axis=0) > 0.5).sum() > 300


def test_a_bar_at_the_end_without_room_for_letters_has_none():
    paper, strip = written([(2, 50.0, 59.2, 0.9), (0, 59.9, 60.0, 0.9)])
    assert len(words(paper, strip)) == 1
    assert np.ptp(bar(paper, strip, columns=(1190, 1200)), axis=1).max() > 0.3


@pytest.mark.parametrize("following_s", [12.0, 13.0, 15.0, 20.0, 40.0])
def test_no_label_reaches_the_next_bar(following_s):
    paper, strip = written([(1, 10.0, 11.0, 0.9), (2, following_s, 45.0, 0.9)])
    groups = words(paper, strip)
    start = round(20 * following_s)
    assert all(end < start - 4 for begin, end in groups if begin < start - 4)
    assert sum(begin >= start - 4 for begin, _ in groups) == 1


def test_a_label_that_is_too_long_is_cut_and_never_reaches_the_playhead():
    paper, strip = written([(3, 10.0, 50.0, 0.9), (0, 56.0, 58.0, 0.9)])
    (begin, end), _ = words(paper, strip)
    assert begin == pytest.approx(200, abs=3)
    assert 0.4 * strip.width < end - begin < strip.width // 2


def test_bars_of_one_class_that_are_near_have_one_label_and_far_ones_each():
    near = [(0, 5.0 + 3 * n, 6.5 + 3 * n, 0.9) for n in range(5)]
    assert len(words(*written(near))) == 1
    far = [(0, 5.0 + 10 * n, 6.0 + 10 * n, 0.9) for n in range(5)]
    assert len(words(*written(far))) == 5


def test_what_is_to_come_is_dimmer_and_its_letters_less_so():
    paper, strip = written([(0, 10.0, 20.0, 0.9)])
    bars, letters = [], []
    for page in (LIT, COMING):
        bars.append(np.ptp(bar(paper, strip, page, (300, 1000)), axis=1).max())
        area = paper.columns(page, 200, 260)[:3, paper.label_rows(0)]
        letters.append(area.max() - area.min())
    assert bars[1] / bars[0] == pytest.approx(0.4, abs=0.03)
    assert letters[1] / letters[0] == pytest.approx(0.62, abs=0.03)


@pytest.mark.parametrize(("mean", "opacity"), [(0.0, 0.4), (0.3, 0.7), (0.6, 1.0), (0.95, 1.0)])
def test_a_bar_is_as_opaque_as_its_event_is_sure(mean, opacity):
    paper, strip = written([(0, 10.0, 20.0, mean)])
    ground, color = bar(paper, strip)[:, 900], np.array(load_theme("dark").bar.color)
    expected = ground * (1 - opacity) + color * opacity
    np.testing.assert_allclose(bar(paper, strip)[:, 300], expected, atol=0.01)


@pytest.mark.parametrize("theme", ["minimal", "dark"])
def test_bars_have_a_dark_edge_where_there_is_no_plate(theme):
    paper, strip = written([(0, 10.0, 20.0, 0.9)], theme=theme)
    above = strip.lane(0) + strip.label_height + strip.around // 2
    column = paper.columns(LIT, 300, 301)[:, above, 0]
    if theme == "minimal":
        assert column[3] > 0.7
        assert column[:3].max() < 0.1
    else:
        assert strip.around == 0


def test_the_shortest_bar_is_a_dot_and_a_bar_ends_where_its_event_does():
    paper, strip = written([(0, 10.0, 10.01, 0.9), (2, 30.0, 40.0, 0.9)])
    seen = bar(paper, strip)
    inked = np.flatnonzero(np.abs(seen - seen[:, 1100:1101]).max(axis=0) > 0.1)
    dot, long = np.split(inked, np.flatnonzero(np.diff(inked) > 50) + 1)
    assert len(dot) == pytest.approx(strip.bar_height, abs=1)
    assert (long[0], long[-1]) == pytest.approx((600, 797), abs=1)


@pytest.mark.parametrize("theme", ["dark", "minimal"])
def test_sounds_that_follow_each_other_at_once_are_in_one_lane_and_apart(theme):
    paper, strip = written([(0, 10.0, 20.0, 0.9), (2, 20.0, 40.0, 0.9)], theme=theme)
    assert len(words(paper, strip)) == 2
    seen = bar(paper, strip)
    color = np.array(load_theme(theme).bar.color)[:, None]
    inked = (np.abs(seen - color).max(axis=0) < 0.1)[300:700]
    assert inked[:90].all()
    assert inked[110:].all()
    assert 1 <= (~inked[90:110]).sum() <= 14


def test_wide_pixels_take_half_the_columns():
    square = words(*written([(1, 10.0, 30.0, 0.9), (2, 40.0, 50.0, 0.9)]))
    wide = words(*written([(1, 10.0, 30.0, 0.9), (2, 40.0, 50.0, 0.9)], 600, aspect=2.0),
                 columns=(0, 600))  # fmt: skip
    assert len(wide) == len(square) == 2
    np.testing.assert_allclose(2 * np.array(wide), square, atol=5)


def test_any_columns_are_those_of_the_whole_and_outside_there_is_nothing():
    paper, _ = written([(1, 10.0, 30.0, 0.9), (2, 40.0, 50.0, 0.9)])
    whole = paper.columns(LIT, 0, 1200)
    for first, stop in ((0, 1), (TILE - 1, TILE + 1), (130, 1100), (TILE, 2 * TILE)):
        np.testing.assert_array_equal(paper.columns(LIT, first, stop), whole[:, :, first:stop])
    blank = paper.columns(LIT, 1100, 1101)
    for first in (-TILE, -1):
        before = paper.columns(LIT, first, first + 1)
        np.testing.assert_array_equal(before[:, : paper.label_rows(0).stop],
                                      blank[:, : paper.label_rows(0).stop])  # fmt: skip


@pytest.mark.parametrize(
    ("offset", "inset", "place"),
    [
        (90, 0, None), (100, 0, None),  # not yet
        (101, 0, 0), (150, 0, 0), (250, 0, 0),  # at the edge
        (251, 0, -1), (299, 0, -49), (300, 0, None),  # pushed out, gone
        (98, 2, None), (99, 2, 2), (248, 2, 2), (249, 2, 1),
    ],
)  # fmt: skip
def test_a_label_stays_at_the_edge_until_its_bars_push_it_out(offset, inset, place):
    assert Label("x", x=100, width=50, room=60, until=300).place(offset, inset) == place


def test_a_label_that_left_its_place_looks_as_it_did_there():
    paper, _ = written([(1, 10.0, 50.0, 0.9)])
    ((lane, number, place),) = list(paper.leaving(500))
    assert (lane, number, place) == (0, 0, paper.inset)
    moved = paper.left(lane, number, place)
    there = paper.columns(LIT, 200 - place, 200 - place + moved.shape[2])[:, paper.label_rows(0)]
    np.testing.assert_array_equal(moved, there)
    assert not list(paper.leaving(100))
    assert not list(paper.leaving(1001))


SIZES = [(426, 240), (854, 480), (1280, 720), (1080, 1920), (3840, 2160), (720, 576), (500, 500)]


@pytest.mark.parametrize("theme", ["dark", "minimal", "high-contrast"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [0.7, 1.0, 1.6])
def test_lanes_and_sound_lie_below_each_other_inside_the_strip(size, theme, scale):
    strip = strip_of(size, theme, scale=scale)
    assert strip.fits
    rows = [strip.lane(n) for n in range(strip.n_lanes + 1)]
    assert all(row % 2 == 0 for row in rows)
    for top, following in pairwise(rows):
        assert top + strip.bar_offset + strip.bar_height + strip.around <= following
    assert rows[-2] + strip.bar_offset + strip.bar_height + strip.around < strip.sound[0]
    assert 0 <= rows[0] < strip.sound[0] < strip.sound[1] < strip.box.height
    assert strip.label_height % 2 == strip.left % 2 == strip.width % 4 == 0
    assert strip.left >= strip.radius / 2
    assert 0 <= strip.left < strip.left + strip.width <= strip.box.width
    assert strip.n_lanes >= (1 if scale > 1 else 2)


def test_a_strip_is_no_higher_than_its_lanes_in_portrait_and_keeps_to_its_side():
    tall, wide = strip_of((1080, 1920)), strip_of((1920, 1080))
    assert tall.box.height <= 0.25 * 1080
    assert tall.n_lanes >= wide.n_lanes
    assert strip_of(position="top-left").box.y < 100 < 500 < strip_of(position="left").box.y


@pytest.mark.parametrize("size", [(60, 40), (4000, 20), (20, 4000)])
def test_a_picture_without_room_has_no_strip(size):
    assert not strip_of(size).fits
