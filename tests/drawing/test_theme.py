"""Themes: readable on any picture, and strict about their files."""

import numpy as np
import pytest

from overlay.drawing.theme import load_theme, theme_names
from overlay.errors import ThemeError
from overlay.vocabulary import FAMILIES


def luminance(rgb):
    rgb = np.asarray(rgb)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    """WCAG 2 contrast ratio."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def mixed(above, below, opacity):
    return np.asarray(above) * opacity + np.asarray(below) * (1 - opacity)


def test_the_themes_that_ship():
    assert theme_names() == ["dark", "high-contrast", "light", "minimal"]


@pytest.mark.parametrize("name", ["dark", "light", "high-contrast"])
@pytest.mark.parametrize(
    "picture",
    [(0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1)],
)
def test_text_and_bars_stand_out_on_any_picture(name, picture):
    theme = load_theme(name)
    card = mixed(theme.card.color, picture, theme.card.opacity)
    dimmest = mixed(theme.text.color, card, theme.row.dim)
    assert contrast(dimmest, card) >= 4.5
    track = mixed(theme.bar.track_color, card, theme.bar.track_opacity)
    for family in FAMILIES:
        assert contrast(theme.families[family], card) >= 3, family
        assert contrast(theme.families[family], track) >= 3, family
    assert contrast(theme.bar.color, track) >= 3


def test_text_without_a_card_has_an_outline_that_stands_out():
    theme = load_theme("minimal")
    assert theme.text.outline > 0
    assert contrast(mixed(theme.text.color, (0, 0, 0), theme.row.dim), theme.text.outline_color) > 7


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[card]\nopacity = 1\n[labels]\n"Dog" = "#ff0000"\n')
    theme, dark = load_theme(str(path)), load_theme("dark")
    assert (theme.card.opacity, theme.card.color) == (1.0, dark.card.color)
    assert theme.bar_color("Dog", "animal") == (1.0, 0.0, 0.0)
    assert theme.bar_color("Cat", "animal") == dark.families["animal"]
    assert theme.bar_color("?", None) == dark.bar.color


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[car]\n", "car: unknown table"),
        ("card = 3\n", "card: must be a table"),
        ("[card]\ncolour = '#000000'\n", "card.colour: unknown key"),
        ("[card]\ncolor = 'black'\n", "card.color"),
        ("[card]\nopacity = 2\n", "card.opacity"),
        ("[card]\nopacity = '1'\n", "card.opacity"),
        ("[card]\nopacity = nan\n", "card.opacity"),
        ("[card]\nopacity = true\n", "card.opacity"),
        ("[families]\nrobots = '#000000'\n", "families.robots: unknown family"),
        ("[labels]\nDog = 3\n", "labels.Dog"),
        ("no toml", "not a TOML file"),
        ("x = " + "[" * 5000, "not a TOML file"),
    ],
)
def test_mistakes_name_the_file_and_the_key(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ThemeError, match=said.replace(".", r"\.")) as caught:
        load_theme(str(path))
    assert str(path) in str(caught.value)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ThemeError, match="dark, high-contrast, light, minimal"):
        load_theme("neon")
    with pytest.raises(ThemeError, match="cannot read"):
        load_theme("/nowhere/neon.toml")


def test_names_are_found_in_any_case_and_what_was_meant_is_said():
    assert load_theme("Dark") == load_theme("dark")
    assert load_theme("HIGH-contrast") == load_theme("high-contrast")
    with pytest.raises(ThemeError, match="did you mean minimal"):
        load_theme("minimalist")


@pytest.mark.parametrize("picture", [(0, 0, 0), (1, 1, 1), (1, 0, 0), (0, 1, 0), (1, 1, 0)])
def test_bars_without_a_card_stand_out_from_their_track(picture):
    theme = load_theme("minimal")
    track = mixed(theme.bar.track_color, picture, theme.bar.track_opacity)
    for color in (*theme.families.values(), theme.bar.color):
        assert contrast(color, track) >= 3


@pytest.mark.parametrize("name", ["dark", "light", "high-contrast"])
def test_hard_edges_behind_the_card_do_not_cross_the_text(name):
    """What the plate lets through of black beside white is far less than text beside plate."""
    theme = load_theme(name)
    black, white = (mixed(theme.card.color, (v,) * 3, theme.card.opacity) for v in (0, 1))
    assert contrast(black, white) < 1.25


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "x" * 400 + ".toml", "a\0b.toml"])
def test_what_is_no_theme_file_is_refused_at_once(path, tmp_path):
    link = tmp_path / "t.toml"
    if path.startswith("/dev"):
        link.symlink_to(path)
        path = str(link)
    with pytest.raises(ThemeError):
        load_theme(path)
