"""Peak memory of tagging: ten hours of sound against one minute.

    python tests/benchmarks/memory.py

Each run is a process of its own; the score track's size is taken off both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from overlay.media.process import ffmpeg_program

_RUN = """
import resource, sys, overlay
track = overlay.tag(sys.argv[1], device="cpu")
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(peak_mb, track.scores.nbytes / 1e6, track.n_hops)
"""


def main() -> None:
    """Make the sounds, tag them, print the peaks."""
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds in (("1 minute", 60), ("10 hours", 36000)):
            path = Path(folder, f"{seconds}.flac")
            source = f"sine=f=440:r=32000:d={seconds}"
            command = [ffmpeg_program(), "-v", "error", "-nostdin", "-f", "lavfi", "-i", source]
            subprocess.run([*command, "-compression_level", "0", path], check=True)
            done = subprocess.run(
                [sys.executable, "-c", _RUN, path], capture_output=True, text=True, check=True
            )
            peak, track, n_hops = (float(part) for part in done.stdout.split())
            peaks.append(peak - track)
            print(
                f"{name}: peak {peak:.0f} MB, of it {track:.0f} MB score track, {n_hops:.0f} hops"
            )
    print(f"ten hours need {peaks[1] - peaks[0]:+.0f} MB more than one minute, the track aside")


if __name__ == "__main__":
    main()
