"""CNN14, CNN10 and CNN6 in PyTorch, layer by layer as the original, for comparison only."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTHS = {
    "cnn14": (64, 128, 256, 512, 1024, 2048),
    "cnn10": (64, 128, 256, 512),
    "cnn6": (64, 128, 256, 512),
}


class Block(nn.Module):
    """One 5x5 or two 3x3 convolutions, normalised and rectified, then average pooling."""

    def __init__(self, n_in: int, n_out: int, *, wide: bool) -> None:
        super().__init__()
        size = 5 if wide else 3
        self.conv1 = nn.Conv2d(n_in, n_out, size, padding=size // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.wide = wide
        if not wide:
            self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor, pool: int) -> Tensor:
        """``[batch, n_in, time, mel]`` to ``[batch, n_out, time / pool, mel / pool]``."""
        x = functional.relu(self.bn1(self.conv1(x)))
        if not self.wide:
            x = functional.relu(self.bn2(self.conv2(x)))
        return functional.avg_pool2d(x, pool) if pool > 1 else x


class Panns(nn.Module):
    """Log-mel in, scores out.

    Args:
        name: ``cnn14``, ``cnn10`` or ``cnn6``.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        widths = _WIDTHS[name]
        self.bn0 = nn.BatchNorm2d(64)
        for number, (n_in, n_out) in enumerate(zip((1, *widths), widths, strict=False), start=1):
            self.add_module(f"conv_block{number}", Block(n_in, n_out, wide=name == "cnn6"))
        self.pools = (2, 2, 2, 2, 2, 1)[: len(widths)]
        self.fc1 = nn.Linear(widths[-1], widths[-1])
        self.fc_audioset = nn.Linear(widths[-1], 527)

    def forward(self, logmel: Tensor) -> Tensor:
        """``[batch, 1, n_frames, 64]`` to ``[batch, 527]``."""
        x = self.bn0(logmel.transpose(1, 3)).transpose(1, 3)
        for number, pool in enumerate(self.pools, start=1):
            x = getattr(self, f"conv_block{number}")(x, pool)
        x = x.mean(dim=3)
        x = x.amax(dim=2) + x.mean(dim=2)
        return torch.sigmoid(self.fc_audioset(functional.relu(self.fc1(x))))
