"""The contract of all views: bit by bit and as a whole, alone and together, still and moving."""

import numpy as np
import pytest

from overlay.datatypes import ColorInfo
from overlay.detection import detect
from overlay.drawing.panel import Panel
from overlay.drawing.theme import theme_names
from overlay.drawing.views.registry import VIEWS
from overlay.drawing.yuv_planes import PlanarPanel
from overlay.errors import SettingsError
from overlay.settings import POSITIONS, PanelSettings, Settings
from overlay.settings import VIEWS as NAMES
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset

STORY = (
    ("Speech", 0.0, 6.0, 0.8), ("Dog", 2.0, 3.2, 0.7), ("Dog", 5.0, 6.0, 0.5),
    ("Rain on surface", 4.0, 10.0, 0.55), ("Siren", 6.5, 9.0, 0.75), ("Applause", 10.5, 11.4, 0.6),
    ("Violin, fiddle", 9.5, 12.0, 0.45), ("Bird vocalization, bird call, bird song", 7.0, 8.0, 0.4),
)  # fmt: skip
SIZES = [(426, 240), (640, 360), (360, 640)]
ALL = "+".join(NAMES)


def heard(story=STORY, length_s=12.0, hop_s=0.1, levels=True):
    """A track on which this is heard, with its loudness."""
    rng = np.random.default_rng(2)
    names, n = audioset().names, int(length_s / hop_s)
    times = hop_s * np.arange(n)
    scores = np.full((n, len(names)), 0.004, np.float32)
    for label, on, off, score in story:
        inside = (times >= on) & (times < off)
        scores[inside, names.index(label)] = score + 0.1 * np.sin(3 * times[inside])
    loud = (rng.random((int(50 * length_s), 8)) * 30 - 40).astype(np.float16)
    more = {"levels": loud} if levels else {}
    return TagTrack(scores, names, 0.2, hop_s, length_s, **more)


def panel(view, size=(640, 360), track=None, **options):
    settings = PanelSettings(view=view, smoothing="none", **options)
    line = detect(heard() if track is None else track, Settings(panel=settings)).timeline
    return Panel(line, size, settings, families=line.family_by_label)


def planar(made, size=(640, 360)):
    return PlanarPanel(made, ColorInfo(), 8, size[1])


def test_every_view_that_settings_know_is_there():
    assert set(VIEWS) == set(NAMES)


@pytest.mark.parametrize(("size", "theme"), [((426, 240), "minimal"), ((360, 640), "dark")])
@pytest.mark.parametrize("view", [*NAMES, ALL])
def test_drawing_what_changed_is_drawing_all(view, size, theme):
    made = panel(view, size, theme=theme, span=5.0)
    running = planar(made, size)
    for n, t in enumerate(np.arange(0, 12.5, 0.093)):
        frame = running.frame(t)
        if n % 12 == 0:
            assert bytes(frame) == bytes(planar(made, size).frame(t)), t


@pytest.mark.parametrize("view", [*NAMES, ALL])
def test_where_nothing_moves_the_next_change_is_told(view):
    running, n_still = planar(panel(view, span=5.0)), 0
    for t in np.arange(0, 14, 0.0371):
        before = bytes(running.frame(t))
        until = running.next_change(t)
        assert until >= t
        if t < until:
            n_still += 1
            assert bytes(running.frame(min(until - 1e-6, t + 5))) == before, t
    assert n_still > 20
    assert running.next_change(1000.0) == float("inf")


@pytest.mark.parametrize("view", [*NAMES, ALL])
def test_any_order_of_times_gives_the_same_pictures(view):
    one = panel(view)
    there = [one.rgba(t).copy() for t in (2.0, 3.3, 5.1)]
    back = [one.rgba(t) for t in (5.1, 3.3, 2.0)][::-1]
    for a, b in zip(there, back, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("size", [*SIZES, (1920, 1080), (1080, 1920), (3840, 2160), (721, 405)])
def test_views_together_do_not_overlap_and_are_inside(size, position):
    for view in (ALL, "list+timeline", "chips+timeline", "chips+list"):
        made = panel(view, size, position=position)
        covered = np.zeros((size[1], size[0]), np.int8)
        for piece in made.pieces:
            box = piece.box
            assert (box.x % 2, box.y % 2, box.width % 2, box.height % 2) == (0, 0, 0, 0)
            assert box.right <= size[0]
            assert box.bottom <= size[1]
            covered[box.slices] += 1
        assert covered.max() <= 1
        if view != ALL:
            assert not made.without_room, view


@pytest.mark.parametrize("theme", theme_names())
@pytest.mark.parametrize("view", NAMES)
def test_every_theme_shows_something_of_its_own(view, theme):
    made = panel(view, theme=theme)
    assert made.rgba(7.5, settled=True)[..., 3].max() > 200


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 1000), (1000, 1), (16, 16), (4000, 2)])
def test_pictures_without_room_are_clear(size):
    made = panel(ALL, size)
    assert not made.pieces
    assert sorted(made.without_room) == sorted(NAMES)
    assert not any(bytes(planar(made, size).frame(2.0))[-4:])


def test_none_is_clear():
    made = panel("none")
    assert not made.pieces
    assert not made.without_room
    assert made.rgba(2.0)[..., 3].max() == 0


@pytest.mark.parametrize("view", NAMES)
def test_a_track_of_nothing_and_one_without_loudness(view):
    for track in (heard(()), heard((), levels=False), heard(levels=False)):
        made = panel(view, track=track)
        for t in (0.0, 5.0, 50.0):
            made.rgba(t)


@pytest.mark.parametrize(
    "view", ["", "lists", "list+", "list+list", "none+list", "list,chips", "list+lost"]
)
def test_what_is_no_view_is_refused(view):
    with pytest.raises(SettingsError, match="view"):
        PanelSettings(view=view)


def test_each_lies_on_the_sheet_where_the_panel_says():
    both, alone = panel("list+timeline"), panel("timeline")
    (box, row), *_ = [place for place in both.places if place[0].width > 500]
    assert box == alone.pieces[0].box
    part = both.rgba(3.0)[row : row + box.height, : box.width]
    np.testing.assert_array_equal(part, alone.rgba(3.0))


@pytest.mark.parametrize("view", NAMES)
def test_very_long_labels_and_very_many_events_take_no_time(view):
    names = tuple(f"{i} " + "long " * 2000 for i in range(400))
    scores = np.zeros((2000, 400), np.float32)
    scores[np.arange(2000), np.arange(2000) % 400] = 0.9
    track = TagTrack(scores, names, 0.2, 0.1, 200.0)
    made = panel(view, track=track)
    for t in np.arange(0, 200, 10.0):
        made.rgba(t)
