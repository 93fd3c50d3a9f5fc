"""What a batch costs beside the work: claims, markers, the start of a worker.

    python tests/benchmarks/batch_state.py [--count 2000]

CPU seconds of this machine's local disk; on shared storage each file operation is a round trip.
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
from overlay.batching.markers import Marker, is_done, read_marker, write_marker


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        markers = [Marker(f"folder/{n}.mp4", "events", "k", "done", "x.csv") for n in range(count)]
        claims = Claims(out)
        print("\n| | CPU ms |\n|---|---|")
        _timed("a claim, taken and given back", count, lambda m: _claimed(claims, m), markers)
        _timed("a marker, written", count, lambda m: write_marker(out, m), markers)
        _timed("a marker, read and judged", count, lambda m: _judged(out, m), markers)
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


def _timed(what: str, count: int, do: object, markers: list[Marker]) -> None:
    assert callable(do)
    began = time.process_time()
    for marker in markers:
        do(marker)
    print(f"| {what} | {1000 * (time.process_time() - began) / count:.2f} |")


if __name__ == "__main__":
    main()
