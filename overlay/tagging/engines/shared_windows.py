"""The PANNs on overlapping windows through ``window_sharing``; the rest goes to another engine."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from overlay.datatypes import Scores
from overlay.tagging.engines.base import Engine, Floats, Job
from overlay.tagging.engines.threads import in_threads
from overlay.tagging.frontends import FRAME_LENGTH, PannsFrontEnd

if TYPE_CHECKING:
    from overlay.tagging.engines.window_sharing import SharedPanns

_STRETCH = 32
"""Windows that share their computation; more would share little more and need more memory."""
_PHASES = 4
"""Their number is a multiple of this: windows on odd columns of a pooled map are apart."""


class SharedEngine:
    """Scores with what windows have in common computed once.

    Args:
        job: What to run.
        other: For embeddings, and for windows off the 10 ms grid.
    """

    def __init__(self, job: Job, other: Engine) -> None:
        self._job, self._other = job, other
        self._nets: dict[tuple[int, int], SharedPanns] = {}

    def scores(self, segment: Floats, window_length: int, hop_length: int) -> Scores:
        """Scores of all whole windows of a segment, ``[n_windows, n_classes]``."""
        if not self._can(window_length, hop_length):
            return self._other.scores(segment, window_length, hop_length)
        n_windows = (len(segment) - window_length) // hop_length + 1
        share = -(-n_windows // self._job.n_threads // _PHASES) * _PHASES
        advance = min(share, _STRETCH) * hop_length
        needed = window_length + advance - hop_length
        net = self._net(hop_length // FRAME_LENGTH, window_length // FRAME_LENGTH + 1)

        def scored(start: int) -> Scores:
            stretch = segment[start : start + needed]
            stretch = np.pad(stretch, (0, needed - len(stretch)))
            parts = self._front_end.parts(stretch, window_length, hop_length)
            assert parts is not None  # _can has looked at the geometry
            return net(*parts)

        starts = range(0, n_windows * hop_length, advance)
        rows = in_threads(scored, starts, self._job.n_threads)
        scores: Scores = np.concatenate(rows)[:n_windows]
        return scores

    def embeddings(self, segment: Floats, window_length: int, hop_length: int) -> Floats:
        """What the last layer sees of them, ``[n_windows, width]``."""
        return self._other.embeddings(segment, window_length, hop_length)

    def _can(self, window_length: int, hop_length: int) -> bool:
        """Whether windows of this geometry have columns in common."""
        long_enough = window_length >= max(self._job.spec.sample_rate, 4 * hop_length)
        return hop_length % FRAME_LENGTH == 0 and long_enough

    @cached_property
    def _front_end(self) -> PannsFrontEnd:
        return PannsFrontEnd()

    def _net(self, hop: int, length: int) -> SharedPanns:
        from overlay.tagging.engines.window_sharing import SharedPanns, read_parameters

        if (hop, length) not in self._nets:
            job = self._job
            arrays = read_parameters(job.spec.name, job.n_classes, job.path)
            self._nets[hop, length] = SharedPanns(job.spec.name, arrays, hop, length)
        return self._nets[hop, length]
