"""Examples from verdicts: stretches of media in which labels are heard, or are said not to be.

An event that is said to be right is an example of its label, one that is wrong a counter-example:
the same sound, without it. What else is right in at least half of the stretch is heard there, too.

Few examples make a worse label than the one that was shown. So each label is measured on stretches
that its head has not heard, and is left out if it would be worse: if the right tags less the wrong
ones are fewer there than those that were shown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from overlay.errors import MediaError, TrainingError
from overlay.files import is_file
from overlay.media.audio import stream_sound
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.source import Source, open_source
from overlay.tagging.head import Embedder, Head
from overlay.tagging.segmenting import Samples
from overlay.training.head_training import (
    MIN_CLIPS,
    Clip,
    Floats,
    Trained,
    embeddings_of,
    trained_on,
)
from overlay.verdicts import Said, Verdicts, fold

LONGEST_S = 30.0
"""Of a longer event this much around its middle is heard."""
_PRESENT = 0.5
_HEARD = 0.5
"""Mean score of a stretch in which a label counts as given."""


@dataclass(frozen=True, slots=True)
class Example:
    """A stretch of a medium about which a person was sure."""

    path: Path
    begin_s: float
    end_s: float
    judged: str
    """The label that was judged."""
    is_right: bool
    is_added: bool
    """Whether nothing was found there, and a person named it."""
    labels: tuple[str, ...]
    """What is heard in it."""


@dataclass(frozen=True)
class TaughtByVerdicts:
    """What came out, and what it is worth on verdicts that were held back.

    Attributes:
        head: Of the labels that are not worse than what was shown.
        worse: Labels that would be.
        n_right: Examples of its labels.
        n_wrong: Counter-examples.
        n_held_back: Verdicts on its labels that heads judged which had not heard them.
        n_before: How many of these say that an event was right as it was shown.
        n_after: How many of these heads were right about, with a score of one half.
    """

    head: Head
    worse: tuple[str, ...]
    n_right: int
    n_wrong: int
    n_held_back: int
    n_before: int
    n_after: int


def media_of(verdicts: Verdicts, path: Path, folder: Path | None, audio_track: int) -> Source:
    """The medium that verdicts are on.

    Args:
        verdicts: What is in the file.
        path: The file.
        folder: Where the medium is; beside the file if ``None``.
        audio_track: Which of its sounds, from 0.

    Raises:
        TrainingError: It is not there, or is another.
        MediaError: It cannot be read.
    """
    name = verdicts.media.name
    found = (folder or path.parent) / Path(name).name
    if name in ("", ".", "..") or Path(name).name != name or not is_file(found):
        raise TrainingError(
            f"{path}: its medium {name!r:.200} is not in {folder or path.parent}; name its folder "
            "with --media"
        )
    source = open_source(found, audio_track=audio_track)
    if audio_fingerprint(source.info, audio_track) != verdicts.media.fingerprint:
        raise TrainingError(f"{path}: {found} is not the sound that was judged")
    return source


def examples_of(verdicts: Verdicts, path: Path, least_s: float) -> list[Example]:
    """The examples in the verdicts on a medium, by time.

    Args:
        verdicts: What was said.
        path: The medium.
        least_s: Seconds that a stretch has at least.
    """
    said = [state for state in fold(verdicts.entries).values() if state.onset_s is not None]
    present = [state for state in said if state.is_heard and state.verdict in ("right", "wrong")]
    examples = [
        Example(
            path, *_stretch(state, least_s), state.label, state.verdict == "right", state.is_added,
            tuple(sorted({each.relabel or each.label for each in present if _is_in(each, state)})),
        )
        for state in said
        if state.verdict in ("right", "wrong") and state.into is None
    ]  # fmt: skip
    return sorted(examples, key=lambda each: (each.begin_s, each.end_s, each.judged))


def _edges(state: Said) -> tuple[float, float]:
    return state.onset_s or 0.0, state.offset_s or 0.0


def _stretch(state: Said, least_s: float) -> tuple[float, float]:
    onset, offset = _edges(state)
    middle, half = (onset + offset) / 2, min(max(offset - onset, least_s), LONGEST_S) / 2
    return max(0.0, middle - half), max(0.0, middle - half) + 2 * half


def _is_in(one: Said, other: Said) -> bool:
    """Whether one is heard in at least half of the other."""
    (a, b), (c, d) = _edges(one), _edges(other)
    return min(b, d) - max(a, c) >= _PRESENT * (d - c)


def train_on_verdicts(
    examples: Sequence[tuple[Source, Sequence[Example]]],
    base: Embedder,
    window_s: float,
    hop_s: float,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_note: Callable[[str], None] = lambda note: None,
) -> TaughtByVerdicts:
    """Train a head on stretches of media, and measure it on those that were left out.

    Stretches that overlap are left out together. A medium that cannot be decoded is left out with a
    note, and so is a label of too few examples, or one that would be worse than what was shown.

    Args:
        examples: With their medium.
        base: Gives the embeddings.
        window_s: Seconds in a window.
        hop_s: Seconds between the starts of two windows.
        on_progress: Told how many media of how many are heard.
        on_note: Told what is left out.

    Raises:
        TrainingError: Too few examples, or no label would be better than what was shown.
    """
    check_enough([each for _, own in examples for each in own], on_note)
    heard: list[Example] = []
    embeddings: list[Floats] = []
    for number, (source, own) in enumerate(examples):
        on_progress(number, len(examples))
        try:
            sounds = stretches(source, [(each.begin_s, each.end_s) for each in own], base)
        except MediaError as error:
            on_note(f"left out: {error}")
            continue
        for each, sound in zip(own, sounds, strict=True):
            if len(sound):  # it does not lie behind the end
                embeddings.append(embeddings_of([sound], each.path, base, window_s, hop_s))
                heard.append(each)
    on_progress(len(examples), len(examples))
    wanted = check_enough(heard, lambda note: None)
    clips = [Clip(e.path, tuple(name for name in e.labels if name in wanted)) for e in heard]
    made = _measured(trained_on(clips, embeddings, base, list(groups_of(heard))), heard)
    if made.worse:
        on_note(f"left out, since they would be worse than what was shown: {', '.join(made.worse)}")
    return made


def check_enough(examples: Sequence[Example], on_note: Callable[[str], None]) -> set[str]:
    """The labels of which there are enough examples.

    Raises:
        TrainingError: There is none, or nothing that is none of it.
    """
    counts = Counter(label for each in examples for label in each.labels)
    wanted = {label for label, n in counts.items() if n >= MIN_CLIPS}
    if not wanted:
        raise TrainingError(
            f"no label is right {MIN_CLIPS} times in these verdicts; judge more, or other clips"
        )
    few = sorted(counts.keys() - wanted)
    if few:
        on_note(f"left out, since they are right less than {MIN_CLIPS} times: {', '.join(few)}")
    return wanted


def _measured(trained: Trained, heard: Sequence[Example]) -> TaughtByVerdicts:
    labels, scores = trained.head.labels, trained.left_out
    gains = [_gain(label, scores[:, n], heard) for n, label in enumerate(labels)]
    kept = [n for n, gain in enumerate(gains) if gain >= 0]
    place = {labels[n]: n for n in kept or range(len(labels))}
    own = [(n, each) for n, each in enumerate(heard) if each.judged in place]
    answers = np.array([scores[n, place[each.judged]] for n, each in own], np.float32)
    right = np.array([each.is_right for _, each in own], bool)
    shown_right = np.array([each.is_right and not each.is_added for _, each in own], bool)
    tested = ~np.isnan(answers)
    before, after = (
        int(shown_right[tested].sum()),
        int(((answers >= _HEARD) == right)[tested].sum()),
    )
    if not kept:
        raise TrainingError(
            f"no label would be better than what was shown: of {int(tested.sum())} verdicts that "
            f"were held back {after} are given as people did, and {before} of these events were "
            "right as shown; judge more"
        )
    head = replace(
        trained.head, labels=tuple(place), weight=trained.head.weight[:, kept],
        bias=trained.head.bias[kept],
    )  # fmt: skip
    return TaughtByVerdicts(
        head, tuple(label for label in labels if label not in place), int(right.sum()),
        int((~right).sum()), int(tested.sum()), before, after,
    )  # fmt: skip


def _gain(label: str, scores: Floats, heard: Sequence[Example]) -> int:
    """How many more right tags than wrong ones a label gives than were shown of it.

    Args:
        label: Of the head.
        scores: For each stretch by heads that have not heard it, ``[n_stretches]``; or NaN.
        heard: The stretches.
    """
    gain = 0
    for score, each in zip(scores, heard, strict=True):
        if not np.isnan(score):
            worth = 1 if label in each.labels else -1
            was_shown = each.judged == label and not each.is_added
            gain += worth * (int(score >= _HEARD) - int(was_shown))
    return gain


def groups_of(examples: Sequence[Example]) -> Iterator[int]:
    """A number for each; those of one medium that overlap have the same.

    Args:
        examples: Those of a medium one after the other, by time.
    """
    group, path, end_s = -1, None, 0.0
    for each in examples:
        if each.path != path or each.begin_s >= end_s:
            group, path, end_s = group + 1, each.path, each.end_s
        end_s = max(end_s, each.end_s)
        yield group


def stretches(
    source: Source, spans: Sequence[tuple[float, float]], base: Embedder
) -> list[Samples]:
    """The sound of some stretches of a medium, which is decoded once.

    Args:
        source: The medium.
        spans: Seconds from and to, by their begin, none longer than ``LONGEST_S`` by much.
        base: Says the sample rate.

    Returns:
        Mono, ``[n_samples]`` each; shorter where the sound ends.
    """
    rate = base.sample_rate
    begins = [round(begin * rate) for begin, _ in spans]
    ends = [round(end * rate) for _, end in spans]
    longest = max((end - begin for begin, end in zip(begins, ends, strict=True)), default=0)
    pieces: list[list[Samples]] = [[] for _ in spans]
    for block in stream_sound(source.info, rate, source.audio_track):
        start = round(block.start_s * rate)
        stop = start + len(block.samples)
        for n in range(bisect_left(begins, start - longest), bisect_right(begins, stop)):
            piece = block.samples[max(begins[n] - start, 0) : max(ends[n] - start, 0)]
            if len(piece):
                pieces[n].append(np.array(piece))
    return [np.concatenate(own) if own else np.zeros(0, np.float32) for own in pieces]
