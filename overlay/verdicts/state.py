"""What holds of all that was said: a fold over the entries, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from overlay.verdicts.verdict_file import Entry


@dataclass(frozen=True, slots=True)
class Said:
    """What holds of one event."""

    event: str
    """Its id."""
    label: str
    """As it was found, or as it was added."""
    score: float | None = None
    """As it was found, in [0, 1]."""
    onset_s: float | None = None
    """Where it is; the last that was said."""
    offset_s: float | None = None
    verdict: str | None = None
    relabel: str | None = None
    comment: str = ""
    is_added: bool = False
    """Whether no event was found there."""
    has_new_edges: bool = False
    """Whether somebody moved them, or merged another event into it."""
    into: str | None = None
    """Id of the event that it was merged into."""
    reviewer: str = ""
    """Who said the last of it."""
    at: str = ""
    """When that was."""

    @property
    def is_heard(self) -> bool:
        """Whether something is there, under its own label or another."""
        return self.into is None and (self.verdict != "wrong" or self.relabel is not None)


def fold(entries: Iterable[Entry]) -> dict[str, Said]:
    """What holds of each event, by id: the last word, whoever said it.

    Args:
        entries: In order (``Verdicts.entries``); those of one reviewer to know what that one says.
    """
    said: dict[str, Said] = {}
    for entry in holding(tuple(entries)):
        before = said.get(entry.event) or Said(entry.event, entry.label, entry.score)
        said[entry.event] = _after(before, entry)
        if entry.action == "merge":
            for other in entry.others:
                absorbed = said.get(other) or Said(other, entry.label)
                said[other] = replace(absorbed, into=entry.event)
    return said


def holding(entries: Sequence[Entry]) -> list[Entry]:
    """Those that nobody has taken back; taking back can be taken back, too."""
    undone: set[str] = set()
    held = []
    for entry in reversed(entries):
        if entry.id in undone:
            continue
        if entry.action == "undo":
            undone.add(entry.undoes or "")
        else:
            held.append(entry)
    return held[::-1]


def _after(said: Said, entry: Entry) -> Said:
    """What holds once an entry is said, too."""
    score = entry.score if said.score is None else said.score
    said = replace(said, score=score, reviewer=entry.reviewer, at=entry.at)
    if said.onset_s is None or entry.action in ("add", "edit", "merge"):
        said = replace(said, onset_s=entry.onset_s, offset_s=entry.offset_s)
    if entry.action == "judge":
        return replace(said, verdict=entry.verdict, relabel=entry.relabel)
    if entry.action == "comment":
        return replace(said, comment=entry.comment or "")
    if entry.action == "add":
        return replace(said, is_added=True, label=entry.label, verdict="right")
    return replace(said, has_new_edges=True)
