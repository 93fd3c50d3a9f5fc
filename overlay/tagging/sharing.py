"""PANNs on overlapping windows, with what windows share computed once.

A column of a feature map that lies inside its window does not depend on where the window begins.
So the first blocks run once over the whole stretch (the body), and for each window only over the
few columns at its two edges, where it pads with zeros. The answers are those of the window by
itself, up to rounding.

Pooling halves the step between windows. Where it is odd, windows fall into two phases, each with
its own body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import paddle
from paddle import Tensor, nn
from paddle.nn import functional

N_SHARED_BLOCKS = 3
"""Further down the edges are as wide as the windows."""


class _FoldedConvolution(nn.Layer):
    """Convolution, normalisation and rectifier in one; time is not padded.

    Folded by hand, since Paddle's own passes fold a normalisation into shared weights once for
    every place that uses them.
    """

    def __init__(self, conv: Any, norm: Any) -> None:
        super().__init__()
        scale = norm.weight / paddle.sqrt(norm._variance + norm._epsilon)
        self.weight = self.create_parameter(conv.weight.shape)
        self.weight.set_value(conv.weight * scale.reshape([-1, 1, 1, 1]))
        self.bias = self.create_parameter([conv.weight.shape[0]], is_bias=True)
        self.bias.set_value(norm.bias - norm._mean * scale)
        self.radius = int(conv.weight.shape[2]) // 2

    def forward(self, x: Tensor) -> Tensor:
        """``[n, n_in, n_columns, n_bands]`` to ``[n, n_out, n_columns - 2 radius, n_bands]``."""
        x = functional.conv2d(x, self.weight, self.bias, padding=[0, self.radius])
        return functional.relu(x)


@dataclass(frozen=True)
class _Map:
    """A feature map of overlapping windows.

    Window i is head i, ``length - head - tail`` columns of body ``i % n_phases`` from column
    ``i // n_phases * hop`` on, and tail i.
    """

    body: Tensor
    """``[n_phases, n_channels, n_columns, n_bands]``."""
    heads: Tensor
    """``[n_windows, n_channels, head, n_bands]``."""
    tails: Tensor
    """``[n_windows, n_channels, tail, n_bands]``."""
    hop: int
    """Columns between two windows of a phase."""
    length: int
    """Columns of a window."""

    @property
    def n_inner(self) -> int:
        """Columns of a window that are in the body."""
        return self.length - int(self.heads.shape[2]) - int(self.tails.shape[2])

    def inner(self, first: int, n_columns: int) -> Tensor:
        """Some body columns of every window, ``[n_windows, n_channels, n_columns, n_bands]``."""
        n_phases = int(self.body.shape[0])
        rows = []
        for i in range(int(self.heads.shape[0])):
            start = i // n_phases * self.hop + first
            rows.append(self.body[i % n_phases, :, start : start + n_columns])
        return paddle.stack(rows)

    def windows(self) -> Tensor:
        """Every window by itself, ``[n_windows, n_channels, length, n_bands]``."""
        return paddle.concat([self.heads, self.inner(0, self.n_inner), self.tails], axis=2)

    def convolved(self, layer: _FoldedConvolution) -> _Map:
        """After a convolution that pads each window with zeros."""
        reach = 2 * layer.radius
        edge = paddle.zeros_like(self.heads[:, :, :1]).expand([-1, -1, layer.radius, -1])
        heads = paddle.concat([edge, self.heads, self.inner(0, reach)], axis=2)
        tails = paddle.concat([self.inner(self.n_inner - reach, reach), self.tails, edge], axis=2)
        return replace(self, body=layer(self.body), heads=layer(heads), tails=layer(tails))

    def pooled(self) -> _Map:
        """After average pooling by two, which drops an odd last column."""
        even = (self if self.hop % 2 == 0 else self._in_two_phases())._on_even_columns()
        body, heads, tails = (
            functional.avg_pool2d(part, 2) for part in (even.body, even.heads, even.tails)
        )
        return _Map(body, heads, tails, even.hop // 2, even.length // 2)

    def _in_two_phases(self) -> _Map:
        n_phases, n_windows = int(self.body.shape[0]), int(self.heads.shape[0])
        n_columns = (n_windows // n_phases // 2 - 1) * 2 * self.hop + self.n_inner
        bodies = [
            self.body[phase, :, offset : offset + n_columns]
            for offset in (0, self.hop)
            for phase in range(n_phases)
        ]
        return replace(self, body=paddle.stack(bodies), hop=2 * self.hop)

    def _on_even_columns(self) -> _Map:
        """Body columns are handed to heads and tails until both begin on even columns."""
        moved = self
        if int(moved.heads.shape[2]) % 2:
            heads = paddle.concat([moved.heads, moved.inner(0, 1)], axis=2)
            moved = replace(moved, heads=heads, body=moved.body[:, :, 1:])
        if moved.n_inner % 2:
            tails = paddle.concat([moved.inner(moved.n_inner - 1, 1), moved.tails], axis=2)
            moved = replace(moved, tails=tails)
        return moved


class SharedPanns(nn.Layer):
    """One of the PANNs for a fixed number of windows on the frame grid.

    Args:
        net: The network with its weights.
        hop: Frames between two windows.
        length: Frames of a window.
    """

    def __init__(self, net: Any, hop: int, length: int) -> None:
        super().__init__()
        self._net, self._hop, self._length = net, hop, length
        norm = net.bn0
        scale = norm.weight / paddle.sqrt(norm._variance + norm._epsilon)
        self._scale = scale.numpy().tolist()
        self._shift = (norm.bias - norm._mean * scale).numpy().tolist()
        self.folded = nn.LayerList()
        for number in range(1, N_SHARED_BLOCKS + 1):
            block = getattr(net, f"conv_block{number}")
            pairs = [("conv1", "bn1"), ("conv2", "bn2")]
            self.folded.append(
                nn.LayerList(
                    [
                        _FoldedConvolution(getattr(block, conv), getattr(block, norm))
                        for conv, norm in pairs
                        if hasattr(block, conv)
                    ]
                )
            )

    def forward(self, body: Tensor, heads: Tensor, tails: Tensor) -> Tensor:
        """From the parts of the log-mel to scores.

        Args:
            body: Frames that windows share, dB, ``[1, 1, n_frames, 64]``.
            heads: First frames of each window, ``[n_windows, 1, few, 64]``.
            tails: Last frames of each window, ``[n_windows, 1, few, 64]``.

        Returns:
            Scores in [0, 1], ``[n_windows, n_classes]``.
        """
        body, heads, tails = (self._normalized(part) for part in (body, heads, tails))
        x = _Map(body, heads, tails, self._hop, self._length)
        for number, layers in enumerate(self.folded):
            if number:
                x = x.pooled()
            for layer in layers:
                x = x.convolved(layer)
        scores: Tensor = self._net.after(N_SHARED_BLOCKS, x.windows())
        return scores

    def _normalized(self, x: Tensor) -> Tensor:
        return x * paddle.to_tensor(self._scale) + paddle.to_tensor(self._shift)
