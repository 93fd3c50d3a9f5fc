"""Printing never decides over the work, and outside text does nothing to a terminal."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from overlay.commands import main
from overlay.commands.console import show_table, show_track, shown, told_of
from overlay.settings import Settings
from overlay.track import TagTrack

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "overlay"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain 声音 🎵 é", "plain 声音 🎵 é"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("a\x9b31m", "a\\x9b31m"),
        ("a\u202egpj", "a\\u202egpj"),
        ("a\u2028b", "a\\u2028b"),
        ("a\udcffb", "a\\xffb"),
    ],
)
def test_what_a_terminal_would_act_on_is_escaped(text, wanted):
    assert shown(text) == wanted


@pytest.mark.skipif(os.name != "posix", reason="needs a terminal of its own")
@pytest.mark.parametrize("columns", [0, 10, 80])
def test_progress_is_seen_on_any_terminal(clip, tmp_path, columns):
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 0, columns, 0, 0))
    command = [*COMMAND, "tag", str(clip), "--model", "builtin", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stderr=theirs, stdout=subprocess.DEVNULL, env=environment
    ) as work:
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # which is how the end of a terminal is told
            while part := os.read(ours, 4096):
                said += part
    os.close(ours)
    assert work.returncode == 0
    assert b"listening" in said
    if columns != 10:
        assert b"100% |" in said
        assert b"0:02 of 0:02" in said


def test_speed_and_rest_are_told_in_units_that_people_read():
    assert told_of("tag", 90, 600, 9) == "1:30 of 10:00, 10x as fast as played, 0:51 left"
    assert told_of("render", 30, 7200, 12) == "0:30 of 2:00:00, 2.5x as fast as played, 47:48 left"
    assert told_of("tag", 61, None, 10) == "1:01, 6.1x as fast as played"
    assert told_of("tag", 0, 600, 9) == "0:00 of 10:00"
    assert told_of("train", 3, 40, 9) == "3 of 40 clips"


def test_columns_of_a_table_stand_below_each_other_also_with_wide_letters(capsys):
    show_table([["name", "n"], ["狗叫声", "12"], ["a\n", "3"]])
    assert capsys.readouterr().out.splitlines() == ["name     n", "狗叫声  12", "a\\n      3"]


def track_of(n, score=0.9):
    """``n`` sounds one after the other."""
    scores = np.zeros((10 * n + 10, n + 1), np.float32)
    for i in range(n):
        scores[10 * i : 10 * i + 7, i] = score - i / 1000
    labels = tuple(f"sound {i}" for i in range(n + 1))
    return TagTrack(scores, labels, 0.3, 0.3, 3.0 * n + 3)


def test_the_summary_lists_by_time_and_counts_the_rest(capsys):
    show_track(track_of(12), Settings())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[2] for line in lines] == [f"sound {i}" for i in range(12)]
    show_track(track_of(17), Settings())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert "and 5 more" in lines[-1]
    show_track(track_of(3, score=0.05), Settings())
    assert "nothing was sure enough" in capsys.readouterr().out


def test_names_from_outside_stay_on_one_line(clip, npz, tmp_path, capsys):
    odd = tmp_path / "a\x1b[2J\nwrote b.mp4"
    assert main([str(odd)]) == 3
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "\x1b" not in printed
    assert main([str(clip), "--no\x1b[2Jsuch"]) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("redirect", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_consoles_change_nothing(clip, npz, tmp_path, redirect):
    done = _shell(f"render '{clip}' --tags '{npz}' --preset ultrafast {redirect}")
    assert done.returncode == 0
    target = clip.with_name("bird.tagged.mp4")
    assert target.read_bytes()[4:8] == b"ftyp"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("redirect", ["> /dev/full", "2> /dev/full", "> /dev/full 2>&1"])
def test_full_consoles_change_nothing(npz, redirect):
    done = _shell(f"captions '{npz}' {redirect}")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert npz.with_name("t.srt").exists()
    assert _shell(f"models list {redirect}").returncode == 0
    assert _shell(f"captions missing.npz {redirect}").returncode == 6


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_consoles_without_chinese_change_nothing(npz, tmp_path, encoding):
    named = npz.rename(tmp_path / "声音.npz")
    done = _shell(f"captions '{named}'", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert ("声音" if encoding == "utf-8" else "\\u58f0\\u97f3") in done.stdout


def test_a_reader_that_goes_away_changes_nothing(npz):
    assert _shell("export --format list | head -n 1").returncode == 0
    assert "Traceback" not in _shell("export --format list | true").stderr


def _shell(arguments: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    command = f"'{sys.executable}' -m overlay {arguments}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **surroundings}
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, cwd=ROOT,
        env=environment, encoding="utf-8", check=False,
    )  # fmt: skip
