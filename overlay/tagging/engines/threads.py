"""Work that is shared out among threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.pool import ThreadPool
from typing import TypeVar

from overlay.tagging.engines.base import Floats

_Item = TypeVar("_Item")


@contextmanager
def blas_threads(n_threads: int) -> Iterator[None]:
    """NumPy's matrix products take so many threads while it is entered, in the whole process."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(n_threads, "blas"):
        yield


def in_threads(
    work: Callable[[_Item], Floats], items: Iterable[_Item], n_threads: int
) -> list[Floats]:
    """Each item by one thread: the parts that are no matrix product are shared out, too."""
    with blas_threads(1):
        try:
            pool = ThreadPool(n_threads)
        except (OSError, RuntimeError):  # this user has too many threads, or no shared memory
            return [work(item) for item in items]
        with pool:
            return pool.map(work, items, chunksize=1)
