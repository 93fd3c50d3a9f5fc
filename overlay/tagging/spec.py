"""What is known of a tagger before it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.tagging.frontends import FrontEnd
from overlay.vocabulary import Vocabulary
from overlay.vocabulary.audioset import audioset

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """One weights file."""

    file: str
    url: str | None
    """``None`` for a file that ships in ``assets/models``."""
    digest: str | None
    """``algorithm:hex`` where one is published."""
    licence: str
    megabytes: float


@dataclass(frozen=True, slots=True)
class FrameGeometry:
    """How a network that answers for frames is fed."""

    frame_s: float
    """Seconds from frame to frame."""
    stretch_s: float
    """Seconds that are heard together, as when it learnt."""
    n_joined: int
    """Frames whose mean is a row of the track."""
    least_s: float
    """Shorter sounds are padded with silence to this length."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A tagger by its facts.

    To add one: its network in ``networks``, a file with its ``Spec`` in ``models``, its name in
    ``registry.SPECS``. The contract tests run over every spec. Importing a model's file must not
    import Paddle, so networks are made by functions that import them.
    """

    name: str
    parameters: float
    """Millions."""
    mean_average_precision: float | None
    """On AudioSet's evaluation set, as published; ``None`` where it was not measured."""
    weights: Weights
    front_ends: Mapping[str, Callable[[], FrontEnd]]
    """By the name in the settings; the first is the usual one."""
    network: Callable[..., Any] | None
    """Makes the Paddle network; called with ``n_classes`` and ``extract_embedding``. ``None`` for
    the built-in one, which is in NumPy."""
    last_layer: str
    """Name of the bias whose length is the number of classes."""
    vocabulary: Callable[[], Vocabulary] = audioset
    """Its classes, in the order of its columns."""
    sample_rate: int = 32000
    """Samples per second of what it listens to."""
    frames: FrameGeometry | None = None
    """How it answers for every frame of a stretch; ``None`` for one answer a window."""
    unused: tuple[str, ...] = ()
    """Beginnings of the names of parameters that a checkpoint may hold and nobody needs."""
    best_way: str = "isolated"
    """Which windows are the truest on screen (``tests/benchmarks/screen.py``)."""
    shares: bool = False
    """Whether overlapping windows can share their computation (``engines.shared``)."""
