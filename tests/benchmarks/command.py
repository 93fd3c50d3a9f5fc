"""The whole command from start to finish against a plain transcode alone, and its first bar.

    python tests/benchmarks/command.py [--lengths 10 60 600] [--models builtin mn04] [--rounds 5]

1080p30, veryfast, start-up included. Scores come from the cache only in the rows that say so; they
were made before, uncounted. The time to the first progress is from the start of the process to the
first bar on a terminal, second run and later.
"""

from __future__ import annotations

import argparse
import os
import pty
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from statistics import median

import rendering
from rendering import CRF, make_video
from turns import Contestant, compare, print_surroundings

from overlay.media.process import ffmpeg_program
from overlay.tagging.weights.published import find

_ONCE_S = 10


def looped(once: Path, seconds: float, path: Path) -> Path:
    """The same clip again and again, copied."""
    command = [ffmpeg_program(), "-v", "error", "-y", "-stream_loop", "-1", "-i", str(once), "-t",
               str(seconds), "-c", "copy", str(path)]  # fmt: skip
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def command_of(video: Path, out: Path, model: str, *more: str) -> list[str]:
    """The product's own command line."""
    return [sys.executable, "-m", "overlay", str(video), "-o", str(out), "--overwrite", "--encoder",
            "libx264", "--preset", "veryfast", "--crf", CRF, "--model", model, *more]  # fmt: skip


def first_progress_s(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds from a command's start to its first progress bar; it is ended then."""
    main, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal)
    os.close(terminal)
    said = b""
    try:
        while b"listening" not in said and b"drawing" not in said:
            said += os.read(main, 4096)
        wall_s = time.perf_counter() - start
    finally:
        process.kill()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        os.close(main)
    return wall_s, usage.ru_utime + usage.ru_stime


def print_first_progress(video: Path, folder: Path, models: list[str], n_rounds: int) -> None:
    """A table of the time to the first bar, warm starts."""
    print("\n| first progress on a warm start | wall s | fastest to slowest | CPU s |")
    print("|---|---|---|---|")
    for model in models:
        tagging = [sys.executable, "-m", "overlay", "tag", str(video), "-o", str(folder / "t.npz"),
                   "--overwrite", "--model", model, "--no-cache"]  # fmt: skip
        rendered = command_of(video, folder / "first.mp4", model, "--no-cache")
        for name, command in (("tag", tagging), ("render", rendered)):
            first_progress_s(command)
            taken = [first_progress_s(command) for _ in range(n_rounds)]
            walls = sorted(wall_s for wall_s, _ in taken)
            cpu_s = median(cpu_s for _, cpu_s in taken)
            print(f"| {name}, {model} | {median(walls):.2f} | {walls[0]:.2f} to {walls[-1]:.2f} | "
                  f"{cpu_s:.2f} |")  # fmt: skip


def print_whole_command(video: Path, folder: Path, models: list[str], args: argparse.Namespace,
                        seconds: int) -> None:  # fmt: skip
    """Tagging and drawing against the plain transcode, by wall clock."""
    out = folder / "out.mp4"
    contestants = []
    for model in models:
        anew = command_of(video, out, model, "-q", "--no-cache")
        again = command_of(video, out, model, "-q", "--theme", "light")
        subprocess.run([*again, "--preview", "1", "-o", str(folder / "p.png")], check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        contestants += [Contestant(model, anew), Contestant(f"{model}, scores known", again)]
    turn = [sys.executable, rendering.__file__, "--turn", "plain", str(video), str(out)]
    contestants.append(Contestant("plain", [*turn, "veryfast"]))
    compare(f"whole command, {seconds} s of 1080p30", contestants, args.rounds)
    plain = contestants[-1]
    print()
    for each in contestants[:-1]:
        shares = [p / o for p, o in zip(plain.wall_s, each.wall_s, strict=True)]
        print(f"{each.name}: {median(shares):.2f} of a plain transcode's speed by wall clock  ")


def main() -> None:
    """Compare for each length."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lengths", nargs="+", type=int, default=[10, 60, 600])
    parser.add_argument("--models", nargs="+", default=["builtin", "mn04"])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print_surroundings(["paddlepaddle", "imageio-ffmpeg", "numpy"])
    models = [model for model in args.models if find(model) is not None]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        once = make_video("1920x1080@30", _ONCE_S, folder / "once.mp4")
        print_first_progress(once, folder, models, args.rounds)
        for seconds in args.lengths:
            video = looped(once, seconds, folder / f"{seconds}.mp4")
            print_whole_command(video, folder, models, args, seconds)


if __name__ == "__main__":
    main()
