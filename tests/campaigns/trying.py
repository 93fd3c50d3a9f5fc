"""One case: run a command in a forked child of a process that has imported all, and look at it.

The forking process adopts whatever the command leaves behind, so an orphan is seen as a child of
its own. Linux only.
"""

import ctypes
import hashlib
import logging
import os
import random
import re
import resource
import select
import shutil
import signal
import stat
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_S, LONGEST_CPU_S = 90.0, 20.0
"""Of the clock, on a machine that others use, too; and of work, which is what a hang is."""
MOST_BYTES = 1_500_000_000
FINE = (0, 2, 3, 4, 5, 6)
LEFTOVER = re.compile(r"\.tag-overlay-[0-9a-f]{12}\.(part|old)")
_GROUND_BYTES = 8 << 30  # so that a fault does not take the machine along
_SUBREAPER = 36


@dataclass
class Outcome:
    """What came of a command."""

    status: int
    """Exit status; minus the number of the signal that ended it."""
    out: bytes
    err: bytes
    wall_s: float
    cpu_s: float
    peak_bytes: int
    is_late: bool
    """Whether it was ended because the clock ran out."""
    orphans: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    """Files that were not there before."""
    changed: list[str] = field(default_factory=list)
    """Files that were, and are gone or others now."""


Check = Callable[[Outcome], Sequence[str]]


@dataclass
class Case:
    """A command, and what is right for it."""

    recipe: str
    """How the input was made, for a person."""
    argv: Sequence[str]
    folder: Path
    targets: Sequence[str] = ()
    """Names that may be new after exit status 0."""
    check: Check = lambda outcome: ()
    """Looks at the result after exit status 0; says what is wrong."""
    allowed: Sequence[int] = FINE
    environment: dict[str, str | None] = field(default_factory=dict)
    inside: Callable[[], None] = lambda: None
    """Done in the child before the command: limits, closed files, another user."""
    during: Callable[[int], None] | None = None
    """Done by the parent while the child runs, with its process id: kills."""
    fresh: bool = False
    """A new interpreter instead of a forked one."""
    new_if_whole: Sequence[str] = ()
    """Targets that may be there although it was stopped: the signal came when they were whole."""
    also_new: Sequence[str] = ()
    """Names that may be new whatever the status."""
    may_leave: bool = False
    """Killed too hard to clean up: the next run must."""
    may_replace: Sequence[str] = ()
    any_console: bool = False
    """Whether what is printed is not looked at."""
    always: Check = lambda outcome: ()
    """Looks at the outcome whatever the status."""
    instead: Callable[[], int] | None = None
    """Done in the child instead of the command; gives the exit status."""
    under: Sequence[str] = ()
    """Program and arguments that run the new interpreter, such as strace."""
    after: Callable[[], None] = lambda: None
    """Done by the parent when all was looked at."""


def adopt() -> None:
    """Become the parent of whatever descendants leave behind."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def state(folder: Path) -> dict[str, str]:
    """Every file below a folder, with a hash of what is in it."""
    found: dict[str, str] = {}
    for place, folders, names in os.walk(os.fsencode(folder)):
        for name in names + folders:
            path = Path(os.fsdecode(place), os.fsdecode(name))
            kind = path.lstat().st_mode
            key = str(path.relative_to(folder))
            found[key] = stat.filemode(kind)[:1]
            if stat.S_ISREG(kind):
                found[key] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def tried(case: Case, *, longest_s: float = LONGEST_S) -> Outcome:
    """Run it to its end, or to the limits."""
    before = state(case.folder)
    outside = Path(f"{case.folder}.said")
    outside.mkdir(exist_ok=True)
    for name in ("out", "err"):
        outside.joinpath(name).touch()
    started, pid = time.monotonic(), os.fork()
    if pid == 0:
        _child(case, outside)
    if case.during:
        case.during(pid)
    status, usage = _waited(pid, longest_s)
    wall_s = time.monotonic() - started
    orphans = _left_running(case, longest_s / LONGEST_S)
    after = state(case.folder)
    outcome = Outcome(
        status,
        outside.joinpath("out").read_bytes(),
        outside.joinpath("err").read_bytes(),
        wall_s,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * 1024,
        wall_s >= longest_s,
        orphans,
        sorted(after.keys() - before.keys()),
        sorted(key for key in before if after.get(key) != before[key]),
    )
    shutil.rmtree(outside, ignore_errors=True)
    return outcome


def _child(case: Case, outside: Path) -> None:
    status = 70
    try:
        os.setsid()
        logging.getLogger().handlers.clear()  # of what the campaign looks at results with
        for number, name in ((1, "out"), (2, "err")):
            file = os.open(outside / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
            os.dup2(file, number)
            os.close(file)
        resource.setrlimit(resource.RLIMIT_AS, (_GROUND_BYTES, _GROUND_BYTES))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for key, value in case.environment.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
        os.chdir(case.folder)
        tempfile.tempdir = None  # as TMPDIR says
        case.inside()
        if case.fresh:
            os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
            command = [*case.under, sys.executable, "-m", "overlay", *case.argv]
            os.execv(command[0], command)
        status = case.instead() if case.instead else in_this_process(case.argv)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def in_this_process(argv: Sequence[str]) -> int:
    """Run a command; its exit status."""
    from overlay.commands import run

    sys.argv = ["tag-overlay", *argv]
    try:
        run()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def _waited(pid: int, longest_s: float) -> tuple[int, resource.struct_rusage]:
    watch = select.poll()
    descriptor = os.pidfd_open(pid)
    watch.register(descriptor, select.POLLIN)
    try:
        if not watch.poll(longest_s * 1000):
            os.kill(pid, signal.SIGKILL)
    finally:
        os.close(descriptor)
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage


def children() -> list[int]:
    """Processes whose parent is this one."""
    return [
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in task.joinpath("children").read_text().split()
    ]


def _left_running(case: Case, patience: float) -> list[str]:
    """What the command left running; ended here."""
    until = time.monotonic() + patience * (10.0 if case.may_leave else 0.5)
    while time.monotonic() < until:
        _reap()
        if not children():
            return []
        time.sleep(0.02)
    left = []
    for pid in children():
        left.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()[:200])
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return left


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def faults(case: Case, outcome: Outcome) -> list[str]:
    """What is wrong with an outcome, each in a line; the same whatever the campaign."""
    found = [f"orphan: {each}" for each in outcome.orphans]
    if outcome.status not in case.allowed:
        found.append(f"exit status {outcome.status}")
    if outcome.is_late or outcome.cpu_s > LONGEST_CPU_S:
        found.append(f"hang: {outcome.wall_s:.0f} s, {outcome.cpu_s:.0f} s of work")
    if outcome.peak_bytes > MOST_BYTES:
        found.append(f"memory: {outcome.peak_bytes / 1e9:.1f} GB")
    found += [
        f"input changed: {each!r}"
        for each in outcome.changed
        if not any(Path(each).is_relative_to(place) for place in case.may_replace)
    ]
    if not case.any_console:
        found += _printed(outcome)
    found += _new(case, outcome)
    found += case.always(outcome)
    if outcome.status == 0:
        try:
            found += case.check(outcome)
        except Exception as error:
            found.append(f"the result cannot be looked at: {type(error).__name__}: {error}")
    return found


def _printed(outcome: Outcome) -> list[str]:
    text = outcome.err.decode("utf-8", "replace")
    found = []
    if "Traceback" in text or "Exception ignored" in text:
        found.append("traceback: " + text.strip().splitlines()[-1][:200])
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
    errors = [line for line in lines if line.startswith("tag-overlay: error: ")]
    if outcome.status in FINE and outcome.status and len(errors) != 1:
        found.append(f"{len(errors)} lines of error: {lines[:3]!r}"[:300])
    if outcome.status > 0 and lines and "Traceback" not in text and outcome.status != 2:
        found += [f"a line that is not ours: {line[:200]!r}" for line in lines if _is_strange(line)]
    if any((ord(letter) < 32 and letter not in "\n\r") or ord(letter) == 127 for letter in text):
        found.append(f"control characters printed: {text[:200]!r}")
    return found


def _is_strange(line: str) -> bool:
    return not line.startswith(("tag-overlay: ", "listening", "drawing"))


def _new(case: Case, outcome: Outcome) -> list[str]:
    said = outcome.err.decode("utf-8", "replace")
    found = []
    for name in outcome.new:
        if LEFTOVER.match(Path(name).name) and not case.may_leave:
            found.append(f"left behind: {name!r}")
            continue
        if outcome.status == 0 and any(Path(name).is_relative_to(t) for t in case.targets):
            continue
        if name in case.also_new or Path(name).parts[0] == "cache":
            continue
        if ".tag-overlay" in Path(name).parts[:-1] and (case.folder / name).is_dir():
            continue  # a batch's memory begins empty
        if any(Path(name).is_relative_to(each) for each in case.new_if_whole) and (
            (case.folder / name).is_file() or any((case.folder / name).iterdir())
        ):
            continue
        is_leftover = any(LEFTOVER.match(part) for part in Path(name).parts)
        if case.may_leave and (is_leftover or name in case.targets):
            continue
        if "the result is in" in said and name in said:
            continue
        found.append(f"left behind: {name!r}")
    return found


def traces(outcome: Outcome) -> list[str]:
    """Tracebacks, where else nothing printed is looked at."""
    said = outcome.err.decode("utf-8", "replace")
    return [f"traceback: {said.strip().splitlines()[-1][:200]}"] if "Traceback" in said else []


def luck(seed: str) -> random.Random:
    """Chance that is the same for the same words."""
    return random.Random(seed)
