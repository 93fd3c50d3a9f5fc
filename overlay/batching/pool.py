"""Worker processes: fed, watched, ended, replaced.

A worker that crashes, hangs, grows too large or is killed costs its own task alone; the task is
tried once more at the end, and fails with a reason if that happens again.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from overlay.batching.task import FAILED, Outcome, Task, given_up
from overlay.files import reason, temporary_place
from overlay.machine_share import worker_mb

_GRACE_S = 5.0
"""Seconds in which a worker may unwind before it is killed."""
_LOOK_S = 0.5
_JOIN_S = 0.1
_READ_BYTES_PER_S = 2e6
"""Slower storage is not waited for."""
_BYTES_PER_S = 1000
"""A source that claims to be longer than its bytes allow at this rate is not believed."""

_MATHS_THREADS = (
    "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
"""Variables that libraries read when they are loaded; what the user set stays."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one task may take.

    Attributes:
        timeout_factor: Wall seconds for each second of the source.
        memory_mb: Of a worker and what it started; ``None`` takes its share of the machine's.
        least_s: What every task has beside that, to start a worker and to load a model.
    """

    timeout_factor: float = 20.0
    memory_mb: float | None = None
    least_s: float = 120.0

    def among(self, n_workers: int) -> Limits:
        """The limits where so many workers share this machine."""
        return replace(self, memory_mb=self.memory_mb or worker_mb(n_workers))

    def seconds(self, task: Task, length_s: float | None = None) -> float:
        """Wall seconds for a task.

        Args:
            task: The task.
            length_s: What its source claims to be; time to open it and no more if ``None``. It is
                believed as far as the source has bytes for it.
        """
        n_bytes = task.found.size
        opening_s = self.least_s + n_bytes / _READ_BYTES_PER_S
        if length_s is None:
            return opening_s
        longest_s = min(n_bytes / _BYTES_PER_S, length_s)  # also if that is no number
        return opening_s + self.timeout_factor * longest_s * len(task.kinds)


@dataclass(frozen=True, slots=True)
class Event:
    """What happens while a batch runs.

    Attributes:
        worker: Which worker, from 0.
        task: What it is at.
        outcome: A product that is finished, if that is what happened.
        progress: Step, done and total, if that is what happened.
        note: A line, if that is what happened.
        setback: A product that failed and will be tried once more, if that is what happened.
    """

    worker: int
    task: Task
    outcome: Outcome | None = None
    progress: tuple[str, float, float | None] | None = None
    note: str | None = None
    setback: Outcome | None = None


Item = Task | Event | None
"""Work; or what is known without any; or ``None`` where there is nothing for the moment, which is a
time for what broke before."""


class Pool:
    """Some workers.

    Args:
        n_workers: How many.
        limits: What a task may take.
        hurry: Once it is set, workers that are to end get no time to unwind.
        grace_s: Else they get so many seconds.
    """

    def __init__(
        self,
        n_workers: int,
        limits: Limits,
        hurry: threading.Event | None = None,
        grace_s: float = _GRACE_S,
    ) -> None:
        self._n, self._limits, self._grace_s = n_workers, limits.among(n_workers), grace_s
        self._hurry = hurry or threading.Event()
        self._events: queue.Queue[Event | None] = queue.Queue(maxsize=1000)
        self._stopping = threading.Event()
        self._workers: set[_Worker] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._broken: list[Task] = []

    def run(self, items: Iterable[Item]) -> Generator[Event, None, None]:
        """Do all tasks; events as they happen, in no order between workers.

        When the iteration is left, all workers end: they unwind first.

        Args:
            items: As they come, possibly without end.
        """
        waiting = iter(items)
        try:
            yield from self._round(waiting)
            again = [replace(task, again=True) for task in self._broken]
            self._broken.clear()
            yield from self._round(iter(again))
        finally:
            self.stop()

    def stop(self) -> None:
        """End all workers, also one that is just being started: politely, and then not."""
        self._stopping.set()
        with self._lock:  # whoever starts one holds it; from here on nobody starts any
            workers = list(self._workers)
        for worker in workers:
            worker.ask_to_end()
        deadline = time.monotonic() + self._grace_s
        for worker in workers:
            worker.await_end(deadline - time.monotonic(), self._hurry)
        for thread in self._threads:  # their last closing; one may be waiting for new sources
            thread.join(_JOIN_S)

    def _round(self, items: Iterator[Item]) -> Iterator[Event]:
        shared = _Shared(items, self._broken)
        for number in range(self._n):
            thread = threading.Thread(target=self._manage, args=(number, shared), daemon=True)
            thread.start()
            self._threads.append(thread)
        left = self._n
        while left:
            event = self._events.get()
            if event is None:
                left -= 1
            else:
                yield event
        if shared.error is not None:
            raise shared.error

    def _manage(self, number: int, items: _Shared) -> None:
        worker: _Worker | None = None
        try:
            while not self._stopping.is_set():
                item = items.next()
                if item is None:
                    break
                if isinstance(item, Event):
                    self._put(item)
                else:
                    worker = self._tried(number, worker, item)
        except BaseException as error:  # raised where the events are taken
            items.fail(error)
        finally:
            if worker is not None:
                self._over(worker)
            self._put(None)

    def _put(self, event: Event | None) -> None:
        while not self._stopping.is_set():  # then nobody takes any more
            with contextlib.suppress(queue.Full):
                self._events.put(event, timeout=_LOOK_S)
                return

    def _tried(self, number: int, worker: _Worker | None, task: Task) -> _Worker | None:
        """Let a worker, a new one if there is none, do a task; what is left of it."""
        try:
            worker = worker or self._started(max(1, task.settings.tagging.threads))
        except OSError as error:
            self._blame(number, task, None, f"no worker can be started: {reason(error)}")
        if worker is None:
            return None
        trouble = self._watched(number, worker, task)
        if trouble is None:
            return worker
        self._over(worker)
        if not self._stopping.is_set():
            self._blame(number, task, worker, trouble)
        return None

    def _started(self, n_threads: int) -> _Worker | None:
        """A new worker, or ``None`` if there are to be no more."""
        with self._lock:
            if self._stopping.is_set():
                return None
            worker = _Worker(n_threads)
            self._workers.add(worker)
            return worker

    def _over(self, worker: _Worker) -> None:
        worker.end(self._grace_s, self._hurry)
        with self._lock:  # not before: a stop waits for those that are known
            self._workers.discard(worker)

    def _watched(self, number: int, worker: _Worker, task: Task) -> str | None:
        """Let a worker do a task; what went wrong with the worker, if anything did."""
        began, allowed_s = time.monotonic(), self._limits.seconds(task)
        try:
            worker.send(task)
        except OSError:
            return worker.last_words()
        while not self._stopping.is_set():
            message = worker.receive(_LOOK_S)
            worker.has_begun |= message is not None
            if message is None and worker.is_gone():
                return worker.last_words()
            if message is not None and "finished" in message:
                return None
            if message is not None and "length_s" in message:
                allowed_s = self._limits.seconds(task, message["length_s"])
            elif message is not None:
                self._tell(number, task, message)
                worker.finished.add(message.get("outcome", {}).get("kind", ""))
            trouble = self._too_much(worker, time.monotonic() - began, allowed_s)
            if trouble is not None:
                worker.has_begun = True  # or would have, in time
                worker.await_end(0)
                return trouble
        return "stopped"

    def _too_much(self, worker: _Worker, seconds: float, allowed_s: float) -> str | None:
        if seconds > allowed_s:
            return f"took longer than {allowed_s:.0f} s"
        limit_mb = self._limits.memory_mb
        if limit_mb is not None and worker.memory_mb() > limit_mb:
            return f"took more than {limit_mb:.0f} MB of memory"
        return None

    def _tell(self, number: int, task: Task, message: dict[str, Any]) -> None:
        if "outcome" in message:
            plain = message["outcome"]
            outcome = Outcome(**{**plain, "heard": tuple(plain["heard"])})
            if outcome.may_pass and not task.again:
                self._put(Event(number, task, setback=outcome))
                self._broken.append(replace(task, kinds=(outcome.kind,)))
            else:
                self._put(Event(number, task, outcome=outcome))
        elif "progress" in message:
            step, done, total = message["progress"]
            self._put(Event(number, task, progress=(step, done, total)))
        elif "note" in message:
            self._put(Event(number, task, note=message["note"]))

    def _blame(self, number: int, task: Task, worker: _Worker | None, trouble: str) -> None:
        """A task is not done, for its worker ended, or there was none at all."""
        finished: Collection[str] = worker.finished if worker else ()
        blame = "" if worker and worker.has_begun else trouble
        task = replace(task, kinds=tuple(kind for kind in task.kinds if kind not in finished))
        if task.again:
            for outcome in given_up(task, trouble, outside=bool(blame), blame=blame):
                self._put(Event(number, task, outcome=outcome))
            return
        for kind in task.kinds:
            failed = Outcome(task.found.place, kind, FAILED, reason=trouble, blame=blame)
            self._put(Event(number, task, setback=failed))
        self._broken.append(task)


class _Shared:
    """An iterator that several threads take from.

    Args:
        items: See ``Item``.
        broken: What may be tried again at such a moment.
    """

    def __init__(self, items: Iterator[Item], broken: list[Task]) -> None:
        self._items, self._broken, self._lock = items, broken, threading.Lock()
        self.error: BaseException | None = None
        self.is_over = False

    def fail(self, error: BaseException) -> None:
        """There are no more: the first such error is raised in the thread that asked for all."""
        self.is_over, self.error = True, self.error or error

    def next(self) -> Item:
        """The next one; ``None`` when there are no more."""
        with self._lock:
            while not self.is_over:
                try:
                    item = next(self._items)
                except StopIteration:
                    self.is_over = True
                except BaseException as error:
                    self.fail(error)
                else:
                    if item is None and self._broken:
                        item = replace(self._broken.pop(0), again=True)
                    if item is not None:
                        return item
            return None


class _Worker:
    """One worker process.

    Args:
        n_threads: CPU threads of its matrix products: more than its share only wait, and burn what
            the others would need.
    """

    def __init__(self, n_threads: int) -> None:
        self._log: IO[bytes] = tempfile.TemporaryFile(dir=temporary_place())  # noqa: SIM115
        self._is_asked = False
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "overlay.batching.worker"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
                start_new_session=True,
                env={name: str(n_threads) for name in _MATHS_THREADS} | os.environ,
            )  # fmt: skip
        except BaseException:
            self._log.close()
            raise
        self.pid = self._process.pid
        self._buffer = b""
        self._looked_s, self._memory_mb = 0.0, 0.0
        self.has_begun = False
        """Whether it has ever said anything."""
        self.finished: set[str] = set()
        """Products of the task that it is at."""
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._selector.register(self._process.stdout, selectors.EVENT_READ)

    def send(self, task: Task) -> None:
        self.finished.clear()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(task.to_json()).encode() + b"\n")
        self._process.stdin.flush()

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """The next message, or ``None`` if none comes in time."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not self._selector.select(left):
                return None
            assert self._process.stdout is not None
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def is_gone(self) -> bool:
        return self._process.poll() is not None

    def last_words(self) -> str:
        """How it ended, in one line."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S)
        code = self._process.returncode
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            return f"the worker was ended by {name}"
        with contextlib.suppress(OSError, ValueError):
            self._log.seek(0)
            lines = self._log.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
            if lines:
                return f"the worker ended: {lines[-1].strip()}"
        return f"the worker ended with status {code}"

    def ask_to_end(self) -> None:
        """Let it unwind; asked once, since a second signal would stop just that."""
        if not self._is_asked:
            self._is_asked = True
            self._process.terminate()

    def await_end(self, grace_s: float, hurry: threading.Event | None = None) -> None:
        """Wait so long for its end, then end it and what is left of all that it started.

        Once ``hurry`` is set it is not waited for.
        """
        family = descendants(self.pid)
        deadline = time.monotonic() + grace_s
        while time.monotonic() < deadline and not (hurry and hurry.is_set()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
                break
        self._process.kill()
        self._process.wait()
        for pid in family:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)

    def memory_mb(self) -> float:
        """Of it and all that it started, looked at twice a second."""
        now = time.monotonic()
        if now - self._looked_s > _LOOK_S:
            self._looked_s, self._memory_mb = now, family_mb(self.pid)
        return self._memory_mb

    def end(self, grace_s: float, hurry: threading.Event) -> None:
        """End it, unwound if it can in the time given, and close what we have of it."""
        self.ask_to_end()
        self.await_end(grace_s, hurry)
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._selector.close()


def descendants(pid: int) -> list[int]:
    """Processes that a process started, and those started; empty where nobody can tell."""
    children = _listed if Path("/proc/thread-self/children").exists() else _searched()
    found, waiting = [], [pid]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def _listed(pid: int) -> list[int]:
    """Its children, as most kernels list them: so a look costs the same on a crowded machine."""
    found: list[int] = []
    with contextlib.suppress(OSError, ValueError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _searched() -> Callable[[int], list[int]]:
    """Looks at all processes there are; gives the children of any of them."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    return lambda pid: children.get(pid, [])


def family_mb(pid: int) -> float:
    """Memory of a process and its descendants, MB; 0 where nobody can tell."""
    pages = 0
    for each in (pid, *descendants(pid)):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
    return pages * _page_bytes() / 1e6


def _page_bytes() -> int:
    get: Callable[[str], int] = os.sysconf
    return get("SC_PAGE_SIZE")
