"""Two checkouts in turn: rendering from saved scores, and scoring.

    python tests/benchmarks/before.py BEFORE [--rounds 3] [--seconds 10] [--models builtin mn04]

BEFORE is the folder of another checkout; this one is what it is held against. The picture is
1280x720 with grain, veryfast; scores are made by BEFORE, once and uncounted, so that both draw the
same. Scoring is without the cache; ``mn04`` hears isolated windows, which is all that the first
release knows.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from rendering import make_video
from turns import Contestant, compare, print_surroundings

OURS = Path(__file__).parents[2]


def main() -> None:
    """Print a table for each job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, metavar="BEFORE")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--models", nargs="*", default=["builtin", "mn04"])
    args = parser.parse_args()
    os.environ.pop("PYTHONPATH", None)  # each checkout has its own package
    print_surroundings(["numpy", "paddlepaddle"])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        video = make_video("1280x720@30", args.seconds, folder / "v.mp4")
        scores = folder / "scores.npz"
        tag = ["tag", video, "--overwrite", "--no-cache", "--model"]
        subprocess.run(_command(args.before, *tag, "builtin", "-o", scores), check=True)
        jobs = {"render --tags": ["render", video, "--tags", scores, "--preset", "veryfast",
                                  "--overwrite", "-o", folder / "out.mp4"]}  # fmt: skip
        for model in args.models:
            jobs[f"tag --model {model}"] = [*tag, model, "-o", folder / "t.npz"]
        for name, job in jobs.items():
            more = ["--windows", "isolated"] if name.endswith("mn04") else []
            sides = {"this one": _command(OURS, *job, *more), "before": _command(args.before, *job)}
            compare(name, [Contestant(*side) for side in sides.items()], args.rounds)


def _command(checkout: Path, *arguments: object) -> list[str]:
    return [sys.executable, str(checkout / "cli.py"), *map(str, arguments)]


if __name__ == "__main__":
    main()
