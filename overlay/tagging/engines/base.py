"""What runs a network: the protocol, and the job that is given to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores
from overlay.machine_share import n_cores
from overlay.tagging.frontends import FrontEnd
from overlay.tagging.spec import Spec

Floats = npt.NDArray[np.float32]


class Engine(Protocol):
    """Runs one network with its weights on windows of sound.

    To add one: a class in a file of its own here, and its case in
    ``engines.choice.engine_for``.
    """

    def scores(self, segment: Floats, window_length: int, hop_length: int) -> Scores:
        """Scores of all whole windows of a segment, ``[n_windows, n_classes]``."""
        ...

    def embeddings(self, segment: Floats, window_length: int, hop_length: int) -> Floats:
        """What the last layer sees of them, ``[n_windows, width]``."""
        ...


@dataclass(frozen=True)
class Job:
    """What an engine is to run.

    Attributes:
        spec: The model.
        path: Its weights.
        model_hash: sha256 of the weights, in hex.
        n_classes: Columns of its scores.
        front_end_name: One of the spec's front ends.
        device: ``auto``, ``cpu`` or ``gpu``.
        threads: CPU threads; 0 takes all cores that we may run on.
    """

    spec: Spec
    path: Path
    model_hash: str
    n_classes: int
    front_end_name: str = "own"
    device: str = "auto"
    threads: int = 0

    @cached_property
    def front_end(self) -> FrontEnd:
        """Made when the first window comes."""
        return self.spec.front_ends[self.front_end_name]()

    @property
    def n_threads(self) -> int:
        """CPU threads to use."""
        return self.threads or n_cores()
