"""What a batch costs beside the work: claims, markers, the start of a worker.

    python tests/benchmarks/batch_state.py [--count 2000] [--full 8000] [--out FOLDER]

CPU seconds, and in brackets those that passed: on shared storage, where ``--out`` may lie, each
file operation is a round trip; on NFS the calls of one are counted, too. ``--full`` is how many
other markers lie in the folder of one that is written: 8000 where two million lie in 256 folders.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from overlay.batching.claims import Claims
from overlay.batching.markers import Marker, is_done, marker_path, read_marker, write_marker
from overlay.files import look_anew


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--full", type=int, default=8000)
    parser.add_argument("--out", help="folder to measure in (one for temporary files)")
    args = parser.parse_args()
    count = args.count
    with tempfile.TemporaryDirectory(dir=args.out) as folder:
        out = Path(folder)
        markers = [Marker(f"folder/{n}.mp4", "events", "k", "done", "x.csv") for n in range(count)]
        claims = Claims(out)
        print("\n| | CPU ms (passed) |\n|---|---|")
        _timed("a claim, taken and given back", count, lambda m: _claimed(claims, m), markers)
        _timed("a marker, written", count, lambda m: write_marker(out, m), markers)
        _timed("a marker, read and judged", count, lambda m: _judged(out, m), markers)
        _timed("folders of a marker, asked for anew", count, lambda m: _asked(out, m), markers)
        few = [markers[0]] * min(count, 200)
        there = marker_path(out, few[0].place, few[0].kind).parent
        for number in range(args.full):
            (there / f"{number:030x}.json").touch()
        _timed(
            f"a marker, written beside {args.full}", len(few), lambda m: write_marker(out, m), few
        )
    before = getrusage(RUSAGE_CHILDREN)
    program = "import overlay.batching.worker, overlay.products.burned"
    subprocess.run([sys.executable, "-c", program], check=True)
    after = getrusage(RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"| a worker, started | {1000 * used:.0f} |")


def _claimed(claims: Claims, marker: Marker) -> None:
    with claims.claimed(marker.place, marker.kind) as mine:
        assert mine


def _judged(out: Path, marker: Marker) -> None:
    assert not is_done(out, read_marker(out, marker.place, marker.kind), "other")


def _asked(out: Path, marker: Marker) -> None:
    look_anew(marker_path(out, marker.place, marker.kind), out)


def _timed(what: str, count: int, do: object, markers: list[Marker]) -> None:
    assert callable(do)
    used, passed, calls = time.process_time(), time.monotonic(), _n_calls()
    for marker in markers:
        do(marker)
    used, passed = time.process_time() - used, time.monotonic() - passed
    calls = _n_calls() - calls
    asked = f", {calls / count:.0f} NFS calls" if calls else ""
    print(
        f"| {what} | {1000 * used / count:.2f} ({1000 * passed / count:.2f}{asked}) |", flush=True
    )


def _n_calls() -> int:
    """What this machine has asked of NFS servers so far."""
    try:
        lines = Path("/proc/net/rpc/nfs").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("rpc "))


if __name__ == "__main__":
    main()
