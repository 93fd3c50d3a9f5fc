"""Geometry: inside the picture, even, readable, at every size and shape."""

from fractions import Fraction

import pytest

from overlay.drawing.fonts import font_file
from overlay.drawing.layout import layout, safe_room
from overlay.drawing.text import TextDrawer, TextStyle
from overlay.drawing.theme import load_theme, theme_names
from overlay.settings import POSITIONS

SIZES = [(320, 240), (426, 240), (854, 480), (1280, 720), (1080, 1920), (3840, 2160), (321, 241)]


def laid(size, theme, pixel_aspect=1, **options):
    return layout(safe_room(size, theme.card.margin, pixel_aspect), theme, **options)


@pytest.mark.parametrize("size", [*SIZES, (64, 48), (16, 16), (2, 2), (7680, 200), (90, 4000)])
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("theme", theme_names())
def test_the_box_is_even_and_inside(size, position, theme):
    for scale in (0.3, 1.0, 3.0):
        made = laid(size, load_theme(theme), position=position, top_k=20, scale=scale)
        box = made.box
        assert (box.x % 2, box.y % 2, box.width % 2, box.height % 2) == (0, 0, 0, 0)
        assert 0 <= box.x < box.right <= size[0]
        assert 0 <= box.y < box.bottom <= size[1]
        assert 1 <= made.n_rows <= 20
        assert made.fits == (min(size) > 20)
        assert made.left < made.right <= box.width


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", theme_names())
def test_rows_and_letters_fit_and_can_be_read(size, theme):
    made = laid(size, load_theme(theme))
    assert made.fits
    assert made.n_rows == 5
    assert made.text_size >= 8
    last_bar = made.baseline(made.n_rows - 1) + made.bar_offset + made.bar_height
    assert last_bar <= made.box.height
    assert made.first_baseline >= 0.7 * made.text_size
    assert made.bar_offset >= 0.25 * made.text_size  # descenders stay above the bar
    assert made.label_width > 8 * made.text_size / 2


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", theme_names())
def test_a_card_of_five_rows_takes_an_eighth_of_a_landscape_picture_at_most(size, theme):
    box = laid(size, load_theme(theme)).box
    if size[0] > size[1]:
        assert box.width * box.height <= size[0] * size[1] / 8 + 2 * (box.width + box.height)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", theme_names())
def test_capitals_are_large_enough_for_a_phone(size, theme):
    made = laid(size, load_theme(theme))
    drawer = TextDrawer(TextStyle(font_file(None, "SemiBold"), (1, 1, 1)), lambda rgb: rgb)
    ink = drawer.tile("H", made.text_size).pixels[3].max(axis=1)
    height = (ink / ink.max()).sum()
    assert height >= 0.024 * min(size) - 0.3


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("size", SIZES)
def test_the_title_safe_area_is_kept(position, size):
    box = laid(size, load_theme("dark"), position=position).box
    assert box.x >= 0.05 * size[0] - 2
    assert box.right <= 0.95 * size[0] + 2
    assert box.y >= 0.05 * size[1] - 2
    assert box.bottom <= 0.95 * size[1] + 2


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("size", [(1080, 1920), (720, 1280), (1080, 2340)])
def test_on_a_phone_the_places_of_the_apps_stay_free(position, size):
    box = laid(size, load_theme("dark"), position=position).box
    assert box.x >= 60 / 1080 * size[0] - 2
    assert box.right <= (1080 - 140) / 1080 * size[0] + 2
    assert box.y >= 0.13 * size[1]
    assert box.bottom <= (1 - 484 / 1920) * size[1]


@pytest.mark.parametrize("position", POSITIONS)
def test_positions_are_where_they_say(position):
    box = laid((1280, 720), load_theme("dark"), position=position).box
    middle = box.x + box.width / 2, box.y + box.height / 2
    if "left" in position:
        assert middle[0] < 500
    elif "right" in position:
        assert middle[0] > 780
    else:
        assert middle[0] == pytest.approx(640, abs=2)
    if "top" in position:
        assert middle[1] < 300
    elif "bottom" in position:
        assert middle[1] > 420
    else:
        assert middle[1] == pytest.approx(360, abs=2)


def test_wide_pixels_make_a_narrower_box():
    square = laid((1280, 720), load_theme("dark"))
    wide = laid((640, 720), load_theme("dark"), pixel_aspect=Fraction(2))
    assert wide.box.width == pytest.approx(square.box.width / 2, abs=2)
    assert (wide.box.height, wide.text_size) == (square.box.height, square.text_size)
