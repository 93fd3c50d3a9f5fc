"""Printing never decides over the work, and outside text does nothing to a terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from overlay.commands import main
from overlay.commands.printing import shown

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
        ("a\udcffb", "a\\udcffb"),
    ],
)
def test_what_a_terminal_would_act_on_is_escaped(text, wanted):
    assert shown(text) == wanted


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
