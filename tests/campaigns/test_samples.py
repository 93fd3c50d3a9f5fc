"""A few fixed cases of every campaign; ``run.py`` tries thousands."""

import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGNS = (
    "mutated-media", "mutated-data", "mutated-newest", "mutated-products", "kills",
    "surroundings", "together", "injection",
)  # fmt: skip


def everybody_reads(path):
    """Whether users without root's rights, whom the surroundings need, get to a path."""
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in path.resolve().parents)


@pytest.mark.skipif(sys.platform != "linux", reason="the campaigns watch processes as Linux does")
def test_a_sample_of_every_campaign_finds_nothing(tmp_path):
    program = Path(__file__).with_name("run.py")
    others = everybody_reads(Path(sys.prefix)) and everybody_reads(program)
    names = [name for name in CAMPAIGNS if others or name != "surroundings"]
    done = subprocess.run(
        [sys.executable, program, *names, "--sample", "--patience", "5", "--keep", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count("faults 0") == len(names)


def test_a_cut_file_of_some_muxers_is_said_to_be_cut():
    """``cut_files.py`` without a name tries all that ffmpeg has."""
    program = Path(__file__).with_name("cut_files.py")
    muxers = ("aiff", "dfpwm", "g723_1", "gxf", "mjpeg", "spdif")
    done = subprocess.run(
        [sys.executable, program, *muxers], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count(" said") == len(muxers) - 1
    assert done.stdout.count("cannot be known") == 1
