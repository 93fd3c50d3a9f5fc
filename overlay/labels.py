"""Names of classes: AudioSet's own, with their families, or a user's label file."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from overlay.errors import LabelError
from overlay.resources import resource

FAMILIES = ("human", "animal", "music", "things", "nature", "ambiguous", "environment")
"""Short names of AudioSet's seven top families."""


def read_labels(path: str | Path) -> tuple[str, ...]:
    """Names from a text file, one a line, in class order; empty lines at the end are dropped.

    Raises:
        LabelError: The file cannot be read, is not UTF-8, or holds no name.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise LabelError(f"{path}: cannot read the labels: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: not UTF-8 text; save the label file as UTF-8") from error
    labels = tuple(line.strip() for line in text.rstrip().splitlines())
    if not any(labels):
        raise LabelError(f"{path}: no label in it; write one name a line")
    return labels


@cache
def audioset_labels() -> tuple[str, ...]:
    """AudioSet's 527 display names, in class order.

    Source:
        AudioSet ``class_labels_indices.csv``, Google, CC BY 4.0.
    """
    return read_labels(resource("assets", "audioset_labels.txt"))


@cache
def audioset_families() -> dict[str, str]:
    """Family of each AudioSet display name, one of ``FAMILIES``.

    Source:
        assets/audioset_classes.tsv, from the AudioSet ontology, CC BY-SA 4.0.
    """
    with resource("assets", "audioset_classes.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["name"]: row["family"] for row in rows}


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
