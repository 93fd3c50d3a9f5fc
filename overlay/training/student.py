"""The twin of the Paddle student in PyTorch: same names, same answers, logits out."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from overlay.tagging.networks.student import (
    N_BANDS_LEFT,
    N_HIDDEN,
    N_TIME_BLOCKS,
    STEM_WIDTHS,
    WIDTH,
)
from overlay.tagging.weights.checkpoint import read_arrays


class Student(nn.Module):
    """See ``overlay.tagging.models.student.Student``."""

    def __init__(self, n_classes: int = 527) -> None:
        super().__init__()
        first, second = STEM_WIDTHS
        self.stem = nn.Sequential(
            _convolution(1, first, (5, 5), stride=4), _convolution(first, second, (3, 3), stride=2)
        )
        self.bands = _convolution(second, WIDTH, (N_BANDS_LEFT, 1), padding=(0, 0))
        self.time = nn.ModuleList(
            [_convolution(WIDTH, WIDTH, (1, 3)) for _ in range(N_TIME_BLOCKS)]
        )
        self.hidden = nn.Linear(2 * WIDTH, N_HIDDEN)
        self.output = nn.Linear(N_HIDDEN, n_classes)

    def forward(self, mel: Tensor) -> Tensor:
        """From mel, ``[batch, 1, 128, n_frames]``, to logits, ``[batch, n_classes]``."""
        x = self.bands(self.stem(mel))
        for block in self.time:
            x = x + block(x)
        x = x.squeeze(2)
        x = torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)
        return self.output(torch.relu(self.hidden(x)))


def _convolution(
    n_in: int,
    n_out: int,
    kernel: tuple[int, int],
    *,
    stride: int = 1,
    padding: tuple[int, int] | None = None,
) -> nn.Sequential:
    same = (kernel[0] // 2, kernel[1] // 2)
    conv = nn.Conv2d(n_in, n_out, kernel, stride, same if padding is None else padding, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(n_out), nn.ReLU())


def shipped_state(path: Path) -> dict[str, Tensor]:
    """The twin's state from a file in Paddle's names and layout.

    Raises:
        CheckpointError: The file cannot be read.
    """
    linear = {"hidden.weight", "output.weight"}
    renamed = {"_mean": "running_mean", "_variance": "running_var"}
    state = {}
    for name, array in read_arrays(path).items():
        stem, _, leaf = name.rpartition(".")
        value = torch.tensor(array.T if name in linear else array)
        state[f"{stem}.{renamed.get(leaf, leaf)}"] = value
        if leaf == "_mean":
            state[f"{stem}.num_batches_tracked"] = torch.tensor(0)
    return state
