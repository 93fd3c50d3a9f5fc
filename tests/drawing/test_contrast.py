"""Contrast of text and bars, measured in the pixels of pictures with a panel on them."""

import numpy as np
import pytest

from overlay.datatypes import TagEvent, TagTimeline
from overlay.drawing.panel import Panel
from overlay.moviepy import with_panel
from overlay.settings import PanelSettings

SIZE = 1280, 720
THEMES = ["dark", "light", "high-contrast"]
FAMILY = {"Speech": "human", "Dog": "animal", "Rain": "nature", "Violin": "music", "Car": "things"}


def pictures():
    """White, black, busy and saturated ones."""
    rng = np.random.default_rng(0)
    height, width = SIZE[1], SIZE[0]
    yield "white", np.full((height, width, 3), 255, np.uint8)
    yield "black", np.zeros((height, width, 3), np.uint8)
    blocks = rng.integers(0, 2, (height // 8, width // 8, 3), np.uint8) * 255
    yield "busy", np.kron(blocks, np.ones((8, 8, 1), np.uint8))
    for place, name in enumerate(("red", "green", "blue")):
        plain = np.zeros((height, width, 3), np.uint8)
        plain[..., place] = 255
        yield name, plain
    yield "yellow", np.full((height, width, 3), (255, 255, 0), np.uint8)


PICTURES = dict(pictures())


def panel(view, theme):
    labels, families = tuple(FAMILY), tuple(FAMILY.values())
    times = 0.1 * np.arange(100)
    scores = np.tile(np.array([0.9, 0.7, 0.5, 0.31, 0.16], np.float32), (100, 1))
    classes = np.tile(np.arange(5, dtype=np.int32), (100, 1))
    events = tuple(TagEvent(i, n, 2.0 * i, 2.0 * i + 1.9, 0.6, 0.5) for i, n in enumerate(labels))
    line = TagTimeline(times, scores, classes, labels, families, events=events, duration_s=10.0)
    settings = PanelSettings(view=view, theme=theme)
    return Panel(line, SIZE, settings, families=FAMILY)


def luminance(pixels):
    rgb = pixels.reshape(-1, 3).astype(float) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def ratio(a, b):
    """WCAG 2 contrast of two luminances."""
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def worst(ink, ground):
    """Contrast of ink with all of a ground but the last hundredth."""
    return min(ratio(ink, edge) for edge in np.percentile(luminance(ground), (1, 99)))


def letters(pixels, ground):
    """Luminance of the middle of strokes: what differs most from the ground."""
    own, below = luminance(pixels), float(np.median(luminance(ground)))
    darker = np.percentile(own, 3)
    lighter = np.percentile(own, 97)
    return darker if ratio(darker, below) > ratio(lighter, below) else lighter


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("theme", THEMES)
def test_text_and_bars_of_the_list(theme, picture):
    made = panel("list", theme)
    shown = with_panel(PICTURES[picture], made, 5.0)
    layout, box = made.pieces[0].layout, made.pieces[0].box
    for rank in range(5):
        baseline = box.y + layout.baseline(rank)
        rows = slice(baseline - round(0.7 * layout.text_size), baseline)
        left, right = box.x + layout.left, box.x + layout.right
        text = shown[rows, left : left + round(2 * layout.text_size)]
        ground = shown[rows, left + layout.label_width // 2 : left + layout.label_width - 4]
        assert worst(letters(text, ground), ground) >= 4.5, rank
        y = box.y + layout.baseline(rank) + layout.bar_offset + layout.bar_height // 2
        bar = float(np.median(luminance(shown[y, left + 6 : left + 20])))
        track = shown[y, right - 30 : right - 8]
        assert worst(bar, track) >= 3, rank


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("theme", THEMES)
def test_text_of_the_other_views(theme, picture):
    for view in ("chips", "ticker", "timeline"):
        made = panel(view, theme)
        shown = with_panel(PICTURES[picture], made, 9.5)
        for text, ground in _regions(view, made, shown):
            assert worst(letters(text, ground), ground) >= 4.5, view


def _regions(view, made, shown):
    """Where text and where nothing but its ground is."""
    piece = made.pieces[0]
    box = piece.box
    if view == "chips":
        chip = next(chip for chip in piece.chips if chip.opacity(9.5) == 1)
        geometry, (x, y) = piece.geometry, piece.place(chip, 9.5)
        rows = slice(box.y + y + geometry.height // 3, box.y + y + 2 * geometry.height // 3)
        end = box.x + x + chip.width
        yield (
            shown[rows, end - geometry.behind - 30 : end - geometry.behind],
            shown[rows, end - geometry.behind + 4 : end - geometry.height // 4],
        )
    elif view == "ticker":
        plate = piece.plate
        rows = slice(box.y + plate.height // 3, box.y + 2 * plate.height // 3)
        left = box.x + plate.accent + plate.padding
        right = box.x + piece.columns(piece.motion.at(9.5).rows[0].index)
        yield shown[rows, left : left + 40], shown[rows, right - plate.padding : right - 6]
    else:
        strip = piece.strip
        baseline = box.y + strip.lane(0) + strip.baseline
        rows = slice(baseline - round(0.7 * strip.text_size), baseline)
        left = box.x + strip.left
        yield shown[rows, left : left + 30], shown[rows, left + 90 : left + strip.width // 6]


@pytest.mark.parametrize("theme", [*THEMES, "minimal"])
def test_what_is_to_come_on_the_timeline_is_fainter_but_can_be_read(theme):
    made = panel("timeline", theme)
    strip, box = made.pieces[0].strip, made.pieces[0].box
    baseline = box.y + strip.lane(0) + strip.baseline
    rows = slice(baseline - round(0.7 * strip.text_size), baseline)
    left = box.x + strip.left
    found = []
    for t in (0.0, 9.9):
        shown = with_panel(PICTURES["black" if theme != "light" else "white"], made, t)
        text, ground = shown[rows, left + 4 : left + 40], shown[rows, left + 90 : left + 180]
        found.append(worst(letters(text, ground), ground))
    assert 4.5 <= found[0] < found[1]


@pytest.mark.parametrize("picture", PICTURES)
def test_letters_without_a_plate_stand_on_their_outline(picture):
    made = panel("list", "minimal")
    shown = with_panel(PICTURES[picture], made, 5.0)
    layout, box = made.pieces[0].layout, made.pieces[0].box
    for rank in range(5):
        baseline = box.y + layout.baseline(rank)
        rows = slice(baseline - round(0.72 * layout.text_size) - 3, baseline + 3)
        left = box.x + layout.left
        text = luminance(shown[rows, left : left + round(1.5 * layout.text_size)])
        assert ratio(*np.percentile(text, (6, 97))) >= 4.5, rank
