"""The tagger that hears frames and ships, in NumPy: a score of each class every 80 ms.

Strided convolutions make eight bands of 128 out of log-mel, one convolution takes all bands in at
once, residual convolutions look along time, attention looks at moments like this one over the whole
stretch of at most ten seconds. ``overlay.training.network`` has the same network in PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from overlay.tagging.weights.checkpoint import Array, check_arrays, read_arrays

Map = npt.NDArray[np.float32]
"""Feature maps, ``[n, n_bands, n_moments, n_channels]``, or ``[n, n_moments, n_channels]``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One convolution of the stem."""

    width: int
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    residual: bool = False


STEM = (
    Row(24, (7, 7), (4, 4)),
    Row(64, (3, 3), (2, 2)),
    Row(64, (3, 3), residual=True),
    Row(128, (3, 3), (2, 1)),
    Row(128, (3, 3), residual=True),
)
N_BANDS_LEFT = 8
WIDTH = 320
DILATIONS = (1, 2, 4)
N_HEADS, N_KEYS = 4, 16
REACH = 125
"""Moments to each side for which attention knows the distance."""
N_HIDDEN = 512
STEP_FRAMES = 8
STRETCH_FRAMES = 1000
_EPSILON = 1e-5


def parameter_shapes(n_classes: int) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter by its name; what is a matrix is ``[n_out, n_in]``."""
    shapes: dict[str, tuple[int, ...]] = {}
    n_in = 1
    filters: dict[str, tuple[int, ...]] = {}
    for i, row in enumerate(STEM):
        filters[f"stem.{i}"] = (row.width, n_in, *row.kernel)
        n_in = row.width
    filters["bands"] = (WIDTH, n_in, N_BANDS_LEFT, 1)
    filters |= {f"time.{i}": (WIDTH, WIDTH, 1, 3) for i in range(len(DILATIONS))}
    for name, shape in filters.items():
        shapes[f"{name}.conv.weight"] = shape
        norm = ("weight", "bias", "running_mean", "running_var")
        shapes |= {f"{name}.norm.{leaf}": shape[:1] for leaf in norm}
    looks = (("queries", N_HEADS * N_KEYS), ("keys", N_HEADS * N_KEYS), ("values", WIDTH))
    linear = [(f"look.{name}", WIDTH, n_out) for name, n_out in looks]
    linear += [("hidden", 2 * WIDTH, N_HIDDEN), ("output", N_HIDDEN, n_classes)]
    for name, n_in, n_out in linear:
        shapes |= {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}
    shapes["look.distance"] = (N_HEADS, 2 * REACH + 1)
    return shapes


class MomentNet:
    """Log-mel of a stretch in, a score of each class every 80 ms out.

    Args:
        path: Its weights.
        n_classes: Number of classes.

    Raises:
        CheckpointError: The file cannot be read, or does not fit.
    """

    def __init__(self, path: str | Path, n_classes: int = 527) -> None:
        arrays = read_arrays(path)
        check_arrays(arrays, parameter_shapes(n_classes), path)
        layers = [
            _Convolution(f"stem.{i}", arrays, row.stride, residual=row.residual)
            for i, row in enumerate(STEM)
        ]
        layers.append(_Convolution("bands", arrays, padded=False))
        layers += [
            _Convolution(f"time.{i}", arrays, residual=True, dilation=dilation)
            for i, dilation in enumerate(DILATIONS)
        ]
        self._layers = layers
        self._look = _Look(arrays)
        self._hidden, self._output = (_linear(arrays, name) for name in ("hidden", "output"))

    def __call__(self, mel: Map) -> tuple[Map, Map]:
        """Score some stretches of one length.

        Args:
            mel: As ``MelFrontEnd`` gives it but frames first, ``[n, n_frames, 128]``; at most 1000
                frames (ten seconds) each, the length a multiple of 8.

        Returns:
            Scores in [0, 1], ``[n, n_frames / 8, n_classes]``, and embeddings,
            ``[n, n_frames / 8, 512]``; moment ``i`` is about the frames ``8 i`` to ``8 i + 8``.
        """
        x = np.ascontiguousarray(mel.transpose(0, 2, 1))[..., None]
        for layer in self._layers:
            x = layer(x)
        x = x[:, 0]
        weight, bias = self._hidden
        embedding: Map = np.maximum(np.concatenate([x, self._look(x)], axis=2) @ weight + bias, 0)
        weight, bias = self._output
        logits = np.clip(embedding @ weight + bias, -60, 60)
        scores: Map = 1 / (1 + np.exp(-logits))
        return scores, embedding


def _linear(arrays: Mapping[str, Array], name: str) -> tuple[Map, Map]:
    weight = np.ascontiguousarray(arrays[f"{name}.weight"].T, np.float32)
    return weight, arrays[f"{name}.bias"].astype(np.float32)


class _Convolution:
    """Convolution, normalisation and rectifier as one matrix product."""

    def __init__(
        self,
        name: str,
        arrays: Mapping[str, Array],
        stride: tuple[int, int] = (1, 1),
        *,
        residual: bool = False,
        padded: bool = True,
        dilation: int = 1,
    ) -> None:
        weight, norm = arrays[f"{name}.conv.weight"], f"{name}.norm"
        scale = arrays[f"{norm}.weight"] / np.sqrt(arrays[f"{norm}.running_var"] + _EPSILON)
        height, length = weight.shape[2:]
        self._size, self._stride, self._residual = (height, length), stride, residual
        self._dilation = dilation
        self._reach = (height // 2, length // 2 * dilation) if padded else (0, 0)
        taps = (weight * scale[:, None, None, None]).transpose(2, 3, 1, 0)
        self._taps = taps.reshape(-1, len(weight)).astype(np.float32)
        shift = arrays[f"{norm}.bias"] - arrays[f"{norm}.running_mean"] * scale
        self._bias = shift.astype(np.float32)

    def __call__(self, x: Map) -> Map:
        up, left = self._reach
        padded = np.pad(x, ((0, 0), (up, up), (left, left), (0, 0)))
        height, length = self._size
        span = (height, (length - 1) * self._dilation + 1)
        views = np.lib.stride_tricks.sliding_window_view(padded, span, axis=(1, 2))
        views = views[:, :: self._stride[0], :: self._stride[1], ..., :: self._dilation]
        views = views.transpose(0, 1, 2, 4, 5, 3)
        y = views.reshape(-1, len(self._taps)) @ self._taps
        y += self._bias
        np.maximum(y, 0, out=y)
        y = y.reshape(*views.shape[:3], -1)
        if self._residual:
            y += x
        return y


class _Look:
    """Attention over the stretch, with a bias for each distance."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        names = ("look.queries", "look.keys", "look.values")
        self._parts = [_linear(arrays, name) for name in names]
        self._distance = arrays["look.distance"].astype(np.float32)

    def __call__(self, x: Map) -> Map:
        n, length, width = x.shape
        q, k, v = (
            (x @ weight + bias).reshape(n, length, N_HEADS, -1).transpose(0, 2, 1, 3)
            for weight, bias in self._parts
        )
        steps = np.arange(length)
        apart = np.clip(steps[None] - steps[:, None], -REACH, REACH) + REACH
        match = q @ k.transpose(0, 1, 3, 2) / np.float32(N_KEYS**0.5) + self._distance[:, apart]
        match = np.exp(match - match.max(axis=3, keepdims=True))
        match /= match.sum(axis=3, keepdims=True)
        seen: Map = (match @ v).transpose(0, 2, 1, 3).reshape(n, length, width)
        return seen
