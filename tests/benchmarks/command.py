"""The whole command from start to finish against a plain transcode alone.

    python tests/benchmarks/command.py [--lengths 10 60 600] [--models builtin mn04] [--rounds 5]

1080p30, veryfast, scores never taken from the cache except where the row says so.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import rendering
from rendering import CRF, make_video
from turns import Contestant, compare, print_surroundings

from overlay.tagging.weights import find


def main() -> None:
    """Compare for each length."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lengths", nargs="+", type=int, default=[10, 60, 600])
    parser.add_argument("--models", nargs="+", default=["builtin", "mn04"])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print_surroundings(["paddlepaddle", "imageio-ffmpeg", "numpy"])
    with tempfile.TemporaryDirectory() as folder:
        for seconds in args.lengths:
            video = make_video("1920x1080@30", seconds, Path(folder, f"{seconds}.mp4"))
            out = Path(folder, "out.mp4")
            contestants = []
            for model in args.models:
                if find(model) is None:
                    continue
                command = [sys.executable, "-m", "overlay", str(video), "-o", str(out), "-q",
                           "--overwrite", "--encoder", "libx264", "--preset", "veryfast", "--crf",
                           CRF, "--model", model]  # fmt: skip
                contestants.append(Contestant(model, [*command, "--no-cache"]))
                contestants.append(Contestant(f"{model}, scores in the cache", command))
            turn = [sys.executable, rendering.__file__, "--turn", "plain", str(video), str(out)]
            contestants.append(Contestant("plain", [*turn, "veryfast"]))
            compare(f"whole command, {seconds} s of 1080p30", contestants, args.rounds)
            limit = contestants[-1]
            for c in contestants[:-1]:
                shares = [p / o for p, o in zip(limit.wall_s, c.wall_s, strict=True)]
                print(f"{c.name}: {median(shares):.2f} of a plain transcode's speed by wall clock")


if __name__ == "__main__":
    main()
