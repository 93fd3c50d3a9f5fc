"""Edit lists: what an MP4 or QuickTime file plays of its streams, and in which order.

ffmpeg decodes them as they are meant. Copied packets keep what an edit list hides at the start or
the end of a stream, in MP4 and QuickTime; a stream that is played in pieces cannot be copied.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from pathlib import Path

from av.container import InputContainer

from overlay.media.probe import fraction_of, opened
from overlay.media.sample_placing import JITTER_S

_PRIMING = 5
"""So many packets at most come before the first sample that is heard, and are no part of it."""


def played_in_pieces(path: Path, container: str, streams: Collection[int]) -> list[int]:
    """Which of some streams an edit list plays in pieces, from their index; no packet is read.

    Args:
        path: The file.
        container: Its format, as ffmpeg calls it.
        streams: Their indices.

    Raises:
        ProbeError: The file cannot be read any more.
    """
    if "mov" not in container.split(","):
        return []
    with opened(path, by_decoders=False) as file:
        return [index for index in streams if _goes_back(file, index)]


def _goes_back(file: InputContainer, index: int) -> bool:
    stream = file.streams[index]
    slack = JITTER_S / float(fraction_of(stream.time_base) or 1)
    times = (entry.timestamp for entry in stream.index_entries)
    return any(after < before - slack for before, after in pairwise(times))


def hidden(path: Path, container: str, streams: Collection[int]) -> bool:
    """Whether an edit list hides more of some streams than what sound begins with.

    Raises:
        ProbeError: The file cannot be read any more.
    """
    if "mov" not in container.split(","):
        return False
    with opened(path, by_decoders=False) as file:
        return any(
            sum(entry.is_discard for entry in file.streams[index].index_entries) > _PRIMING
            for index in streams
        )
