"""What this machine lets us have: cores and memory, as schedulers and containers share them out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_UNDER = 0.9
"""Of the memory, for all workers together; the rest is the system's."""
_LEAST_MB = 1000.0
"""A worker with a larger network and a 4K encoder needs about so much."""


def n_cores() -> int:
    """Cores that we may run on, which may be fewer than there are."""
    with contextlib.suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_mb() -> float | None:
    """Memory that we may use, MB (10^6 bytes); ``None`` where nobody can tell."""
    return min((n_bytes / 1e6 for n_bytes in (*_installed(), *_granted())), default=None)


def worker_mb(n_workers: int) -> float | None:
    """A worker's share of the memory, MB, if so many are at work; ``None`` where nobody can tell.

    Nine tenths of what we may use by the number of workers, but at least 1000.
    """
    whole = memory_mb()
    return None if whole is None else max(_LEAST_MB, _UNDER * whole / n_workers)


def _installed() -> Iterator[int]:
    with contextlib.suppress(AttributeError, OSError, ValueError):
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _granted() -> Iterator[int]:
    """Limits of the control groups that we are in, as Slurm, Kubernetes and Docker set them."""
    for folder, own, name in _groups():
        # as a container sees it, its own group may be the top
        for group in (folder / own, *(folder / own).parents):
            with contextlib.suppress(OSError, ValueError):
                yield int((group / name).read_text())  # "max" is none


def _groups() -> Iterator[tuple[Path, str, str]]:
    """Where our groups start, which is ours, and what its limit is called: kind two and one."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, own = line.split(":", 2)
            if not controllers:
                yield _GROUPS, own.lstrip("/"), "memory.max"
            elif "memory" in controllers.split(","):
                yield _GROUPS / "memory", own.lstrip("/"), "memory.limit_in_bytes"
