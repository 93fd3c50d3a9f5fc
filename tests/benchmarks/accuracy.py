"""How right: the labelled clips of ../shared/audio/esc_dev, scores averaged over windows.

    python tests/benchmarks/accuracy.py MODEL [WEIGHTS]

Prints the clips with a strict label among the top 1 and the top 5, and the mean correlation of the
527 scores with mn04's.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from overlay.datatypes import TagTrack
from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.settings import TaggingSettings
from overlay.tagging.registry import Tagger, load_tagger
from overlay.tagging.tracking import score_stream

FOLDER = Path(__file__).parents[3] / "shared/audio/esc_dev"


def track_of(tagger: Tagger, path: Path) -> TagTrack:
    """The scores of one clip, as the product makes them."""
    return score_stream(stream_audio(probe(path), tagger.sample_rate), tagger, 2.0, 0.3)


def main(model: str, weights: str | None) -> None:
    """Score all clips by the model and by mn04."""
    tagger = load_tagger(TaggingSettings(model=model, weights=weights, device="cpu"))
    teacher = load_tagger(TaggingSettings(device="cpu"))
    hits, correlations = {1: 0, 5: 0}, []
    with (FOLDER / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        track, reference = (track_of(t, FOLDER / row["file"]) for t in (tagger, teacher))
        strict = set(row["strict_labels"].split(";"))
        for k in hits:
            hits[k] += bool(strict & {tag.label for tag in track.top_k(k)})
        correlations.append(np.corrcoef(track.scores.mean(0), reference.scores.mean(0))[0, 1])
    print(f"{model}: top 1 {hits[1]}, top 5 {hits[5]} of {len(rows)}; correlation with mn04 "
          f"{np.mean(correlations):.2f}")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
