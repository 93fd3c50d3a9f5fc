"""The 447 classes of AudioSet Strong: labels with times.

Source:
    assets/audioset_strong_classes.tsv: ``mid_to_display_name.tsv`` of AudioSet's strong labels,
    Google, CC BY 4.0; parents and families from the AudioSet ontology, CC BY-SA 4.0.
"""

from __future__ import annotations

import csv
from functools import cache

from overlay.resources import resource
from overlay.vocabulary.audioset import audioset
from overlay.vocabulary.base import Vocabulary
from overlay.vocabulary.wording import strong_wording_table, wording_table

AUDIOSET_STRONG = "audioset-strong"
"""Id of AudioSet Strong's 447 classes."""

_SAY_NOTHING = (
    "Audio logo", "Channel, environment and background", "Echo", "Generic impact sounds",
    "Human sounds", "Inside, large room or hall", "Inside, public space", "Inside, small room",
    "Microphone", "Other sourceless", "Outside, urban or manmade", "Sound effect",
    "Sound equipment", "Sound reproduction", "Surface contact", "Unknown sound",
    "Deformable shell", "Brief tone",
)  # fmt: skip
_UNDER_OTHERS = (
    "Background noise", "Cacophony", "Distortion", "Environmental noise", "Mains hum", "Noise",
    "Reverberation", "Static", "Tape hiss", "White noise, pink noise",
)  # fmt: skip


@cache
def audioset_strong() -> Vocabulary:
    """AudioSet Strong's classes, sorted by name as the published taggers have them."""
    path = resource("assets", "audioset_strong_classes.tsv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    names = tuple(row["name"] for row in rows)
    own = {wording.name: wording for wording in strong_wording_table()}
    return Vocabulary(
        AUDIOSET_STRONG,
        names,
        tuple(row["mid"] for row in rows),
        tuple(row["family"] for row in rows),
        tuple(tuple(map(int, row["parents"].split())) for row in rows),
        tuple(
            wording_table()[int(row["audioset"])] if row["audioset"] else own[row["name"]]
            for row in rows
        ),
        frozenset(n for n, name in enumerate(names) if name in _SAY_NOTHING),
        frozenset(n for n, name in enumerate(names) if name in _UNDER_OTHERS),
    )


def fine_of_audioset() -> tuple[int | None, ...]:
    """The same without music, of which AudioSet has 150 classes and AudioSet Strong few."""
    pairs = zip(strong_of_audioset(), audioset().families, strict=True)
    return tuple(None if family == "music" else place for place, family in pairs)


def strong_of_audioset() -> tuple[int | None, ...]:
    """For each of AudioSet's 527 classes its place among the 447, by mid; ``None`` if it has none.

    >>> strong_of_audioset()[74], audioset_strong().names[130]
    (130, 'Dog')
    """
    place = {mid: n for n, mid in enumerate(audioset_strong().mids)}
    return tuple(place.get(mid) for mid in audioset().mids)
