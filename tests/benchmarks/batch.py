"""A batch against plain transcodes of the same clips; and how a plan grows with its files.

    python tests/benchmarks/batch.py [--clips 20] [--size 1280x720@30] [--seconds 10] [--rounds 3]
    python tests/benchmarks/batch.py --plan 1000 10000 100000 [--done]

The clips are drawn on with the built-in model and libx264 veryfast, nothing cached, by as many
workers as there are cores; the transcodes run one after the other, each with all cores, and the
start of the Python that runs them is not counted. Python's bytecode is there, as it is behind every
installation. The limit for the ratio of the wall times is 1.03. The plan is that of
``batch --dry-run`` over so many files in folders of a thousand; with ``--done`` each has a marker,
and the whole command, which finds nothing to do, and the reports of all of it are measured, too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

from rendering import make_video, plain
from turns import Contestant, compare, print_surroundings

from overlay.batching.run import Batch, BatchSettings
from overlay.batching.sources import find_sources, roots_of
from overlay.batching.task import DONE, Outcome, keys_of, remember
from overlay.settings import Settings, TaggingSettings
from overlay.track import TagTrack

LIMIT = 1.03
_LINKS = 10_000
"""Names of one file: more than some disks allow would be 65000."""


def main() -> None:
    """Measure one or the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--size", default="1280x720@30")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plan", type=int, nargs="+")
    parser.add_argument("--done", action="store_true")
    parser.add_argument("--turn", type=Path, nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.turn:
        transcode(*args.turn)
        return
    print_surroundings(["imageio-ffmpeg", "numpy"])
    with tempfile.TemporaryDirectory() as folder:
        if args.plan:
            plans(args.plan, Path(folder), done=args.done)
        else:
            clips(args, Path(folder))


def clips(args: argparse.Namespace, folder: Path) -> None:
    """The batch and the transcodes in turn."""
    made, out = folder / "in", folder / "out"
    made.mkdir()
    _compile(folder)
    one = make_video(args.size, args.seconds, folder / "one.mp4")
    for number in range(args.clips):
        shutil.copy(one, made / f"{number:03}.mp4")
    batch = _command(made, out)
    turn = [sys.executable, __file__, "--turn", str(made), str(out)]

    def empty() -> None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()

    contestants = [Contestant("batch", batch, empty), Contestant("plain transcodes", turn, empty)]
    compare(f"{args.clips} clips of {args.seconds:g} s, {args.size}", contestants, args.rounds)
    ours, theirs = contestants
    for name in ("wall_s", "cpu_s"):
        pairs = zip(getattr(ours, name), getattr(theirs, name), strict=True)
        ratios = sorted(mine / other for mine, other in pairs)
        print(f"\n{name}: {median(ratios):.3f} of the transcodes' ({ratios[0]:.3f} to "
              f"{ratios[-1]:.3f}); the limit for the wall is {LIMIT}")  # fmt: skip


def _command(made: Path, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "overlay", "batch", str(made), "-o", str(out), "--model", "builtin",
        "--speed", "veryfast", "--no-cache", "-q",
    ]  # fmt: skip


def _compile(folder: Path) -> None:
    """Let all Python that runs from now on find its bytecode, in a checkout, too."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    small = make_video("160x120@10", 1, folder / "small.mp4")
    subprocess.run(_command(small, folder / "small"), check=True)


def transcode(made: Path, out: Path) -> None:
    """All clips, one after the other; says what they took."""
    nothing = TagTrack.__new__(TagTrack)
    start = time.perf_counter()
    for path in sorted(made.iterdir()):
        plain(path, out / path.name, "veryfast", nothing)
    wall_s, used = time.perf_counter() - start, getrusage(RUSAGE_CHILDREN)
    print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime, "wall_s": wall_s}))


def plans(counts: list[int], folder: Path, *, done: bool) -> None:
    """Wall, CPU and memory of a plan for more and more files."""
    print("\n| files | command | CPU s | wall s | peak MB |\n|---|---|---|---|---|")
    for count in counts:
        root, out = folder / str(count), folder / f"out-{count}"
        _tree(root, count, folder)
        command = [
            sys.executable, "-m", "overlay", "batch", str(root), "-r", "-o", str(out),
            "--model", "builtin", "--do", "events",
        ]  # fmt: skip
        if not done:
            _measured(count, "plan", [*command, "--dry-run"], f"{count} new")
            continue
        _mark(root, out)
        _measured(count, "plan", [*command, "--dry-run"], f"0 new, {count} done")
        _measured(count, "all", command, f"0 new, {count} done")
        report = [*command, "--report", str(folder / "r.html"), "--jsonl", str(folder / "r.jsonl")]
        _measured(count, "all, and both reports", report, f"0 new, {count} done")


def _measured(count: int, what: str, command: list[str], expected: str) -> None:
    contestant = Contestant(what, command)
    contestant.run()
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found.startswith(expected), found
    print(f"| {count} | {what} | {contestant.cpu_s[0]:.1f} | {contestant.wall_s[0]:.1f} | "
          f"{contestant.peak_mb[0]:.0f} |", flush=True)  # fmt: skip


def _mark(root: Path, out: Path) -> None:
    """Say that every source is done, by one table for all."""
    out.mkdir()
    (out / "all.csv").write_text("x")
    settings = Settings(TaggingSettings(model="builtin"))
    found = find_sources(roots_of([root]), out, recursive=True)
    batch = Batch(lambda: found, out, settings, BatchSettings(("events",)))
    for task in batch._items(found):
        outcome = Outcome(task.found.place, "events", DONE, "all.csv")
        remember(task, outcome, keys_of(task)["events"])


def _tree(root: Path, count: int, folder: Path) -> None:
    """Names of the same few small clips."""
    for number in range(count):
        below = root / f"{number // 1000:04}"
        if number % 1000 == 0:
            below.mkdir(parents=True)
        original = folder / f"original-{count}-{number // _LINKS}.mp4"
        if not original.exists():
            make_video("160x120@10", 1, original)
        os.link(original, below / f"{number:06}.mp4")


if __name__ == "__main__":
    main()
