"""When a batch has to end early: what fails in a row is hardly the fault of the sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from overlay.batching.markers import forget_failure
from overlay.batching.task import DONE, FAILED, Outcome, Task
from overlay.errors import BatchStopped, OverlayError

_MORE = 2
"""Failures beside those of all that were under way when the first one came."""
_LONGEST = 1024
"""Failures after which it is asked again at the latest, and which are held at most."""


@dataclass(slots=True)
class _Row:
    """Failures one after the other, none made between.

    Attributes:
        until: When it is asked what has become of the surroundings.
        n_common: Of them all, those that came of what all others would fail for.
        fresh: Since it was asked the last time.
    """

    until: int
    n_common: int = 0
    fresh: list[Outcome] = field(default_factory=list)


class Setbacks:
    """Told what became of every product; the run ends where trying the others is in vain.

    Several products of a kind that fail in a row, none made between, are what a full disk, a model
    that went away or a damaged ffmpeg looks like; a single one that is too large is not.

    Args:
        out: The output.
        n_workers: How many may fail at the same moment.
        check: Asks what was asked before the work.
    """

    def __init__(self, out: Path, n_workers: int, check: Callable[[], object]) -> None:
        self._out, self._check = out, check
        self._least = n_workers + _MORE
        self._rows: dict[str, _Row] = {}
        self._open: set[tuple[str, str]] = set()

    def begun(self, task: Task) -> None:
        """Count work that is handed out."""
        self._open |= {(task.found.place, kind) for kind in task.kinds}

    def forget(self) -> None:
        """Let nothing be remembered as failed that may be as good as any; call it in the end.

        That is what failed in the last rows, and what was under way and never told.
        """
        fresh = {(o.place, o.kind) for row in self._rows.values() for o in row.fresh}
        for place, kind in fresh | self._open:
            forget_failure(self._out, place, kind)

    def add(self, outcome: Outcome, *, is_last: bool = True) -> None:
        """Count an outcome of this run.

        Args:
            outcome: The outcome.
            is_last: Whether it is not tried again.

        Raises:
            BatchStopped: It goes on like this.
        """
        if is_last:
            self._open.discard((outcome.place, outcome.kind))
        if outcome.state == DONE:
            self._rows.pop(outcome.kind, None)
        elif outcome.state == FAILED:
            row = self._rows.setdefault(outcome.kind, _Row(self._least))
            row.n_common += bool(outcome.blame)
            row.fresh.append(outcome)
            self._judge(row)

    def _judge(self, row: _Row) -> None:
        if row.n_common >= self._least:
            raise ended_early(row.fresh[-1].blame)
        if len(row.fresh) < row.until:
            return
        try:
            self._check()
        except OverlayError as error:
            raise ended_early(str(error)) from error
        row.fresh.clear()
        row.until = min(2 * row.until, _LONGEST)


def ended_early(blame: str) -> BatchStopped:
    """The error of a batch that others than its sources are to blame for."""
    return BatchStopped(f"ended early; the same command goes on once this is mended: {blame}")
