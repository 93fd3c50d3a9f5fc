"""A batch on a Ray cluster: paths go out, markers are written where the work is done.

Nothing but paths and outcomes passes through Ray, so the folders must be the same on every node. A
node or a worker that is lost costs what it was at: Ray tries it again, and what was done already
has its marker. A driver that is killed is started again with the same command.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from overlay.batching.pool import Event
from overlay.batching.task import FAILED, Outcome, Task, do_task, remember
from overlay.errors import UsageError

_IN_FLIGHT = 3
"""Tasks for each CPU that Ray knows of at a time: more would only wait."""
_TRIES = 3


def import_ray() -> Any:
    """The ``ray`` module.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "--ray needs Ray; install it with: pip install 'tag-overlay[ray]'"
        ) from error
    return ray


def connect(address: str) -> Any:
    """Ray, connected.

    Args:
        address: ``local`` starts a cluster on this machine, ``auto`` finds the one of this node,
            anything else is an address.

    Raises:
        UsageError: Ray is not installed, or nobody answers.
    """
    ray = import_ray()
    if ray.is_initialized():
        return ray
    try:
        where = None if address == "local" else address
        ray.init(address=where, log_to_driver=False, include_dashboard=False,
                 configure_logging=False)  # fmt: skip
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UsageError(f"--ray {address}: {' '.join(str(error).split())[:300]}") from error
    return ray


def run_on_ray(tasks: Iterator[Task], address: str) -> Iterator[Event]:
    """Do tasks on a cluster, as many at a time as it has CPUs; events as they come back.

    Args:
        tasks: What is to be done; taken as room gets free.
        address: See ``connect``.

    Raises:
        UsageError: Ray is not installed, or nobody answers.
    """
    ray = connect(address)
    remote = ray.remote(num_cpus=1, max_retries=_TRIES, retry_exceptions=False)(_done)
    flying: dict[Any, Task] = {}
    left = True
    while left or flying:
        room = max(1, round(ray.cluster_resources().get("CPU", 1))) * _IN_FLIGHT
        while left and len(flying) < room:
            task = next(tasks, None)
            if task is None:
                left = False
            else:
                flying[remote.remote(task.to_json())] = task
        ready, _ = ray.wait(list(flying), num_returns=1, timeout=1.0) if flying else ([], [])
        for reference in ready:
            task = flying.pop(reference)
            yield from (
                Event(-1, task, outcome=outcome) for outcome in _fetched(ray, reference, task)
            )


def _done(plain: dict[str, Any]) -> list[Outcome]:
    """What a Ray worker does."""
    return list(do_task(Task.from_json(plain)))


def _fetched(ray: Any, reference: Any, task: Task) -> list[Outcome]:
    try:
        outcomes: list[Outcome] = ray.get(reference)
    except ray.exceptions.RayError as error:
        reason = f"the Ray worker was lost: {type(error).__name__}"
        outcomes = [Outcome(task.found.place, kind, FAILED, reason=reason) for kind in task.kinds]
        for outcome in outcomes:
            remember(task, outcome)
    return outcomes
