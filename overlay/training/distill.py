"""Teach a small network that hears frames what a large one says of whole clips.

    python -m overlay.training.distill WORK_FOLDER AUDIO_FOLDER... [--scenes N] [--seed S]
        [--teacher NAME] [--weights FILE] [--labelled FOLDER]

From random weights, in one go. Everything is kept in the work folder; the same command goes on
where it was stopped. The folder of ``--labelled`` is for validation only: both measures are written
to ``log.txt`` every few minutes, beside those of the clips that are held back.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from overlay.training.measure import (
    Timeline,
    held_back_timelines,
    in_stretches,
    labelled_timelines,
)
from overlay.training.network import Student
from overlay.training.recordings import held_back
from overlay.training.scenes import HEAVY, LIGHT, Mixer
from overlay.training.sound_bank import Sounds
from overlay.training.teacher_scores import lessons_of, taught

Floats = npt.NDArray[np.float32]

LEARNING_RATE = 2e-3
_LOGIT_FLOOR = 9.0
_MEASURE_EVERY_S = 300.0
_N_USES = 2
"""How often a scene is used on average, each time masked anew."""
_N_REMEMBERED = 200
_HEAVY_SHARE = 0.8
"""Part of the run in which scenes are made the most of."""


@dataclass(frozen=True)
class Course:
    """What is learnt, and how.

    The loss is the cross entropy to the lessons plus the squared distance of the logits, so that
    all 527 answers teach something at every moment:

        loss = 20 BCE(z, p) + 0.05 mean((z - clip(logit(p), -9, 9))^2)
    """

    work: Path
    n_scenes: int = 200_000
    seed: int = 0
    rate: float = LEARNING_RATE
    threads: int = 2
    """At most; one where that is faster, since others use the machine, too."""
    batch: int = 16
    """Scenes in a step."""
    keep_every_s: float = 120.0

    @property
    def n_steps(self) -> int:
        """Whole batches in it."""
        return self.n_scenes // self.batch


def distill(
    course: Course,
    lessons: Floats,
    timelines: dict[str, list[Timeline]],
    on_step: Callable[[int], None] = lambda step: None,
) -> Path:
    """Train; returns the checkpoint with averaged weights.

    Args:
        course: How.
        lessons: ``[n_clips, n_classes]``.
        timelines: What is measured every few minutes.
        on_step: Told how many steps are done; what it raises ends the run, which then goes on from
            the last state that was kept.
    """
    torch.manual_seed(course.seed)
    student, averaged = Student(), Student()
    averaged.load_state_dict(student.state_dict())
    student.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(student.parameters(), weight_decay=1e-2)
    parts = {"student": student, "averaged": averaged, "optimizer": optimizer}
    n_steps = course.n_steps
    step = _resume(course.work / "state.pt", parts)
    batches, pace = _batches(course, lessons, step, n_steps), _Pace(course.threads)
    kept = measured = began = time.monotonic()
    losses: deque[float] = deque(maxlen=200)
    while step < n_steps:
        for group in optimizer.param_groups:
            group["lr"] = course.rate * _schedule(step / n_steps)
        batch = next(batches)
        with pace:
            losses.append(_step(student, optimizer, *batch))
        step += 1
        _average(averaged, student, min(0.998, (step + 1) / (step + 20)))
        now = time.monotonic()
        if now - kept > course.keep_every_s or step == n_steps:
            kept = now
            state = {name: part.state_dict() for name, part in parts.items()}
            _keep(course.work / "state.pt", state | {"step": step})
            _keep(course.work / "student.pt", averaged.state_dict())
        if now - measured > _MEASURE_EVERY_S or step == n_steps:
            measured = now
            figures = measures(averaged, timelines)
            line = f"{now - began:.0f} s, {step * course.batch} scenes, loss {np.mean(losses):.4f}"
            with (course.work / "log.txt").open("a", encoding="utf-8") as log:
                log.write(f"{line}; {figures}\n")
        on_step(step)
    return course.work / "student.pt"


class _Pace:
    """One thread or several, whichever is faster of late; both are tried now and then.

    Threads wait for each other in every layer, so on a busy machine several are slower than one.
    """

    _TRIED_STEPS, _KEPT_STEPS = 4, 120

    def __init__(self, most: int) -> None:
        self._times: dict[int, list[float]] = {n: [] for n in {1, most}}
        self._began, self._left = 0.0, 0
        self._chosen = 1

    def __enter__(self) -> None:
        self._left -= 1
        untried = [n for n, times in self._times.items() if len(times) < self._TRIED_STEPS]
        if untried:
            self._chosen, self._left = untried[0], self._KEPT_STEPS
        elif self._left == self._KEPT_STEPS - 1:
            self._chosen = min(self._times, key=lambda n: float(np.median(self._times[n])))
        elif self._left <= 0:
            self._times = {n: [] for n in self._times}
        torch.set_num_threads(self._chosen)
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._times[self._chosen].append(time.monotonic() - self._began)


def measures(net: Student, timelines: dict[str, list[Timeline]]) -> str:
    """First place and first five, in per cent, of each group of timelines."""
    scorer = scorer_of(net)
    figures = []
    for name, group in timelines.items():
        rows = np.array([timeline.measured(scorer) for timeline in group])
        first, five = 100 * rows.mean(axis=0)
        figures.append(f"{name} {first:.1f} / {five:.1f}")
    return ", ".join(figures)


def scorer_of(net: Student) -> Any:
    """The network as ``measure`` wants it."""
    net.eval()

    def stretch(features: Floats) -> Floats:
        mel = torch.from_numpy(np.ascontiguousarray(features.transpose(0, 2, 1)))[:, None]
        with torch.inference_mode():
            scores: Floats = torch.sigmoid(net(mel)).numpy()
        return scores

    return lambda features: in_stretches(stretch, features)


def _schedule(done: float) -> float:
    """A short rise, level, and down to nothing over the last half."""
    return min(1.0, done / 0.02 + 0.01, (1 - done) * 2)


def _step(student: Student, optimizer: Any, mel: Tensor, scores: Tensor) -> float:
    student.train()
    mel = mel[:, None].contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        logits = student(mel)
    logits = logits.float()
    target = torch.logit(scores, eps=1e-5).clamp(-_LOGIT_FLOOR, _LOGIT_FLOOR)
    loss = functional.binary_cross_entropy_with_logits(logits, scores) * 20
    loss = loss + 0.05 * functional.mse_loss(logits, target)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), 5.0)
    optimizer.step()
    return float(loss.detach())


def _average(averaged: Student, student: Student, keep: float) -> None:
    """Move every averaged weight a little towards the student's."""
    with torch.no_grad():
        for old, new in zip(
            averaged.state_dict().values(), student.state_dict().values(), strict=True
        ):
            if old.dtype.is_floating_point:
                old.lerp_(new, 1 - keep)
            else:
                old.copy_(new)


def _batches(
    course: Course, lessons: Floats, first: int, n_steps: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches from a process of their own; old scenes come again, masked anew."""
    context = get_context("spawn")
    queue: Any = context.Queue(maxsize=8)
    process = context.Process(
        target=_make, args=(course, lessons, range(first, n_steps, _N_USES), queue), daemon=True
    )
    process.start()
    rng = np.random.default_rng((course.seed, first))
    remembered: deque[Any] = deque(maxlen=_N_REMEMBERED)
    for number in range(first, n_steps):
        if number % _N_USES == 0 or len(remembered) < 20:
            made = queue.get()
            if isinstance(made, Exception):
                raise made
            remembered.append(made)
        else:
            made = remembered[rng.integers(len(remembered))]
        mel = masked(made[0].astype(np.float32), rng)
        yield torch.from_numpy(mel), torch.from_numpy(made[1].astype(np.float32))


def _make(course: Course, lessons: Floats, numbers: range, queue: Any) -> None:
    """Make the batches that are first used in the steps with these numbers."""
    try:
        sounds = Sounds.of_folders((), course.work)
        chosen = np.flatnonzero(~np.array(held_back(sounds.clips)))
        mixer = Mixer(sounds, lessons, chosen, course.seed + numbers.start)
        for number in itertools.chain(numbers, itertools.repeat(course.n_steps)):
            mixer.recipe = HEAVY if number < _HEAVY_SHARE * course.n_steps else LIGHT
            scenes = [mixer.scene() for _ in range(course.batch)]
            queue.put(
                tuple(np.stack(part).astype(np.float16) for part in zip(*scenes, strict=True))
            )
    except Exception as error:
        queue.put(error)


def masked(mel: Floats, rng: np.random.Generator) -> Floats:
    """Some bands and short times are set to the mean.

    Source:
        Park et al., "SpecAugment", Interspeech 2019, arXiv:1904.08779.
    """
    for scene in mel:
        mean = scene.mean()
        for _ in range(rng.integers(0, 3)):
            low = int(rng.integers(0, 120))
            scene[low : low + int(rng.integers(1, 20))] = mean
        for _ in range(rng.integers(0, 3)):
            begin = int(rng.integers(0, 980))
            scene[:, begin : begin + int(rng.integers(4, 40))] = mean
    return mel


def _resume(path: Path, parts: dict[str, Any]) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"])


def _keep(path: Path, state: dict[str, Any]) -> None:
    """Write whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def prepare(
    audio: Sequence[Path], work: Path, labelled: Path | None, teacher: str, weights: str | None
) -> tuple[Floats, dict[str, list[Timeline]]]:
    """Sound, lessons and what is measured."""
    work.mkdir(parents=True, exist_ok=True)
    sounds = Sounds.of_folders(audio, work)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # Paddle beside PyTorch
        scores = pool.submit(taught, work, teacher, weights).result()
    lessons = lessons_of(scores, sounds.clips)
    chosen = np.flatnonzero(held_back(sounds.clips))
    timelines = {
        name: [line] for name, line in held_back_timelines(sounds, lessons, chosen).items()
    }
    if labelled is not None:
        timelines["labelled"] = labelled_timelines(labelled)
    return lessons, timelines


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the tagger that ships.")
    parser.add_argument("work", type=Path, help="folder for everything that is kept")
    parser.add_argument("audio", type=Path, nargs="+", help="folders of sound files")
    parser.add_argument("--scenes", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--teacher", default="mn04")
    parser.add_argument("--weights", help="the teacher's weights, a file")
    parser.add_argument("--labelled", type=Path, help="folder with labels.csv, for validation")
    args = parser.parse_args()
    lessons, timelines = prepare(args.audio, args.work, args.labelled, args.teacher, args.weights)
    distill(Course(args.work, args.scenes, args.seed), lessons, timelines)


if __name__ == "__main__":
    main()
