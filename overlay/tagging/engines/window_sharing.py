"""PANNs on overlapping windows, with what windows share computed once.

A column of a feature map that lies inside its window does not depend on where the window begins.
So the first blocks run once over the whole stretch (the body), and for each window only over the
few columns at its two edges, where it pads with zeros. The answers are those of the window by
itself, up to rounding.

Pooling halves the step between windows. Where it is odd, windows fall into two phases, each with
its own body.

All of it is NumPy: no framework is loaded, and nothing is prepared beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from overlay.datatypes import Scores
from overlay.tagging.engines.winograd import Convolution, Map, tile_for
from overlay.tagging.weights.checkpoint import Array, check_arrays, read_arrays, renamed

ARCHITECTURES = {
    "cnn14": (3, (64, 128, 256, 512, 1024, 2048)),
    "cnn10": (3, (64, 128, 256, 512)),
    "cnn6": (5, (64, 128, 256, 512)),
}
"""Filter size and channels of each block; blocks of 3x3 convolutions have two of them."""
N_BANDS = 64
N_SHARED_BLOCKS = 3
"""Further down the edges are as wide as the windows."""
_EDGE = 4
"""Columns of most heads and tails."""
_EPSILON = 1e-5


def parameter_shapes(name: str, n_classes: int) -> dict[str, tuple[int, ...]]:
    """Shape of every parameter by its name, in Paddle's layout."""
    size, widths = ARCHITECTURES[name]
    shapes: dict[str, tuple[int, ...]] = _norm_shapes("bn0", N_BANDS)
    for block, (n_in, n_out) in enumerate(zip((1, *widths), widths, strict=False), start=1):
        for number, n in enumerate((n_in, n_out) if size == 3 else (n_in,), start=1):
            shapes[f"conv_block{block}.conv{number}.weight"] = (n_out, n, size, size)
            shapes |= _norm_shapes(f"conv_block{block}.bn{number}", n_out)
    for layer, n_out in (("fc1", widths[-1]), ("fc_audioset", n_classes)):
        shapes |= {f"{layer}.weight": (widths[-1], n_out), f"{layer}.bias": (n_out,)}
    return shapes


def _norm_shapes(name: str, n: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.{leaf}": (n,) for leaf in ("weight", "bias", "_mean", "_variance")}


@dataclass(frozen=True)
class _Map:
    """A feature map of overlapping windows.

    Window i is head i, ``length - head - tail`` columns of body ``i % n_phases`` from column
    ``i // n_phases * hop`` on, and tail i.
    """

    body: Map
    """``[n_phases, n_columns, n_bands, n_channels]``."""
    heads: Map
    """``[n_windows, head, n_bands, n_channels]``."""
    tails: Map
    """``[n_windows, tail, n_bands, n_channels]``."""
    hop: int
    """Columns between two windows of a phase."""
    length: int
    """Columns of a window."""

    @property
    def n_inner(self) -> int:
        """Columns of a window that are in the body."""
        return self.length - int(self.heads.shape[1]) - int(self.tails.shape[1])

    def inner(self, first: int, n_columns: int) -> Map:
        """Some body columns of every window, ``[n_windows, n_columns, n_bands, n_channels]``."""
        n_phases = len(self.body)
        rows = []
        for i in range(len(self.heads)):
            start = i // n_phases * self.hop + first
            rows.append(self.body[i % n_phases, start : start + n_columns])
        return np.stack(rows)

    def windows(self) -> Map:
        """Every window by itself, ``[n_windows, length, n_bands, n_channels]``."""
        return np.concatenate([self.heads, self.inner(0, self.n_inner), self.tails], axis=1)

    def convolved(self, layer: Convolution) -> _Map:
        """After a convolution that pads each window with zeros."""
        reach = 2 * layer.radius
        edge = np.zeros_like(self.heads[:, : layer.radius])
        heads = np.concatenate([edge, self.heads, self.inner(0, reach)], axis=1)
        tails = np.concatenate([self.inner(self.n_inner - reach, reach), self.tails, edge], axis=1)
        return replace(self, body=layer(self.body), heads=layer(heads), tails=layer(tails))

    def pooled(self) -> _Map:
        """After average pooling by two, which drops an odd last column."""
        even = (self if self.hop % 2 == 0 else self._in_two_phases())._on_even_columns()
        body, heads, tails = (_pooled(part) for part in (even.body, even.heads, even.tails))
        return _Map(body, heads, tails, even.hop // 2, even.length // 2)

    def _in_two_phases(self) -> _Map:
        n_phases, n_windows = len(self.body), len(self.heads)
        n_columns = (n_windows // n_phases // 2 - 1) * 2 * self.hop + self.n_inner
        bodies = [
            self.body[phase, offset : offset + n_columns]
            for offset in (0, self.hop)
            for phase in range(n_phases)
        ]
        return replace(self, body=np.stack(bodies), hop=2 * self.hop)

    def _on_even_columns(self) -> _Map:
        """Body columns are handed to heads and tails until both begin on even columns."""
        moved = self
        if moved.heads.shape[1] % 2:
            heads = np.concatenate([moved.heads, moved.inner(0, 1)], axis=1)
            moved = replace(moved, heads=heads, body=moved.body[:, 1:])
        if moved.n_inner % 2:
            tails = np.concatenate([moved.inner(moved.n_inner - 1, 1), moved.tails], axis=1)
            moved = replace(moved, tails=tails)
        return moved


def read_parameters(name: str, n_classes: int, path: str | Path) -> dict[str, Array]:
    """The parameters that ``SharedPanns`` takes, from a Paddle or PyTorch checkpoint.

    Raises:
        CheckpointError: It cannot be read, or does not fit the network in every name and shape.
    """
    arrays = renamed(read_arrays(path), ("fc1.weight", "fc_audioset.weight"))
    check_arrays(arrays, parameter_shapes(name, n_classes), path)
    return arrays


class SharedPanns:
    """One of the PANNs for windows on the frame grid.

    Args:
        name: One of ``ARCHITECTURES``.
        arrays: Its parameters, as ``parameter_shapes`` has them.
        hop: Frames between two windows.
        length: Frames of a window.
    """

    def __init__(self, name: str, arrays: Mapping[str, Array], hop: int, length: int) -> None:
        self._hop, self._length = hop, length
        self._scale, self._shift = _normalization("bn0", arrays)
        size, widths = ARCHITECTURES[name]
        self._blocks = [
            [_folded(block, number, arrays, length) for number in ((1, 2) if size == 3 else (1,))]
            for block in range(1, len(widths) + 1)
        ]
        self._hidden = arrays["fc1.weight"], arrays["fc1.bias"]
        self._output = arrays["fc_audioset.weight"], arrays["fc_audioset.bias"]

    def __call__(self, body: Map, heads: Map, tails: Map) -> Scores:
        """From the parts of the log-mel to scores.

        Args:
            body: Frames that windows share, dB, ``[n_frames, 64]``.
            heads: First frames of each window, ``[n_windows, few, 64]``.
            tails: Last frames of each window, ``[n_windows, few, 64]``.

        Returns:
            Scores in [0, 1], ``[n_windows, n_classes]``.
        """
        body, heads, tails = (
            (part * self._scale + self._shift)[..., None] for part in (body[None], heads, tails)
        )
        shared = _Map(body, heads, tails, self._hop, self._length)
        for number, block in enumerate(self._blocks[:N_SHARED_BLOCKS]):
            shared = shared.pooled() if number else shared
            for layer in block:
                shared = shared.convolved(layer)
        x = _pooled(shared.windows())
        for number, block in enumerate(self._blocks[N_SHARED_BLOCKS:], N_SHARED_BLOCKS + 1):
            for layer in block:
                x = layer(np.pad(x, ((0, 0), (layer.radius,) * 2, (0, 0), (0, 0))))
            x = _pooled(x) if number < 6 else x  # CNN14's sixth block is not pooled
        return self._answer(x.mean(axis=2))

    def _answer(self, x: Map) -> Scores:
        weight, bias = self._hidden
        embedding = np.maximum((x.max(axis=1) + x.mean(axis=1)) @ weight + bias, 0)
        weight, bias = self._output
        scores: Scores = 1 / (1 + np.exp(-np.clip(embedding @ weight + bias, -60, 60)))
        return scores


def _folded(block: int, number: int, arrays: Mapping[str, Array], length: int) -> Convolution:
    """Convolution and normalisation in one."""
    weight = arrays[f"conv_block{block}.conv{number}.weight"]
    scale, bias = _normalization(f"conv_block{block}.bn{number}", arrays)
    n_columns = _EDGE if block <= N_SHARED_BLOCKS else length >> block - 1
    n_bands = N_BANDS >> block - 1
    tile = tile_for(n_columns, weight.shape[-1]), tile_for(n_bands, weight.shape[-1])
    return Convolution(weight * scale[:, None, None, None], bias, tile)


def _normalization(name: str, arrays: Mapping[str, Array]) -> tuple[Array, Array]:
    """Scale and shift of a batch normalisation."""
    scale = arrays[f"{name}.weight"] / np.sqrt(arrays[f"{name}._variance"] + _EPSILON)
    return scale, arrays[f"{name}.bias"] - arrays[f"{name}._mean"] * scale


def _pooled(x: Map) -> Map:
    """Average pooling by two in time and frequency; an odd last column is dropped."""
    x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    pairs = x[:, ::2] + x[:, 1::2]
    return (pairs[:, :, ::2] + pairs[:, :, 1::2]) * np.float32(0.25)
