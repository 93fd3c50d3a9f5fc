"""From a stream of sound to a score track, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from overlay.errors import TaggerError
from overlay.tagging.levels import LevelMeter
from overlay.tagging.registry import Tagger
from overlay.track import TagTrack

Block = npt.NDArray[np.float32]
_WINDOWS_AT_ONCE = 64


def score_stream(
    blocks: Iterable[Block],
    tagger: Tagger,
    window_s: float,
    hop_s: float,
    on_progress: Callable[[float], None] | None = None,
) -> TagTrack:
    """Score a window every hop.

    Windows start at 0, hop, 2 hop, ... while the start is inside the signal; the last ones are
    padded with silence:

        n_hops = ceil(n_samples / hop_length)

    Args:
        blocks: Mono float32 at ``tagger.sample_rate``, in blocks of any size.
        tagger: Scores the windows.
        window_s: Seconds in a window.
        hop_s: Seconds between the starts of two windows; rounded to whole samples.
        on_progress: Told the seconds of sound that are scored.

    Raises:
        TaggerError: There is no sound at all.

    Source:
        PaddleAudio ``examples/panns/audio_tag.py`` (starts and padding).
    """
    rate = tagger.sample_rate
    window_length, hop_length = round(window_s * rate), max(1, round(hop_s * rate))
    scores = np.empty((0, len(tagger.labels)), np.float32)
    n_hops = n_samples = 0
    meter = LevelMeter(rate)
    heard = meter.listening(blocks)
    for segment, n_samples in segments(heard, window_length, hop_length):
        rows = tagger.score(segment, window_length, hop_length)
        if n_hops + len(rows) > len(scores):  # grows where it is: hours of scores are held once
            scores.resize(
                (n_hops + max(len(rows), n_hops // 4), len(tagger.labels)), refcheck=False
            )
        scores[n_hops : n_hops + len(rows)] = rows
        n_hops += len(rows)
        if on_progress is not None:
            on_progress(n_samples / rate)
    if not n_hops:
        raise TaggerError("there is no sound to score")
    scores.resize((n_hops, len(tagger.labels)), refcheck=False)
    scores.flags.writeable = False
    return TagTrack(
        scores, tagger.labels, window_length / rate, hop_length / rate,
        n_samples / rate, tagger.name, tagger.model_hash, meter.levels(),
    )  # fmt: skip


def segments(
    blocks: Iterable[Block], window_length: int, hop_length: int
) -> Iterator[tuple[Block, int]]:
    """Stretches that hold whole windows, and the samples heard up to each.

    Every window is whole in just one stretch; the last stretch is padded for the windows that
    reach beyond the end.
    """
    advance = _WINDOWS_AT_ONCE * hop_length
    needed = window_length + advance - hop_length
    buffer = np.zeros(0, np.float32)
    n_samples = n_started = 0
    for block in blocks:
        buffer = np.concatenate([buffer, block])
        n_samples += len(block)
        while len(buffer) >= needed:
            yield buffer[:needed], min(n_samples, n_started + needed)
            buffer = buffer[advance:]
            n_started += advance
    left = -(-(n_samples - n_started) // hop_length)  # windows that start before the end
    while left > 0:
        n_windows = min(left, _WINDOWS_AT_ONCE)
        length = window_length + (n_windows - 1) * hop_length
        padded = np.zeros(length, np.float32)
        have = buffer[:length]
        padded[: len(have)] = have
        yield padded, n_samples
        buffer = buffer[n_windows * hop_length :]
        left -= n_windows
