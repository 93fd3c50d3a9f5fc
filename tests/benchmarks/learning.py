"""What verdicts are worth: precision before and after ``learn``, on clips that nobody judged.

    python tests/benchmarks/learning.py builtin mn04 [--precision 0.9] [--shared FOLDER]

A scripted reviewer, who knows what each of the 30 clips of FOLDER/audio/esc_dev is, says of every
event that is found in them with the usual settings whether it is right: its label is one of the
clip's strict or lenient names. ``learn`` makes thresholds of that. Then events are found in *other*
clips, once as usual, and once with ``--thresholds`` and, for labels without verdicts, the
``--event-threshold`` that ``learn`` says; precision is the share of right events, recall the share
of clips in which a right one is found.

Other clips: those of ESC-50 in FOLDER/audio/train and train2 that were held back when ``builtin``
was trained (recordings of their own, none of esc_dev); right are the names of their class, and what
these are kinds of. In the second table both lots are one, cut into five by clips, four judged and
one heard.

Last, ``train --from-verdicts`` on all verdicts: of how many that were held back its labels are
right, and how many of these events were right as they were shown.

Intervals hold 95 % of 2000 draws of clips.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import overlay
from overlay.datatypes import TagEvent
from overlay.detection import detect
from overlay.errors import TrainingError
from overlay.media.source import open_source
from overlay.scoring.score import score
from overlay.settings import Settings, TaggingSettings, override
from overlay.tagging.registry import load_tagger
from overlay.track import TagTrack
from overlay.training.recordings import held_back, recording, true_classes
from overlay.training.sound_bank import Clip
from overlay.verdicts import Entry, Media, Verdicts, event_id, fingerprint_of, write_verdicts
from overlay.vocabulary.audioset import audioset

SHARED = Path(__file__).parents[3] / "shared"
_N_DRAWS, _N_FOLDS = 2000, 5


@dataclass(frozen=True)
class Known:
    """A clip, and the labels that are right for it."""

    path: Path
    labels: frozenset[str]


def dev_clips(audio: Path) -> list[Known]:
    """The clips of esc_dev."""
    with (audio / "esc_dev/labels.csv").open(newline="", encoding="utf-8") as file:
        return [
            Known(
                audio / "esc_dev" / row["file"],
                frozenset(f"{row['strict_labels']};{row['lenient_extra_labels']}".split(";")),
            )
            for row in csv.DictReader(file)
        ]


def other_clips(audio: Path) -> list[Known]:
    """The clips of ESC-50 that were held back from the training of ``builtin``."""
    found: dict[str, Known] = {}
    for folder in ("train", "train2"):
        with (audio / folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
            clips = [
                Clip(audio / folder / row["file"], row["source_repo"], row["path"])
                for row in csv.DictReader(file)
            ]
        for clip, is_held_back in zip(clips, held_back(clips), strict=True):
            if is_held_back and true_classes(clip):
                found.setdefault(recording(clip) or "", Known(clip.file, with_kinds(clip)))
    return list(found.values())


def with_kinds(clip: Clip) -> frozenset[str]:
    """The names of a clip's class, and of all that these are kinds of."""
    words = audioset()
    own = {words.index_of(name) for name in true_classes(clip)}
    above = {index for each in own for index in words.ancestors[each]}
    return frozenset(words.names[index] for index in own | above)


def judged(clip: Known, track: TagTrack, folder: Path) -> Path:
    """The verdicts of somebody who knows the clip."""
    media = Media(clip.path.name, fingerprint_of(track), track.duration_s, track.model,
                  track.vocabulary)  # fmt: skip
    entries = tuple(
        Entry(
            f"{number:04}", "2026-11-26T02:00:00.000Z", event_id(event, track.model), "judge",
            label=event.label, onset_s=event.onset_s, offset_s=event.offset_s,
            score=round(event.peak, 3),
            verdict="right" if event.label in clip.labels else "wrong",
        )
        for number, event in enumerate(detect(track).events)
    )  # fmt: skip
    return write_verdicts(folder / f"{clip.path.stem}.verdicts.json", Verdicts(media, entries))


@dataclass(frozen=True)
class Tally:
    """Events of clips: how many are right, of how many."""

    right: np.ndarray
    """``[n_clips]``."""
    all: np.ndarray

    @classmethod
    def of(cls, heard: Iterable[tuple[Known, Sequence[TagEvent]]]) -> Tally:
        pairs = [
            (sum(event.label in clip.labels for event in events), len(events))
            for clip, events in heard
        ]
        return cls(*np.array(pairs, float).reshape(-1, 2).T)

    def __str__(self) -> str:
        rng = np.random.default_rng(0)
        draws = rng.integers(0, len(self.all), (_N_DRAWS, len(self.all)))
        shares = self.right[draws].sum(axis=1) / np.maximum(self.all[draws].sum(axis=1), 1)
        low, high = np.quantile(shares, (0.025, 0.975))
        precision = self.right.sum() / max(self.all.sum(), 1)
        return (
            f"{precision:.2f} ({low:.2f} to {high:.2f}) | {int(self.all.sum())} | "
            f"{(self.right > 0).mean():.2f}"
        )


Heard = list[tuple[Known, TagTrack]]


def learnt(heard: Heard, precision: float, folder: Path) -> tuple[Settings, int, float]:
    """Settings with the thresholds that these clips teach; verdicts; the threshold of others."""
    files = [judged(clip, track, folder) for clip, track in heard]
    made = overlay.learn(files, folder / "t.toml", precision=precision, overwrite=True)
    settings = override(
        Settings(), thresholds_file=str(made.path), event_threshold=made.together.threshold
    )
    return settings, made.together.n, made.together.threshold


def events_in(heard: Heard, settings: Settings) -> Iterator[tuple[Known, Sequence[TagEvent]]]:
    """What is found in each clip."""
    for clip, track in heard:
        yield clip, detect(track, settings).events


def folds(heard: Heard) -> Iterator[tuple[Heard, Heard]]:
    """Clips to judge and clips to hear."""
    for fold in range(_N_FOLDS):
        others = [each for n, each in enumerate(heard) if n % _N_FOLDS != fold]
        yield others, heard[fold::_N_FOLDS]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--precision", type=float, default=0.9)
    args = parser.parse_args()
    dev, other = dev_clips(args.shared / "audio"), other_clips(args.shared / "audio")
    print(f"{len(dev)} clips of esc_dev, {len(other)} others; wanted: {args.precision:g}")
    print("| model | heard | verdicts | others from | | precision (95 %) | events | recall |")
    print("|---|---|---|---|---|---|---|---|")
    for model in args.models:
        tagger = load_tagger(TaggingSettings(model=model, device="cpu"))
        sets = [
            [(clip, score(open_source(clip.path), tagger, Settings())) for clip in clips]
            for clips in (dev, other)
        ]
        with tempfile.TemporaryDirectory() as name:
            report(model, *sets, args.precision, Path(name))


def taught(model: str, heard: Heard, folder: Path) -> str:
    """What labels of one's own are worth that are trained on the verdicts on these clips."""
    files = [judged(clip, track, folder) for clip, track in heard]
    for clip, _ in heard:
        (folder / clip.path.name).symlink_to(clip.path)
    try:
        made = overlay.train_on_verdicts(files, folder / "own.npz", model=model, device="cpu")
    except TrainingError as refused:
        return f"{model}: {refused}"
    return (
        f"{model}: {len(made.labels)} labels, {made.n_right} right, {made.n_wrong} wrong; of "
        f"{made.n_held_back} verdicts held back {made.n_after} as people, before {made.n_before}"
    )


def report(model: str, dev: Heard, other: Heard, precision: float, folder: Path) -> None:
    """Print the rows of a model."""
    settings, n, threshold = learnt(dev, precision, folder)
    before = f"| {model} | {len(other)} other clips | {n} | {threshold:.2f}"
    print(f"{before} | before | {Tally.of(events_in(other, Settings()))} |")
    print(f"{before} | after | {Tally.of(events_in(other, settings))} |")
    both = dev + other
    counts, after = [], []
    for judge, hear in folds(both):
        settings, n, _ = learnt(judge, precision, folder)
        counts.append(n)
        after.append(list(events_in(hear, settings)))
    before = f"| {model} | all {len(both)} in fifths | {round(float(np.mean(counts)))} | "
    print(f"{before} | before | {Tally.of(events_in(both, Settings()))} |")
    print(f"{before} | after | {Tally.of(itertools.chain(*after))} |")
    print(taught(model, both, folder), file=sys.stderr)


if __name__ == "__main__":
    main()
