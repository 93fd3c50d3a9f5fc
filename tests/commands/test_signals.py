"""Signals: everything unwinds, nothing is left, nothing but one line is said."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import pytest

from overlay.commands.dispatch import dispatch
from overlay.commands.signals import Stopped, Stopping
from overlay.errors import OverlayError

ROOT = Path(__file__).parents[2]
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture
def long_clip(make_clip, tmp_path):
    made = make_clip(
        "long.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x360:d=30", "-f", "lavfi", "-i",
        "sine=d=30", "-c:a", "aac", "-preset", "ultrafast",
    )  # fmt: skip
    clip = tmp_path / "long.mp4"
    clip.write_bytes(made.read_bytes())
    return clip


def _started(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "overlay", *map(str, arguments)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("number", STATUS)
@pytest.mark.parametrize("times", [1, 2])
def test_stopping_it_leaves_nothing(long_clip, npz, tmp_path, number, times):
    before = sorted(tmp_path.iterdir())
    process = _started("render", long_clip, "--tags", npz, "--preset", "veryslow")
    while not list(tmp_path.glob(".*part*")) and process.poll() is None:
        time.sleep(0.05)
    children = _children(process.pid)
    for _ in range(times):
        process.send_signal(number)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == STATUS[number]
    assert "Traceback" not in printed
    assert "Error" not in printed
    if times == 1:
        assert "nothing unfinished was kept" in printed
    assert sorted(tmp_path.iterdir()) == before
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


_STOPPED_EARLY = """
import os, signal, sys
from overlay.commands import run

left = int(sys.argv.pop(1))

def count(frame, event, argument):
    global left
    left -= signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    if left <= 0:
        sys.settrace(None)
        os.kill(os.getpid(), signal.SIGINT)

sys.settrace(count)
run()
"""


@pytest.mark.parametrize("n_calls", [1, 3, 10, 100, 1_000, 5_000, 20_000])
def test_in_the_first_moments_it_is_silent(long_clip, tmp_path, n_calls):
    """From the moment on that signals are caught: after so many calls of functions."""
    before = sorted(tmp_path.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-c", _STOPPED_EARLY, str(n_calls), "render", str(long_clip), "-o",
         str(tmp_path / "o.mp4"), "--model", "builtin", "--preset", "veryslow"],
        cwd=ROOT, text=True, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in printed
    assert "Exception ignored" not in printed
    assert sorted(tmp_path.iterdir()) == before


def test_the_second_signal_does_not_interrupt_the_cleaning_up():
    cleaned = []
    with Stopping() as stopping:
        with pytest.raises(Stopped):
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGINT)
                cleaned.append(True)
        assert stopping.number == signal.SIGTERM
        assert stopping.said() == 143
    assert cleaned == [True]


def test_an_error_that_a_signal_became_is_no_error_of_the_command(tmp_path, capsys):
    """As where a file is closed under a reader that is being unwound."""
    command = ["tag", str(tmp_path / "absent.mp4")]
    assert dispatch(command) == 3
    capsys.readouterr()
    with pytest.raises(OverlayError):
        dispatch(command, is_stopped=lambda: True)
    assert capsys.readouterr().err == ""


def test_a_signal_that_a_destructor_swallows_comes_again():
    class Deaf:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    with Stopping() as stopping:
        with pytest.raises(Stopped):
            Deaf()
            for _ in range(1000):
                time.sleep(0.01)
        assert stopping.number == signal.SIGTERM


def test_a_signal_in_a_function_that_c_calls_is_not_printed(capsys):
    """PyAV writes by such functions: what is raised at their first line is printed, and lost."""

    class Sink:
        def write(self, data):
            signal.raise_signal(signal.SIGTERM)

    with Stopping() as stopping:
        with pytest.raises(Stopped):
            _write_one_packet(Sink())
            for _ in range(1000):
                time.sleep(0.01)
        assert stopping.number == signal.SIGTERM
    assert capsys.readouterr().err == ""


def _write_one_packet(sink):
    with av.open(sink, "w", format="nut") as container:
        stream = container.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "gray"
        packet = av.Packet(bytes(256))
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        container.mux(packet)


def test_a_second_signal_does_not_come_before_the_swallowed_one():
    """It would be raised in the hook that knows of the first, and be lost there."""

    class Deaf:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    came_again = threading.Event()

    class Watched(Stopping):
        def _come_again(self, number):
            came_again.set()

    with Watched() as stopping:
        Deaf()
        signal.raise_signal(signal.SIGTERM)
        assert stopping.number == signal.SIGTERM
        assert came_again.wait(30)


def test_what_was_ignored_stays_ignored():
    """As ``nohup`` wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stopping():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_paddle_leaves_our_handlers_alone():
    """Its own would end the program without unwinding it."""
    pytest.importorskip("paddle")
    code = (
        "import signal, time\n"
        "from overlay.commands.signals import Stopping, Stopped\n"
        "from overlay.tagging.engines.backend import import_paddle\n"
        "with Stopping() as stopping:\n"
        "    import_paddle()\n"
        "    try:\n"
        "        signal.raise_signal(signal.SIGTERM); time.sleep(1)\n"
        "    except Stopped:\n"
        "        print('unwound', stopping.number)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "unwound 15"
    assert "FatalError" not in done.stderr
