"""What a file format is, and all there are.

To add one: a module with a ``FORMAT`` in it, and its name in ``_MODULES``. Text from outside goes
through ``escaping``. The contract tests write every format with hostile labels, and read it back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib import import_module
from math import ceil, floor
from typing import Literal

from overlay.datatypes import Cue, TagEvent, TagTimeline
from overlay.errors import UnknownFormat
from overlay.export.escaping import one_line
from overlay.settings import Settings
from overlay.track import TagTrack
from overlay.verdicts import Said
from overlay.vocabulary import vocabulary_named

_MODULES = (
    "ass", "ass_panel", "audacity", "chapters", "dcase", "eaf", "event_table", "hop_table",
    "json_events", "jsonlines", "labelstudio", "metadata_track", "parquet", "raven", "review_table",
    "rttm", "sbv", "srt", "ttml", "webvtt", "youtube",
)  # fmt: skip

_ROUNDING = 1e-6
Holds = Literal["events", "captions", "scores", "panel"]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What formats say of the media file."""

    name: str
    """File name, without folders."""
    picture: tuple[int, int] | None = None
    """Width and height as shown, with square pixels; ``None`` where there is no picture."""
    frame_rate: Fraction | None = None
    """Pictures a second; ``None`` where there are none."""
    duration_s: float | None = None
    """Where the file ends; ``None`` takes the end of the sound."""


@dataclass(frozen=True, slots=True)
class Run:
    """All that a text file may be made of; a format takes what it ``holds``, and the facts."""

    source: SourceFacts
    track: TagTrack
    settings: Settings = field(default_factory=Settings)
    events: Sequence[TagEvent] = ()
    """By onset."""
    cues: Sequence[Cue] = ()
    """By time, in the language of ``settings.captions``."""
    timeline: TagTimeline | None = None
    """What the panel shows."""
    pairs: Sequence[tuple[TagEvent, Said | None]] = ()
    """All that was found, with what reviewers said of it, and what they added."""

    @property
    def judged(self) -> Sequence[tuple[TagEvent, Said | None]]:
        """``pairs``; the events, where nobody has said anything."""
        return self.pairs or [(event, None) for event in self.events]

    @property
    def mids(self) -> dict[str, str]:
        """AudioSet's machine ids by label, of those that have one."""
        return vocabulary_named(self.track.vocabulary, self.track.labels).mid_by_name

    def frames_of(self, event: TagEvent) -> tuple[int, int] | None:
        """First frame of an event and the first behind it, from 0; ``None`` unless asked for.

        The frame that is on the screen when it begins, and the one after that in which it ends.
        """
        rate = self.source.frame_rate
        if rate is None or not self.settings.events.frames:
            return None
        first = floor(event.onset_s * rate + _ROUNDING)
        return first, max(first + 1, ceil(event.offset_s * rate - _ROUNDING))

    @property
    def duration_s(self) -> float:
        """Where the file ends, at least as far as is known from its sound."""
        return self.source.duration_s or self.track.duration_s


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of text file."""

    name: str
    extension: str
    """With the dot."""
    description: str
    write: Callable[[Run], str | bytes]
    """From what is known to the content of the file."""
    holds: Holds = "events"
    """Which part of a ``Run`` it wants: ``events``, ``cues`` (captions), the track alone (scores)
    or the ``timeline`` and the size of the picture (panel)."""
    lacks: Callable[[Run], str] = lambda run: ""
    """What a person should know that the content does not reach; mostly nothing."""

    def content(self, run: Run) -> bytes:
        """The bytes of the file; text is UTF-8.

        Raises:
            OverlayError: As said by the format.
        """
        content = self.write(run)
        return content.encode("utf-8", "replace") if isinstance(content, str) else content


@cache
def formats() -> dict[str, Format]:
    """All formats by name."""
    found = [import_module(f"overlay.export.{name}").FORMAT for name in _MODULES]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def format_named(name: str) -> Format:
    """The format of this name.

    Raises:
        UnknownFormat: There is none.
    """
    if name not in formats():
        raise UnknownFormat(name, formats())
    return formats()[name]


def lines_of(cue: Cue) -> list[str]:
    """A cue's lines, none of them empty: in SubRip and its kin an empty one ends the cue."""
    return [line for line in map(one_line, cue.lines) if line] or ["…"]


def clock(seconds: float, separator: str = ".", hours: str = "02") -> str:
    """``HH:MM:SS.mmm``, to the nearest millisecond."""
    ms = round(seconds * 1000)
    return (
        f"{ms // 3600000:{hours}}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}{separator}"
        f"{ms % 1000:03}"
    )
