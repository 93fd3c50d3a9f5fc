"""Fit the map from a tagger's scores to the share of times that they are right.

    python tests/benchmarks/calibration.py builtin mn04 [--windows context] [--fit held named]
        [--check FOLDER]

Joins the clips of ``validation.py`` (nothing of esc_dev) into the timelines of ``screen.py``, and
looks at every smoothed score of at least 0.005 in moments in which a clip is audible: right is a
class that is one of the clip's names, or what one of them is a kind of. Scores are put into bins,
both sets of clips count alike, shares are made to rise (pool adjacent violators). Prints the rows
of assets/models/calibration.tsv; and for the clips of FOLDER (esc_dev) what the map made of it
says and how often that is right there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from screen import ESC_DEV, MOMENT_S, Clip, Timeline, read_clips, scored, timelines
from validation import SETS

from overlay.detection.smoothing import smooth_pieces
from overlay.settings import TaggingSettings
from overlay.tagging.registry import load_tagger
from overlay.tagging.tagger import Tagger
from overlay.tagging.window_plan import Windows
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset

EDGES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85,
         0.93, 1.001)  # fmt: skip
LEAST = EDGES[0]
HIGHEST = 0.98
"""No score is taken to be surer than this."""
Pairs = tuple[np.ndarray, np.ndarray]
"""Scores, and whether their classes are right."""


def right_classes(clip: Clip) -> np.ndarray:
    """Which classes a clip may be called by, ``[n_classes]``."""
    known = audioset()
    right = np.zeros(len(known), bool)
    for index in (known.index_of(label) for label in clip.labels if label in known.names):
        right[[index, *known.ancestors[index]]] = True
    return right


def pairs_of(track: TagTrack, timeline: Timeline) -> Pairs:
    """Scores in every third audible moment, and whether they are right."""
    scores = smooth_pieces(track.scores, track.times, track.hop_s, "centered", 3)
    found, right = [], []
    for clip, start in zip(timeline.clips, timeline.starts, strict=True):
        names = right_classes(clip)
        for place in np.flatnonzero(clip.audible)[::3].tolist():
            row = scores[np.abs(track.times - (start + (place + 0.5) * MOMENT_S)).argmin()]
            classes = np.flatnonzero(row >= LEAST)
            found.append(row[classes])
            right.append(names[classes])
    return np.concatenate(found), np.concatenate(right)


def measured(clips: Sequence[Clip], seed: int, tagger: Tagger, windows: Windows) -> Pairs:
    """The same of all timelines of some clips."""
    both = [pairs_of(scored(t.sound, tagger, windows), t) for t in timelines(clips, [seed])]
    scores, right = (np.concatenate(column) for column in zip(*both, strict=True))
    return scores, right


def rising(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The nearest values that never fall, by least squares with weights.

    Source:
        Pool adjacent violators: Ayer et al., Annals of Mathematical Statistics 26(4), 1955.
    """
    blocks: list[list[float]] = []
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        blocks.append([value, count, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            last = blocks.pop()
            weight = blocks[-1][1] + last[1]
            mean = (blocks[-1][0] * blocks[-1][1] + last[0] * last[1]) / max(weight, 1e-9)
            blocks[-1] = [mean, weight, blocks[-1][2] + last[2]]
    return np.concatenate([np.full(int(n), value) for value, _, n in blocks])


def fitted(sets: Sequence[Pairs]) -> tuple[np.ndarray, np.ndarray]:
    """Scores and shares that both rise from 0, every set of clips counting alike."""
    n_bins = len(EDGES) - 1
    sums = np.zeros((3, n_bins))
    for scores, right in sets:
        bins = np.digitize(scores, EDGES) - 1
        for number, weights in enumerate((np.ones(len(bins)), scores, right)):
            sums[number] += np.bincount(bins, weights, n_bins) / len(bins)
    counts, totals, hits = sums[:, sums[0] > 0]
    shares = np.minimum(rising(hits / counts, counts), HIGHEST)
    shares += 0.001 * np.arange(len(shares))  # two scores never become one
    return np.concatenate([[0], totals / counts, [1]]), np.concatenate([[0], shares, [0.999]])


def reliability(pairs: Pairs, curve: tuple[np.ndarray, np.ndarray]) -> str:
    """In each tenth from 0.1 on: what the map says, how often it is right, of how many scores."""
    said = np.interp(pairs[0], *curve)
    tenths = np.minimum((10 * said).astype(int), 9)
    return ", ".join(
        f"{said[tenths == n].mean():.2f}: {pairs[1][tenths == n].mean():.2f} ({n_scores})"
        for n in range(1, 10)
        if (n_scores := int((tenths == n).sum()))
    )


def main() -> None:
    """Print the rows of the table, and how well the map fits elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--windows", default="auto")
    parser.add_argument("--fit", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--check", type=Path, default=ESC_DEV)
    args = parser.parse_args()
    clips = [SETS[name]() for name in args.fit]
    check, windows = read_clips(args.check), Windows(way=args.windows)
    for model in args.models:
        settings = TaggingSettings(model=model, device="cpu", windows=args.windows)
        tagger = load_tagger(settings)
        curve = fitted([measured(each, 7, tagger, windows) for each in clips])
        for score, share in zip(*curve, strict=True):
            print(f"{tagger.name}\t{score:.3g}\t{share:.3f}")
        found = reliability(measured(check, 0, tagger, windows), curve)
        print(f"# {tagger.name} elsewhere: {found}", flush=True)


if __name__ == "__main__":
    main()
