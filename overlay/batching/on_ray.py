"""A batch on a Ray cluster: paths go out, and what came of them comes back.

Scoring actors keep their model, on a GPU where there is one, and leave scores in the output's own
folder of state; making tasks take one CPU each and a few sources at a time, in a worker process
with the limits that it has without Ray. Neither media nor scores pass through Ray, so sources and
output must have the same paths on every node. Markers are written where the work is done: a node
that is lost costs what it was at, and a driver that is lost goes on with the same command.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from overlay import pipeline
from overlay.batching.markers import STATE_FOLDER, identity_of
from overlay.batching.pool import Event, Item, Limits, Pool
from overlay.batching.task import Outcome, Task, given_up
from overlay.errors import OverlayError, UsageError
from overlay.files import make_folder
from overlay.machine_share import n_cores
from overlay.scoring.score import score
from overlay.tagging.registry import load_tagger
from overlay.tagging.tagger import Tagger

_AT_A_TIME = 8
"""Sources of one making task: so many share the start of a worker process."""
_CHUNKS_PER_CPU = 2
"""One is at work and one waits: more would only fill the cluster's queue."""
_CPUS_PER_SCORER = 4
_MOST_BROKEN = 64
"""Sources that were lost and wait for a quiet moment; if there are more, they do not wait."""
_KNOCK_S = 10.0
_RETRIES = 2
"""Times that Ray runs again what was on a node or a process that is gone."""


def connected(address: str, n_cpus: int) -> Any:
    """The module ``ray``, connected to a cluster.

    Args:
        address: ``local`` starts a cluster on this machine; ``auto`` is the one of this machine,
            or that of ``RAY_ADDRESS``; else that of its head.
        n_cpus: Of a cluster that is started; 0 takes all.

    Raises:
        UsageError: Ray is not installed, or nobody answers.
    """
    try:
        import ray
    except ImportError as error:
        raise UsageError("--ray: Ray is not installed; pip install 'tag-overlay[ray]'") from error
    try:
        _knock(address)
        ray.init(
            address, num_cpus=(n_cpus or None) if address == "local" else None,
            log_to_driver=False, configure_logging=False, ignore_reinit_error=True,
        )  # fmt: skip
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(f"--ray {address}: no cluster answers: {reason}") from error
    return ray


def _knock(address: str) -> None:
    """Find out whether anybody is there: Ray itself would ask for minutes.

    Raises:
        OSError: Nobody is.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK_S).close()


class Cluster:
    """Workers of a Ray cluster, which may grow and shrink.

    Args:
        connect: Gives the module ``ray``, connected, see ``connected``; asked when there is
            something to do, since a cluster takes seconds to join and longer to start.
        limits: What one source may take.
    """

    def __init__(self, connect: Callable[[], Any], limits: Limits) -> None:
        self._connect, self._limits = connect, asdict(limits)
        self._scorers: list[Any] = []
        self._n_sent = 0
        self._flying: dict[Any, _Chunk] = {}
        self._broken: list[Task] = []

    @cached_property
    def _ray(self) -> Any:
        return self._connect()

    @cached_property
    def _make(self) -> Any:
        return self._ray.remote(num_cpus=1, max_retries=_RETRIES)(make_all)

    def run(self, items: Iterable[Item]) -> Generator[Event, None, None]:
        """Do all tasks; see ``Pool.run``.

        Raises:
            UsageError: There is something to do, and no cluster.
        """
        try:
            yield from self._round(_chunks(iter(items)))
            again = [replace(task, again=True) for task in self._broken]
            self._broken.clear()
            yield from self._round(_chunks(iter(again)))
        finally:
            for reference in self._flying:
                self._ray.cancel(reference, force=True)
            for scorer in self._scorers:
                self._ray.kill(scorer)

    def _round(self, chunks: Iterator[_Chunk | Event]) -> Iterator[Event]:
        for chunk in chunks:
            if isinstance(chunk, Event):
                _forget(str(_scores_path(chunk.task)))  # of a driver that was lost
                yield chunk
                continue
            if chunk.tasks:
                self._send(chunk)
            if not chunk.tasks or len(self._broken) > _MOST_BROKEN:
                yield from self._idle()
            while len(self._flying) >= self._room():
                yield from self._landed(wait_s=None)
        while self._flying:
            yield from self._landed(wait_s=None)

    def _idle(self) -> Iterator[Event]:
        """There is nothing new for the moment: a time for what was lost."""
        if self._broken:
            self._send(_Chunk(tuple(replace(task, again=True) for task in self._broken)))
            self._broken.clear()
        if self._flying:
            yield from self._landed(wait_s=0)

    def _room(self) -> int:
        """Chunks that may be under way; a cluster may lose and get nodes at any time."""
        n_cpus = int(self._ray.cluster_resources().get("CPU", 1))
        return max(1, n_cpus) * _CHUNKS_PER_CPU

    def _send(self, chunk: _Chunk) -> None:
        tasks = [task.to_json() for task in chunk.tasks]
        scores = None if chunk.tasks[0].again else self._scorer(chunk.tasks[0]).score.remote(tasks)
        self._flying[self._make.remote(tasks, scores, self._limits)] = chunk

    def _scorer(self, task: Task) -> Any:
        resources = self._ray.cluster_resources()
        n_gpus, n_cpus = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
        wanted = n_gpus or max(1, n_cpus // _CPUS_PER_SCORER)
        while len(self._scorers) < wanted:
            actor = self._ray.remote(
                num_cpus=0, num_gpus=1 if n_gpus else 0, max_restarts=-1, max_task_retries=_RETRIES
            )(Scorer)
            self._scorers.append(actor.remote(task.to_json()))
        self._n_sent += 1
        return self._scorers[self._n_sent % len(self._scorers)]

    def _landed(self, wait_s: float | None) -> Iterator[Event]:
        """What came of a chunk that is finished, if one is or gets so in time."""
        ready, _ = self._ray.wait(list(self._flying), num_returns=1, timeout=wait_s)
        for reference in ready:
            chunk = self._flying.pop(reference)
            try:
                told = self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                yield from self._lost(chunk, type(error).__name__)
                continue
            for number, plain in told:
                outcome = Outcome(**{**plain, "heard": tuple(plain["heard"])})
                yield Event(0, chunk.tasks[number], outcome=outcome)

    def _lost(self, chunk: _Chunk, name: str) -> Iterator[Event]:
        """The node or process of a chunk is gone, and so were those that tried it again."""
        for task in chunk.tasks:
            if not task.again:
                self._broken.append(task)
                continue
            for outcome in given_up(task, f"lost by the cluster: {name}"):
                yield Event(0, task, outcome=outcome)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Tasks that travel together; none where there is nothing to do for the moment."""

    tasks: tuple[Task, ...]


def _chunks(items: Iterator[Item]) -> Iterator[_Chunk | Event]:
    waiting: list[Task] = []
    for item in items:
        if isinstance(item, Event):
            yield item
            continue
        if item is not None:
            waiting.append(item)
        if len(waiting) == _AT_A_TIME or (waiting and item is None):
            yield _Chunk(tuple(waiting))
            waiting.clear()
        if item is None:
            yield _Chunk(())
    if waiting:
        yield _Chunk(tuple(waiting))


def _scores_path(task: Task) -> Path:
    name = identity_of(task.found.place, "track")
    return task.out / STATE_FOLDER / "tracks" / name[:2] / f"{name[2:]}.npz"


def _forget(scores: str) -> None:
    with contextlib.suppress(OSError):
        Path(scores).unlink()


class Scorer:
    """An actor: scores sources with a model that it loads once.

    Args:
        plain: A task, whose settings say which model.
    """

    def __init__(self, plain: dict[str, Any]) -> None:
        self._tagger: Tagger | None = None
        with contextlib.suppress(OverlayError):
            self._tagger = load_tagger(Task.from_json(plain).settings.tagging)

    def score(self, plains: list[dict[str, Any]]) -> list[str | None]:
        """Score sources; where the scores lie, or ``None`` where that could not be.

        Whoever makes the products finds out why, and says so.
        """
        return [self._scored(Task.from_json(plain)) for plain in plains]

    def _scored(self, task: Task) -> str | None:
        path = _scores_path(task)
        if self._tagger is None:
            return None
        try:
            source = pipeline.opened(task.found.path, task.settings)
            track = score(source, self._tagger, task.settings)
            make_folder(path.parent)
            track.save(path, overwrite=True)
        except OverlayError:
            return None
        return str(path)


def make_all(
    plains: list[dict[str, Any]], scores: list[str | None] | None, limits: dict[str, Any]
) -> list[tuple[int, dict[str, Any]]]:
    """A task of Ray: make the products of some sources in a worker process.

    Args:
        plains: Tasks.
        scores: Where the scores of each lie.
        limits: What one source may take.

    Returns:
        The number of the task and the outcome, of each product.
    """
    here = Limits(**limits).among(n_cores())
    paths = scores or [None] * len(plains)
    tasks = [
        replace(Task.from_json(plain), scores=path)
        for plain, path in zip(plains, paths, strict=True)
    ]
    numbers = {task.found.place: number for number, task in enumerate(tasks)}
    outcomes = [
        (numbers[event.task.found.place], asdict(event.outcome))
        for event in Pool(1, here).run(tasks)
        if event.outcome is not None
    ]
    for path in filter(None, paths):
        _forget(path)
    return outcomes
