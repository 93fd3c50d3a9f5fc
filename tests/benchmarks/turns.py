"""Contestants in turn, A B A B ..., each a process of its own; medians and pairwise ratios."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from overlay.media.process import ffmpeg_program, ffmpeg_version


@dataclass
class Contestant:
    """One way to do the job.

    A command that prints a JSON object with ``cpu_s`` and ``wall_s`` as its last line is taken by
    its word (it left its start-up out); the others are measured from outside, as a whole.
    """

    name: str
    command: Sequence[str]
    before: Callable[[], object] = lambda: None
    """Called before each turn, not counted."""
    cpu_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)

    def run(self) -> None:
        """One turn.

        Raises:
            RuntimeError: The command failed; the end of what it said is the message.
        """
        self.before()
        start = time.perf_counter()
        process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        peak = _PeakMemory(process.pid)
        said = process.stdout.read() if process.stdout else ""
        peak.stop()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - start
        if process.returncode:
            raise RuntimeError(said[-300:])
        own = _json_of(said)
        self.cpu_s.append(own.get("cpu_s", usage.ru_utime + usage.ru_stime))
        self.wall_s.append(own.get("wall_s", wall_s))
        self.peak_mb.append(max(usage.ru_maxrss / 1024, peak.mb))


class _PeakMemory(threading.Thread):
    """Looks ten times a second at what a process and all its descendants hold together."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._done, self.mb = pid, threading.Event(), 0.0
        self.start()

    def run(self) -> None:
        while not self._done.wait(0.1):
            self.mb = max(self.mb, _tree_mb(self._pid))

    def stop(self) -> None:
        self._done.set()
        self.join()


def _tree_mb(pid: int) -> float:
    """Resident memory of a process and its descendants; 0 for one that has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        tasks = [task / "children" for task in Path(f"/proc/{pid}/task").iterdir()]
        children = [int(child) for task in tasks for child in task.read_text().split()]
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 + sum(map(_tree_mb, children))


def _json_of(said: str) -> dict[str, float]:
    lines = said.strip().splitlines()
    try:
        return dict(json.loads(lines[-1])) if lines else {}
    except (ValueError, TypeError):
        return {}


def compare(title: str, contestants: list[Contestant], n_rounds: int) -> None:
    """Run all in turn and print a Markdown table; the first is what the others are held against."""
    out: set[str] = set()
    for number in range(n_rounds):
        for contestant in contestants:
            if contestant.name in out:
                continue
            try:
                contestant.run()
            except (RuntimeError, OSError) as error:
                print(f"{contestant.name} is out: {str(error).strip()[-200:]}", file=sys.stderr)
                out.add(contestant.name)
        print(f"{title}: round {number + 1} of {n_rounds}", file=sys.stderr)
    left = [contestant for contestant in contestants if contestant.name not in out]
    ours = left[0]
    print(f"\n**{title}**, {n_rounds} rounds, medians\n")
    print("| | CPU s | wall s | peak MB | CPU s against ours, pair by pair |")
    print("|---|---|---|---|---|")
    for c in left:
        ratios = sorted(theirs / mine for theirs, mine in zip(c.cpu_s, ours.cpu_s, strict=True))
        spread = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(
            f"| {c.name} | {median(c.cpu_s):.2f} | {median(c.wall_s):.2f} | "
            f"{median(c.peak_mb):.0f} | {spread} |"
        )


def print_surroundings(packages: Sequence[str]) -> None:
    """Machine, versions, date."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    today = datetime.datetime.now(tz=datetime.UTC).date()
    found.append(ffmpeg_version(ffmpeg_program()))
    print(f"{today}, {os.cpu_count()} cores of {model}, Python {platform.python_version()}; "
          + ", ".join(found))  # fmt: skip
