"""A few fixed cases of every campaign; ``run.py`` tries thousands."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="the campaigns watch processes as Linux does")
def test_a_sample_of_every_campaign_finds_nothing(tmp_path):
    program = Path(__file__).with_name("run.py")
    done = subprocess.run(
        [sys.executable, program, "--sample", "--keep", tmp_path], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count("faults 0") == 6
