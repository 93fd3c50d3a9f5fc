"""What reviewers said of the events of a medium: a file of entries that only ever grows.

What holds is a fold over the entries, per reviewer, in order of ``at``, then ``id``; taking back is
an entry, too. So two tabs, two reviewers or a crash are mended by the union of entries by ``id``,
and the file is its own history. Entries of one ``at`` were made at one stroke.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self, get_args, get_type_hints

from overlay.errors import ExportError
from overlay.files import path_error, read_text, write_bytes

FORMAT, VERSION = "tag-overlay verdicts", 1
ACTIONS = ("judge", "edit", "add", "merge", "comment", "undo")
VERDICTS = ("right", "wrong", "unsure")

MOST_BYTES = 64 << 20
_MOST_TEXT = 4000
_MOST_OTHERS = 1000
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Media:
    """What was judged.

    Attributes:
        name: Of the file.
        fingerprint: Of its sound, as ``TagTrack.sound``.
        duration_s: Seconds.
        model: Name of the tagger.
        vocabulary: Id of its vocabulary.
    """

    name: str
    fingerprint: str
    duration_s: float = 0.0
    model: str = ""
    vocabulary: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a reviewer said.

    Attributes:
        id: Of the entry; nobody else's.
        at: When, ``2026-11-26T02:00:00.000Z``.
        event: Id of the event that it is about.
        action: One of ``ACTIONS``; ``add`` says that a label is heard where no event was.
        reviewer: Who; empty where nobody said.
        label: Of the event as it was found, or of the added one.
        onset_s: Seconds; the new edges after ``edit`` and ``merge``.
        offset_s: As ``onset_s``.
        score: Of the event as it was found, in [0, 1]; ``None`` for an added one.
        verdict: One of ``VERDICTS``; ``None`` takes an earlier one away.
        relabel: What is heard instead.
        comment: For people.
        undoes: Id of the entry that is taken back.
        others: Ids of the events that were merged into this one.
    """

    id: str
    at: str
    event: str
    action: str
    reviewer: str = ""
    label: str = ""
    onset_s: float | None = None
    offset_s: float | None = None
    score: float | None = None
    verdict: str | None = None
    relabel: str | None = None
    comment: str | None = None
    undoes: str | None = None
    others: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what a file may say.

        Raises:
            ValueError: A field is missing or of another kind.
        """
        for name, kinds in _KINDS.items():
            if not isinstance(getattr(self, name), kinds):
                raise ValueError(f"{name} is {getattr(self, name)!r:.60}")
        texts = [value for value in (*self.others, *_texts(self)) if value is not None]
        if any(not isinstance(text, str) or len(text) > _MOST_TEXT for text in texts):
            raise ValueError("a text is too long, or none")
        if self.action not in ACTIONS or self.verdict not in (None, *VERDICTS):
            raise ValueError(f"unknown action {self.action!r:.60} or verdict {self.verdict!r:.60}")
        if not (self.id and self.event and _AT.fullmatch(self.at)):
            raise ValueError("no id, no event, or no time")
        numbers = (self.onset_s, self.offset_s, self.score)
        if not all(number is None or math.isfinite(number) for number in numbers):
            raise ValueError("a time or score that is no number")
        if len(self.others) > _MOST_OTHERS:
            raise ValueError("too many others")

    @classmethod
    def of(cls, value: Any) -> Self:
        """An entry from JSON; what is not known of it is passed over.

        Raises:
            ValueError: It is none.
        """
        if not isinstance(value, dict):
            raise ValueError("an entry is no object")
        known = {name: value[name] for name in _NAMES if name in value}
        if isinstance(known.get("others"), list):
            known["others"] = tuple(known["others"])
        try:
            return cls(**known)
        except TypeError as error:
            raise ValueError(str(error)) from error


_NAMES = tuple(field.name for field in fields(Entry))
_TEXTS = tuple(
    name for name, kind in get_type_hints(Entry).items() if str in (kind, *get_args(kind))
)


def _kinds(name: str) -> tuple[type, ...]:
    kind = get_type_hints(Entry)[name]
    if name == "others":
        return (tuple,)
    kinds: tuple[type, ...] = get_args(kind) or (kind,)
    return (*kinds, int) if float in kinds else kinds


_KINDS = {name: _kinds(name) for name in _NAMES}


def _texts(entry: Entry) -> Iterable[str | None]:
    return (getattr(entry, name) for name in _TEXTS if name != "others")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A file of verdicts: of one medium, in order."""

    media: Media
    entries: tuple[Entry, ...] = ()

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


def entry_dict(entry: Entry) -> dict[str, Any]:
    """An entry as JSON has it, without what says nothing."""
    made = {name: value for name, value in asdict(entry).items() if value not in (None, ())}
    return made | ({"others": list(entry.others)} if entry.others else {})


def verdicts_text(verdicts: Verdicts) -> str:
    """The content of a file."""
    content = {
        "format": FORMAT, "version": VERSION, "media": asdict(verdicts.media),
        "entries": [entry_dict(entry) for entry in verdicts.entries],
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def verdicts_of(text: str) -> Verdicts:
    """Verdicts from the content of a file.

    Raises:
        ValueError: It is no such file.
    """
    content = json.loads(text)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError("it says nothing of 'tag-overlay verdicts'")
    if content.get("version") != VERSION:
        raise ValueError(f"version {content.get('version')!r:.20}; this program knows {VERSION}")
    media, entries = content.get("media"), content.get("entries")
    if not isinstance(media, Mapping) or not isinstance(entries, list):
        raise ValueError("'media' or 'entries' is missing")
    return Verdicts(_media(media), union(map(Entry.of, entries)))


def _media(value: Mapping[str, Any]) -> Media:
    texts = {name: value.get(name, "") for name in ("name", "fingerprint", "model", "vocabulary")}
    length_s = value.get("duration_s", 0.0)
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("'media' holds no texts")
    if not isinstance(length_s, int | float) or not math.isfinite(length_s):
        raise ValueError("'duration_s' is no number")
    return Media(**texts, duration_s=float(length_s))


def read_verdicts(path: str | Path) -> Verdicts:
    """Read a file of verdicts.

    Raises:
        ExportError: It is missing, damaged, or none.
    """
    error = path_error(ExportError, path)
    text = read_text(path, MOST_BYTES, "the verdicts", error)
    try:
        return verdicts_of(text)
    except (ValueError, RecursionError) as failed:
        raise error(f"no file of verdicts: {failed!s:.200}") from failed


def write_verdicts(path: str | Path, verdicts: Verdicts) -> Path:
    """Write a file of verdicts, whole or not at all; one that is there is replaced.

    Raises:
        OutputError: It cannot be written.
    """
    content = verdicts_text(verdicts).encode("utf-8", "replace")
    return write_bytes(path, content, overwrite=True)


def verdicts_file(media: Path) -> Path:
    """Where the verdicts of a medium lie: ``clip.verdicts.json`` beside ``clip.mp4``."""
    return media.with_name(f"{media.stem}.verdicts.json")
