"""Is the tag on screen the sound that one hears? Labelled clips joined into timelines.

    python tests/benchmarks/screen.py mn04 builtin [--clips FOLDER|held|named] [--seeds 0 1 2]
        [--windows isolated] [--raw]

FOLDER has ``labels.csv`` with ``file``, ``esc_class`` and ``strict_labels`` as
../shared/audio/esc_dev; ``held`` and ``named`` are the clips of ``validation.py``. All clips, each
as loud as the others, are joined in a new order for each seed, in five ways: hard cuts; cross-fades
of 0.5 s; pauses of 1 to 3 s of digital silence; hard cuts over
steady noise 20 dB, and 10 dB, below the clips. Ten moments a second are looked at:

- audible, where a clip is within 30 dB of its loudest moment: is the first row, or some row, one
  of its strict labels;
- silent, where none is (timelines without noise): is there a tag of 20 or more;
- rows that come, go or change place, a minute;
- hard cuts: how far from the cut the first row changes.

Rows are those that ``overlay.detection.shown`` gives, as a frame of the panel has them. Intervals
are 95 % of a bootstrap over the clips. Scores are kept in the program's cache.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from overlay.datatypes import SoundBlock, Tag
from overlay.detection import detect
from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.scoring import cache
from overlay.settings import WINDOWS, PanelSettings, Settings, TaggingSettings
from overlay.tagging.registry import load_tagger
from overlay.tagging.tagger import Tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_plan import Windows
from overlay.track import TagTrack

RATE = 32000
ESC_DEV = Path(__file__).parents[3] / "shared/audio/esc_dev"
KINDS = ("cuts", "fades", "pauses", "noise -20 dB", "noise -10 dB")
MOMENT_S = 0.1
AUDIBLE_DB = 30.0
FADE_S = 0.5
Rows = Callable[[float], Sequence[Tag]]
"""What is shown at a second."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A labelled sound."""

    name: str
    labels: frozenset[str]
    sound: np.ndarray
    audible: np.ndarray
    """``[n_moments]``: whether it is heard in each tenth of a second."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Clips one after the other."""

    kind: str
    sound: np.ndarray
    clips: Sequence[Clip]
    starts: Sequence[float]
    """Second at which each begins."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One look at the screen."""

    clip: int
    """Whose moment it is: the last that has begun."""
    audible: bool
    quiet_around: bool
    """Whether the timeline has no noise under its clips."""
    first: bool
    some: bool
    tag_20: bool


def clip_of(name: str, labels: Iterable[str], sound: np.ndarray) -> Clip:
    """A clip brought to one loudness, and where it is audible."""
    length = round(MOMENT_S * RATE)
    sound = sound[: len(sound) // length * length]
    power = np.square(sound, dtype=np.float64).reshape(-1, length).mean(axis=1)
    audible = power >= max(power.max() * 10 ** (-AUDIBLE_DB / 10), 1e-12)
    rms = max(1e-6, float(np.sqrt(power[audible].mean())) if audible.any() else 1.0)
    return Clip(name, frozenset(labels), (sound / rms * 0.05).astype(np.float32), audible)


def read_clips(folder: Path) -> list[Clip]:
    """All clips of a folder with ``labels.csv``."""
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return [
            clip_of(
                row["file"],
                row["strict_labels"].split(";"),
                np.concatenate(list(stream_audio(probe(folder / row["file"]), RATE))),
            )
            for row in csv.DictReader(file)
        ]


def clips_of(wanted: str) -> list[Clip]:
    """Clips of a folder, or a set of ``validation.py``."""
    if Path(wanted).is_dir():
        return read_clips(Path(wanted))
    from validation import SETS

    return SETS[wanted]()


def joined(clips: Sequence[Clip], kind: str, rng: np.random.Generator) -> Timeline:
    """All clips in a new order."""
    order = [clips[i] for i in rng.permutation(len(clips))]
    starts, at = [], 0.0
    for clip in order:
        starts.append(at)
        at += len(clip.sound) / RATE
        at += {"fades": -FADE_S, "pauses": round(rng.uniform(1, 3), 1)}.get(kind, 0.0)
    sound = np.zeros(round((starts[-1] + 0.1) * RATE) + len(order[-1].sound), np.float32)
    for clip, start in zip(order, starts, strict=True):
        first = round(start * RATE)
        sound[first : first + len(clip.sound)] += faded(clip.sound) if kind == "fades" else (
            clip.sound
        )  # fmt: skip
    if kind.startswith("noise"):
        sound += noise(len(sound), 0.05 * 10 ** (float(kind.split()[1]) / 20), rng)
    return Timeline(kind, np.clip(sound, -1, 1), order, starts)


def faded(sound: np.ndarray) -> np.ndarray:
    """With half a second of fading at both ends."""
    ramp = np.sin(np.linspace(0, np.pi / 2, round(FADE_S * RATE), dtype=np.float32))
    ramp = ramp[: len(sound) // 2]
    gain = np.ones_like(sound)
    gain[: len(ramp)], gain[len(gain) - len(ramp) :] = ramp, ramp[::-1]
    return sound * gain


def noise(length: int, rms: float, rng: np.random.Generator) -> np.ndarray:
    """Steady noise that falls by 3 dB an octave, as rooms and recorders make it."""
    spectrum = np.fft.rfft(rng.normal(0, 1, length))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20 * length / RATE))
    made = np.fft.irfft(spectrum, length)
    return (made * (rms / np.sqrt(np.square(made).mean()))).astype(np.float32)


def timelines(clips: Sequence[Clip], seeds: Iterable[int]) -> Iterator[Timeline]:
    """Every kind for every seed."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for kind in KINDS:
            yield joined(clips, kind, rng)


def scored(sound: np.ndarray, tagger: Tagger, windows: Windows) -> TagTrack:
    """The track of a sound, from the cache if it is there."""
    digest = hashlib.sha256(sound.tobytes()).hexdigest()
    facts = windows.window_s, windows.hop_s, windows.way
    key = cache.key_of("screen", digest, tagger.name, tagger.model_hash, *facts)
    track = cache.recall(key)
    if track is None:
        track = score_stream([SoundBlock(0.0, sound)], tagger, windows)
        cache.keep(key, track)
    return track


def moments(timeline: Timeline, rows: Rows) -> list[Moment]:
    """All looks at the screen, ten a second."""
    found = []
    n_moments = int(len(timeline.sound) / RATE / MOMENT_S)
    current = 0
    for number in range(n_moments):
        t = (number + 0.5) * MOMENT_S
        while current + 1 < len(timeline.starts) and timeline.starts[current + 1] <= t:
            current += 1
        heard = [
            clip
            for clip, start in list(zip(timeline.clips, timeline.starts, strict=True))[
                max(0, current - 1) : current + 1
            ]
            if 0 <= (at := int((t - start) / MOMENT_S)) < len(clip.audible) and clip.audible[at]
        ]
        labels = frozenset().union(*(clip.labels for clip in heard))
        tags = rows(t)
        right = [tag.label in labels for tag in tags]
        found.append(
            Moment(
                current, bool(heard), not timeline.kind.startswith("noise"), right[:1] == [True],
                any(right), any(tag.score >= 0.195 for tag in tags),
            )
        )  # fmt: skip
    return found


def changes_a_minute(timeline: Timeline, rows: Rows) -> float:
    """Rows that come, go or change place."""
    length_s = len(timeline.sound) / RATE
    places = [
        {tag.index: place for place, tag in enumerate(rows((n + 0.5) * MOMENT_S))}
        for n in range(int(length_s / MOMENT_S))
    ]
    n_changes = sum(
        before.get(index) != after.get(index)
        for before, after in pairwise(places)
        for index in before | after
    )
    return n_changes / length_s * 60


def cut_errors(timeline: Timeline, rows: Rows) -> list[float]:
    """Seconds from each hard cut to the nearest change of the first row."""
    if timeline.kind != "cuts":
        return []
    at = np.arange(0.01, len(timeline.sound) / RATE, 0.02)
    first = [next((tag.index for tag in rows(t)), -1) for t in at.tolist()]
    changes = np.array([b for b, x, y in zip(at[1:], first, first[1:], strict=False) if x != y])
    if not len(changes):
        return [float("inf")] * (len(timeline.starts) - 1)
    return [float(np.abs(changes - start).min()) for start in timeline.starts[1:]]


@dataclass
class Tally:
    """What one model got right, by clip."""

    n_clips: int
    changes: list[float]
    cuts: list[float]
    counts: dict[str, np.ndarray]
    """``[n_clips, 2]``: hits and looks."""

    @classmethod
    def empty(cls, n_clips: int) -> Tally:
        """Nothing yet."""
        names = (
            "first",
            "some",
            "silent",
            *(f"{k}: {w}" for k in KINDS for w in ("first", "some")),
        )
        return cls(n_clips, [], [], {name: np.zeros((n_clips, 2)) for name in names})

    def add(self, timeline: Timeline, rows: Rows, number_of: dict[str, int]) -> None:
        """Look at a timeline."""
        for moment in moments(timeline, rows):
            clip = number_of[timeline.clips[moment.clip].name]
            if moment.audible:
                for what in ("first", "some"):
                    for name in (what, f"{timeline.kind}: {what}"):
                        self.counts[name][clip] += getattr(moment, what), 1
            elif moment.quiet_around:
                self.counts["silent"][clip] += moment.tag_20, 1
        self.changes.append(changes_a_minute(timeline, rows))
        self.cuts += cut_errors(timeline, rows)

    def share(self, name: str, n_draws: int = 1000) -> tuple[float, float, float]:
        """Percent, and the 2.5th and 97.5th percentile of a bootstrap over the clips."""
        counts = self.counts[name]
        rng = np.random.default_rng(0)
        drawn = counts[rng.integers(0, self.n_clips, (n_draws, self.n_clips))].sum(axis=1)
        hits, looks = counts.sum(axis=0)
        low, high = np.percentile(100 * drawn[:, 0] / np.maximum(drawn[:, 1], 1), [2.5, 97.5])
        return 100 * hits / max(looks, 1), float(low), float(high)

    def row(self) -> str:
        """Cells of a table."""
        cells = []
        for name in ("first", "some", "silent"):
            value, low, high = self.share(name)
            cells.append(f"{value:.1f} ({low:.0f}-{high:.0f})")
        cells += [f"{np.mean(self.changes):.0f}", f"{np.median(self.cuts):.2f}"]
        cells += [
            "/".join(f"{self.share(f'{kind}: {what}', 1)[0]:.0f}" for what in ("first", "some"))
            for kind in KINDS
        ]
        return " | ".join(cells)


def table_head() -> str:
    """The first two lines of the table."""
    columns = (
        "model", "first row right %", "some row right %", "silent with a tag >= 20 %",
        "changes a minute", "cut s", *KINDS,
    )  # fmt: skip
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", default=["mn04", "builtin"])
    parser.add_argument("--clips", default=str(ESC_DEV))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--windows", choices=WINDOWS, default="auto")
    parser.add_argument("--raw", action="store_true", help="the plain smoothed scores")
    args = parser.parse_args()
    windows = Windows(way=args.windows)
    settings = Settings(panel=PanelSettings(raw=args.raw))
    clips = clips_of(args.clips)
    number_of = {clip.name: number for number, clip in enumerate(clips)}
    made = list(timelines(clips, args.seeds))
    print(table_head())
    for model in args.models:
        tagger = load_tagger(TaggingSettings(model=model, device="cpu", windows=args.windows))
        tally = Tally.empty(len(clips))
        for timeline in made:
            track = scored(timeline.sound, tagger, windows)
            tally.add(timeline, detect(track, settings).shown, number_of)
        print(f"| {model} | {tally.row()} |", flush=True)


if __name__ == "__main__":
    main()
