"""How a panel looks: colours and sizes, from a TOML file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from overlay.errors import ThemeError
from overlay.files import read_toml
from overlay.resources import resource
from overlay.vocabulary import FAMILIES

Color = tuple[float, float, float]
"""Red, green, blue in [0, 1], sRGB."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class CardTheme:
    """The plate behind the rows."""

    color: Color = (0.05, 0.06, 0.08)
    opacity: float = 0.76
    width: float = 0.52
    padding: float = 0.022
    margin: float = 0.04
    radius: float = 0.02


@dataclass(frozen=True, slots=True)
class RowTheme:
    """One tag."""

    pitch: float = 0.058
    """From the top of one row to the top of the next."""
    dim: float = 0.72
    """Opacity of the text of the weakest tag."""
    full_at: float = 0.3
    """Score from which on text is not dimmed."""


@dataclass(frozen=True, slots=True)
class TextTheme:
    """Labels and numbers."""

    color: Color = (1.0, 1.0, 1.0)
    size: float = 0.0255
    """Font size."""
    number_size: float = 0.0235
    outline: float = 0.0
    """Width of a line around each letter."""
    outline_color: Color = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class BarTheme:
    """The score bar below a label."""

    height: float = 0.0084
    color: Color = (0.62, 0.66, 0.72)
    """For labels of no known family."""
    track_color: Color = (1.0, 1.0, 1.0)
    track_opacity: float = 0.24


@dataclass(frozen=True, slots=True)
class Theme:
    """Everything about the look. Sizes are fractions of the picture's shorter side."""

    card: CardTheme = field(default_factory=CardTheme)
    row: RowTheme = field(default_factory=RowTheme)
    text: TextTheme = field(default_factory=TextTheme)
    bar: BarTheme = field(default_factory=BarTheme)
    families: Mapping[str, Color] = field(default_factory=dict)
    """Bar colour of each of AudioSet's top families."""
    labels: Mapping[str, Color] = field(default_factory=dict)
    """Bar colour of single labels; goes before the family's."""

    def bar_color(self, label: str, family: str | None) -> Color:
        """The bar's colour for a label."""
        if label in self.labels:
            return self.labels[label]
        return self.families.get(family or "", self.bar.color)


def theme_names() -> list[str]:
    """The themes that ship."""
    return sorted(path.stem for path in resource("assets", "themes").glob("*.toml"))


def load_theme(name: str) -> Theme:
    """A theme that ships, by name, or one from a TOML file.

    A file need only hold what differs from the theme ``dark``. Names are found in any case.

    Raises:
        ThemeError: There is no such theme, or the file is wrong.
    """
    dark = _merge(Theme(), resource("assets", "themes", "dark.toml"))
    if name.lower() in theme_names():
        return _merge(dark, resource("assets", "themes", f"{name.lower()}.toml"))
    path = Path(name)
    if path.suffix.lower() != ".toml":
        near = difflib.get_close_matches(name[:80].lower(), theme_names(), 1)
        meant = f"did you mean {near[0]}? " if near else ""
        raise ThemeError(
            f"no such theme; {meant}there are {', '.join(theme_names())}, or the path of a .toml "
            "file",
            path=name[:200],
        )
    return _merge(dark, path)


def _merge(theme: Theme, path: Path) -> Theme:
    tables = _read(path)
    known = {table.name for table in fields(Theme)}
    changed: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in known:
            raise ThemeError(
                f"unknown table; known: {', '.join(sorted(known))}", path=path, key=name
            )
        if not isinstance(table, dict):
            raise ThemeError("must be a table", path=path, key=name)
        current = getattr(theme, name)
        if isinstance(current, Mapping):
            changed[name] = _colors(dict(current), name, table, path)
        else:
            changed[name] = _fields(current, name, table, path)
    return replace(theme, **changed)


def _read(path: Path) -> dict[str, Any]:
    return read_toml(path, "the theme", partial(ThemeError, path=path))


def _colors(
    colors: dict[str, Color], table: str, values: dict[str, Any], path: Path
) -> dict[str, Color]:
    for key, value in values.items():
        where = f"{table}.{key}"
        if table == "families" and key not in FAMILIES:
            raise ThemeError(f"unknown family; known: {', '.join(FAMILIES)}", path=path, key=where)
        colors[key] = _color(value, where, path)
    return colors


def _fields(current: Any, table: str, values: dict[str, Any], path: Path) -> Any:
    known = [item.name for item in fields(current)]
    read: dict[str, Any] = {}
    for key, value in values.items():
        where = f"{table}.{key}"
        if key not in known:
            raise ThemeError(f"unknown key; known: {', '.join(known)}", path=path, key=where)
        is_color = isinstance(getattr(current, key), tuple)
        read[key] = _color(value, where, path) if is_color else _fraction(value, where, path)
    return replace(current, **read)


def _color(value: object, where: str, path: Path) -> Color:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ThemeError(f'{value!r} is not a colour such as "#1a2b3c"', path=path, key=where)
    return cast(Color, tuple(int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)))


def _fraction(value: object, where: str, path: Path) -> float:
    if type(value) not in (int, float) or not 0 <= cast(float, value) <= 1:
        raise ThemeError(f"{value!r} is not a number from 0 to 1", path=path, key=where)
    return float(cast(float, value))
