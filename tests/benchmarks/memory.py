"""Peak memory of tagging against length: 1, 10 and 60 minutes, and 10 hours.

    python tests/benchmarks/memory.py [--models builtin] [--minutes 1 10 60 600]

Each run is a process of its own, the sound a tone; the score track's size is given beside the peak.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from turns import print_surroundings

from overlay.media.process import ffmpeg_program

_RUN = """
import resource, sys, overlay
track = overlay.tag(sys.argv[1], device="cpu", model=sys.argv[2], cache=False)
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(peak_mb, track.scores.nbytes / 1e6, track.n_hops)
"""


def made_sound(minutes: float, path: Path) -> Path:
    """A tone of some minutes."""
    source = f"sine=f=440:r=32000:d={60 * minutes}"
    command = [ffmpeg_program(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", source]
    subprocess.run([*command, "-compression_level", "0", str(path)], check=True)
    return path


def peaks(path: Path, model: str) -> tuple[float, float, int]:
    """Peak MB, MB of it the score track, and number of hops."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _RUN, str(path), model],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    peak_mb, track_mb, n_hops = done.stdout.split()
    return float(peak_mb), float(track_mb), int(n_hops)


def main() -> None:
    """Make the sounds, tag them, print the peaks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", nargs="+", default=["builtin"])
    parser.add_argument("--minutes", nargs="+", type=float, default=[1, 10, 60, 600])
    args = parser.parse_args()
    print_surroundings(["paddlepaddle", "numpy"])
    print("\n| model | minutes of sound | peak MB | score track MB | the rest MB | hops |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for minutes in args.minutes:
            path = made_sound(minutes, Path(folder, "sound.flac"))
            for model in args.models:
                peak, track, n_hops = peaks(path, model)
                rest = f"{peak - track:.0f}"
                print(f"| {model} | {minutes:g} | {peak:.0f} | {track:.0f} | {rest} | {n_hops} |",
                      flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
