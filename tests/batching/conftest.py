"""Surroundings of batches."""

import subprocess

import pytest


@pytest.fixture
def small(tmp_path):
    """A function that gives a small disk so many kilobytes; they can be changed."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a small disk here")
        return disk

    yield mount
    subprocess.run(["umount", "-l", str(disk)], capture_output=True, check=False)
