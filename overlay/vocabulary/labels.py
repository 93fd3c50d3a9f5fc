"""Names of classes: AudioSet's own, with their families, or a user's label file."""

from __future__ import annotations

import csv
import hashlib
from functools import cache
from pathlib import Path

from overlay.errors import LabelError
from overlay.files import path_error, read_text
from overlay.resources import resource

FAMILIES = ("human", "animal", "music", "things", "nature", "ambiguous", "environment")
"""Short names of AudioSet's seven top families."""


_MOST_BYTES = 1 << 26


def read_labels(path: str | Path) -> tuple[str, ...]:
    """Names from a text file, one a line, in class order; empty lines at the end are dropped.

    Raises:
        LabelError: The file cannot be read, is not UTF-8, or holds no name.
    """
    text = read_text(path, _MOST_BYTES, "the labels", path_error(LabelError, path))
    labels = tuple(line.strip() for line in text.rstrip().splitlines())
    if not any(labels):
        raise LabelError(f"{path}: no label in it; write one name a line")
    return labels


AUDIOSET = "audioset"
"""Id of AudioSet's 527 classes."""


def vocabulary_of(names: tuple[str, ...]) -> str:
    """Id of the vocabulary that these names are: ``audioset``, or one of the user's own.

    Names decide, never their count. An own vocabulary's id holds a hash of its names.
    """
    if names == audioset_labels():
        return AUDIOSET
    return "own:" + hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


@cache
def audioset_labels() -> tuple[str, ...]:
    """AudioSet's 527 display names, in class order.

    Source:
        AudioSet ``class_labels_indices.csv``, Google, CC BY 4.0.
    """
    return read_labels(resource("assets", "audioset_labels.txt"))


@cache
def _audioset_table() -> tuple[dict[str, str], ...]:
    with resource("assets", "audioset_classes.tsv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def audioset_families() -> dict[str, str]:
    """Family of each AudioSet display name, one of ``FAMILIES``.

    Source:
        assets/audioset_classes.tsv, from the AudioSet ontology, CC BY-SA 4.0.
    """
    return {row["name"]: row["family"] for row in _audioset_table()}


@cache
def audioset_mids() -> dict[str, str]:
    """Machine id of each AudioSet display name, such as ``/m/09x0r``."""
    return {row["name"]: row["mid"] for row in _audioset_table()}


@cache
def audioset_ancestors() -> tuple[frozenset[int], ...]:
    """For each class the classes that it is a kind of, however many steps up.

    Source:
        assets/audioset_classes.tsv, from the AudioSet ontology, CC BY-SA 4.0.
    """
    parents = [tuple(map(int, row["parents"].split())) for row in _audioset_table()]

    def above(index: int) -> frozenset[int]:
        return frozenset(parents[index]).union(*(above(parent) for parent in parents[index]))

    return tuple(above(index) for index in range(len(parents)))


@cache
def descendants_of(labels: tuple[str, ...]) -> dict[int, tuple[int, ...]]:
    """For each class that has kinds of its own, all of them; nothing for labels of one's own.

    As many labels as AudioSet has are AudioSet's, whatever they are called.
    """
    if len(labels) != len(audioset_labels()):
        return {}
    below: dict[int, list[int]] = {}
    for index, above in enumerate(audioset_ancestors()):
        for ancestor in above:
            below.setdefault(ancestor, []).append(index)
    return {index: tuple(kinds) for index, kinds in sorted(below.items())}


def breadcrumb(index: int) -> tuple[str, ...]:
    """The way to a class from the most general one, both included; the first parent counts."""
    parents = [row["parents"].split() for row in _audioset_table()]
    way = [index]
    while parents[way[0]]:
        way.insert(0, int(parents[way[0]][0]))
    return tuple(audioset_labels()[i] for i in way)


def families_of(labels: tuple[str, ...]) -> dict[str, str]:
    """Family of each label that has one.

    As many labels as AudioSet has are AudioSet's, whatever they are called: a translated label
    file keeps the colours.
    """
    families = audioset_families()
    if len(labels) != len(audioset_labels()):
        return {label: families[label] for label in labels if label in families}
    return {
        label: families[name]
        for label, name in zip(labels, audioset_labels(), strict=True)
    }  # fmt: skip
