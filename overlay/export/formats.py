"""What a file format is, and all there are.

To add one: a module with a ``Format`` or a ``CaptionFormat`` in it, and its name in
``_MODULES``. The contract tests write every format with labels full of commas, quotes, tabs,
brackets and line breaks, and read it back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

from overlay.datatypes import Cue, TagEvent
from overlay.errors import UnknownFormat
from overlay.settings import EventSettings
from overlay.track import TagTrack

_MODULES = (
    "audacity", "ass", "chapters", "dcase", "eaf", "hops", "jsonlines", "labelstudio", "parquet",
    "raven", "rttm", "sbv", "srt", "table", "ttml", "tree", "webvtt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """Where events come from."""

    source: str
    """File name of the media, without folders."""
    track: TagTrack
    mids: dict[str, str]
    """Machine ids by label, of AudioSet's labels."""
    settings: EventSettings = field(default_factory=EventSettings)
    """How the scores became events."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that holds events."""

    name: str
    extension: str
    """With the dot."""
    description: str
    write: Callable[[Sequence[TagEvent], Run], str | bytes]
    """From events, by onset, to the content of the file."""

    def content(self, events: Sequence[TagEvent], run: Run) -> bytes:
        """The bytes of the file; text is UTF-8."""
        content = self.write(events, run)
        return content.encode() if isinstance(content, str) else content


@dataclass(frozen=True, slots=True)
class CaptionFormat:
    """A kind of text file that holds cues."""

    name: str
    extension: str
    """With the dot."""
    description: str
    write: Callable[[Sequence[Cue], str], str]
    """From cues, by time, and their language (``en``, ``zh``) to the content of the file."""

    def content(self, cues: Sequence[Cue], language: str) -> bytes:
        """The bytes of the file, UTF-8."""
        return self.write(cues, language).encode()


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
    """Tabs, line breaks, control characters become spaces: no line-based format holds them."""
    shown = (" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    return " ".join("".join(shown).split())


def clock(seconds: float, separator: str = ".", hours: str = "02") -> str:
    """``HH:MM:SS.mmm``, to the nearest millisecond."""
    ms = round(seconds * 1000)
    return (
        f"{ms // 3600000:{hours}}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}{separator}"
        f"{ms % 1000:03}"
    )
