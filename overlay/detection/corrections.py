"""What was found, as people corrected it: wrong ones go, corrections take their place.

A verdict is of the event of its id. Where other settings found other edges it is of the event of
its label that it has most in common with, at least half of what both cover together:

    overlap = covered by both / covered by either >= SAME

What a person said is heard, but these settings do not find, is there all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from overlay.datatypes import NO_CLASS, Excerpt, Scores, TagEvent, Times
from overlay.detection.ontology import joined
from overlay.errors import LabelError, SettingsError
from overlay.settings import Settings
from overlay.track import TagTrack
from overlay.verdicts import Said, Verdicts, event_id, fingerprint_of, fold, verdicts_on
from overlay.vocabulary import Vocabulary

SAME = 0.5
SURE = 1.0
"""Score of what nobody but a person has heard."""


def verdicts_for(settings: Settings, sound: str) -> Verdicts | None:
    """What the files that the settings name say of a sound, if anything.

    Args:
        settings: All options.
        sound: Its fingerprint.

    Raises:
        ExportError: As ``verdicts_on``.
        SettingsError: The plain scores are wanted, about which nothing can be said.
    """
    if not settings.events.verdicts:
        return None
    if settings.panel.raw:
        raise SettingsError("raw shows the plain scores; leave it or the verdicts out")
    return verdicts_on(settings.events.verdicts, sound, settings.tagging.excerpt)


def said_of(track: TagTrack, settings: Settings) -> dict[str, Said]:
    """What was said of the events of a track, by id; nothing where no file is on it.

    Raises:
        ExportError: As ``verdicts_on``.
    """
    sound, excerpt = fingerprint_of(track), settings.tagging.excerpt
    verdicts = verdicts_for(settings, sound)
    said = {} if verdicts is None else fold(verdicts.entries)
    if verdicts is None or excerpt is None or verdicts.media.fingerprint == sound:
        return said
    inside = (_in_part(state, excerpt) for state in said.values())
    return {state.event: state for state in inside if state is not None}


def _in_part(state: Said, excerpt: Excerpt) -> Said | None:
    """What was said of the whole sound, as it is of a part; ``None`` where it is of another part.

    Its id is one that no event has: events of the part have other edges, and so other ids.
    """
    onset, offset = (edge - excerpt.from_s for edge in _edges(state))
    onset, offset = max(onset, 0.0), min(offset, excerpt.length_s or offset)
    if state.onset_s is None or onset >= offset:
        return None
    return replace(state, event=f"whole {state.event}", onset_s=onset, offset_s=offset)


def own_labels(said: Iterable[Said], vocabulary: Vocabulary) -> list[str]:
    """Labels that people gave to what they heard and that are none of the vocabulary's, by name."""
    given: dict[str, str] = {}
    for state in said:
        label = state.label if state.is_added else state.relabel
        if label and _named(label, vocabulary)[0] == NO_CLASS:
            given.setdefault(label.casefold(), label)
    return sorted(given.values())


@dataclass(frozen=True)
class Judged:
    """Events after their verdicts."""

    events: list[TagEvent]
    """What is heard, by onset; events of one class do not overlap."""
    pairs: list[tuple[TagEvent, Said | None]]
    """All that was found, and what was said of it; then what was added."""
    lifted: list[tuple[TagEvent, int | None]] = field(default_factory=list)
    """What people named, and the class whose scores it takes over; ``None`` for ``SURE``."""

    def scores(self, scores: Scores, times: Times) -> Scores:
        """Scores in which what a person named counts as what it was found as.

        Args:
            scores: ``[n_rows, n_classes]``.
            times: ``[n_rows]``, rising.
        """
        if not self.lifted:
            return scores
        made = np.array(scores)
        for event, source in self.lifted:
            rows = slice(*np.searchsorted(times, (event.onset_s, event.offset_s)))
            least = SURE if source is None else scores[rows, source]
            made[rows, event.index] = np.maximum(made[rows, event.index], least)
        return made


def judged(
    found: Sequence[TagEvent],
    said: Mapping[str, Said],
    vocabulary: Vocabulary,
    model: str,
    end_s: float,
    unwanted: Collection[int] = (),
) -> Judged:
    """Apply what was said.

    Args:
        found: Events as they were found, under the names that they are shown by.
        said: What was said, by id of the event.
        vocabulary: The classes under the same names, and ``own_labels`` behind them.
        model: Name of the tagger.
        end_s: Where the sound ends; nothing lasts longer.
        unwanted: Classes that are not to be shown, whoever hears them.
    """
    if not said:
        return Judged(list(found), [(event, None) for event in found])
    states = _said_of_each(found, said, model)
    pairs: list[tuple[TagEvent, Said | None]] = list(zip(found, states, strict=True))
    met = {state.event for state in states if state is not None}
    pairs += [
        (_as_found(state, vocabulary), state)
        for state in said.values()
        if state.event not in met and _stands_alone(state)
    ]
    events: list[TagEvent] = []
    lifted: list[tuple[TagEvent, int | None]] = []
    for event, state in pairs:
        made = event if state is None else _corrected(event, state, vocabulary, end_s)
        if made is None or made.index == NO_CLASS or made.index in unwanted:
            continue
        events.append(made)
        if made.index != event.index or (state is not None and state.score is None):
            scored = state is not None and state.score is not None and event.index != NO_CLASS
            lifted.append((made, event.index if scored else None))
    return Judged(_apart(events), pairs, lifted)


def _said_of_each(
    found: Sequence[TagEvent], said: Mapping[str, Said], model: str
) -> list[Said | None]:
    """What was said of each event: by its id, else of the one nearest to it."""
    states = [said.get(event_id(event, model)) for event in found]
    taken = {state.event for state in states if state is not None}
    waiting: dict[str, list[Said]] = {}
    for state in said.values():
        if state.event not in taken and not state.is_added and state.onset_s is not None:
            waiting.setdefault(state.label, []).append(state)
    for number, event in enumerate(found):
        rivals = waiting.get(event.label)
        if states[number] is None and rivals:
            best = max(rivals, key=lambda state: _overlap(event, state))
            if _overlap(event, best) >= SAME:
                states[number] = best
                rivals.remove(best)
    return states


def _overlap(event: TagEvent, state: Said) -> float:
    onset, offset = _edges(state)
    both = min(event.offset_s, offset) - max(event.onset_s, onset)
    either = max(event.offset_s, offset) - min(event.onset_s, onset)
    return max(both, 0.0) / max(either, 1e-9)


def _stands_alone(state: Said) -> bool:
    """Whether a person said that it is heard, whatever is found."""
    is_sure = state.is_added or state.verdict in ("right", "wrong")
    return is_sure and state.is_heard and state.onset_s is not None


def _as_found(state: Said, vocabulary: Vocabulary) -> TagEvent:
    """The event that a person judged or added, where none is found."""
    index, label = _named(state.label, vocabulary)
    score = SURE if state.score is None else state.score
    return TagEvent(index, label, *_edges(state), score, score)


def _named(label: str, vocabulary: Vocabulary) -> tuple[int, str]:
    try:
        index = vocabulary.index_of(label)
    except LabelError:
        return NO_CLASS, label
    return index, vocabulary.names[index]


def _edges(state: Said) -> tuple[float, float]:
    return state.onset_s or 0.0, state.offset_s or 0.0


def _corrected(
    event: TagEvent, state: Said, vocabulary: Vocabulary, end_s: float
) -> TagEvent | None:
    """An event under its new name, between its new edges; ``None`` if nothing is heard there."""
    if not state.is_heard:
        return None
    if state.relabel is not None:
        index, label = _named(state.relabel, vocabulary)
        event = replace(event, index=index, label=label)
    if state.has_new_edges and state.onset_s is not None:
        onset, offset = _edges(state)
        event = replace(event, onset_s=onset, offset_s=offset)
    event = replace(event, offset_s=min(event.offset_s, end_s))
    return event if event.onset_s < event.offset_s else None


def _apart(events: Iterable[TagEvent]) -> list[TagEvent]:
    """By onset; those of one class that overlap become one."""
    made: list[TagEvent] = []
    for event in sorted(events, key=lambda event: (event.index, event.onset_s)):
        last = made[-1] if made else None
        if last and last.index == event.index and event.onset_s < last.offset_s:
            made[-1] = joined(last, event)
        else:
            made.append(event)
    return sorted(made, key=lambda event: (event.onset_s, -event.peak, event.index))
