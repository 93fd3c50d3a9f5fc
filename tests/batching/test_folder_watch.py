"""New files of a folder: looked for again and again, or when the system tells of a change."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from overlay.batching.folder_watch import (
    EVERY_S,
    Watch,
    changes,
    free_bytes,
    wait_for_room,
    watched,
)
from overlay.batching.markers import all_markers
from overlay.batching.sources import Found

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


def test_each_look_ends_with_a_pause(tmp_path):
    there, pauses = [Found(tmp_path / "a", "a", 1, 0, "a")], []
    sources = watched(Watch(lambda: there, 0), pauses.append)
    assert [found and found.place for found in itertools.islice(sources, 3)] == ["a", None, None]
    there.append(Found(tmp_path / "b", "b", 1, 0, "b"))
    assert next(sources).place == "b"
    assert pauses == [EVERY_S, EVERY_S]


def test_without_a_library_that_tells_of_changes_it_sleeps(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchdog.observers", None)
    with changes([tmp_path], recursive=True) as pause:
        assert pause is time.sleep


@pytest.mark.parametrize("below", ["", "below"])
def test_a_pause_ends_when_something_changes(tmp_path, below):
    pytest.importorskip("watchdog", reason="needs pip install '.[watch]'")
    (tmp_path / "below").mkdir()
    with changes([tmp_path], recursive=True) as pause:
        threading.Timer(0.1, (tmp_path / below / "new.mp4").write_bytes, [b"x"]).start()
        began = time.monotonic()
        pause(PATIENCE_S)
        assert time.monotonic() - began < PATIENCE_S / 2


def test_a_folder_that_cannot_be_watched_is_looked_at_all_the_same(tmp_path):
    pytest.importorskip("watchdog", reason="needs pip install '.[watch]'")
    with changes([tmp_path / "gone"], recursive=True) as pause:
        assert pause is time.sleep


@pytest.mark.skipif(os.name != "posix", reason="stopped by a signal")
def test_the_command_goes_on_until_it_is_stopped_and_then_writes_its_report(make_clip, tmp_path):
    clip = make_clip("watched.wav", "-f", "lavfi", "-i", "sine=d=1")
    folder, out, report = tmp_path / "in", tmp_path / "out", tmp_path / "r.html"
    folder.mkdir()
    command = [sys.executable, "-m", "overlay", "batch", str(folder), "-o", str(out), "--watch"]
    command += ["--settle", "0", "--do", "events", "--model", "builtin", "--jobs", "1"]
    with subprocess.Popen(
        [*command, "--report", str(report)], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        for number, name in enumerate(("a", "b"), start=1):
            shutil.copy(clip, folder / f"{name}.wav")
            wait_for_markers(number, out, process)
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert complaint == "tag-overlay: stopped; nothing unfinished was kept\n"
    assert "no media files" not in said
    for name in ("a", "b"):
        assert f"{name}.wav" in report.read_text()


def wait_for_markers(number, out, process):
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        if len(list(all_markers(out))) == number:
            return
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"{number} products were not made")


def pauses_until(happens):
    """A pause that lets something happen in the third, and a list of them all."""
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            happens()
        assert len(pauses) < 10

    return pause, pauses


def test_an_output_that_is_away_is_waited_for(tmp_path):
    pause, pauses = pauses_until((tmp_path / "out").mkdir)
    wait_for_room(tmp_path / "out", free_bytes(tmp_path / "out"), pause)
    assert pauses == [EVERY_S] * 3


def test_a_full_output_is_waited_for_until_there_is_room(small):
    disk = small("size=1m")
    pause, pauses = pauses_until(lambda: small("remount,size=4m"))
    wait_for_room(disk, free_bytes(disk), pause)
    assert len(pauses) == 3


def test_on_a_full_disk_the_command_waits_and_goes_on(make_clip, tmp_path, small):
    clip = make_clip("watched.wav", "-f", "lavfi", "-i", "sine=d=1")
    folder, disk = tmp_path / "in", small("size=120k")
    folder.mkdir()
    for number in range(8):
        shutil.copy(clip, folder / f"{number}.wav")
    command = [sys.executable, "-m", "overlay", "batch", str(folder), "-o", str(disk / "out"), "-q"]
    command += ["--watch", "--settle", "0", "--do", "tags", "--model", "builtin", "--jobs", "1"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        said = iter(process.stderr)
        line = next(line for line in said if "ended early" in line)
        assert line.endswith(": the disk is full; waiting for that\n")
        small("remount,size=4m")
        wait_for_markers(8, disk / "out", process)
        process.send_signal(signal.SIGINT)
        assert list(said) == ["tag-overlay: stopped; nothing unfinished was kept\n"]
    assert process.returncode == 130
    assert {marker.state for marker in all_markers(disk / "out")} == {"done"}
