"""EfficientAT's MobileNetV3 taggers (``mn04``: width 0.4).

Source:
    Schmid, Koutini, Widmer, "Efficient Large-Scale Audio Tagging via Transformer-to-CNN Knowledge
    Distillation", ICASSP 2023, arXiv:2211.04772; Howard et al., "Searching for MobileNetV3",
    arXiv:1905.02244, table 1 (large). Parameter names as in the published checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import paddle
from paddle import Tensor, nn
from paddle.nn import functional as F

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


_TABLE = (
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
    n_in: int, n_out: int, kernel: int, *, stride: int = 1, groups: int = 1, act: nn.Layer | None
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
        scale = F.sigmoid(self.fc2(F.relu(self.fc1(x.mean(axis=[2, 3])))))
        return x * scale.unsqueeze([2, 3])


class _Excitation(nn.Layer):
    """Holds the one excitation under the name that the checkpoints give it."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.conc_se_layers = nn.LayerList([_ChannelExcitation(n_channels)])

    def forward(self, x: Tensor) -> Tensor:
        return self.conc_se_layers[0](x)


class _InvertedResidual(nn.Layer):
    """Expand, filter each channel, excite, project."""

    def __init__(self, n_in: int, row: _Row, width: float) -> None:
        super().__init__()
        expanded, n_out = _rounded(row.expanded * width), _rounded(row.n_out * width)
        act = nn.Hardswish if row.hard_swish else nn.ReLU
        layers: list[nn.Layer] = []
        if expanded != n_in:
            layers.append(_convolution(n_in, expanded, 1, act=act()))
        layers.append(
            _convolution(
                expanded, expanded, row.kernel, stride=row.stride, groups=expanded, act=act()
            )
        )
        if row.excite:
            layers.append(_Excitation(expanded))
        layers.append(_convolution(expanded, n_out, 1, act=None))
        self.block = nn.Sequential(*layers)
        self._residual = row.stride == 1 and n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        y = self.block(x)
        return x + y if self._residual else y


class MobileNet(nn.Layer):
    """Mel features in, scores out.

    Args:
        width: Multiplier of all channel counts: 0.4 for ``mn04``.
        n_classes: Number of classes.
    """

    def __init__(self, width: float, n_classes: int = 527) -> None:
        super().__init__()
        n = _rounded(16 * width)
        layers: list[nn.Layer] = [_convolution(1, n, 3, stride=2, act=nn.Hardswish())]
        for row in _TABLE:
            layers.append(_InvertedResidual(n, row, width))
            n = _rounded(row.n_out * width)
        layers.append(_convolution(n, 6 * n, 1, act=nn.Hardswish()))
        self.features = nn.Sequential(*layers)
        hidden = _rounded(1280 * width)
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(6 * n, hidden), nn.Hardswish(),
            nn.Dropout(0.2), nn.Linear(hidden, n_classes),
        )  # fmt: skip

    def forward(self, mel: Tensor) -> Tensor:
        """From mel, ``[batch, 1, 128, n_frames]``, to scores in [0, 1], ``[batch, n_classes]``."""
        return F.sigmoid(self.classifier(self.features(mel)))


class MelFrontEnd(nn.Layer):
    """Waveform to the mel features that EfficientAT's taggers were trained on.

    Pre-emphasis 0.97, n_fft 1024, window 800 (symmetric Hann), hop 320, centred with reflect
    padding, power spectrum, 128 Kaldi mel bands from 0 to 15000 Hz, (ln(x + 1e-5) + 4.5) / 5.
    """

    def __init__(self) -> None:
        super().__init__()
        window = np.zeros(1024, np.float32)
        window[112:912] = np.hanning(800)
        self.register_buffer("_window", paddle.to_tensor(window), persistable=False)
        bands = paddle.to_tensor(_kaldi_bands(32000, 1024, 128, 0.0, 15000.0))
        self.register_buffer("_bands", bands, persistable=False)

    def forward(self, windows: Tensor) -> Tensor:
        """From ``[batch, n_samples]`` at 32 kHz to ``[batch, 1, 128, n_frames]``."""
        emphasized = windows[:, 1:] - 0.97 * windows[:, :-1]
        spectrum = paddle.signal.stft(
            emphasized, 1024, hop_length=320, window=self._window, pad_mode="reflect"
        )
        power = spectrum.real() ** 2 + spectrum.imag() ** 2
        mel = paddle.matmul(self._bands, power)
        return ((paddle.log(mel + 1e-5) + 4.5) / 5).unsqueeze(1)


def _kaldi_bands(
    sample_rate: int, n_fft: int, n_bands: int, low_hz: float, high_hz: float
) -> npt.NDArray[np.float32]:
    """Triangles that are equally spaced and straight on the mel scale, ``[n_bands, n_fft/2 + 1]``.

        mel(f) = 1127 ln(1 + f / 700)

    Source:
        Kaldi ``feat/mel-computations.cc``.
    """

    def mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return 1127.0 * np.log(1.0 + np.asarray(hz, np.float64) / 700.0)

    edges = np.linspace(mel(low_hz), mel(high_hz), n_bands + 2)
    step = edges[1] - edges[0]
    bins = mel(np.arange(n_fft // 2 + 1) * sample_rate / n_fft)
    rising = (bins[None] - edges[:-2, None]) / step
    falling = (edges[2:, None] - bins[None]) / step
    bands = np.maximum(0.0, np.minimum(rising, falling))
    bands[:, -1] = 0  # Kaldi leaves out the Nyquist bin
    return bands.astype(np.float32)
