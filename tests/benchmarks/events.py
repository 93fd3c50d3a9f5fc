"""Events against known ones: timelines built from labelled clips.

    python tests/benchmarks/events.py [--models mn04 builtin] [--clips FOLDER] [--seed 0]

Needs ``pip install sed_eval``. FOLDER has ``labels.csv`` with ``file``, ``esc_class`` and
``strict_labels`` as ../shared/audio/esc_dev. Three kinds of timelines: clips one after the other
with pauses; the same over steady background noise; overlapping at different gains. A tag counts
for a class if it is one of the class's strict labels; tags of no class are passed over.

Prints for raw thresholding at 0.3, the same on smoothed scores, and the product's events: F1 with a
collar of 0.5 s (sed_eval, onset and offset), and median errors of onsets and offsets over the
events whose class was found at the right place.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import sed_eval
from dcase_util.containers import MetaDataContainer

from overlay.datatypes import SoundBlock, TagEvent
from overlay.detection import detect
from overlay.detection.smoothing import smooth
from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.settings import TaggingSettings
from overlay.tagging.registry import load_tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_plan import Windows
from overlay.track import TagTrack

RATE = 32000
ESC_DEV = Path(__file__).parents[3] / "shared/audio/esc_dev"
Spans = list[tuple[str, float, float]]
"""Class, onset and offset in seconds."""


@dataclass
class Clip:
    """The part of a clip that is heard."""

    name: str
    labels: frozenset[str]
    sound: np.ndarray


def read_clips(folder: Path) -> list[Clip]:
    """All clips, cut to where they are louder than 40 dB below their peak."""
    clips = []
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            sound = np.concatenate(list(stream_audio(probe(folder / row["file"]), RATE)))
            frames = np.square(sound[: len(sound) // 320 * 320]).reshape(-1, 320).mean(axis=1)
            loud = np.flatnonzero(frames > frames.max() * 1e-4)
            cut = sound[loud[0] * 320 : (loud[-1] + 1) * 320]
            cut = cut[: 4 * RATE] / max(1e-6, float(np.sqrt(np.square(cut).mean()))) * 0.05
            labels = frozenset(row["strict_labels"].split(";"))
            clips.append(Clip(row["esc_class"], labels, cut.astype(np.float32)))
    return clips


def timelines(clips: list[Clip], seed: int) -> Iterable[tuple[np.ndarray, Spans]]:
    """Sounds with their events."""
    rng = np.random.default_rng(seed)
    for kind in ("single", "background", "overlapping"):
        order = rng.permutation(len(clips))
        for start in range(0, len(order), 5):
            yield _timeline([clips[i] for i in order[start : start + 5]], kind, rng)


def _timeline(
    clips: list[Clip], kind: str, rng: np.random.Generator
) -> tuple[np.ndarray, Spans]:  # fmt: skip
    sound = np.zeros(RATE * (4 + 7 * len(clips)), np.float32)
    at, spans = 1.5 + rng.uniform(0, 1), []
    for clip in clips:
        gain = 10 ** (rng.uniform(-9, 3) / 20) if kind == "overlapping" else 1.0
        first = round(at * RATE)
        sound[first : first + len(clip.sound)] += gain * clip.sound
        length = len(clip.sound) / RATE
        spans.append((clip.name, at, at + length))
        overlap = rng.uniform(0.3, 0.6) * length
        at += length - overlap if kind == "overlapping" else length + rng.uniform(1, 3)
    sound = sound[: round((max(end for _, _, end in spans) + 2) * RATE)]
    if kind == "background":
        sound += rng.normal(0, 0.05 * 10 ** (-25 / 20), len(sound)).astype(np.float32)
    return np.clip(sound, -1, 1), spans


def spans_of(found: Iterable[TagEvent], clips: list[Clip]) -> Spans:
    """Tags as classes: events of one class that touch become one."""
    spans: Spans = []
    events_of: dict[str, list[tuple[float, float]]] = {}
    for event in found:
        for clip in clips:
            if event.label in clip.labels:
                events_of.setdefault(clip.name, []).append((event.onset_s, event.offset_s))
    for name, pairs in events_of.items():
        current: tuple[float, float] | None = None
        for onset, offset in sorted(pairs):
            if current and onset <= current[1]:
                current = current[0], max(current[1], offset)
            else:
                spans.extend([(name, *current)] if current else [])
                current = onset, offset
        spans.extend([(name, *current)] if current else [])
    return spans


def errors(found: Spans, known: Spans) -> list[tuple[float, float]]:
    """Onset and offset error of each known event that a found one of its class overlaps best."""
    pairs = []
    for name, onset, offset in known:
        touching = [f for f in found if f[0] == name and f[1] < offset and f[2] > onset]
        if touching:
            best = max(touching, key=lambda f: min(f[2], offset) - max(f[1], onset))
            pairs.append((best[1] - onset, best[2] - offset))
    return pairs


def _container(spans: Spans, number: int) -> MetaDataContainer:
    return MetaDataContainer(
        [
            {"filename": f"{number}.wav", "event_label": name, "onset": onset, "offset": offset}
            for name, onset, offset in spans
        ]
    )


def thresholded(track: TagTrack, threshold: float = 0.3) -> list[TagEvent]:
    """The plain way: wherever a score is at least the threshold, half a hop beyond the centres."""
    found = []
    for index in np.flatnonzero((track.scores >= threshold).any(axis=0)):
        column, half = track.scores[:, index], track.hop_s / 2
        edges = np.flatnonzero(np.diff(np.concatenate(([0], column >= threshold, [0]))))
        for first, stop in zip(edges[::2], edges[1::2], strict=True):
            span = max(0.0, track.times[first] - half), track.times[stop - 1] + half
            found.append(TagEvent(int(index), track.labels[index], *map(float, span),
                                  float(column[first:stop].max()),
                                  float(column[first:stop].mean())))  # fmt: skip
    return found


def _smoothed(track: TagTrack) -> list[TagEvent]:
    return thresholded(replace(track, scores=smooth(track.scores, "centered", 5)))


WAYS: dict[str, Callable[[TagTrack], list[TagEvent]]] = {
    "raw, threshold 0.3": thresholded,
    "smoothed, threshold 0.3": _smoothed,
    "events": lambda track: detect(track).events,
}


def main() -> None:
    """Print the table for each model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", nargs="+", default=["mn04", "builtin"])
    parser.add_argument("--clips", type=Path, default=ESC_DEV)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    clips = read_clips(args.clips)
    made = list(timelines(clips, args.seed))
    print("| model | way | F1 | precision | recall | onset error s | offset error s |")
    print("|---|---|---|---|---|---|---|")
    for model in args.models:
        tagger = load_tagger(TaggingSettings(model=model, device="cpu"))
        tracks = [
            score_stream([SoundBlock(0.0, sound)], tagger, Windows(2.0, 0.3)) for sound, _ in made
        ]
        for way, find in WAYS.items():
            metrics = sed_eval.sound_event.EventBasedMetrics(
                event_label_list=sorted({clip.name for clip in clips}), t_collar=0.5
            )
            pairs = []
            for number, ((_, known), track) in enumerate(zip(made, tracks, strict=True)):
                found = spans_of(find(track), clips)
                metrics.evaluate(_container(known, number), _container(found, number))
                pairs += errors(found, known)
            overall = metrics.results_overall_metrics()["f_measure"]
            onset, offset = (
                float(np.median(np.abs(column))) for column in zip(*pairs, strict=True)
            )
            bias = np.median(np.array(pairs), axis=0)
            print(f"| {model} | {way} | {overall['f_measure']:.2f} | {overall['precision']:.2f} | "
                  f"{overall['recall']:.2f} | {onset:.2f} ({bias[0]:+.2f}) | "
                  f"{offset:.2f} ({bias[1]:+.2f}) |")  # fmt: skip


if __name__ == "__main__":
    main()
