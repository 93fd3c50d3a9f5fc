"""How right: the labelled clips of ../shared/audio/esc_dev, scores averaged over windows.

    python tests/benchmarks/accuracy.py MODEL [WEIGHTS]

Prints the clips with a strict label among the top 1 and the top 5, and the mean correlation of the
527 scores with mn04's; the events of the sample that are among its top 3; and what is heard in
silence and in white noise.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from overlay.datatypes import SoundBlock
from overlay.media.audio import stream_sound
from overlay.media.probe import probe
from overlay.resources import resource
from overlay.settings import TaggingSettings
from overlay.tagging.registry import Tagger, load_tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_plan import Windows
from overlay.track import TagTrack

FOLDER = Path(__file__).parents[3] / "shared/audio/esc_dev"


def track_of(tagger: Tagger, path: Path) -> TagTrack:
    """The scores of one clip, as the product makes them."""
    return score_stream(stream_sound(probe(path), tagger.sample_rate), tagger, Windows(2.0, 0.3))


def main(model: str, weights: str | None) -> None:
    """Score all clips by the model and by mn04."""
    tagger = load_tagger(TaggingSettings(model=model, weights=weights, device="cpu"))
    teacher = load_tagger(TaggingSettings(model="mn04", device="cpu"))
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
    sample(tagger)
    nothing(tagger)


def sample(tagger: Tagger) -> None:
    """The sounds of the sample and their places."""
    track = track_of(tagger, resource("samples", "sounds.mp4"))
    with resource("samples", "sounds.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    places = []
    for row in rows:
        inside = (track.times >= float(row["onset_s"]) + 1) & (
            track.times <= float(row["offset_s"]) - 1
        )
        order = np.argsort(-track.scores[inside].mean(axis=0)).tolist()
        places.append((row["label"], order.index(track.labels.index(row["label"])) + 1))
    n_right = sum(place <= 3 for _, place in places)
    print(f"sample: {n_right} of {len(places)} among the top 3; places: "
          + ", ".join(f"{label} {place}" for label, place in places))  # fmt: skip


def nothing(tagger: Tagger) -> None:
    """The best tags of silence and of white noise at several levels."""
    rng = np.random.default_rng(0)
    for level in (0, 0.001, 0.01, 0.1, 0.5):
        noise = rng.normal(0, level, 8 * tagger.sample_rate).astype(np.float32)
        best = score_stream([SoundBlock(0.0, noise)], tagger, Windows(2.0, 0.3)).top_k(3)
        print(f"white noise at {level:g}: "
              + ", ".join(f"{tag.label} {tag.score:.2f}" for tag in best))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
