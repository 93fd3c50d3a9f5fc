"""The tagger that ships, in NumPy: it has answered before a framework would be loaded.

``student`` has the same network in Paddle, which explains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from overlay.tagging.weights.checkpoint import Array, check_arrays, read_arrays, renamed

Map = npt.NDArray[np.float32]
"""Feature maps, ``[n, n_bands, n_frames, n_channels]``."""

STEM_WIDTHS = (24, 48)
N_BANDS_LEFT = 16
WIDTH = 256
N_TIME_BLOCKS = 4
N_HIDDEN = 512
_EPSILON = 1e-5


def parameter_shapes(n_classes: int) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter by its name."""
    first, second = STEM_WIDTHS
    filters = {
        "stem.0": (first, 1, 5, 5), "stem.1": (second, first, 3, 3),
        "bands": (WIDTH, second, N_BANDS_LEFT, 1),
        **{f"time.{i}": (WIDTH, WIDTH, 1, 3) for i in range(N_TIME_BLOCKS)},
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = {}
    for name, shape in filters.items():
        shapes[f"{name}.0.weight"] = shape
        norm = ("weight", "bias", "_mean", "_variance")
        shapes |= {f"{name}.1.{leaf}": shape[:1] for leaf in norm}
    for name, n_in, n_out in (("hidden", 2 * WIDTH, N_HIDDEN), ("output", N_HIDDEN, n_classes)):
        shapes |= {f"{name}.weight": (n_in, n_out), f"{name}.bias": (n_out,)}
    return shapes


class Builtin:
    """Mel features in, scores out.

    Args:
        path: Its weights.
        n_classes: Number of classes.
        extract_embedding: Return the embedding instead of the scores.

    Raises:
        CheckpointError: The file cannot be read, or does not fit.
    """

    def __init__(self, path: str | Path, n_classes: int, *, extract_embedding: bool) -> None:
        arrays = renamed(read_arrays(path), ("hidden.weight", "output.weight"))
        check_arrays(arrays, parameter_shapes(n_classes), path)
        self._stem = _Convolution("stem.0", arrays, 4), _Convolution("stem.1", arrays, 2)
        self._bands = _Convolution("bands", arrays, padded=False)
        self._time = [_Convolution(f"time.{i}", arrays) for i in range(N_TIME_BLOCKS)]
        self._hidden = arrays["hidden.weight"], arrays["hidden.bias"]
        self._output = arrays["output.weight"], arrays["output.bias"]
        self._extract_embedding = extract_embedding

    def __call__(self, mel: Map) -> Map:
        """``[n, 1, 128, n_frames]`` to scores, ``[n, n_classes]``, or embeddings, ``[n, 512]``."""
        x = mel.transpose(0, 2, 3, 1)
        for layer in (*self._stem, self._bands):
            x = layer(x)
        for layer in self._time:
            x = x + layer(x)
        x = x[:, 0]
        weight, bias = self._hidden
        pooled = np.concatenate([x.mean(axis=1), x.max(axis=1)], axis=1)
        embedding: Map = np.maximum(pooled @ weight + bias, 0)
        if self._extract_embedding:
            return embedding
        weight, bias = self._output
        logits = np.clip(embedding @ weight + bias, -60, 60)
        return (1 / (1 + np.exp(-logits))).astype(np.float32)


class _Convolution:
    """Convolution, normalisation and rectifier as one matrix product."""

    def __init__(
        self, name: str, arrays: Mapping[str, Array], stride: int = 1, *, padded: bool = True
    ) -> None:
        weight, norm = arrays[f"{name}.0.weight"], f"{name}.1"
        scale = arrays[f"{norm}.weight"] / np.sqrt(arrays[f"{norm}._variance"] + _EPSILON)
        self._size, self._stride = weight.shape[2:], stride
        self._reach = [(n // 2 if padded else 0,) * 2 for n in self._size]
        taps = (weight * scale[:, None, None, None]).transpose(2, 3, 1, 0)
        self._taps = taps.reshape(-1, len(weight)).astype(np.float32)
        self._bias = (arrays[f"{norm}.bias"] - arrays[f"{norm}._mean"] * scale).astype(np.float32)

    def __call__(self, x: Map) -> Map:
        x = np.pad(x, ((0, 0), *self._reach, (0, 0)))
        views = np.lib.stride_tricks.sliding_window_view(x, self._size, axis=(1, 2))
        views = views[:, :: self._stride, :: self._stride].transpose(0, 1, 2, 4, 5, 3)
        y = views.reshape(-1, len(self._taps)) @ self._taps
        y += self._bias
        np.maximum(y, 0, out=y)
        return y.reshape(*views.shape[:3], -1)
