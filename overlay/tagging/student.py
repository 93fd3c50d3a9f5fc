"""The network of the tagger that ships: a plain CNN, small enough for any laptop.

Five times halve and double: 3x3 convolutions over log-mel and a ramp that tells the band, mean over
the bands, mean plus maximum over time, one hidden layer. ``overlay.training`` has its twin in
PyTorch, with the same names.
"""

from __future__ import annotations

import paddle
from paddle import Tensor, nn
from paddle.nn import functional

WIDTHS = (16, 32, 64, 128, 256)
N_HIDDEN = 512


class Student(nn.Layer):
    """Mel features in, scores out.

    Args:
        n_classes: Number of classes.
    """

    def __init__(self, n_classes: int = 527) -> None:
        super().__init__()
        layers: list[nn.Layer] = []
        n_in = 2
        for stage, width in enumerate(WIDTHS):
            layers += self._convolution(n_in, width, stride=2)
            if stage:
                layers += self._convolution(width, width, stride=1)
            n_in = width
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Linear(n_in, N_HIDDEN)
        self.output = nn.Linear(N_HIDDEN, n_classes)

    @staticmethod
    def _convolution(n_in: int, n_out: int, stride: int) -> list[nn.Layer]:
        conv = nn.Conv2D(n_in, n_out, 3, stride, 1, bias_attr=False)
        return [conv, nn.BatchNorm2D(n_out), nn.ReLU()]

    def forward(self, mel: Tensor) -> Tensor:
        """From mel, ``[batch, 1, 128, n_frames]``, to scores in [0, 1], ``[batch, n_classes]``."""
        ramp = paddle.linspace(-1.0, 1.0, 128).reshape([1, 1, 128, 1])
        x = self.features(paddle.concat([mel, ramp + paddle.zeros_like(mel)], axis=1)).mean(axis=2)
        x = x.mean(axis=2) + x.max(axis=2)
        return functional.sigmoid(self.output(functional.relu(self.hidden(x))))
