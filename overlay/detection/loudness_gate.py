"""What is quiet has no tags: the loudness takes them away where a window still smears them.

A stretch of an event is heard where its loudness is within ``REACH_DB`` of the event's loud parts,
and above the floor of digital silence. A moment is quiet where it is further below what is loud
around it: the tags that are on stay for the eye, but score next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Times
from overlay.track import LEVEL_RATE_HZ, TagTrack

REACH_DB = 25.0
"""A sound that has become quieter than its loud parts by this much has ended."""
FLOOR_DB = -38.0
"""Quieter than this (a full scale sine is 44 dB here) nothing is heard: -82 dB of full scale."""
QUIET_DB = 27.0
"""A moment this much quieter than the loudest one nearby is quiet."""
_NEARBY_S = 2.5
_QUIET_S = 0.2
"""Shorter quiet moments, as between syllables, are none."""
_LOUD_SHARE = 0.95
_SMOOTH_FRAMES = 5


@dataclass(frozen=True, eq=False)
class Gate:
    """The loudness of a track.

    Attributes:
        loudness: dB of all bands together, ``[n_frames]``; empty where unknown.
        times: Seconds of the starts of the frames, ``[n_frames]``.
    """

    loudness: npt.NDArray[np.float32]
    times: npt.NDArray[np.float64]

    @classmethod
    def of(cls, track: TagTrack) -> Gate:
        """The gate of a track's levels."""
        if not track.levels.size:
            return cls(np.empty(0, np.float32), np.empty(0))
        power = np.power(10, track.levels.astype(np.float32) / 10).sum(axis=1)
        n = min(_SMOOTH_FRAMES, len(power))
        sums = np.concatenate([[0.0], np.cumsum(np.pad(power, (n // 2, n - 1 - n // 2), "edge"))])
        power = np.maximum(sums[n:] - sums[:-n], 1e-12) / n
        return cls((10 * np.log10(power)).astype(np.float32), track.level_times)

    def quiet(self, at_s: Times) -> npt.NDArray[np.bool_]:
        """Which of some seconds lie in quiet moments; none where the loudness is unknown."""
        if not len(self.loudness):
            return np.zeros(len(at_s), np.bool_)
        around = _largest(self.loudness, round(_NEARBY_S * LEVEL_RATE_HZ))
        below = self.loudness < np.maximum(around - QUIET_DB, FLOOR_DB)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], below, [False]))))
        for start, end in edges.reshape(-1, 2).tolist():
            if end - start < _QUIET_S * LEVEL_RATE_HZ:
                below[start:end] = False
        places = np.searchsorted(self.times, at_s, side="right") - 1
        quiet: npt.NDArray[np.bool_] = below[np.clip(places, 0, len(below) - 1)]
        return quiet

    def heard(self, onset: float, offset: float, max_gap_s: float) -> list[tuple[float, float]]:
        """The parts of a stretch of time in which its sound is heard.

        Args:
            onset: Second at which the stretch begins.
            offset: Second at which it ends.
            max_gap_s: Quiet parts up to this long stay inside.
        """
        first, stop = np.searchsorted(self.times, (onset, offset - 1e-9))
        part = self.loudness[first:stop]
        if len(part) < 2:
            return [(onset, offset)]
        least = max(float(np.quantile(part, _LOUD_SHARE)) - REACH_DB, FLOOR_DB)
        loud = np.flatnonzero(part >= least)
        if not len(loud):
            return []
        times = self.times[first:stop]
        cuts = np.flatnonzero(np.diff(times[loud]) > max_gap_s + 1 / LEVEL_RATE_HZ)
        starts = loud[np.concatenate(([0], cuts + 1))]
        ends = loud[np.concatenate((cuts, [len(loud) - 1]))] + 1
        parts = []
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            begin = onset if start == 0 else float(times[start])
            parts.append(
                (begin, offset if end == len(part) else float(times[end - 1]) + 1 / LEVEL_RATE_HZ)
            )
        return parts


def _largest(values: npt.NDArray[np.float32], reach: int) -> npt.NDArray[np.float32]:
    """The largest of each value and the ``reach`` before and behind it, ``[n]``.

    In blocks as long as the stretch, since a stretch is the end of one block and the beginning of
    the next.

    Source:
        van Herk, "A fast algorithm for local minimum and maximum filters", Pattern Recognition
        Letters 13(7), 1992.
    """
    size = 2 * reach + 1
    n_blocks = -(-(len(values) + 2 * reach) // size)
    low = np.float32(-np.inf)
    padded = np.full(n_blocks * size, low)
    padded[reach : reach + len(values)] = values
    blocks = padded.reshape(n_blocks, size)
    behind = np.maximum.accumulate(blocks, axis=1).ravel()
    ahead = np.maximum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].ravel()
    n = len(values)
    largest: npt.NDArray[np.float32] = np.maximum(ahead[:n], behind[size - 1 : size - 1 + n])
    return largest
