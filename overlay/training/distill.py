"""Teach the small network to answer as a large one does.

    python -m overlay.training.distill WORK_FOLDER AUDIO_FOLDER... [--windows N] [--seed S]
        [--start NPZ --rate R]

Everything is kept in the work folder; the same command goes on where it was stopped. ``--start``
begins with the weights of a file that ``export`` wrote instead of random ones.
"""

from __future__ import annotations

import argparse
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from overlay.settings import TaggingSettings
from overlay.tagging.engines.paddle import PaddleEngine
from overlay.tagging.registry import load_network
from overlay.training.bank import Bank
from overlay.training.mixing import HEAVY, LIGHT, N_WINDOWS, Mixer, windows_of
from overlay.training.student import Student, shipped_state

_BATCH = 64
LEARNING_RATE = 2.5e-3
_LOGIT_FLOOR = 9.0
_KEEP_EVERY = 500
_N_USES = 3
"""How often a lesson is given: making one costs as much as learning it."""
_N_REMEMBERED = 400
_SCENES = 64
"""Made at once; their windows are shuffled, so that a batch has windows of many scenes."""
_CONTEXT = 0.75
"""How far the lessons go from what the teacher says of two seconds to what it says of five."""
_HEAVY_SHARE = 0.8
"""Part of the run in which sounds are mixed and changed the most."""


def distill(
    work: Path,
    audio: Sequence[Path],
    n_windows: int,
    *,
    seed: int = 0,
    teacher: str = "mn04",
    start: Path | None = None,
    rate: float = LEARNING_RATE,
) -> Path:
    """Train on ``n_windows`` windows in all; returns the checkpoint with averaged weights.

    The loss is the cross entropy to the teacher's scores plus the squared distance of the logits,
    so that all 527 answers teach something on every window:

        loss = 20 BCE(z, p) + 0.1 mean((z - clip(logit(p), -9, 9))^2)

    Args:
        work: Folder for everything that is kept.
        audio: Folders of sound files.
        n_windows: Windows in all, those before an interruption included.
        seed: The same seed, sound and length give the same lessons.
        teacher: Tagger whose scores are the lessons.
        start: File of ``export`` to begin with.
        rate: Learning rate at its highest.
    """
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    student, averaged = Student().to(device), Student().to(device)
    if start is not None:
        student.load_state_dict(shipped_state(start))
    averaged.load_state_dict(student.state_dict())
    student.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(student.parameters(), weight_decay=1e-2)
    n_steps = n_windows // _BATCH
    parts = {"student": student, "averaged": averaged, "optimizer": optimizer}
    first = _resume(work / "state.pt", parts)
    lessons = _lessons(audio, work, seed, teacher, first, n_steps)
    logits_of = _compiled(student)
    progress = tqdm(range(first, n_steps), initial=first, total=n_steps, unit="batch")
    for step in progress:
        for group in optimizer.param_groups:
            group["lr"] = rate * _schedule(step / n_steps)
        mel, scores = (torch.from_numpy(part).to(device).float() for part in next(lessons))
        loss = _step(student, logits_of, optimizer, mel, scores)
        _average(averaged, student, min(0.999, (step + 1) / (step + 20)))
        progress.set_postfix(loss=f"{loss:.4f}", refresh=False)
        if (step + 1) % _KEEP_EVERY == 0 or step + 1 == n_steps:
            state = {name: part.state_dict() for name, part in parts.items()}
            _keep(work / "state.pt", state | {"step": step + 1})
            _keep(work / "student.pt", averaged.state_dict())
    return work / "student.pt"


def _schedule(done: float) -> float:
    """A short rise, level, and down to nothing over the last third.

    It depends on nothing but the share that is done, so a run may be made longer or shorter while
    it is on the level part.
    """
    return min(1.0, done / 0.02 + 0.01, (1 - done) * 3)


def _compiled(student: Student) -> Any:
    """Fused kernels train this network about 1.6 times as fast; they need a C++ compiler."""
    return torch.compile(student) if shutil.which("g++") else student


def _step(student: Student, logits_of: Any, optimizer: Any, mel: Tensor, scores: Tensor) -> float:
    student.train()
    logits = logits_of(mel.contiguous(memory_format=torch.channels_last))
    target = torch.logit(scores, eps=1e-6).clamp(-_LOGIT_FLOOR, _LOGIT_FLOOR)
    loss = functional.binary_cross_entropy_with_logits(logits, scores) * 20
    loss = loss + 0.1 * functional.mse_loss(logits, target)
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


def _lessons(
    audio: Sequence[Path], work: Path, seed: int, teacher: str, first: int, n_steps: int
) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Batches with the teacher's scores, made by a process of their own: Paddle beside PyTorch."""
    context = get_context("spawn")
    queue: Any = context.Queue(maxsize=8)
    numbers = range(first // _N_USES, n_steps)
    heavy_until = round(_HEAVY_SHARE * n_steps) // _N_USES
    process = context.Process(
        target=_teach, args=(audio, work, seed, teacher, numbers, heavy_until, queue), daemon=True
    )
    process.start()
    rng = np.random.default_rng(seed + first)
    remembered: deque[Any] = deque(maxlen=_N_REMEMBERED)
    while True:
        lesson = queue.get()
        if isinstance(lesson, Exception):
            raise lesson
        remembered.append(lesson)
        yield lesson
        for _ in range(_N_USES - 1):
            yield remembered[rng.integers(len(remembered))]


def _teach(
    audio: Sequence[Path],
    work: Path,
    seed: int,
    teacher: str,
    numbers: range,
    heavy_until: int,
    queue: Any,
) -> None:
    """Make the lessons with these numbers, lighter ones from ``heavy_until`` on."""
    try:
        job = load_network(TaggingSettings(model=teacher, threads=1)).job
        scores_of = PaddleEngine(job, "cpu").scores_of
        mixer = Mixer(Bank.of_folders(audio, work / "bank.npz"), seed + numbers.start)
        rng, ready = np.random.default_rng(seed + numbers.start), list[Any]()
        for number in numbers:
            mixer.recipe = HEAVY if number < heavy_until else LIGHT
            if not ready:
                ready = _batches(mixer, scores_of, rng)
            queue.put(ready.pop())
    except Exception as error:
        queue.put(error)


def _batches(mixer: Mixer, scores_of: Any, rng: np.random.Generator) -> list[tuple[Any, Any]]:
    """Lessons from some scenes, their windows shuffled."""
    scenes = mixer.batch(_SCENES)
    windows = windows_of(scenes)
    scores = in_context(scores_of(windows), scores_of(scenes))
    order = rng.permutation(len(windows) // _BATCH * _BATCH).reshape(-1, _BATCH)
    return [(windows[chosen].astype(np.float16), scores[chosen]) for chosen in order]


def in_context(windows: np.ndarray[Any, Any], scenes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """What the teacher says of windows, moved towards what it says of the scenes around them.

    It learnt from ten seconds at a time and names five seconds better than two. The moments in
    which a sound is there are still told by the windows: all windows of a scene move alike, so
    that their largest logit comes near to the scene's:

        z[w] += 0.75 clip(z_scene - max_w z[w], -3, 3)

    Args:
        windows: Scores, ``[n_scenes * N_WINDOWS, n_classes]``, in [0, 1].
        scenes: Scores, ``[n_scenes, n_classes]``, in [0, 1].

    Returns:
        Scores, like ``windows``.
    """
    z, z_scene = (np.log(p / (1 - p)) for p in (np.clip(windows, 1e-6, 1 - 1e-6),
                                                np.clip(scenes, 1e-6, 1 - 1e-6)))  # fmt: skip
    z = z.reshape(len(scenes), N_WINDOWS, -1)
    z = z + _CONTEXT * np.clip(z_scene - z.max(axis=1), -3, 3)[:, None]
    moved: np.ndarray[Any, Any] = 1 / (1 + np.exp(-z.reshape(windows.shape)))
    return moved.astype(np.float32)


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


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description="Train the tagger that ships.")
    parser.add_argument("work", type=Path, help="folder for everything that is kept")
    parser.add_argument("audio", type=Path, nargs="+", help="folders of sound files")
    parser.add_argument("--windows", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--teacher", default="mn04")
    parser.add_argument("--start", type=Path, help="begin with the weights of this npz")
    parser.add_argument("--rate", type=float, default=LEARNING_RATE, help="highest learning rate")
    args = parser.parse_args()
    distill(
        args.work, args.audio, args.windows, seed=args.seed, teacher=args.teacher,
        start=args.start, rate=args.rate,
    )  # fmt: skip


if __name__ == "__main__":
    main()
