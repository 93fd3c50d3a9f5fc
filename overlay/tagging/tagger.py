"""What a tagger is: sound in, scores out, as both come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from overlay.datatypes import Scores, SoundBlock
from overlay.tagging.engines.base import Floats
from overlay.tagging.window_plan import ISOLATED, Rows, Windows, listen_in_windows
from overlay.track import ScoreBlock


class Tagger(Protocol):
    """Scores sound as it comes.

    To add one: a ``Spec`` in ``models`` for a network that takes windows; for any other way to
    hear, a class that keeps this protocol and its case in ``registry.load_tagger``. The contract
    tests run over all of them.
    """

    name: str
    labels: tuple[str, ...]
    sample_rate: int
    """Samples per second of the sound that it takes."""
    model_hash: str
    """sha256 of the weights, in hex."""

    def rows(self, windows: Windows) -> Rows:
        """What rows ``listen`` makes."""
        ...

    def listen(self, sound: Iterable[SoundBlock], windows: Windows) -> Iterator[ScoreBlock]:
        """Scores as they come.

        Args:
            sound: Mono at ``sample_rate``, in blocks of any size; after a gap it starts anew.
            windows: Which stretches of the sound are heard together.

        Yields:
            Rows of ``[n, n_classes]`` in [0, 1], in the order of their times.
        """
        ...


class WindowTagger:
    """Base of taggers that score windows of sound one by one."""

    name: str
    labels: tuple[str, ...]
    sample_rate: int
    model_hash: str
    best_way: str = ISOLATED
    """What ``auto`` means for it: measured by ``tests/benchmarks/screen.py``."""

    def score(self, segment: Floats, window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment.

        Args:
            segment: Mono float32, ``[n_samples]``.
            window_length: Samples in a window.
            hop_length: Samples between the starts of two windows.

        Returns:
            ``[n_windows, n_classes]`` in [0, 1],
            n_windows = (n_samples - window_length) // hop_length + 1.
        """
        raise NotImplementedError

    def rows(self, windows: Windows) -> Rows:
        """What rows ``listen`` makes."""
        return windows.decided(self.best_way).rows

    def listen(self, sound: Iterable[SoundBlock], windows: Windows) -> Iterator[ScoreBlock]:
        """Scores as they come; see ``Tagger``."""
        return listen_in_windows(
            self.score, self.sample_rate, sound, windows.decided(self.best_way)
        )
