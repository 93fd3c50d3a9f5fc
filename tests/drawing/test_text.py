"""Text: fitted, never clipped, with letters from other fonts where the own one lacks them."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTCollection, TTFont

from overlay.drawing import fonts
from overlay.drawing.fonts import Run, can_draw, font_file, split_runs, undrawable
from overlay.drawing.text import TextDrawer, TextStyle
from overlay.errors import FontNotFound
from overlay.vocabulary.audioset import audioset_labels

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
WHITE = (1.0, 1.0, 1.0)


@pytest.fixture
def drawer():
    return TextDrawer(TextStyle(font_file(None, "SemiBold"), WHITE), lambda rgb: rgb)


@pytest.fixture
def fonts_in(monkeypatch):
    """Say in which folder the system has its fonts."""

    def forget():
        for cached in (fonts.system_fonts, fonts._fallback):
            cached.cache_clear()

    def look(folder):
        monkeypatch.setenv(fonts.FONTS_VARIABLE, str(folder))
        forget()

    yield look
    forget()


@pytest.fixture
def cjk(fonts_in):
    """A system whose only font has a few Chinese characters."""
    fonts_in(DATA)


def ink(tile):
    return tile.pixels[3]


def test_what_a_library_thinks_of_a_font_is_not_printed(tmp_path):
    """Its map of letters ends before it says; by a program of its own, with its own handlers."""
    data = bytearray(font_file(None, "Medium").read_bytes())
    cmap = next(data[n : n + 16] for n in range(12, 400, 16) if data[n : n + 4] == b"cmap")
    start = int.from_bytes(cmap[8:12], "big")
    groups = data.index(b"\0\x0c\0\0", start) + 16
    data[groups : groups + 24] = data[groups + 12 : groups + 24] + data[groups : groups + 12]
    (tmp_path / "odd.otf").write_bytes(data)
    look = (
        f"from fontTools.ttLib import TTFont; TTFont({str(tmp_path / 'odd.otf')!r}).getBestCmap()"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import overlay.drawing.fonts; {look}"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert done.stderr == ""


@pytest.mark.parametrize(("size", "width"), [(8.4, 84), (18, 300), (18, 120), (55, 900)])
def test_every_label_fits_and_none_is_clipped(drawer, size, width):
    for label in audioset_labels():
        tile = drawer.tile(label, size, width)
        drawn = ink(tile)
        assert drawn.shape[1] - 2 * tile.inset <= width + 1
        assert drawn.max() > 0.5
        edges = drawn[0].max(), drawn[-1].max(), drawn[:, 0].max(), drawn[:, -1].max()
        assert max(edges) == 0, label


def test_short_labels_keep_their_size_and_long_ones_shrink_before_they_are_cut(drawer):
    assert drawer.fitted("Dog", 20, 200) == ("Dog", 20)
    text, size = drawer.fitted("Bird vocalization, bird call", 20, 235)
    assert text == "Bird vocalization, bird call"
    assert 16 < size < 20
    text, size = drawer.fitted("Bird vocalization, bird call, bird song", 20, 200)
    assert text.endswith("…")
    assert "," not in text[-2:]
    assert size == pytest.approx(16.4)


def test_digits_are_one_width(drawer):
    widths = {drawer.tile(digit, 20).pixels.shape[2] for digit in "0123456789"}
    assert drawer.digit_width(20) >= max(widths) - 2 * drawer.tile("0", 20).inset - 1


def test_tiles_are_kept_and_not_without_end():
    drawer = TextDrawer(TextStyle(font_file(None, "Medium"), WHITE), lambda rgb: rgb, n_kept=2)
    first = drawer.tile("a", 20)
    assert drawer.tile("a", 20) is first
    drawer.tile("b", 20)
    drawer.tile("c", 20)
    assert drawer.tile("a", 20) is not first


@pytest.mark.usefixtures("cjk")
def test_letters_that_the_font_lacks_come_from_the_systems(drawer):
    own = font_file(None, "SemiBold")
    runs = split_runs("Dog 狗叫 ok", own)
    assert [run.text for run in runs] == ["Dog ", "狗叫 ", "ok"] or [run.text for run in runs] == [
        "Dog ",
        "狗叫",
        " ok",
    ]
    assert runs[1].font.name == "NotoSansCJKsc-subset.otf"
    dog, call = ink(drawer.tile("狗", 40)), ink(drawer.tile("叫", 40))
    assert dog.max() > 0.9
    assert dog.shape != call.shape or not np.array_equal(dog, call)  # no two empty boxes


@pytest.fixture
def no_fonts(fonts_in, tmp_path):
    """A machine without fonts."""
    fonts_in(tmp_path)


def test_a_folder_of_fonts_that_cannot_be_looked_into_is_as_none(drawer, fonts_in, tmp_path):
    (tmp_path / "file").touch()
    fonts_in(f"{tmp_path / 'file'}{os.pathsep}{'n' * 300}{os.pathsep}{DATA}")
    assert [font.parent for font in fonts.system_fonts()] == [DATA] * len(fonts.system_fonts())
    assert ink(drawer.tile("狗", 40)).max() > 0.9


@pytest.mark.usefixtures("no_fonts")
def test_letters_that_no_font_has_still_draw(drawer):
    assert ink(drawer.tile("\U00010400", 20)).max() > 0


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        pytest.param("Dog \U00010400 barks", "Dog barks", id="no second space stays"),
        pytest.param("\U00010400 Dog", "Dog", id="at the start"),
        pytest.param("Dog\U00010400\ufe0f\U0001f3fd!", "Dog!", id="with what changes it"),
        pytest.param("Dog  barks ", "Dog  barks ", id="all drawable stays as it is"),
        pytest.param("\U00010400", "\U00010400", id="nothing else: a box"),
    ],
)
@pytest.mark.usefixtures("no_fonts")
def test_letters_that_no_font_has_are_left_out(drawer, text, drawn):
    own = font_file(None, "SemiBold")
    assert "".join(run.text for run in split_runs(text, own)) == drawn
    assert drawer.length(text, 20) == drawer.length(drawn, 20)


@pytest.mark.usefixtures("no_fonts")
def test_letters_without_a_font_are_named_once_and_in_order():
    own = font_file(None, "SemiBold")
    assert undrawable("a\U00010401b\U00010400\U00010401\ufe0f", own) == "\U00010401\U00010400"
    assert undrawable("Dog, Türe", own) == ""


def test_control_characters_and_nothing_draw(drawer):
    assert ink(drawer.tile("a\nb\tc\x00", 20, 100)).max() > 0.5
    assert ink(drawer.tile("", 20, 100)).max() == 0


def test_an_outline_surrounds_the_letters():
    style = TextStyle(font_file(None, "Medium"), WHITE, outline=2, outline_color=(0, 0, 0))
    pixels = TextDrawer(style, lambda rgb: rgb).tile("I", 30).pixels
    dark = (pixels[3] > 0.9) & (pixels[0] < 0.1)
    bright = pixels[0] > 0.9
    assert bright.any()
    assert dark.sum() > bright.sum() / 2


def test_narrow_pixels_make_wide_tiles():
    def width(aspect):
        style = TextStyle(font_file(None, "Medium"), WHITE, pixel_aspect=aspect)
        return TextDrawer(style, lambda rgb: rgb).tile("Music", 40).pixels.shape[2]

    assert width(0.5) == pytest.approx(2 * width(1.0), rel=0.1)
    assert width(2.0) == pytest.approx(width(1.0) / 2, rel=0.1)


@pytest.mark.parametrize("content", [None, b"no font"])
def test_unusable_fonts_are_said(tmp_path, content):
    path = tmp_path / "x.ttf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FontNotFound, match=r"x\.ttf"):
        font_file(str(path), "Medium")


def changed_font(path, change):
    """Inter with one thing wrong."""
    with TTFont(font_file(None, "Medium")) as font:
        change(font)
        font.save(path)
    return str(path)


def _no_letters(font):
    font["cmap"].tables = []


def _high_lines(font):
    font["hhea"].ascent = 32000
    font["head"].unitsPerEm = 16


@pytest.mark.parametrize("change", [_no_letters, _high_lines])
def test_fonts_that_cannot_be_used_are_said(tmp_path, change):
    with pytest.raises(FontNotFound, match="that can be used"):
        font_file(changed_font(tmp_path / "x.otf", change), "Medium")


def test_fonts_cut_off_anywhere_are_refused_or_used_but_never_a_traceback(tmp_path):
    data = font_file(None, "Medium").read_bytes()
    for n, end in enumerate((10, 100, 400, 5000, len(data) // 2, len(data) - 100)):
        path = tmp_path / f"{n}.otf"
        path.write_bytes(data[:end])
        with contextlib.suppress(FontNotFound):
            style = TextStyle(font_file(str(path), "Medium"), WHITE)
            TextDrawer(style, lambda rgb: rgb).tile("Dog 狗", 20, 200)


@pytest.mark.parametrize("path", ["/dev/zero", "x" * 400, "a\0b.ttf", "/"])
def test_what_is_no_file_is_no_font(path):
    with pytest.raises(FontNotFound):
        font_file(path, "Medium")


def test_a_pile_of_accents_stays_in_its_row():
    style = TextStyle(font_file(None, "Medium"), WHITE, band=(20, 6))
    tile = TextDrawer(style, lambda rgb: rgb).tile("e" + "\u0301" * 100 + "g", 18, 300)
    assert tile.ascent <= 20
    assert tile.descent <= 6


def test_labels_of_thousands_of_letters_are_cut_at_once(drawer):
    for letters in ("a" * 200_000, "狗" * 50_000, "e\u0301" * 50_000):
        assert ink(drawer.tile(letters, 20, 300)).max() > 0.5


@pytest.fixture
def collection(tmp_path):
    """Japanese, then Simplified Chinese faces of one font, as such collections have them."""
    faces = TTCollection()
    for country in ("JP", "SC"):
        face = TTFont(DATA / "NotoSansCJKsc-subset.otf")
        for record in face["name"].names:
            record.string = f"Noto Sans CJK {country}"
        faces.fonts.append(face)
    (tmp_path / "fonts").mkdir()
    faces.save(tmp_path / "fonts" / "both.ttc")
    return tmp_path / "fonts" / "both.ttc"


def test_chinese_has_its_own_shapes_in_a_collection_and_japanese_its(collection, fonts_in):
    own = font_file(None, "SemiBold")
    fonts_in(collection.parent)
    assert split_runs("狗叫", own) == [Run("狗叫", collection, 1)]
    assert split_runs("狗の", own)[0] == Run("狗", collection, 0)


@pytest.mark.parametrize("suffix", [".ttc", ".otf"])
def test_what_names_no_chinese_face_is_drawn_with_its_first(fonts_in, tmp_path, suffix):
    """A file of one face, and one that only says by its name that it is a collection."""
    font = tmp_path / f"one{suffix}"
    font.write_bytes((DATA / "NotoSansCJKsc-subset.otf").read_bytes())
    fonts_in(tmp_path)
    assert split_runs("狗", font_file(None, "SemiBold")) == [Run("狗", font, 0)]


@pytest.mark.usefixtures("cjk")
def test_what_the_fonts_here_can_draw_is_known():
    own = font_file(None, "SemiBold")
    assert can_draw("Dog 狗叫", own)
    assert not can_draw("\U00010400", own)
