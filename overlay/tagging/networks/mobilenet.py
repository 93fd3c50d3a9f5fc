"""EfficientAT's MobileNetV3 taggers (``mn04``: width 0.4).

Source:
    Schmid, Koutini, Widmer, "Efficient Large-Scale Audio Tagging via Transformer-to-CNN Knowledge
    Distillation", ICASSP 2023, arXiv:2211.04772; Howard et al., "Searching for MobileNetV3",
    arXiv:1905.02244, table 1 (large). Parameter names as in the published checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddle import Tensor, nn
from paddle.nn import functional

_EPSILON = 1e-3


@dataclass(frozen=True)
class _Row:
    """One row of MobileNetV3-Large's table, at width 1."""

    kernel: int
    expanded: int
    n_out: int
    excite: bool
    hard_swish: bool
    stride: int
    """In both directions."""


TABLE = (
    _Row(3, 16, 16, False, False, 1),
    _Row(3, 64, 24, False, False, 2),
    _Row(3, 72, 24, False, False, 1),
    _Row(5, 72, 40, True, False, 2),
    _Row(5, 120, 40, True, False, 1),
    _Row(5, 120, 40, True, False, 1),
    _Row(3, 240, 80, False, True, 2),
    _Row(3, 200, 80, False, True, 1),
    _Row(3, 184, 80, False, True, 1),
    _Row(3, 184, 80, False, True, 1),
    _Row(3, 480, 112, True, True, 1),
    _Row(3, 672, 112, True, True, 1),
    _Row(5, 672, 160, True, True, 2),
    _Row(5, 960, 160, True, True, 1),
    _Row(5, 960, 160, True, True, 1),
)


def _rounded(n: float, divisor: int = 8) -> int:
    """The nearest multiple of 8, but never less than 90 % of ``n``."""
    rounded = max(divisor, int(n + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * n else rounded


def _convolution(
    n_in: int,
    n_out: int,
    kernel: int,
    *,
    stride: int | tuple[int, int] = 1,
    groups: int = 1,
    act: nn.Layer | None,
) -> nn.Sequential:
    conv = nn.Conv2D(
        n_in, n_out, kernel, stride, padding=kernel // 2, groups=groups, bias_attr=False
    )
    norm = nn.BatchNorm2D(n_out, epsilon=_EPSILON)
    return nn.Sequential(conv, norm, *([act] if act is not None else []))


class _ChannelExcitation(nn.Layer):
    """Scale channels by what their means say."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        n_squeezed = _rounded(n_channels / 4)
        self.fc1 = nn.Linear(n_channels, n_squeezed)
        self.fc2 = nn.Linear(n_squeezed, n_channels)

    def forward(self, x: Tensor) -> Tensor:
        means = functional.adaptive_avg_pool2d(x, 1)
        scale = functional.sigmoid(self.fc2(functional.relu(self.fc1(means.flatten(1)))))
        return x * scale.unsqueeze([2, 3])


class _Excitation(nn.Layer):
    """Holds the one excitation under the name that the checkpoints give it."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.conc_se_layers = nn.LayerList([_ChannelExcitation(n_channels)])

    def forward(self, x: Tensor) -> Tensor:
        return self.conc_se_layers[0](x)


class _InvertedResidual(nn.Layer):
    """Expand, filter each channel, excite, project.

    Args:
        n_in: Channels that come in.
        row: Its row of the table.
        width: Multiplier of all channel counts.
        stride: Steps in frequency and time.
    """

    def __init__(self, n_in: int, row: _Row, width: float, stride: tuple[int, int]) -> None:
        super().__init__()
        expanded, n_out = _rounded(row.expanded * width), _rounded(row.n_out * width)
        act = nn.Hardswish if row.hard_swish else nn.ReLU
        layers: list[nn.Layer] = []
        if expanded != n_in:
            layers.append(_convolution(n_in, expanded, 1, act=act()))
        layers.append(
            _convolution(expanded, expanded, row.kernel, stride=stride, groups=expanded, act=act())
        )
        if row.excite:
            layers.append(_Excitation(expanded))
        layers.append(_convolution(expanded, n_out, 1, act=None))
        self.block = nn.Sequential(*layers)
        self._residual = stride == (1, 1) and n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        y = self.block(x)
        return x + y if self._residual else y


def trunk(width: float, strides: Sequence[tuple[int, int]]) -> tuple[nn.Sequential, int]:
    """The convolutions, and how many channels come out of them.

    Args:
        width: Multiplier of all channel counts.
        strides: Steps in frequency and time of each row of ``TABLE``.
    """
    n = _rounded(16 * width)
    layers: list[nn.Layer] = [_convolution(1, n, 3, stride=2, act=nn.Hardswish())]
    for row, stride in zip(TABLE, strides, strict=True):
        layers.append(_InvertedResidual(n, row, width, stride))
        n = _rounded(row.n_out * width)
    layers.append(_convolution(n, 6 * n, 1, act=nn.Hardswish()))
    return nn.Sequential(*layers), 6 * n


class MobileNet(nn.Layer):
    """Mel features in, scores out.

    Args:
        width: Multiplier of all channel counts: 0.4 for ``mn04``.
        n_classes: Number of classes.
        extract_embedding: Return the embedding instead of the scores.
    """

    def __init__(self, width: float, n_classes: int = 527, extract_embedding: bool = False) -> None:
        super().__init__()
        self.extract_embedding = extract_embedding
        self.features, n = trunk(width, [(row.stride, row.stride) for row in TABLE])
        hidden = _rounded(1280 * width)
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(n, hidden), nn.Hardswish(),
            nn.Dropout(0.2), nn.Linear(hidden, n_classes),
        )  # fmt: skip

    def forward(self, mel: Tensor) -> Tensor:
        """From mel to scores.

        Args:
            mel: ``[batch, 1, 128, n_frames]``.

        Returns:
            Scores in [0, 1], ``[batch, n_classes]``, or the embedding, ``[batch, 1280 width]``.
        """
        *layers, last = self.classifier
        embedding = self.features(mel)
        for layer in layers:
            embedding = layer(embedding)
        return embedding if self.extract_embedding else functional.sigmoid(last(embedding))
