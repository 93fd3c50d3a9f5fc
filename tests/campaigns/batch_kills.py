"""Kills in the middle of a batch, and the same command again until everything is made.

    python tests/campaigns/batch_kills.py [--kills 100] [--clips 40] [--seed 1]

A batch of short clips runs; at a random moment its driver, a worker, an ffmpeg or all of them get
SIGKILL (a power cut, as far as a process can tell). A driver that lives goes on; one that was
killed is started again. When all is made the next batch begins, until so many kills are done. Then
each batch must hold the very files of a run that nobody disturbed and nothing else, and no product
that a marker called done at the time of a kill may have been made again.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from campaigns.material import make  # noqa: E402
from campaigns.trying import LEFTOVER  # noqa: E402

from overlay.batching.markers import STATE_FOLDER, all_markers  # noqa: E402
from overlay.batching.pool import descendants  # noqa: E402

_KINDS = "render,captions,events"
_WHOM = ("driver", "worker", "ffmpeg", "all")
_ROUNDS_AT_MOST = 60
_PATIENCE_S = 20.0


def main() -> int:
    """Run the campaign; exit status 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    killed: Counter[str] = Counter()
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="batch-kills-") as place:
        work = Path(place)
        os.environ |= {"XDG_CACHE_HOME": str(work / "cache"), "TAG_OVERLAY_OFFLINE": "1",
                       "PYTHONPATH": str(ROOT)}  # fmt: skip
        _make_clips(work / "in", args.clips)
        began = time.monotonic()
        if _driver(work, "calm").wait() != 0:
            raise SystemExit("the undisturbed run failed")
        usual_s = time.monotonic() - began
        calm = _contents(work / "calm")
        number = 0
        while killed.total() < args.kills:
            number += 1
            left = args.kills - killed.total()
            found = _one_batch(work, f"out-{number}", chance, killed, usual_s, left)
            found += [f"out-{number}: {line}" for line in _compared(calm, work, f"out-{number}")]
            faults += found
            print(f"batch {number}: kills {dict(killed)}", *found, sep="\n", flush=True)
    print(f"{killed.total()} kills ({dict(killed)}) over {number} batches of {args.clips} clips, "
          f"undisturbed {usual_s:.0f} s: {len(faults)} faults")  # fmt: skip
    return 1 if faults else 0


def _make_clips(folder: Path, count: int) -> None:
    for number in range(count):
        below = folder / f"day {number % 3}"
        below.mkdir(parents=True, exist_ok=True)
        make(
            below / f"clip {number:03}.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1",
            "-f", "lavfi", "-i", f"sine={200 + 40 * number}:d=1", "-c:v", "libx264",
            "-preset", "ultrafast", "-c:a", "aac",
        )  # fmt: skip


def _driver(work: Path, out: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "overlay", "batch", str(work / "in"), "-r", "-o", str(work / out),
        "--do", _KINDS, "--model", "builtin", "--no-cache", "--jobs", "2", "-q",
        "--retry-failed",
    ]  # fmt: skip
    log = (work / f"{out}.log").open("ab")
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def _one_batch(
    work: Path, out: str, chance: random.Random, killed: Counter[str], usual_s: float, left: int
) -> list[str]:
    """Start, kill and start again until nothing is left to do; what was made twice."""
    done: dict[str, tuple[int, int]] = {}
    faults = []
    for _ in range(_ROUNDS_AT_MOST):
        driver = _driver(work, out)
        for _ in range(3):
            if left <= 0 or not _alive(driver, chance.uniform(0.2, usual_s / 3)):
                break
            whom = chance.choice(_WHOM)
            n_killed = _kill(driver, whom, chance)
            killed[whom] += n_killed > 0
            left -= n_killed > 0
            if whom in ("driver", "all"):
                driver.wait()
                break
        status = driver.wait()
        faults += _made_again(work / out, done)
        if status == 0:
            return faults
    return [*faults, f"{out}: not finished after {_ROUNDS_AT_MOST} runs"]


def _alive(driver: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        driver.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def _kill(driver: subprocess.Popen[bytes], whom: str, chance: random.Random) -> int:
    chosen = [driver.pid, *descendants(driver.pid)] if whom == "all" else [driver.pid]
    if whom in ("worker", "ffmpeg"):
        chosen = _one_of(driver, whom, chance)
    n_killed = 0
    for pid in chosen:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            n_killed += 1
    return n_killed


def _one_of(driver: subprocess.Popen[bytes], whom: str, chance: random.Random) -> list[int]:
    """A worker, or the next ffmpeg, which lives for a moment only."""
    deadline = time.monotonic() + _PATIENCE_S
    while driver.poll() is None and time.monotonic() < deadline:
        family = [(pid, _argv(pid)) for pid in descendants(driver.pid)]
        workers = [pid for pid, argv in family if b"overlay.batching.worker" in argv]
        ffmpegs = [pid for pid, argv in family if b"ffmpeg" in argv.partition(b"\0")[0]]
        if found := workers if whom == "worker" else ffmpegs:
            return [chance.choice(found)]
        time.sleep(0.01)
    return []


def _argv(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _made_again(out: Path, done: dict[str, tuple[int, int]]) -> list[str]:
    """Products that were done before and are another file now; ``done`` learns the new ones."""
    faults = []
    for marker in all_markers(out):
        if marker.state != "done":
            continue
        status = (out / marker.target).stat()
        now = status.st_ino, status.st_mtime_ns
        if done.setdefault(marker.target, now) != now:
            faults.append(f"{out.name}: made again: {marker.target}")
            done[marker.target] = now
    return faults


def _contents(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*")
        if path.is_file() and STATE_FOLDER not in path.relative_to(out).parts
    }


def _compared(calm: dict[str, str], work: Path, out: str) -> list[str]:
    found = _contents(work / out)
    lines = [f"missing: {name}" for name in calm.keys() - found.keys()]
    lines += [f"other bytes: {n}" for n in calm.keys() & found.keys() if calm[n] != found[n]]
    lines += [f"left behind: {name}" for name in found.keys() - calm.keys()]
    state = work / out / STATE_FOLDER
    lines += [f"partial: {p.name}" for p in state.rglob("*") if LEFTOVER.match(p.name)]
    for path in state.glob("markers/*/*.json"):
        if json.loads(path.read_bytes())["state"] != "done":
            lines.append(f"not done: {path.name}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
