"""AudioSet's 527 classes.

Source:
    assets/audioset_classes.tsv: AudioSet ``class_labels_indices.csv``, Google, CC BY 4.0, and the
    AudioSet ontology, CC BY-SA 4.0.
"""

from __future__ import annotations

import csv
from functools import cache

from overlay.resources import resource
from overlay.vocabulary.base import Vocabulary
from overlay.vocabulary.wording import wording_table

AUDIOSET = "audioset"
"""Id of AudioSet's 527 classes."""

SAY_NOTHING = (
    "Silence", "Sound effect", "Inside, small room", "Inside, large room or hall",
    "Inside, public space", "Outside, urban or manmade", "Outside, rural or natural",
    "Field recording",
)  # fmt: skip
"""Names of classes that say how or where was recorded, not what is heard."""

UNDER_OTHERS = (
    "Noise", "Environmental noise", "Static", "White noise", "Pink noise", "Distortion", "Sidetone",
    "Cacophony", "Throbbing", "Vibration", "Echo", "Reverberation", "Mains hum",
)  # fmt: skip
"""Names of classes that are worth telling only where nothing clearer is heard."""


@cache
def audioset() -> Vocabulary:
    """AudioSet's classes, in the order of ``class_labels_indices.csv``."""
    with resource("assets", "audioset_classes.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    names = tuple(row["name"] for row in rows)
    return Vocabulary(
        AUDIOSET,
        names,
        tuple(row["mid"] for row in rows),
        tuple(row["family"] for row in rows),
        tuple(tuple(map(int, row["parents"].split())) for row in rows),
        wording_table(),
        frozenset(map(names.index, SAY_NOTHING)),
        frozenset(map(names.index, UNDER_OTHERS)),
    )


def audioset_labels() -> tuple[str, ...]:
    """AudioSet's 527 display names, in class order."""
    return audioset().names
