"""What a log says; the lines are ffmpeg's own."""

import errno
import subprocess
from pathlib import Path

import pytest

from overlay.media.ffmpeg_log import FfmpegLog
from overlay.media.process import ffmpeg_program


def log_of(*lines):
    log = FfmpegLog()
    for line in lines:
        log.add(line)
    return log


@pytest.mark.parametrize(
    "line",
    [
        "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/a/truncated partial file.mp4':",
        "[info]     title           : Truncated dreams",
        "[info]     comment         : How to fix: No space left on device",
        "[out#0/mp4 @ 0x1] [verbose] Truncated.mp4: No space left on device",
        "[h264 @ 0x55] [warning] SEI type 5 size 200 truncated at 30",
        "[h264 @ 0x55] [error] SEI type 5 size 200 truncated at 30",
        "[h264 @ 0x55] [error] truncating likely oversized PPS (12 > 8)",
        "[mjpeg @ 0x55] [error] invalid APP1 marker, truncated",
        "[mp4 @ 0x55] [warning] Timestamps are unset in a packet; corrupt",
        "[aost#0:0/pcm_f32le @ 0x1] [warning] Non-monotonic DTS; previous: 1, current: 0;",
        "partial file",
        "",
    ],
)
def test_names_titles_and_hints_are_no_verdict(line):
    log = log_of(line)
    assert not log.damaged
    assert log.no_room is None


@pytest.mark.parametrize(
    "line",
    [
        "[in#0/mov,mp4,m4a,3gp,3g2,mj2 @ 0x55dc] [error] stream 0, offset 0x7b00b: partial file",
        "[in#0/matroska,webm @ 0x562c020e9700] [error] File ended prematurely",
        "[in#0/mpegts @ 0x558260e71e00] [warning] corrupt input packet in stream 0",
        "[h264 @ 0x55dc42cd9680] [error] Invalid NAL unit size (2136 > 28).",
        "[vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] [error] Decoding error: Invalid data found",
        "[vist#0:0/mpeg2video @ 0x1] [dec:mpeg2video @ 0x2] [warning] corrupt decoded frame",
    ],
)
def test_what_is_lost_is_damage_and_is_said_plainly(line):
    log = log_of(line)
    assert log.damaged
    assert "[" not in log.damage[0]


def test_damage_of_another_stream_is_known():
    log = log_of("[in#0/mpegts @ 0x558260e71e00] [warning] corrupt input packet in stream 0")
    assert log.damage_of(0)
    assert not log.damage_of(1)


def test_packets_of_sounds_are_counted():
    log = log_of(
        "[out#0/matroska @ 0x1] [verbose]   Output stream #0:1 (audio): 0 packets muxed (0 bytes);",
        "[out#0/nut @ 0x1] [verbose]   Output stream #0:0 (audio): 90 frames encoded (48483 "
        "samples); 91 packets muxed (193932 bytes); ",
        "[out#1/null @ 0x1] [verbose]   Output stream #1:0 (audio): 5 packets muxed (10 bytes); ",
        "[in#0/avi @ 0x1] [verbose]   Input stream #0:3 (audio): 87 packets read (11025 bytes);",
        "[in#1/nut @ 0x1] [verbose]   Input stream #1:3 (audio): 99 packets read (11025 bytes);",
    )
    assert log.sound_muxed == [0, 91]
    assert log.sound_read == {3: 87}


def test_timestamps_that_go_back_are_measured_where_packets_are_copied_or_heard():
    said = "[warning] Non-monotonic DTS; previous: 900, current: 200; changing to 900."
    assert log_of(f"[aost#0:1/copy @ 0x1] {said}").ticks_back == 700
    assert log_of(f"[aost#0:0/pcm_f32le @ 0x1] {said}").ticks_back == 700
    assert log_of(f"[vost#0:0/copy @ 0x1] {said}").ticks_back == 700
    assert log_of(f"[aost#1:0/copy @ 0x1] {said}").ticks_back == 0  # goes nowhere
    assert log_of(f"[sost#0:2/copy @ 0x1] {said}").ticks_back == 0
    assert log_of(f"[vost#0:0/libx264 @ 0x1] {said}").times_lost


def test_a_full_disk_is_what_the_output_says():
    line = "[out#0/mp4 @ 0x1] [error] Error writing trailer: No space left on device"
    assert log_of(line).no_room.errno == errno.ENOSPC
    assert log_of(line.replace("[error]", "[info]")).no_room is None


@pytest.mark.parametrize(
    "name", ["truncated partial file.mp4", "Invalid NAL ended prematurely.mp4"]
)
def test_a_healthy_file_is_healthy_by_any_name(make_clip, tmp_path, name):
    """A1, A2: by ffmpeg itself."""
    clip = make_clip("healthy.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1")
    titled = tmp_path / name
    words = "title=corrupt input packet", "comment=Error: No space left on device"
    arguments = [ffmpeg_program(), "-v", "error", "-i", str(clip), "-c", "copy"]
    metadata = [part for word in words for part in ("-metadata", word)]
    subprocess.run([*arguments, *metadata, str(titled)], check=True)
    command = [ffmpeg_program(), "-loglevel", "level+verbose", "-i", str(titled), "-f", "null", "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    log = log_of(*done.stderr.splitlines())
    assert log.frames_decoded == log.frames_encoded == 25
    assert not log.damaged
    assert log.no_room is None


LOGS = sorted(Path(__file__).with_name("data").joinpath("logs").glob("*.log"))


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_recorded_logs(log):
    """What ffmpeg 9.0 printed of files as their names say: damaged ones, and healthy ones that only
    look so. Kept are errors, warnings, names and counts."""
    read = log_of(*log.read_text().splitlines())
    assert read.damaged == log.stem.startswith("damaged")
    assert read.frames_decoded
    assert read.no_room is None
    for line in (*read.damage, read.complaint):
        assert " @ 0x" not in line
