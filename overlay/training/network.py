"""The network of ``tagging.networks.builtin`` in PyTorch: same names, same answers, logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from overlay.tagging.networks.builtin import (
    DILATIONS,
    N_BANDS_LEFT,
    N_HEADS,
    N_HIDDEN,
    N_KEYS,
    REACH,
    STEM,
    WIDTH,
)


class Student(nn.Module):
    """Log-mel in, a logit of each class every 80 ms out.

    Args:
        n_classes: Number of classes.
        dropout: Of the features before and inside the last layers.
    """

    def __init__(self, n_classes: int = 527, dropout: float = 0.2) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in = 1
        for row in STEM:
            layers.append(_Convolution(n_in, row.width, row.kernel, row.stride, row.residual))
            n_in = row.width
        self.stem = nn.Sequential(*layers)
        self.bands = _Convolution(n_in, WIDTH, (N_BANDS_LEFT, 1), padded=False)
        self.time = nn.ModuleList(
            [_Convolution(WIDTH, WIDTH, (1, 3), residual=True, dilation=d) for d in DILATIONS]
        )
        self.look = _Look()
        self.hidden = nn.Linear(2 * WIDTH, N_HIDDEN)
        self.output = nn.Linear(N_HIDDEN, n_classes)
        self._drop_channels, self._drop = nn.Dropout2d(dropout / 2), nn.Dropout(dropout)

    def forward(self, mel: Tensor) -> Tensor:
        """From mel, ``[batch, 1, 128, n_frames]``, to logits, ``[batch, n_moments, n_classes]``."""
        x = self._drop_channels(self.bands(self.stem(mel)))
        for block in self.time:
            x = block(x)
        x = x.squeeze(2).transpose(1, 2)
        x = torch.cat([x, self.look(x)], dim=2)
        return self.output(self._drop(torch.relu(self.hidden(self._drop(x)))))


class _Convolution(nn.Module):
    """Convolution, normalisation and rectifier, perhaps beside a way around."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        residual: bool = False,
        *,
        padded: bool = True,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        reach = (kernel[0] // 2, kernel[1] // 2 * dilation) if padded else (0, 0)
        self.conv = nn.Conv2d(n_in, n_out, kernel, stride, reach, (1, dilation), bias=False)
        self.norm = nn.BatchNorm2d(n_out)
        self._residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.conv(x)))
        return x + y if self._residual else y


class _Look(nn.Module):
    """What moments like this one, and those around it, are like: attention over the stretch.

    How far a head looks is learnt: a bias for each distance, at first a slope to both sides.
    """

    def __init__(self) -> None:
        super().__init__()
        self.queries, self.keys = (nn.Linear(WIDTH, N_HEADS * N_KEYS) for _ in range(2))
        self.values = nn.Linear(WIDTH, WIDTH)
        distances = torch.arange(-REACH, REACH + 1).abs() * 0.08
        slopes = 2.0 ** -torch.arange(N_HEADS)
        self.distance = nn.Parameter(-slopes[:, None] * distances)

    def forward(self, x: Tensor) -> Tensor:
        n, length, _ = x.shape
        q, k, v = (
            part(x).view(n, length, N_HEADS, -1).transpose(1, 2)
            for part in (self.queries, self.keys, self.values)
        )
        steps = torch.arange(length, device=x.device)
        apart = (steps[None] - steps[:, None]).clamp(-REACH, REACH) + REACH
        match = q @ k.transpose(2, 3) / N_KEYS**0.5 + self.distance[:, apart]
        return (torch.softmax(match, dim=3) @ v).transpose(1, 2).reshape(n, length, -1)
