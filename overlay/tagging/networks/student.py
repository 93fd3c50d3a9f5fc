"""The network of the tagger that ships: small enough for any laptop and any repository.

Two strided 3x3-and-larger convolutions make 16 bands of 25 steps out of log-mel, one convolution
takes all bands in at once, residual convolutions look along time, mean and maximum over time feed
one hidden layer. ``overlay.training`` has its twin in PyTorch, with the same names.
"""

from __future__ import annotations

import paddle
from paddle import Tensor, nn
from paddle.nn import functional

from overlay.tagging.networks.builtin import (
    N_BANDS_LEFT,
    N_HIDDEN,
    N_TIME_BLOCKS,
    STEM_WIDTHS,
    WIDTH,
)

__all__ = ["N_BANDS_LEFT", "N_HIDDEN", "N_TIME_BLOCKS", "STEM_WIDTHS", "WIDTH", "Student"]


class Student(nn.Layer):
    """Mel features in, scores out.

    Args:
        n_classes: Number of classes.
        extract_embedding: Return the embedding instead of the scores.
    """

    def __init__(self, n_classes: int = 527, extract_embedding: bool = False) -> None:
        super().__init__()
        self.extract_embedding = extract_embedding
        first, second = STEM_WIDTHS
        self.stem = nn.Sequential(
            _convolution(1, first, (5, 5), stride=4), _convolution(first, second, (3, 3), stride=2)
        )
        self.bands = _convolution(second, WIDTH, (N_BANDS_LEFT, 1), padding=0)
        self.time = nn.LayerList([_convolution(WIDTH, WIDTH, (1, 3)) for _ in range(N_TIME_BLOCKS)])
        self.hidden = nn.Linear(2 * WIDTH, N_HIDDEN)
        self.output = nn.Linear(N_HIDDEN, n_classes)

    def forward(self, mel: Tensor) -> Tensor:
        """From mel to scores.

        Args:
            mel: ``[batch, 1, 128, n_frames]``.

        Returns:
            Scores in [0, 1], ``[batch, n_classes]``, or the embedding, ``[batch, 512]``.
        """
        x = self.bands(self.stem(mel))
        for block in self.time:
            x = x + block(x)
        x = x.squeeze(2)
        mean = functional.adaptive_avg_pool1d(x, 1).squeeze(2)
        x = paddle.concat([mean, x.max(axis=2)], axis=1)
        embedding = functional.relu(self.hidden(x))
        if self.extract_embedding:
            return embedding
        return functional.sigmoid(self.output(embedding))


def _convolution(
    n_in: int, n_out: int, kernel: tuple[int, int], *, stride: int = 1, padding: int | None = None
) -> nn.Sequential:
    same = (kernel[0] // 2, kernel[1] // 2)
    conv = nn.Conv2D(
        n_in, n_out, kernel, stride, same if padding is None else padding, bias_attr=False
    )
    return nn.Sequential(conv, nn.BatchNorm2D(n_out), nn.ReLU())
