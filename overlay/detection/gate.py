"""What is quiet has no tags: the loudness takes them away where a window still smears them.

A stretch of an event is heard where its loudness is within ``REACH_DB`` of the event's loud parts,
and above the floor of digital silence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overlay.track import LEVEL_RATE_HZ, TagTrack

REACH_DB = 25.0
"""A sound that has become quieter than its loud parts by this much has ended."""
FLOOR_DB = -38.0
"""Quieter than this (a full scale sine is 44 dB here) nothing is heard: -82 dB of full scale."""
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
