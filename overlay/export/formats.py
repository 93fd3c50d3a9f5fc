"""What a file format is, and all there are.

To add one: a module with a ``Format`` or a ``CaptionFormat`` in it, and its name in
``_MODULES``. The contract tests write every format with labels full of commas, quotes, tabs,
brackets and line breaks, and read it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from overlay.datatypes import Cue, TagEvent, TagTrack
from overlay.errors import UnknownFormat

_MODULES = (
    "audacity", "ass", "chapters", "dcase", "eaf", "hops", "jsonlines", "labelstudio", "raven",
    "rttm", "sbv", "srt", "table", "ttml", "tree", "webvtt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """Where events come from."""

    source: str
    """File name of the media, without folders."""
    track: TagTrack
    mids: dict[str, str]
    """Machine ids by label, of AudioSet's labels."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of text file that holds events."""

    name: str
    extension: str
    """With the dot."""
    description: str
    write: Callable[[Sequence[TagEvent], Run], str]
    """From events, by onset, to the content of the file."""


@dataclass(frozen=True, slots=True)
class CaptionFormat:
    """A kind of text file that holds cues."""

    name: str
    extension: str
    """With the dot."""
    description: str
    write: Callable[[Sequence[Cue], str], str]
    """From cues, by time, and their language (``en``, ``zh``) to the content of the file."""


@cache
def formats() -> dict[str, Format | CaptionFormat]:
    """All formats by name."""
    found = [import_module(f"overlay.export.{name}").FORMAT for name in _MODULES]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def format_named(name: str) -> Format | CaptionFormat:
    """The format of this name.

    Raises:
        UnknownFormat: There is none.
    """
    if name not in formats():
        raise UnknownFormat(name, formats())
    return formats()[name]


def one_line(text: str) -> str:
    """Tabs and line breaks become spaces: what no line-based format can hold."""
    return " ".join(text.split())


def clock(seconds: float, separator: str = ".", hours: str = "02") -> str:
    """``HH:MM:SS.mmm``, to the nearest millisecond."""
    ms = round(seconds * 1000)
    return (
        f"{ms // 3600000:{hours}}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}{separator}"
        f"{ms % 1000:03}"
    )
