"""How far two agree: reviewers of one list of events, or two lists of what was heard.

Cohen's kappa is the agreement beyond what two would reach who say the same as often, but by chance:

    kappa = (p_o - p_e) / (1 - p_e)

p_o is the share on which they agree, p_e the sum over what can be said of the product of how often
each says it. Where both always say one and the same thing, p_e is 1 and there is no kappa.

Source:
    Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
    Measurement 20(1), 1960.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from overlay.datatypes import TagEvent
from overlay.errors import ExportError
from overlay.verdicts.state import Said, fold
from overlay.verdicts.verdict_file import VERDICTS, Verdicts, union

Key = tuple[str, str]
"""Fingerprint of the sound, and id of the event."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of two, on one label."""

    label: str
    """Empty for all labels together."""
    n: float
    """Events that both have judged; seconds, for two lists of what was heard."""
    share: float
    """Part of it on which they agree."""
    kappa: float | None
    """At most 1; 0 is chance; ``None`` where both always say the same."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An event of which two do not say the same."""

    event: str
    label: str
    onset_s: float | None
    offset_s: float | None
    said: tuple[tuple[str, str], ...]
    """Who says what; with the new name, if one was given."""


def raters(files: Mapping[str, Verdicts]) -> dict[str, dict[Key, Said]]:
    """What each reviewer says of each event.

    Args:
        files: By the name that a reviewer without one gets.

    Raises:
        ExportError: There is only one.
    """
    said = {
        name: {
            (sound, event): state
            for sound, own in sounds.items()
            for event, state in fold(own.entries).items()
        }
        for name, sounds in _by_reviewer(files).items()
    }
    if len(said) < 2:
        who = " and ".join(map(repr, said)) or "nobody"
        raise ExportError(
            f"{who:.100} alone has judged these: two reviewers are needed (review --reviewer NAME)"
        )
    return said


def _by_reviewer(files: Mapping[str, Verdicts]) -> dict[str, dict[str, Verdicts]]:
    made: dict[str, dict[str, Verdicts]] = {}
    for name, verdicts in files.items():
        sound = verdicts.media.fingerprint
        for reviewer in verdicts.reviewers:
            sounds, own = made.setdefault(reviewer or name, {}), verdicts.of(reviewer)
            sounds[sound] = sounds[sound].with_entries(own.entries) if sound in sounds else own
    return made


def named_union(files: Mapping[str, Verdicts]) -> Verdicts:
    """All files as one, in which every reviewer has a name.

    Args:
        files: As for ``raters``.

    Raises:
        ExportError: They are of several sounds.
    """
    first, *others = files.values()
    for other in others:
        if other.media.fingerprint != first.media.fingerprint:
            names = f"{first.media.name!r:.100} and {other.media.name!r:.100}"
            raise ExportError(f"verdicts on {names} do not go into one file")
    named = (
        [replace(entry, reviewer=entry.reviewer or name) for entry in verdicts.entries]
        for name, verdicts in files.items()
    )
    return Verdicts(first.media, union(*named))


def agreements(one: Mapping[Key, Said], other: Mapping[Key, Said]) -> list[Agreement]:
    """Of two reviewers: on all labels, then on each, by name."""
    tables: dict[str, npt.NDArray[np.float64]] = {}
    everything = np.zeros((len(VERDICTS), len(VERDICTS)))
    for mine, theirs in _both(one, other):
        table = tables.setdefault(mine.label, np.zeros_like(everything))
        place = VERDICTS.index(mine.verdict or ""), VERDICTS.index(theirs.verdict or "")
        table[place] += 1
        everything[place] += 1
    return [
        _agreement(label, table) for label, table in [("", everything), *sorted(tables.items())]
    ]


def conflicts(said: Mapping[str, Mapping[Key, Said]]) -> list[Conflict]:
    """What two or more do not say the same of: by label, then by time.

    Args:
        said: What each reviewer says, by name.
    """
    words: dict[Key, dict[str, str]] = {}
    states: dict[Key, Said] = {}
    for name, own in said.items():
        for key, state in own.items():
            if state.verdict is not None:
                states.setdefault(key, state)
                words.setdefault(key, {})[name] = _word(state)
    found = [
        Conflict(key[1], states[key].label, states[key].onset_s, states[key].offset_s,
                 tuple(each.items()))
        for key, each in words.items()
        if len(set(each.values())) > 1
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.label, each.onset_s or 0.0, each.event))


def _word(state: Said) -> str:
    return f"{state.verdict}: {state.relabel}" if state.relabel else state.verdict or ""


def _both(one: Mapping[Key, Said], other: Mapping[Key, Said]) -> Iterable[tuple[Said, Said]]:
    """Of the events that both have judged."""
    for key, mine in one.items():
        theirs = other.get(key)
        if theirs is not None and mine.verdict is not None and theirs.verdict is not None:
            yield mine, theirs


def _agreement(label: str, table: npt.NDArray[np.float64]) -> Agreement:
    """Agreement of a table of how much was said as (row) and as (column)."""
    n = float(table.sum())
    if not n:
        return Agreement(label, 0.0, 0.0, None)
    same = float(np.trace(table)) / n
    chance = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2
    return Agreement(label, n, same, (same - chance) / (1 - chance) if chance < 1 - 1e-12 else None)


# Two lists of what was heard


def agreements_in_time(
    one: Sequence[TagEvent], other: Sequence[TagEvent], length_s: float
) -> list[Agreement]:
    """Of two lists of events: second by second, whether a label is on.

    Args:
        one: By onset; those of one label do not overlap.
        other: As ``one``.
        length_s: Seconds that both have heard.

    Returns:
        A value for each label that is in either, by name.
    """
    spans = [_spans(events) for events in (one, other)]
    made = []
    for label in sorted(spans[0].keys() | spans[1].keys()):
        mine, theirs = (own.get(label, []) for own in spans)
        both = _common_s(mine, theirs)
        alone = _sum_s(mine) - both, _sum_s(theirs) - both
        neither = max(length_s - both - sum(alone), 0.0)
        made.append(_agreement(label, np.array([[both, alone[0]], [alone[1], neither]])))
    return made


Spans = list[tuple[float, float]]


def _spans(events: Sequence[TagEvent]) -> dict[str, Spans]:
    """Stretches of each label, rising and apart."""
    made: dict[str, Spans] = {}
    for event in sorted(events, key=lambda event: event.onset_s):
        own = made.setdefault(event.label, [])
        if own and event.onset_s <= own[-1][1]:
            own[-1] = own[-1][0], max(own[-1][1], event.offset_s)
        else:
            own.append((event.onset_s, event.offset_s))
    return made


def _sum_s(spans: Spans) -> float:
    return sum(end - begin for begin, end in spans)


def _common_s(one: Spans, other: Spans) -> float:
    """Seconds that both cover; both rise, so one walk finds them."""
    total, i, j = 0.0, 0, 0
    while i < len(one) and j < len(other):
        total += max(0.0, min(one[i][1], other[j][1]) - max(one[i][0], other[j][0]))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return total
