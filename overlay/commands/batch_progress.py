"""What a person sees of a batch: a line for the whole and one for each worker, or plain lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overlay.commands.console import STEPS, begin, careful_stderr, columns, say, show, shown

if TYPE_CHECKING:
    from overlay.batching.pool import Event
    from overlay.batching.task import Outcome

_MOST_LINES = 16
"""Workers with a line of their own."""


class Board:
    """Told everything that happens; a terminal gets bars, anything else a line a product.

    Args:
        n_new: Products that are to be made, as far as is known.
        n_workers: How many may be at work.
        quiet: Print only what failed.
    """

    def __init__(self, n_new: int, n_workers: int, *, quiet: bool) -> None:
        self._n_new, self._n_workers, self._quiet = n_new, n_workers, quiet
        self._n = 0
        self._whole: Any = None
        self._workers: list[Any] = []

    def __enter__(self) -> Board:
        begin()
        if not self._quiet:
            self._open()
        return self

    def __exit__(self, *exc: object) -> None:
        for bar in reversed([self._whole, *self._workers]):
            if bar is not None:
                bar.close()

    def __call__(self, event: Event) -> None:
        """Show an event; what was known before the work has been said with the plan."""
        if event.outcome is not None:
            if event.worker >= 0:
                self._n += 1
                self._finished(event.outcome, event.worker)
        elif event.setback is not None:
            self._set_back(event.setback)
        elif event.progress is not None and 0 <= event.worker < len(self._workers):
            self._at(event.worker, event.task.found.place, *event.progress)

    @property
    def _is_live(self) -> bool:
        return self._whole is not None and not self._whole.disable

    def _open(self) -> None:
        from tqdm import tqdm

        layout = "{percentage:3.0f}% |{bar}| {n}/{total}, {rate_noinv_fmt}, {remaining} left"
        self._whole = tqdm(
            total=max(self._n_new, 1), unit="", bar_format=layout, disable=None, ncols=columns(),
            file=careful_stderr(), position=0,
        )  # fmt: skip
        if self._is_live:
            self._workers = [
                tqdm(bar_format="{desc}", ncols=columns(), file=careful_stderr(), leave=False,
                     position=number + 1)
                for number in range(min(self._n_workers, _MOST_LINES))
            ]  # fmt: skip

    def _at(self, worker: int, place: str, step: str, done: float, total: float | None) -> None:
        share = f" {100 * min(done / total, 1):3.0f} %" if total else f" {done:.0f} s"
        line = self._workers[worker]
        line.ncols = columns()
        line.set_description_str(f"  {STEPS.get(step, step).strip():9}{share}  {shown(place)}")

    def _finished(self, outcome: Outcome, worker: int) -> None:
        if self._is_live:
            self._whole.total, self._whole.ncols = max(self._whole.total, self._n), columns()
            self._whole.update(self._n - self._whole.n)
            if 0 <= worker < len(self._workers):
                self._workers[worker].set_description_str("")
        number = f"{self._n}/{max(self._n_new, self._n)}"
        said = f"{number} {outcome.place}: {outcome.kind} {outcome.state}"
        if outcome.state == "failed":
            self._line(say, f"{said}: {outcome.reason}")
        elif not self._quiet and not self._is_live and outcome.state != "skipped":
            show(said)

    def note(self, line: str) -> None:
        """Say something about the whole; with ``quiet``, too."""
        self._line(say, line)

    def _set_back(self, outcome: Outcome) -> None:
        if not self._quiet and outcome.state == "failed":
            said = f"{outcome.place}: {outcome.kind} is tried again later: {outcome.reason}"
            self._line(say, said)

    def _line(self, put: Any, text: str) -> None:
        if not self._is_live:
            put(text)
            return
        with self._whole.external_write_mode(file=careful_stderr()):
            put(text)
