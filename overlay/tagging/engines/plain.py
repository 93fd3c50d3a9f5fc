"""Networks that are written in NumPy: they have answered before a framework would be loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from multiprocessing.pool import ThreadPool
from typing import TypeVar

import numpy as np

from overlay.datatypes import Scores
from overlay.tagging.engines.base import Floats, Job
from overlay.tagging.spec import PlainNetwork

_BATCH = 16
_Item = TypeVar("_Item")


class PlainEngine:
    """A network in NumPy, batches shared out among threads.

    Args:
        job: What to run.
        make: The spec's ``plain``.
    """

    def __init__(self, job: Job, make: Callable[..., PlainNetwork]) -> None:
        self._job = job
        self._network = cache(lambda embed: make(job.path, job.n_classes, extract_embedding=embed))

    def scores(self, segment: Floats, window_length: int, hop_length: int) -> Scores:
        """Scores of all whole windows of a segment, ``[n_windows, n_classes]``."""
        scores: Scores = np.clip(self._run(segment, window_length, hop_length, embed=False), 0, 1)
        return scores

    def embeddings(self, segment: Floats, window_length: int, hop_length: int) -> Floats:
        """What the last layer sees of them, ``[n_windows, width]``."""
        return self._run(segment, window_length, hop_length, embed=True)

    def _run(self, segment: Floats, window_length: int, hop_length: int, *, embed: bool) -> Floats:
        features = self._job.front_end.shared(segment, window_length, hop_length)
        batches = [features[i : i + _BATCH] for i in range(0, len(features), _BATCH)]
        answers = in_threads(self._network(embed), batches, self._job.n_threads)
        return np.concatenate(answers).astype(np.float32, copy=False)


def in_threads(
    work: Callable[[_Item], Floats], items: Iterable[_Item], n_threads: int
) -> list[Floats]:
    """Each item by one thread: the parts that are no matrix product are shared out, too."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"), ThreadPool(n_threads) as pool:
        return pool.map(work, items, chunksize=1)
