"""What a person sees while a batch runs: bars on a terminal, plain lines anywhere else."""

import contextlib
import io
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from overlay.batching.pool import Event
from overlay.batching.sources import Found
from overlay.batching.task import Outcome, Task
from overlay.commands.batch_progress import Board
from overlay.settings import Settings


def task(place):
    return Task(Found(Path(place), place, 0, 0, "x"), Path("out"), ("events",), Settings(), ())


def outcome(place, state="done", worker=0, **more):
    return Event(worker, task(place), outcome=Outcome(place, "events", state, **more))


def at(place, worker, done, total):
    return Event(worker, task(place), progress=("tag", done, total))


def on_a_terminal(columns, n_new, n_workers, events, *, quiet=False):
    """What a terminal of so many columns gets."""
    fcntl, pty, struct, termios = map(
        pytest.importorskip, ("fcntl", "pty", "struct", "termios")
    )  # none but POSIX has them
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 0, columns, 0, 0))
    with (
        os.fdopen(theirs, "w") as terminal,
        contextlib.redirect_stderr(terminal),
        Board(n_new, n_workers, quiet=quiet) as board,
    ):
        for event in events:
            board(event)
    said = b""
    with contextlib.suppress(OSError):  # which is how the end of a terminal is told
        while part := os.read(ours, 65536):
            said += part
    os.close(ours)
    return said.decode()


@pytest.mark.parametrize("columns", [0, 40, 80, 200])
def test_the_whole_has_a_bar_that_fits_on_any_terminal(columns):
    said = on_a_terminal(columns, 4, 2, [outcome(f"{n}.mp4") for n in range(3)])
    last = re.split(r"[\r\n]+", said.strip())[-1]
    assert last.startswith(" 75% |")
    assert "| 3/4," in last
    assert last.endswith(" left")
    assert len(last) <= (columns or 80)


def test_each_worker_has_a_line_of_what_it_is_at():
    events = [at("a.mp4", 0, 10, 10), at("b.mp4", 1, 7, None), at("c.mp4", 2, 1, 2)]
    said = on_a_terminal(80, 4, 2, events)
    assert "listening 100 %  a.mp4" in said
    assert "listening 7 s  b.mp4" in said
    assert "c.mp4" not in said  # a worker that has no line


def test_names_do_not_move_the_cursor_and_long_ones_are_cut():
    said = on_a_terminal(40, 1, 1, [at(f"\x1b[2J{'x' * 200}.mp4", 0, 1, 2)])
    assert "\x1b[2J" not in said
    assert "x" * 41 not in said


def test_there_are_no_more_lines_than_a_screen_has():
    events = [at(f"worker-{n}.mp4", n, 1, 2) for n in range(64)]
    said = on_a_terminal(80, 100, 64, [*events, outcome("last.mp4", worker=63)])
    assert "1/100," in said
    assert "worker-15.mp4" in said
    assert "worker-16.mp4" not in said


def test_more_than_was_planned_is_counted_as_it_comes():
    said = on_a_terminal(80, 1, 1, [outcome(f"{n}.mp4") for n in range(3)])
    assert "3/3," in said


def test_failures_are_lines_above_the_bars():
    said = on_a_terminal(200, 2, 1, [outcome("a\n.mp4", "failed", reason="no sound")])
    assert "tag-overlay: 1/2 a\\n.mp4: events failed: no sound\r\n" in said


@pytest.fixture
def plain(capsys):
    """What is printed where there is no terminal: on standard output, on standard error."""

    def printed(n_new, events, *, quiet=False):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), Board(n_new, 2, quiet=quiet) as board:
            for event in events:
                board(event)
        return capsys.readouterr().out.splitlines(), said.getvalue().splitlines()

    return printed


EVENTS = [
    outcome("known.mp4", "failed", worker=-1, reason="said before"),
    outcome("old.mp4", "skipped", worker=-1),
    outcome("a.mp4"),
    outcome("b.mp4", "failed", reason="no sound"),
    outcome("c.mp4", "skipped"),  # another run has just made it
    outcome("d.mp4", "busy"),
    at("e.mp4", 0, 1, 2),
]


def test_without_a_terminal_there_is_a_line_a_product(plain):
    assert plain(4, EVENTS) == (
        ["1/4 a.mp4: events done", "4/4 d.mp4: events busy"],
        ["tag-overlay: 2/4 b.mp4: events failed: no sound"],
    )


def test_quiet_prints_failures_alone(plain):
    assert plain(4, EVENTS, quiet=True) == (
        [], ["tag-overlay: 2/4 b.mp4: events failed: no sound"],
    )  # fmt: skip
    assert on_a_terminal(80, 4, 2, [outcome("a.mp4")], quiet=True) == ""


def test_a_try_that_is_not_the_last_is_said_and_not_counted(plain):
    broken = outcome("b.mp4", "failed", reason="killed").outcome
    later = [Event(0, None, setback=broken), Event(0, None, setback=replace(broken, state="busy"))]
    said = ["tag-overlay: b.mp4: events is tried again later: killed"]
    assert plain(2, [*later, outcome("a.mp4")]) == (["1/2 a.mp4: events done"], said)
    assert plain(2, later, quiet=True) == ([], [])


def test_what_concerns_the_whole_is_said_though_it_is_quiet(capsys):
    with Board(1, 1, quiet=True) as board:
        board.note("ended early")
    assert capsys.readouterr().err == "tag-overlay: ended early\n"
