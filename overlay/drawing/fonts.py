"""Which font draws which letter: the one that ships, the user's, or one of the system's."""

from __future__ import annotations

import logging
import os
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont
from PIL import ImageFont

from overlay.errors import FontNotFound
from overlay.files import files_below, opened, path_error
from overlay.resources import resource

FONTS_VARIABLE = "TAG_OVERLAY_FONTS"
"""Environment variable that names folders to look for fonts in, instead of the system's."""

# What it thinks of a broken font is for those who ask for it, not for standard error.
logging.getLogger("fontTools").addHandler(logging.NullHandler())

_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_PREFERRED = (
    "notosanscjk", "sourcehansans", "pingfang", "hiragino", "msyh", "yugoth", "malgun",
    "applesdgothicneo", "wqy", "droidsansfallback", "notocoloremoji", "apple color emoji",
    "seguiemj", "notosans", "dejavusans", "arial unicode", "segoeui", "arial",
)  # fmt: skip
"""How the names of fonts begin that are tried first for letters the own font lacks."""

_MAX_BYTES = 1 << 28
_TRIED, _TRIED_PX, _LARGEST_EM = "0123456789Ag", 20, 8
"""What every font is tried with, at which size, and how many times that a letter may be."""

_BITMAP_SIZES = (109, 136, 128, 160, 96, 64, 32)
"""Sizes at which fonts made of pictures (emoji) exist."""

_JOINERS = {0x200D, 0xFE0E, 0xFE0F, 0x20E3} | set(range(0x1F3FB, 0x1F400))
"""Code points that change the one before: joiner, variation, keycap, skin tones."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that one font draws."""

    text: str
    font: Path
    face: int = 0
    """Which of a collection's faces."""


def font_file(path: str | None, weight: str) -> Path:
    """The user's font if there is one, else Inter, which ships.

    Args:
        path: The user's font file.
        weight: ``Medium`` or ``SemiBold``, for the font that ships.

    Raises:
        FontNotFound: The file is missing or is no font.
    """
    if path is None:
        return resource("fonts", f"Inter-{weight}.otf")
    with opened(path, _MAX_BYTES, "the font", path_error(FontNotFound, path)):
        pass
    try:
        _check_font(Path(path))
    except Exception as error:  # whatever a broken table makes FreeType or fontTools trip over
        raise FontNotFound(f"{path}: not a font that can be used ({error})") from error
    return Path(path)


def _check_font(path: Path) -> None:
    """Draw a little, and see that it is of a size that a picture can hold.

    Raises:
        ValueError: It draws nothing, or far more than its size says.
    """
    font = ImageFont.truetype(str(path), _TRIED_PX)
    if not _code_points(path):
        raise ValueError("it has no letters")
    ascent, descent = font.getmetrics()
    if not 0 < ascent + descent <= _LARGEST_EM * _TRIED_PX:
        raise ValueError(f"its lines are {ascent + descent} pixels high at a size of {_TRIED_PX}")
    width = max(font.getlength(letter) for letter in _TRIED)
    left, top, right, bottom = font.getbbox(_TRIED)
    if not 0 < width <= _LARGEST_EM * _TRIED_PX:
        raise ValueError("its digits have no usable width")
    if max(right - left, bottom - top) > _LARGEST_EM * _TRIED_PX * len(_TRIED):
        raise ValueError("its letters are far larger than its size")


def font_names(font: Path) -> tuple[str, float, float]:
    """What players call a font, and its line's height and ascent in units of the font size.

    The name is whatever the file says: it may hold anything.

    Source:
        OpenType, table OS/2: players follow VSFilter, which measures by ``usWinAscent`` and
        ``usWinDescent``.
    """
    try:
        with TTFont(font, lazy=True, fontNumber=0) as tables:
            name = tables["name"].getBestFullName() or font.stem
            metrics, unit = tables["OS/2"], tables["head"].unitsPerEm
            ascent, descent = metrics.usWinAscent, metrics.usWinDescent
            return str(name), (ascent + descent) / unit, ascent / unit
    except Exception:  # fontTools raises whatever a broken table makes it trip over
        drawn = ImageFont.truetype(str(font), 100).getmetrics()
        return font.stem, sum(drawn) / 100, drawn[0] / 100


@cache
def sized(font: Path, size: float, face: int = 0) -> tuple[ImageFont.FreeTypeFont, float]:
    """A font at a size, and the factor that brings its pictures to that size.

    The factor is 1 except for fonts of pictures, which exist in a few sizes only.
    """
    for exact in (size, *_BITMAP_SIZES):
        try:
            return ImageFont.truetype(str(font), exact, face), size / exact
        except OSError:
            continue
    raise FontNotFound(f"{font}: not a font that can be read")


def split_runs(text: str, font: Path) -> list[Run]:
    """Cut text where the font that has its letters changes; the given font goes first.

    Letters that no font has are left out, such as emoji where there is no font of them: boxes tell
    nobody anything. Where nothing would be left there are boxes.
    """
    simplified = not any("\u3040" <= letter <= "\u30ff" for letter in text)  # Kana: Japanese
    text = _drawable(text, font) or text
    parts: list[tuple[Path, list[str]]] = []
    before = ""
    for letter in text:
        joined = _is_joined(letter) or before == "\u200d"
        before = letter
        if parts and joined:
            chosen = parts[-1][0]
        else:
            chosen = font if _has(font, letter) else _fallback(letter) or font
        if not parts or parts[-1][0] != chosen:
            parts.append((chosen, []))
        parts[-1][1].append(letter)
    return [
        Run("".join(letters), chosen, _chinese_face(chosen) if simplified else 0)
        for chosen, letters in parts
    ]


def can_draw(text: str, font: Path) -> bool:
    """Whether this font or one of the system's has every letter."""
    return all(_can_draw_letter(letter, font) for letter in set(text))


def undrawable(text: str, font: Path) -> str:
    """The letters that neither this font nor one of the system's has, in their order."""
    letters = (letter for letter in dict.fromkeys(text) if not _is_joined(letter))
    return "".join(letter for letter in letters if not _can_draw_letter(letter, font))


def _can_draw_letter(letter: str, font: Path) -> bool:
    return _has(font, letter) or _fallback(letter) is not None


def _drawable(text: str, font: Path) -> str:
    """The letters that some font has, and what belongs to them."""
    kept, has_base = [], True
    for letter in text:
        has_base = has_base if _is_joined(letter) else _can_draw_letter(letter, font)
        kept += [letter] * has_base
    return text if len(kept) == len(text) else " ".join("".join(kept).split())


def _is_joined(letter: str) -> bool:
    """Whether it belongs to the letter before it."""
    return ord(letter) in _JOINERS or unicodedata.combining(letter) != 0


@cache
def _chinese_face(font: Path) -> int:
    """The face with the shapes of Simplified Chinese; the first where there is none by that name.

    Collections begin with Japanese shapes of the same characters.
    """
    if font.suffix.lower() not in (".ttc", ".otc"):
        return 0
    try:
        with font.open("rb") as file, TTCollection(file, lazy=True) as faces:
            names = [str(face["name"].getBestFamilyName()) for face in faces]
    except Exception:  # fontTools raises whatever a broken table makes it trip over
        return 0
    return next((n for n, name in enumerate(names) if name.endswith(" SC")), 0)


def _font_folders() -> list[Path]:
    """Where this system keeps fonts, or what ``TAG_OVERLAY_FONTS`` names."""
    if named := os.environ.get(FONTS_VARIABLE):
        return [Path(folder) for folder in named.split(os.pathsep)]
    home = _home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts"
        return [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", local]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    data = os.environ.get("XDG_DATA_HOME", str(home / ".local/share"))
    shared = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts")]
    return [*shared, Path(data) / "fonts", home / ".fonts"]


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # of a user whom this system does not know
        return Path(os.devnull)


@cache
def _fallback(letter: str) -> Path | None:
    """The first system font that has the letter."""
    return next((font for font in system_fonts() if _has(font, letter)), None)


@cache
def system_fonts() -> tuple[Path, ...]:
    """The font files on this system, those first that have most letters."""
    return tuple(sorted(_installed(), key=_preference))


def _installed() -> Iterator[Path]:
    for folder in _font_folders():
        for path in files_below(folder):
            if path.suffix.lower() in _SUFFIXES:
                yield path


def _preference(font: Path) -> tuple[int, int, str]:
    name = font.name.lower()
    place = next((i for i, known in enumerate(_PREFERRED) if name.startswith(known)), 99)
    plain = any(style in name for style in ("medium", "regular", "semibold", "-vf", "color"))
    return place, 0 if plain else 1, str(font)


def _has(font: Path, letter: str) -> bool:
    return letter.isspace() or ord(letter) in _code_points(font)


@cache
def _code_points(font: Path) -> frozenset[int]:
    """What a font can draw; nothing if it is damaged."""
    try:
        with TTFont(font, lazy=True, fontNumber=0) as tables:
            # a map from code to name wants names; the font's own lie among all of its outlines
            tables.setGlyphOrder([f"glyph{n}" for n in range(tables["maxp"].numGlyphs)])
            return frozenset(tables.getBestCmap() or ())
    except Exception:  # fontTools raises whatever a broken table makes it trip over
        return frozenset()
