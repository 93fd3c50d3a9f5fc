"""Where a sound begins and ends: sharper than the windows that heard it.

A window smears: it fires as soon as a little of a sound is in it, so the run of windows that fire
begins almost half a window before the sound and ends almost half a window after it. Knowing how
much of a sound a window needs, the run tells onset and offset:

    onset  = first firing centre + window / 2 - needed
    offset = last firing centre  - window / 2 + needed

Where the track knows the loudness, both move to the strongest rise and fall of it nearby.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from overlay.detection.smoothing import GAP_HOPS
from overlay.track import LEVEL_RATE_HZ, TagTrack

NEEDED_S = 0.4
"""Seconds of a sound that make a window fire; measured by ``tests/benchmarks/events.py``."""
_EDGE_SHARE = 0.2
"""Part of a run's peak at which its edges lie: below it the score only smears."""
_EDGE_S = 0.2
"""Seconds before and behind an edge whose loudness is compared."""
_QUIET_SHARE = 0.1
"""Part of a track that is at most as loud as its quiet parts."""
_LEAST_STEP_DB = 3.0
"""A smaller step of the loudness, on the mean over the bands, is no edge."""
_ONSET_REACH_S, _OFFSET_REACH_S = (1.0, 1.0), (0.7, 2.0)
"""How far before and behind the guess an edge is looked for: sounds fade out."""
_LIKELY_S = 0.75
"""Standard deviation of the guess."""
_FRAME_LEFT_S = 0.1
"""The last part of a frame of levels may be left out."""


class Steps:
    """Rises and falls of the loudness.

        step[k] = mean of the bands of (mean of the frames behind k - mean of those before k)

    Only bands that rise count for a rise, only those that fall for a fall. Before the track begins
    and after it ends it is as quiet as in its quiet parts, so a sound that is there from the start
    rises at 0.

    Args:
        track: Its ``levels``; without any, nothing is moved.
    """

    def __init__(self, track: TagTrack) -> None:
        levels = track.levels.astype(np.float32)
        n, reach = len(levels), round(_EDGE_S * LEVEL_RATE_HZ)
        quiet = np.quantile(levels, _QUIET_SHARE, axis=0) if n else np.zeros(levels.shape[1])
        around = np.broadcast_to(quiet, (reach, levels.shape[1]))
        sums = np.cumsum(
            np.concatenate([np.zeros_like(quiet)[None], around, levels, around]), axis=0
        )
        edges = np.arange(n + 1) + reach
        before = (sums[edges] - sums[edges - reach]) / reach
        behind = (sums[edges + reach] - sums[edges]) / reach
        step = behind - before
        n_bands = max(1, levels.shape[1])
        self._rise = np.maximum(step, 0).sum(axis=1) / n_bands
        self._fall = np.maximum(-step, 0).sum(axis=1) / n_bands
        last = track.level_times[-1] + 1 / LEVEL_RATE_HZ if n else 0.0
        self._times = np.append(track.level_times, last)

    def snapped(self, onset: float, offset: float) -> tuple[float, float]:
        """Both on the most likely edges nearby; where there are none, as they are."""
        begin = self._strongest(self._rise, onset, *_ONSET_REACH_S)
        end = self._strongest(self._fall, offset, *_OFFSET_REACH_S)
        return (begin, end) if end > begin else (onset, offset)

    def _strongest(
        self, steps: npt.NDArray[np.float64], guess: float, back: float, ahead: float
    ) -> float:
        first, stop = np.searchsorted(self._times, (guess - back, guess + ahead + 1e-9))
        if stop <= first or len(steps) < 2:
            return guess
        places = self._times[first:stop]
        likely = np.exp(-0.5 * np.square((places - guess) / _LIKELY_S))
        best = int(np.argmax(steps[first:stop] * likely))
        return float(places[best]) if steps[first + best] >= _LEAST_STEP_DB else guess


def sharpened(
    track: TagTrack, column: npt.NDArray[np.float32], first: int, last: int, level: float
) -> tuple[float, float]:
    """Onset and offset of the sound behind a run of windows that fire.

    Args:
        track: Times and window.
        column: Scores of one class, ``[n_hops]``.
        first: First row of the run.
        last: Last row of the run.
        level: Score above which a window fires.
    """
    level = max(level, _EDGE_SHARE * float(column[first : last + 1].max()))
    loud = np.flatnonzero(column[first : last + 1] >= level)
    first, last = first + int(loud[0]), first + int(loud[-1])
    half = track.window_s / 2
    needed = min(NEEDED_S, half)
    begins, ends = _is_edge(track, first, first - 1), _is_edge(track, last, last + 1)
    onset = float(track.times[first]) - half
    offset = float(track.times[last]) + half
    if not begins:
        onset = _crossing(track, column, first - 1, first, level) + half - needed
    if not ends:
        offset = _crossing(track, column, last + 1, last, level) - half + needed
    shortest = min(track.hop_s, track.window_s)
    if offset - onset < shortest:  # shorter than can be told apart: as long as a hop
        middle = min(max((onset + offset) / 2, first_s(track)), end_s(track))
        onset, offset = middle - shortest / 2, middle + shortest / 2
    return max(first_s(track), onset), min(end_s(track), offset)


def _is_edge(track: TagTrack, inside: int, outside: int) -> bool:
    """Whether there is no row next to it: an end of the track, or a gap in its times."""
    if not 0 <= outside < track.n_hops:
        return True
    return bool(abs(track.times[outside] - track.times[inside]) > farthest_s(track))


def farthest_s(track: TagTrack) -> float:
    """Seconds between two rows above which there is a gap in the sound between them."""
    return max(track.window_s, GAP_HOPS * track.hop_s)


def _crossing(
    track: TagTrack, column: npt.NDArray[np.float32], outside: int, inside: int, level: float
) -> float:
    """When the score crosses a level between two hops, on a straight line."""
    low, high = float(column[outside]), float(column[inside])
    share = (high - level) / (high - low) if high > low else 0.5
    t_in, t_out = float(track.times[inside]), float(track.times[outside])
    return t_in + (t_out - t_in) * min(max(share, 0.0), 1.0)


def first_s(track: TagTrack) -> float:
    """Second at which the sound begins on the picture's clock."""
    return max(0.0, float(track.times[0]) - track.window_s / 2) if track.n_hops else 0.0


def end_s(track: TagTrack) -> float:
    """Second at which the sound ends on the picture's clock.

    The last windows reach beyond the end, so the loudness tells it, or the length where the sound
    begins with the picture and has no gap.
    """
    if not track.n_hops:
        return 0.0
    if len(track.level_times):
        end = float(track.level_times[-1]) + 1 / LEVEL_RATE_HZ
        return float(track.duration_s) if 0 <= track.duration_s - end <= _FRAME_LEFT_S else end
    even = abs(float(track.times[-1] - track.times[0]) - (track.n_hops - 1) * track.hop_s) < 1e-3
    last = float(track.times[-1]) + track.window_s / 2
    return min(last, first_s(track) + track.duration_s) if even else last
