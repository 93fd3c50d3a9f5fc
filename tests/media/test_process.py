import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from overlay.errors import FfmpegNotFound
from overlay.media.ffmpeg_log import FfmpegLog
from overlay.media.process import (
    feed,
    ffmpeg_program,
    local_url,
    read_blocks,
    started,
)


def test_the_program_is_the_named_one_then_the_variable_then_the_bundled(tmp_path, monkeypatch):
    own = tmp_path / "my ffmpeg"
    own.write_text("#!/bin/sh\necho ffmpeg version 9\n")
    own.chmod(own.stat().st_mode | stat.S_IEXEC)
    assert Path(ffmpeg_program()).exists()
    monkeypatch.setenv("TAG_OVERLAY_FFMPEG", str(own))
    assert ffmpeg_program() == str(own)
    with pytest.raises(FfmpegNotFound, match="nowhere"):
        ffmpeg_program("/nowhere/ffmpeg")
    with pytest.raises(FfmpegNotFound, match="/true is no ffmpeg"):
        ffmpeg_program("/bin/true")


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("5.1.9-0+deb12u1 Copyright (c) 2000-2026", "5.1.9"), ("4.2.2-static https://", "4.2.2"),
        ("n6.1.1 Copyright", "n6.1.1"), ("n9.0 Copyright", ""), ("10.0.1 Copyright", ""),
        ("N-118193-g5f38c82536 Copyright", ""), ("git-2020-01-01-abc Copyright", ""),
    ],
)  # fmt: skip
def test_an_ffmpeg_that_is_too_old_is_said(tmp_path, version, old):
    """I20."""
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho 'ffmpeg version {version}'\n")
    program.chmod(0o755)
    if not old:
        assert ffmpeg_program(str(program)) == str(program)
        return
    with pytest.raises(FfmpegNotFound, match=f"{program} is ffmpeg {old}, and 9.0 is the least"):
        ffmpeg_program(str(program))


def test_a_log_tells_damage_counts_and_complaint():
    log = FfmpegLog()
    for line in (
        "[in#0/mov @ 0x1] [verbose]   Input stream #0:0 (video): 78 packets read (4 bytes); "
        "15 frames decoded; 2 decode errors; ",
        "[out#0/mp4 @ 0x1] [verbose]   Output stream #0:0 (video): 15 frames encoded; 15 packets",
        "[in#1/rawvideo @ 0x1] [verbose]   Input stream #1:0 (video): 20 packets read (4 bytes); "
        "20 frames decoded; 9 decode errors; ",
        "[mov @ 0x1] [error] stream 1, offset 0xab: partial file",
    ):
        log.add(line)
    assert (log.frames_decoded, log.frames_encoded, log.decode_errors) == (15, 15, 2)
    assert log.complaint == "stream 1, offset 0xab: partial file"
    assert len(log.damage) == 1
    assert log.no_room is None


def test_a_log_keeps_only_its_end():
    log = FfmpegLog()
    for number in range(10_000):
        log.add(f"[in#0/mpegts @ 0x1] [warning] {number} corrupt input packet")
    assert len(log.lines) < 100
    assert len(log.damage) < 100


def test_no_process_survives_an_interruption():
    command = [
        ffmpeg_program(),
        "-v",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "testsrc",
        "-f",
        "null",
        "-",
    ]
    with pytest.raises(KeyboardInterrupt), started(command) as run:
        raise KeyboardInterrupt
    assert run.process.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.kill(run.process.pid, 0)


def endless(pipe):
    while True:
        pipe.write(bytes(256))


def test_frames_may_go_on_for_ever():
    """Ffmpeg decides when it has had enough."""
    command = [
        ffmpeg_program(), "-v", "error", "-f", "rawvideo", "-s", "16x16", "-pix_fmt", "gray",
        "-i", "pipe:0", "-frames:v", "20", "-progress", "pipe:1", "-f", "null", "-",
    ]  # fmt: skip
    seen: list[float] = []
    with started(command, stdin=True) as run:
        feed(run, endless, seen.append)
    assert run.returncode == 0
    assert seen[-1] == pytest.approx(20 / 25, abs=0.05)


def test_a_dying_ffmpeg_ends_the_feeding():
    command = [
        ffmpeg_program(), "-v", "error", "-re", "-f", "rawvideo", "-s", "16x16", "-pix_fmt", "gray",
        "-i", "pipe:0", "-progress", "pipe:1", "-f", "null", "-",
    ]  # fmt: skip
    with started(command, stdin=True) as run:
        killer = threading.Thread(target=lambda: (time.sleep(0.3), run.process.kill()))
        killer.start()
        feed(run, endless, None)
        killer.join()
    assert run.returncode == -signal.SIGKILL


def test_blocks_add_up():
    command = [
        ffmpeg_program(), "-v", "error", "-f", "lavfi", "-i", "sine=d=1:r=8000", "-f", "s16le", "-",
    ]  # fmt: skip
    with started(command) as run:
        blocks = list(read_blocks(run, 3000))
    assert sum(map(len, blocks)) == 16000
    assert {len(block) for block in blocks[:-1]} == {3000}


def test_names_are_never_options_or_protocols():
    assert local_url("-i.mp4").startswith("file:/")
    assert local_url("http://host/x.mp4").startswith("file:/")


def test_a_signal_while_a_program_starts_still_ends_it(monkeypatch):
    """It comes after the start and before anybody could know of the new process."""
    programs = []
    real = subprocess.Popen

    def interrupted(*arguments, **options):
        programs.append(real(*arguments, **options))
        signal.raise_signal(signal.SIGINT)
        return programs[0]

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    with pytest.raises(KeyboardInterrupt), started([sys.executable, "-c", "input()"]):
        pytest.fail("never got here")
    assert programs[0].returncode is not None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_is_told_of_the_progress_can_stop_it():
    command = [
        ffmpeg_program(), "-v", "error", "-f", "rawvideo", "-s", "16x16", "-pix_fmt", "gray",
        "-i", "pipe:0", "-progress", "pipe:1", "-f", "null", "-",
    ]  # fmt: skip

    def stop(_seconds):
        raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough"), started(command, stdin=True) as run:
        feed(run, endless, stop)
    assert run.returncode == -signal.SIGKILL
