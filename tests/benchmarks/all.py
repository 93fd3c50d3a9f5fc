"""All benchmarks of speed and memory as one Markdown report.

    python tests/benchmarks/all.py OUT.md [--sections tagging command memory rendering] [--rounds 5]

Machine, versions and date stand above each section. All of it takes hours, ``--quick`` minutes:
one round, short inputs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SECTIONS = {
    "tagging": ("Scoring sound", "tagging.py"),
    "command": ("The whole command", "command.py"),
    "memory": ("Memory against length", "memory.py"),
    "rendering": ("Drawing", "rendering.py"),
}
QUICK = {
    "tagging": ["--models", "builtin", "cnn6", "--seconds", "10"],
    "command": ["--lengths", "10", "--models", "builtin"],
    "memory": ["--minutes", "1", "10"],
    "rendering": ["--sizes", "1280x720@60", "--presets", "veryfast", "--ways", "ours", "plain",
                  "--seconds", "4"],
}  # fmt: skip


def main() -> None:
    """Run the sections one after the other; each is written as it is done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    rounds = args.rounds if args.rounds is not None else 1 if args.quick else 5
    with args.out.open("w", encoding="utf-8") as out:
        for section in args.sections:
            title, script = SECTIONS[section]
            options = QUICK[section] if args.quick else []
            if section != "memory":
                options = [*options, "--rounds", str(rounds)]
            out.write(f"## {title}\n\n`python tests/benchmarks/{script} {' '.join(options)}`\n\n")
            out.flush()
            command = [sys.executable, "-W", "ignore", str(FOLDER / script), *options]
            if subprocess.run(command, stdout=out, check=False).returncode:
                out.write("\nThis section ended with an error.\n")
            out.write("\n")
            out.flush()


if __name__ == "__main__":
    main()
