"""A person's own labels on top of a model that stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores
from overlay.errors import CheckpointError
from overlay.files.npz import read_arrays
from overlay.tagging.tagger import WindowTagger
from overlay.tagging.weights.published import sha256

HEAD_SUFFIX = ".npz"
_KEYS = ("labels", "weight", "bias", "base", "base_hash")


class Embedder(Protocol):
    """A tagger that tells what its last layer sees."""

    name: str
    sample_rate: int
    model_hash: str

    def embed(
        self, segment: np.ndarray[Any, Any], window_length: int, hop_length: int
    ) -> npt.NDArray[np.float32]:
        """Embeddings of all whole windows of a segment, ``[n_windows, width]``."""
        ...


@dataclass(frozen=True, eq=False)
class Head:
    """One layer on an embedding: scores = 1 / (1 + exp(-(embedding weight + bias)))."""

    labels: tuple[str, ...]
    weight: npt.NDArray[np.float32]
    """``[width, n_labels]``."""
    bias: npt.NDArray[np.float32]
    """``[n_labels]``."""
    base: str
    """Exact name of the model below."""
    base_hash: str
    """sha256 of that model's weights, in hex."""
    digest: str = ""
    """sha256 of the file that it was read from, in hex."""

    def __call__(self, embeddings: npt.NDArray[np.float32]) -> Scores:
        """From ``[n_windows, width]`` to scores in [0, 1], ``[n_windows, n_labels]``."""
        logits = np.clip(embeddings @ self.weight + self.bias, -60, 60)
        scores: Scores = 1 / (1 + np.exp(-logits))
        return scores

    def save(self, path: str | Path) -> None:
        """Write it as npz; no pickle is involved."""
        np.savez_compressed(
            path, labels=np.array(self.labels), weight=self.weight, bias=self.bias,
            base=np.array(self.base), base_hash=np.array(self.base_hash),
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | Path) -> Head:
        """Read what ``save`` wrote.

        Raises:
            CheckpointError: It is missing or something else.
        """
        path = Path(path)
        refusal = partial(CheckpointError, path=path)
        arrays = read_arrays(path, "the model", refusal, names=_KEYS)
        try:
            with np.errstate(over="ignore"):  # infinity is refused below
                head = cls._of(arrays, sha256(path))
        except (KeyError, ValueError, TypeError) as error:
            raise CheckpointError(
                "is not a model that 'tag-overlay train' wrote", path=path
            ) from error
        n_labels = len(head.labels)
        if not n_labels or head.bias.shape != (n_labels,) or head.weight.shape[1:] != (n_labels,):
            raise CheckpointError(
                "its labels and weights do not fit", path=path,
                expected=n_labels, got=f"{head.weight.shape} and {head.bias.shape}",
            )  # fmt: skip
        if not (np.isfinite(head.weight).all() and np.isfinite(head.bias).all()):
            raise CheckpointError("holds NaN or infinity", path=path)
        return head

    @classmethod
    def _of(cls, arrays: Mapping[str, np.ndarray[Any, Any]], digest: str) -> Head:
        n_claimed = arrays["labels"].shape  # before as many texts are made of it
        if n_claimed not in (arrays["bias"].shape, arrays["weight"].shape[1:]):
            raise ValueError("its labels and weights do not fit")
        return cls(
            tuple(str(label) for label in arrays["labels"].tolist()),
            arrays["weight"].astype(np.float32), arrays["bias"].astype(np.float32),
            str(arrays["base"]), str(arrays["base_hash"]), digest,
        )  # fmt: skip


class HeadTagger(WindowTagger):
    """A head on its base behind the ``Tagger`` protocol.

    Raises:
        CheckpointError: The base is another one than that below which the head was trained.
    """

    def __init__(self, head: Head, base: Embedder, path: str | Path) -> None:
        if head.base_hash != base.model_hash:
            raise CheckpointError(
                f"was trained on other weights of {head.base}; train it again", path=Path(path),
                expected=head.base_hash[:12], got=base.model_hash[:12],
            )  # fmt: skip
        self.name = f"{Path(path).stem} on {base.name}"
        self.labels = head.labels
        self.sample_rate = base.sample_rate
        self.model_hash = head.digest
        self._head, self._base, self._path = head, base, path

    def score(self, segment: np.ndarray[Any, Any], window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment."""
        embeddings = self._base.embed(segment, window_length, hop_length)
        if embeddings.shape[1] != len(self._head.weight):
            raise CheckpointError(
                f"does not fit {self._base.name}", path=self._path,
                expected=embeddings.shape[1], got=len(self._head.weight),
            )  # fmt: skip
        return self._head(embeddings)
