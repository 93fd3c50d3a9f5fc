"""Pixels: what is drawn, and that drawing only changes is the same as drawing all."""

from fractions import Fraction

import numpy as np
import pytest

from overlay.datatypes import ColorInfo, TagTimeline
from overlay.drawing.color import Coding
from overlay.drawing.panel import Painter, Panel, PlanarPanel
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


def bar_row(made, rank, n_rows):
    """The middle of a bar in a card of so many rows that stands at the bottom of its box."""
    top = made.box.height - made.layout.card_height(n_rows)
    middle = made.layout.bar_offset + made.layout.bar_height // 2
    return top + made.layout.baseline(rank) + middle


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
def test_copied_ends_of_bars_are_what_drawing_makes(
    monkeypatch, size, aspect, tolerance, bit_depth
):
    """Equal where pixels are square; elsewhere a code may be rounded the other way."""
    line, copied = busy_timeline(20), []
    place = Painter.bar_end

    def counting(painter, row, box):
        copied.append(place(painter, row, box) is not None)
        return place(painter, row, box)

    def planar():
        made = Panel(line, size, PanelSettings(), pixel_aspect=aspect)
        return PlanarPanel(made, ColorInfo("tv", "bt709"), bit_depth, size[1])

    quick, exact = planar(), planar()
    kind = np.uint8 if bit_depth == 8 else "<u2"
    for t in np.arange(0.9, 4, 1 / 30):
        monkeypatch.setattr(Painter, "bar_end", counting)
        frame = np.frombuffer(quick.frame(t), kind).astype(int)
        monkeypatch.setattr(Painter, "bar_end", lambda *_: None)
        drawn = np.frombuffer(exact.frame(t), kind)
        assert np.abs(frame - drawn).max() <= tolerance, t
    assert sum(copied) > 0.5 * len(copied) > 20


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
        line = made.rgba(1.0)[bar_row(made, 0, 1)].astype(float)
        track = line[made.layout.right - 8]
        share = (line[:, 1] - track[1]) / (color[1] - track[1])
        lengths.append(np.clip(share[made.layout.left : made.layout.right], 0, 1).sum())
    width = made.layout.right - made.layout.left
    assert lengths[0] == pytest.approx(0.3 * width, abs=1.5)
    assert lengths[1] > lengths[0]
    assert lengths[2] == pytest.approx(2 * lengths[0], abs=1.5)


def test_nothing_to_show_is_clear():
    line = TagTimeline(
        np.array([1.0]), np.zeros((1, 2), np.float32), np.full((1, 2), -1, np.int32), ("a", "b")
    )
    assert panel(line=line).rgba(1.0)[..., 3].max() == 0


def test_corners_are_clear_and_the_middle_is_the_card():
    drawn = panel().rgba(2.0)
    assert [drawn[y, x, 3] for y in (0, -1) for x in (0, -1)] == [0, 0, 0, 0]
    assert drawn[4, drawn.shape[1] // 2, 3] == pytest.approx(0.78 * 255, abs=1)


def test_labels_differ_in_their_colours():
    line = steady([0.9, 0.8])
    made = Panel(line, (1280, 720), PanelSettings(), families={"Speech": "human", "Dog": "animal"})
    drawn = made.rgba(1.0)
    rows = [bar_row(made, rank, 2) for rank in (0, 1)]
    assert tuple(drawn[rows[0], made.layout.left + 40, :3]) == (0xFF, 0xC8, 0x57)
    assert tuple(drawn[rows[1], made.layout.left + 40, :3]) == (0x7D, 0xDC, 0x7A)


@pytest.mark.parametrize("bit_depth", [8, 10])
@pytest.mark.parametrize("full", ["tv", "pc", None])
@pytest.mark.parametrize("space", ["bt709", "smpte170m", "bt2020nc", None])
def test_planes_hold_the_same_picture(bit_depth, full, space):
    made = panel()
    color = ColorInfo(full, space)
    planar = PlanarPanel(made, color, bit_depth, 720)
    frame = np.frombuffer(planar.frame(2.0), np.uint8 if bit_depth == 8 else "<u2")
    height, width = made.box.height, made.box.width
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


@pytest.mark.parametrize(
    ("position", "clear"), [("bottom-left", "top"), ("top-right", "bottom"), ("left", "both")]
)
def test_the_card_fits_its_rows_and_keeps_to_its_side(position, clear):
    full = Panel(busy_timeline(), (1280, 720), PanelSettings(position=position))
    made = Panel(steady([0.9, 0.8]), (1280, 720), PanelSettings(position=position))
    assert made.box == full.box
    inked = np.flatnonzero(made.rgba(1.0)[..., 3].max(axis=1))
    assert len(inked) == made.layout.card_height(2)
    above, below = inked[0], made.box.height - 1 - inked[-1]
    assert (above > 0, below > 0) == (clear != "bottom", clear != "top")
    if clear == "both":
        assert abs(above - below) <= 1


def test_the_card_keeps_its_height_when_a_tag_goes_for_a_moment():
    classes = np.tile(np.array([0, 1], np.int32), (60, 1))
    classes[20:24, 1] = -1
    line = TagTimeline(
        1 + 0.3 * np.arange(60), np.full((60, 2), 0.5, np.float32), classes, ("a", "b")
    )
    made = Panel(line, (640, 360), PanelSettings())
    heights = {int((made.rgba(t)[..., 3].max(axis=1) > 0).sum()) for t in np.arange(1, 18, 0.1)}
    assert len(heights) == 1
