"""A worker process: tasks come in as lines of JSON, what happens goes out as lines of JSON.

It ends at once when its driver does: the end of its standard input is a request to stop. On SIGTERM
it unwinds, so that no partial file and no ffmpeg stays.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import asdict
from typing import IO, Any, NoReturn

from overlay.batching.task import Task, do_task
from overlay.reporting import Reporter
from overlay.tagging.registry import KeptTagger

_EVERY_S = 0.2
"""Progress is said no more often."""


def main() -> int:
    """Work until there is no more."""
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no message
    signal.signal(signal.SIGTERM, _stop)
    tasks: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(tasks,), daemon=True).start()
    say, load = _Teller(told), KeptTagger()
    say(ready=True)
    while True:
        task = Task.from_json(tasks.get())
        for outcome in do_task(task, Reporter(say.progress, say.note), say.length, load):
            say(outcome=asdict(outcome))
        say(finished=True)


def _stop(*_: object) -> NoReturn:
    raise SystemExit(143)


def _read(tasks: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        tasks.put(json.loads(line))
    os.kill(os.getpid(), signal.SIGTERM)  # the driver is gone


class _Teller:
    """Messages to the driver."""

    def __init__(self, told: IO[str]) -> None:
        self._told = told
        self._last = 0.0

    def __call__(self, **message: Any) -> None:
        self._told.write(json.dumps(message) + "\n")
        self._told.flush()

    def progress(self, step: str, done: float, total: float | None) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY_S:
            self._last = now
            self(progress=[step, done, total])

    def length(self, seconds: float) -> None:
        self(length_s=seconds)

    def note(self, line: str) -> None:
        self(note=line)


if __name__ == "__main__":
    sys.exit(main())
