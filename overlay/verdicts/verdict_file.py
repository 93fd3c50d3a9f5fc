"""The file of verdicts on one medium: entries that only ever grow.

    {"format": "tag-overlay verdicts", "version": 1,
     "media": {"name", "fingerprint", "duration_s", "model", "vocabulary"},
     "entries": [{"id", "at", "reviewer", "event", "action", "label", "onset_s", "offset_s",
                  "score", "verdict", "relabel", "comment", "undoes", "others"}, ...]}

What holds is a fold over the entries in order of ``at``, then ``id`` (``state``); taking back is an
entry, too. So two tabs, two reviewers or a crash are mended by the union of entries by ``id``, and
the file is its own history. Entries of one ``at`` were made at one stroke.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from overlay.datatypes import TagEvent
from overlay.errors import ExportError
from overlay.files import brief, named_after, path_error, read_text, write_bytes
from overlay.track import TagTrack

FORMAT, VERSION = "tag-overlay verdicts", 1
ACTIONS = ("judge", "edit", "add", "merge", "comment", "undo")
VERDICTS = ("right", "wrong", "unsure")
ENDING = ".verdicts.json"
"""Of the names of these files."""

_MOST_BYTES = 64 << 20
_MOST_TEXT = 4000
_MOST_OTHERS = 1000
_MOST_S = 366 * 24 * 3600.0
_AT = re.compile(r"[0-8][0-9]{3}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{3}Z")
"""Before the year 9000: what is said next must have a later time."""
_NO_LETTER = re.compile("[\ud800-\udfff]")
"""Halves of letters: no file can hold them, so a name of them would not come back as it went."""


@dataclass(frozen=True, slots=True)
class Media:
    """What was judged."""

    name: str
    """Of the file, without folders."""
    fingerprint: str
    """Of its sound: ``fingerprint_of`` its track."""
    duration_s: float = 0.0
    model: str = ""
    """Name of the tagger."""
    vocabulary: str = ""
    """Id of its vocabulary (``overlay.vocabulary``)."""

    def __post_init__(self) -> None:
        """Check what a file may say."""
        for name in ("name", "fingerprint", "model", "vocabulary"):
            _check_text(name, getattr(self, name))
        _check_number("duration_s", self.duration_s, _MOST_S)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a reviewer said."""

    id: str
    """Of the entry, and of no other: a UUID."""
    at: str
    """When, UTC: ``2026-11-26T02:00:00.000Z``."""
    event: str
    """Id of the event that it is about."""
    action: str
    """One of ``ACTIONS``; ``add`` says that a label is heard where no event was."""
    reviewer: str = ""
    """Who; empty where nobody said."""
    label: str = ""
    """Of the event as it was found, or of the added one."""
    onset_s: float | None = None
    """Seconds on the picture's clock; the new ones after ``edit`` and ``merge``."""
    offset_s: float | None = None
    """As ``onset_s``, and after it."""
    score: float | None = None
    """Of the event as it was found, in [0, 1]; ``None`` for an added one."""
    verdict: str | None = None
    """One of ``VERDICTS``; ``None`` takes an earlier one away."""
    relabel: str | None = None
    """What is heard instead."""
    comment: str | None = None
    undoes: str | None = None
    """Id of the entry that is taken back."""
    others: tuple[str, ...] = ()
    """Ids of the events that were merged into this one."""

    def __post_init__(self) -> None:
        """Check what a file may say.

        Raises:
            ValueError: A field is missing, of another kind, or out of range.
        """
        for name in ("id", "at", "event", "action", "reviewer", "label"):
            _check_text(name, getattr(self, name))
        for name in ("verdict", "relabel", "comment", "undoes"):
            _check_text(name, getattr(self, name) or "")
        if len(self.others) > _MOST_OTHERS:
            raise ValueError(f"'others' names more than {_MOST_OTHERS} events")
        for other in self.others:
            _check_text("others", other)
        if any(map(_NO_LETTER.search, (self.id, self.event, self.undoes or "", *self.others))):
            raise ValueError("an 'id' that no file can hold")
        for name, most in (("onset_s", _MOST_S), ("offset_s", _MOST_S), ("score", 1.0)):
            _check_number(name, getattr(self, name) or 0.0, most)
        if not (self.id and self.event and _is_time(self.at)):
            raise ValueError("an entry has no 'id', no 'event', or no time in 'at'")
        if self.action not in ACTIONS or self.verdict not in (None, *VERDICTS):
            raise ValueError(f"unknown action {self.action!r:.40} or verdict {self.verdict!r:.40}")
        self._check_edges()

    def _check_edges(self) -> None:
        if (self.onset_s is None) != (self.offset_s is None):
            raise ValueError("an entry has one edge of two")
        if self.onset_s is not None and self.offset_s is not None:
            if self.onset_s >= self.offset_s:
                raise ValueError(f"an event from {self.onset_s} to {self.offset_s} s")
        elif self.action in ("add", "edit", "merge"):
            raise ValueError(f"action {self.action!r} without edges")

    @classmethod
    def of(cls, value: Any) -> Self:
        """An entry from JSON; what is not known of it is passed over.

        Raises:
            ValueError: It is none.
        """
        if not isinstance(value, dict):
            raise ValueError("an entry is no object")
        known = {name: value[name] for name in _NAMES if value.get(name) is not None}
        if "others" in known:
            if not isinstance(known["others"], list):
                raise ValueError("'others' is no list")
            known["others"] = tuple(known["others"])
        try:
            return cls(**known)
        except TypeError:
            raise ValueError("an entry lacks 'id', 'at', 'event' or 'action'") from None


_NAMES = tuple(field.name for field in fields(Entry))


def _is_time(text: str) -> bool:
    try:
        return bool(_AT.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise ValueError(f"{name!r} is no text, or too long: {value!r:.40}")


def _check_number(name: str, value: object, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 <= value <= most):  # type: ignore[operator]  # also catches NaN
        raise ValueError(f"{name!r} is no number from 0 to {most:g}: {value!r:.40}")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A file of verdicts: of one medium, in order."""

    media: Media
    entries: tuple[Entry, ...] = ()

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who said something, by name."""
        return tuple(sorted({entry.reviewer for entry in self.entries}))

    def of(self, reviewer: str) -> Verdicts:
        """What one of them said."""
        own = tuple(entry for entry in self.entries if entry.reviewer == reviewer)
        return Verdicts(self.media, own)

    def with_entries(self, more: Iterable[Entry]) -> Verdicts:
        """The union by id; of two of one id the first stays."""
        return Verdicts(self.media, union(self.entries, more))


def union(*groups: Iterable[Entry]) -> tuple[Entry, ...]:
    """All entries once, in order of ``at``, then ``id``."""
    by_id: dict[str, Entry] = {}
    for group in groups:
        for entry in group:
            by_id.setdefault(entry.id, entry)
    return tuple(sorted(by_id.values(), key=lambda entry: (entry.at, entry.id)))


def event_id(event: TagEvent, model: str) -> str:
    """A short name of an event that is the same whenever it is found again.

    Args:
        event: Its label and edges count, to the millisecond.
        model: Name of the tagger that heard it.
    """
    facts = (event.label, round(1000 * event.onset_s), round(1000 * event.offset_s), model)
    return hashlib.sha256(repr(facts).encode("utf-8", "replace")).hexdigest()[:12]


def fingerprint_of(track: TagTrack) -> str:
    """What verdicts are kept by: the fingerprint of the sound, or one of the scores."""
    if track.sound:
        return track.sound
    return hashlib.sha256(track.scores.tobytes() + repr(track.labels).encode()).hexdigest()


# The file


def verdicts_file(media: str | Path) -> Path:
    """Where the verdicts of a medium lie: ``clip.verdicts.json`` beside ``clip.mp4``."""
    return named_after(media, ENDING)


def read_verdicts(path: str | Path) -> Verdicts:
    """Read a file of verdicts.

    Raises:
        ExportError: It is missing, damaged, or none.
    """
    error = path_error(ExportError, path)
    text = read_text(path, _MOST_BYTES, "the verdicts", error)
    try:
        return verdicts_of(text)
    except (ValueError, RecursionError) as failed:
        raise error(f"no file of verdicts: {brief(failed)}") from failed


def write_verdicts(
    path: str | Path,
    verdicts: Verdicts,
    *,
    overwrite: bool = True,
    inputs: Iterable[str | Path] = (),
) -> Path:
    """Write a file of verdicts, whole or not at all.

    Args:
        path: Target.
        verdicts: The content.
        overwrite: Whether a file of this name may be replaced.
        inputs: Files that are never replaced.

    Raises:
        OutputError: It cannot be written.
    """
    content = verdicts_text(verdicts).encode("utf-8", "replace")
    return write_bytes(path, content, overwrite=overwrite, inputs=inputs)


def verdicts_text(verdicts: Verdicts) -> str:
    """The content of a file."""
    content = {
        "format": FORMAT, "version": VERSION, "media": asdict(verdicts.media),
        "entries": [entry_dict(entry) for entry in verdicts.entries],
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def entry_dict(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it, without what says nothing."""
    return {
        name: list(value) if name == "others" else value
        for name in _NAMES
        if (value := getattr(entry, name)) not in (None, ())
    }


def verdicts_of(text: str) -> Verdicts:
    """Verdicts from the content of a file.

    Raises:
        ValueError: It is no such file.
        RecursionError: It is nested too deeply.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"its 'format' is not {FORMAT!r}")
    if content.get("version") != VERSION:
        raise ValueError(f"version {content.get('version')!r:.20}; this program knows {VERSION}")
    media, entries = content.get("media"), content.get("entries")
    if not isinstance(media, Mapping) or not isinstance(entries, list):
        raise ValueError("'media' or 'entries' is missing")
    return Verdicts(_media(media), union(map(Entry.of, entries)))


def _media(value: Mapping[str, Any]) -> Media:
    known = {each.name: value[each.name] for each in fields(Media) if each.name in value}
    return Media(**{"name": "", "fingerprint": "", **known})
