"""Fit the map from a tagger's scores to the share of times that they are right.

    python tests/benchmarks/calibration.py mn04 builtin [--shared FOLDER] [--a-class 6]

Takes clips of FOLDER/audio/train and train2 whose class is known (nothing of esc_dev), joins them
into the timelines of ``screen.py``, and looks at every smoothed score of at least 0.02 in moments
in which a clip is audible: right is a class that is one of the clip's names. Scores are put into
bins; shares are made to rise (pool adjacent violators). Prints the rows of
assets/models/calibration.tsv, and how many scores each stands on.

A tagger that learnt from these very clips is surer and righter on them than elsewhere: for such a
one name clips that were held back, ``--only REPOSITORY``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from esc_training import training_clips
from screen import ESC_DEV, MOMENT_S, Timeline, scored, timelines

from overlay.detection.smoothing import smooth_pieces
from overlay.settings import TaggingSettings
from overlay.tagging.registry import load_tagger
from overlay.tagging.windows import Windows
from overlay.track import TagTrack

EDGES = (0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 1.001)
LEAST = 0.02


def pairs(track: TagTrack, timeline: Timeline) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and whether their class is one that the audible clip is called by."""
    scores = smooth_pieces(track.scores, track.times, track.hop_s, "centered", 3)
    found, right = [], []
    for clip, start in zip(timeline.clips, timeline.starts, strict=True):
        for place in np.flatnonzero(clip.audible)[::3].tolist():
            row = scores[np.abs(track.times - (start + (place + 0.5) * MOMENT_S)).argmin()]
            classes = np.flatnonzero(row >= LEAST)
            found.append(row[classes])
            right.append(np.array([track.labels[i] in clip.labels for i in classes], bool))
    return np.concatenate(found), np.concatenate(right)


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


def main() -> None:
    """Print the rows of the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--shared", type=Path, default=ESC_DEV.parents[1])
    parser.add_argument("--a-class", type=int, default=6)
    parser.add_argument("--only", help="clips of this repository alone")
    parser.add_argument("--windows", default="auto")
    args = parser.parse_args()
    clips = training_clips(args.shared / "audio", args.a_class, only=args.only)
    made = list(timelines(clips, [7]))
    for model in args.models:
        tagger = load_tagger(TaggingSettings(model=model, device="cpu"))
        both = [pairs(scored(t.sound, tagger, Windows(way=args.windows)), t) for t in made]
        scores, right = (np.concatenate(column) for column in zip(*both, strict=True))
        bins = np.digitize(scores, EDGES) - 1
        counts = np.bincount(bins, minlength=len(EDGES) - 1)
        shares = np.bincount(bins, right, len(EDGES) - 1) / np.maximum(counts, 1)
        centres = np.bincount(bins, scores, len(EDGES) - 1) / np.maximum(counts, 1)
        print(f"{model}\t0\t0")
        for centre, share, count in zip(centres, rising(shares, counts), counts, strict=True):
            if count:
                print(f"{model}\t{centre:.3g}\t{share:.3g}\t# {count}")
        print(f"{model}\t1\t{max(rising(shares, counts)[-1], 0.95):.3g}", flush=True)


if __name__ == "__main__":
    main()
