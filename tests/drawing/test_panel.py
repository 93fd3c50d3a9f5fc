"""Pixels: what is drawn, and that drawing only changes is the same as drawing all."""

from fractions import Fraction

import numpy as np
import pytest

from overlay.datatypes import ColorInfo, TagTimeline
from overlay.drawing.canvas import Canvas
from overlay.drawing.color import Coding
from overlay.drawing.panel import Panel
from overlay.drawing.yuv_planes import PlanarPanel
from overlay.settings import PanelSettings


def busy_timeline(n_hops=40, n_classes=12):
    rng = np.random.default_rng(3)
    scores = np.clip(np.cumsum(rng.normal(0, 0.1, (n_hops, n_classes)), 0) + 0.3, 0, 1)
    scores = scores.astype(np.float32)
    classes = np.argsort(-scores, axis=1)[:, :5].astype(np.int32)
    shown = np.take_along_axis(scores, classes, 1) >= 0.3
    labels = tuple(f"Label {'long ' * (i % 5)}{i}" for i in range(n_classes))
    return TagTimeline(1 + 0.3 * np.arange(n_hops), scores, np.where(shown, classes, -1), labels)


def panel(size=(1280, 720), line=None, **options):
    line = line or busy_timeline()
    families = dict.fromkeys(line.labels, "nature")
    return Panel(line, size, PanelSettings(**options), families=families)


def steady(scores, labels=("Speech", "Dog")):
    scores = np.tile(np.asarray(scores, np.float32), (3, 1))
    classes = np.argsort(-scores, axis=1).astype(np.int32)
    return TagTimeline(1 + 0.3 * np.arange(3), scores, classes, labels[: scores.shape[1]])


def bar_row(made, rank):
    """The middle of a bar."""
    return (
        made.pieces[0].layout.baseline(rank)
        + made.pieces[0].layout.bar_offset
        + made.pieces[0].layout.bar_height // 2
    )


@pytest.mark.parametrize("theme", ["dark", "minimal"])
@pytest.mark.parametrize("size", [(320, 240), (1280, 720)])
def test_drawing_what_changed_is_drawing_all(theme, size):
    line = busy_timeline()
    running = PlanarPanel(panel(size, line, theme=theme), ColorInfo(), 8, size[1])
    for t in np.arange(0.5, 9, 0.113):
        frame = bytes(running.frame(t))
        fresh = PlanarPanel(panel(size, line, theme=theme), ColorInfo(), 8, size[1])
        assert frame == bytes(fresh.frame(t)), t


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize(
    ("size", "aspect", "tolerance"),
    [
        ((1280, 720), Fraction(1), 0),
        ((426, 240), Fraction(1), 0),
        ((720, 576), Fraction(64, 45), 1),
    ],
)
def test_copied_ends_of_bars_are_what_drawing_makes(size, aspect, tolerance, bit_depth):
    """Equal where pixels are square; elsewhere a code may be rounded the other way."""
    line, n_copied, n_patches = busy_timeline(20), 0, 0
    made = Panel(line, size, PanelSettings(), pixel_aspect=aspect)
    coding = Coding(ColorInfo("tv", "bt709"), bit_depth, size[1])
    view = made.view(coding.encode)
    canvas, exact = Canvas(view), Canvas(view)
    for t in np.arange(0.9, 4, 1 / 30):
        for patch in canvas.advance(t):
            n_patches += 1
            drawn = exact.pixels
            exact.advance(t)
            drawn = exact.paint(patch.box)
            if patch.stamp:
                n_copied += 1
                start = patch.box.x - patch.stamp.start
                copied = view.stamp(patch.stamp.key)[:, :, start : start + patch.box.width]
                assert np.abs(copied - drawn).max() * coding.full <= 0.01 + tolerance, t
    assert n_copied > 0.25 * n_patches > 20


def test_any_order_of_times_gives_the_same_pictures():
    one = panel()
    there = [one.rgba(t).copy() for t in (2.0, 3.3, 5.1)]
    back = [one.rgba(t) for t in (5.1, 3.3, 2.0)][::-1]
    for a, b in zip(there, back, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_bar_is_as_long_as_the_score_to_a_part_of_a_pixel():
    color = np.array((0x7D, 0xDC, 0x7A))
    lengths = []
    for score in (0.300, 0.301, 0.6):
        made = Panel(
            steady([score], ("Dog",)), (1280, 720), PanelSettings(), families={"Dog": "animal"}
        )
        line = made.rgba(1.0)[bar_row(made, 0)].astype(float)
        track = line[made.pieces[0].layout.right - 8]
        share = (line[:, 1] - track[1]) / (color[1] - track[1])
        lengths.append(
            np.clip(share[made.pieces[0].layout.left : made.pieces[0].layout.right], 0, 1).sum()
        )
    width = made.pieces[0].layout.right - made.pieces[0].layout.left
    assert lengths[0] == pytest.approx(0.3 * width, abs=1.5)
    assert lengths[1] > lengths[0]
    assert lengths[2] == pytest.approx(2 * lengths[0], abs=1.5)


def test_nothing_to_show_is_clear():
    line = TagTimeline(
        np.array([1.0]), np.zeros((1, 2), np.float32), np.full((1, 2), -1, np.int32), ("a", "b")
    )
    assert panel(line=line).rgba(1.0)[..., 3].max() == 0


def test_corners_are_clear_and_the_middle_is_the_card():
    made = panel()
    drawn = made.rgba(2.0, settled=True)
    last = np.flatnonzero(drawn[..., 3].max(axis=1))[-1]
    assert [drawn[y, x, 3] for y in (0, last) for x in (0, -1)] == [0, 0, 0, 0]
    middle = drawn[4, drawn.shape[1] // 2, 3]
    assert middle == pytest.approx(made.theme.card.opacity * 255, abs=1)


def test_labels_differ_in_their_colours():
    line = steady([0.9, 0.8])
    made = Panel(line, (1280, 720), PanelSettings(), families={"Speech": "human", "Dog": "animal"})
    drawn = made.rgba(1.0)
    rows = [bar_row(made, rank) for rank in (0, 1)]
    assert tuple(drawn[rows[0], made.pieces[0].layout.left + 40, :3]) == (0xFF, 0xC8, 0x57)
    assert tuple(drawn[rows[1], made.pieces[0].layout.left + 40, :3]) == (0x7D, 0xDC, 0x7A)


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("full", ["tv", "pc", None])
@pytest.mark.parametrize("space", ["bt709", "smpte170m", "bt2020nc", None])
def test_planes_hold_the_same_picture(bit_depth, full, space):
    made = panel()
    color = ColorInfo(full, space)
    planar = PlanarPanel(made, color, bit_depth, 720)
    frame = np.frombuffer(planar.frame(2.0), np.uint8 if bit_depth == 8 else "<u2")
    height, width = made.pieces[0].box.height, made.pieces[0].box.width
    assert frame.size == height * width * 5 // 2
    n = height * width
    luma, alpha = frame[:n].reshape(height, width), frame[-n:].reshape(height, width)
    cb = frame[n : n + n // 4].reshape(height // 2, width // 2)
    expected = made.rgba(2.0).astype(float)
    np.testing.assert_allclose(alpha / (2**bit_depth - 1) * 255, expected[..., 3], atol=0.7)
    kr, kb = {"bt709": (0.2126, 0.0722), "bt2020nc": (0.2627, 0.0593)}.get(
        space or "bt709", (0.299, 0.114)
    )
    y = expected[..., :3] @ [kr, 1 - kr - kb, kb] / 255
    black, white = (
        (0, 2**bit_depth - 1) if full == "pc" else (16 << bit_depth - 8, 235 << bit_depth - 8)
    )
    solid = expected[..., 3] > 250
    difference = np.abs(luma - (black + y * (white - black)))[solid]
    assert difference.max() <= 2 << (bit_depth - 8)
    assert planar.pix_fmt == ("yuva420p" if bit_depth == 8 else "yuva420p10le")
    assert cb.min() < (128 << bit_depth - 8) < cb.max() or cb.std() > 0


@pytest.mark.parametrize(
    ("transfer", "white"), [("smpte2084", 0.5807), ("arib-std-b67", 0.75), ("bt709", 1.0)]
)
def test_graphics_white_of_hdr_is_the_broadcasters(transfer, white):
    coding = Coding(ColorInfo("tv", "bt2020nc", "bt2020", transfer), 10, 2160)
    signal = coding.signal(np.ones(3, np.float32))
    np.testing.assert_allclose(signal, white, atol=2e-3)


def test_wide_gamut_pure_red_is_less_than_its_own_red():
    coding = Coding(ColorInfo("tv", "bt2020nc", "bt2020", "bt709"), 10, 2160)
    red = coding.signal(np.array([1, 0, 0], np.float32))
    assert 0.7 < red[0] < 0.95
    assert red[1] > 0.2


def test_wide_pixels_draw_the_same_panel_narrower():
    line = busy_timeline()
    square = Panel(line, (1280, 720), PanelSettings())
    wide = Panel(line, (640, 720), PanelSettings(), pixel_aspect=Fraction(2))
    a, b = square.rgba(2.0).astype(float), wide.rgba(2.0).astype(float)
    width = min(a.shape[1] // 2, b.shape[1])
    halved = (a[:, 0 : 2 * width : 2] + a[:, 1 : 2 * width : 2]) / 2
    assert np.abs(halved[..., 3] - b[:, :width, 3]).mean() < 8


@pytest.mark.parametrize("position", ["bottom-left", "top-right", "center"])
def test_the_card_is_as_high_as_its_rows_and_its_top_stays(position):
    classes = np.tile(np.arange(5, dtype=np.int32), (40, 1))
    classes[20:, 2:] = -1
    scores = np.tile(np.linspace(0.9, 0.5, 5, dtype=np.float32), (40, 1))
    line = TagTimeline(1 + 0.3 * np.arange(40), scores, classes, tuple("abcde"))
    made = Panel(line, (1280, 720), PanelSettings(position=position))
    tops = set()
    for t, n_rows in ((3.0, 5), (11.0, 2)):
        inked = np.flatnonzero(made.rgba(t)[..., 3].max(axis=1))
        assert len(inked) == made.pieces[0].layout.card_height(n_rows)
        tops.add(int(inked[0]))
    assert tops == {0}


@pytest.mark.parametrize("position", ["bottom-left", "top-right", "right"])
def test_where_all_tags_are_exchanged_the_card_hangs_where_few_rows_look_best(position):
    """At the bottom of a picture it then ends where a full card does; no label travels for it."""
    classes = np.full((80, 5), -1, np.int32)
    classes[:30], classes[30:60, :2], classes[60:, :1] = [0, 1, 2, 3, 4], [5, 6], [5]
    scores = np.tile(np.linspace(0.9, 0.5, 7, dtype=np.float32), (80, 1))
    line = TagTimeline(1 + 0.3 * np.arange(80), scores, classes, tuple("abcdefg"))
    made = Panel(line, (1280, 720), PanelSettings(position=position))
    layout, tops = made.pieces[0].layout, []
    for t, n_rows in ((3.0, 5), (16.0, 2), (24.0, 1)):
        for settled in (True, False):
            inked = np.flatnonzero(made.rgba(t, settled=settled)[..., 3].max(axis=1))
            assert len(inked) == layout.card_height(n_rows)
            tops.append(int(inked[0]))
    lower = 3 * layout.pitch if position == "bottom-left" else 0
    assert tops == [0, 0, lower, lower, lower, lower]
    motion, seen = made.pieces[0].motion, {}
    for t in np.arange(0, 25, 0.02):
        moment = motion.at(t)
        for row in moment.rows:
            assert seen.setdefault((row.index, t // 12), moment.drop) == moment.drop, t


def test_the_box_has_room_for_the_rows_that_are_shown_and_no_more():
    few = Panel(steady([0.9, 0.8]), (1280, 720), PanelSettings())
    assert few.pieces[0].layout.n_rows == 2
    assert few.pieces[0].box.height == few.pieces[0].layout.card_height(2)
    assert few.pieces[0].box.bottom == pytest.approx(720 * 0.95, abs=2)


def test_the_card_keeps_its_height_when_a_tag_goes_for_a_moment():
    classes = np.tile(np.array([0, 1], np.int32), (60, 1))
    classes[20:22, 1] = -1
    line = TagTimeline(
        1 + 0.3 * np.arange(60), np.full((60, 2), 0.5, np.float32), classes, ("a", "b")
    )
    made = Panel(line, (640, 360), PanelSettings())
    heights = {int((made.rgba(t)[..., 3].max(axis=1) > 0).sum()) for t in np.arange(1, 18, 0.1)}
    assert len(heights) == 1


def test_a_still_is_settled():
    line = busy_timeline()
    made = panel(line=line)
    change = made.pieces[0].motion.changes[2]
    middle = (change.start_s + change.end_s) / 2
    settled = panel(line=line).rgba(middle, settled=True)
    assert not np.array_equal(made.rgba(middle), settled)
    moment = made.pieces[0].motion.settled(middle)
    assert all(row.opacity == 1 for row in moment.rows)


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 2), (1, 1000), (1000, 1), (3, 5), (16, 16), (4000, 2)]
)
def test_pictures_without_room_for_a_panel(size):
    made = panel(size)
    assert not made.pieces
    assert made.without_room == ["list"]
    planar = PlanarPanel(made, ColorInfo(), 8, size[1])
    assert bytes(planar.frame(2.0)) is not None
    assert made.rgba(2.0)[..., 3].max() == 0
    assert planar.next_change(0.0) == float("inf")
    assert planar.size == (2, 2)


def test_where_nothing_moves_the_next_change_is_told():
    line = steady([0.9, 0.8])
    planar = PlanarPanel(Panel(line, (640, 360), PanelSettings()), ColorInfo(), 8, 360)
    assert planar.next_change(0.0) == float("inf")
    busy = PlanarPanel(panel((640, 360)), ColorInfo(), 8, 360)
    for t in np.arange(0, 14, 0.37):
        before = bytes(busy.frame(t))
        until = busy.next_change(t)
        if t < until:
            assert bytes(busy.frame(min(until - 1e-6, t + 5))) == before
