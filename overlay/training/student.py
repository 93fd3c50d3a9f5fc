"""The twin of ``overlay.tagging.student`` in PyTorch: same names, same answers, logits out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from overlay.tagging.student import N_HIDDEN, WIDTHS


class Student(nn.Module):
    """See ``overlay.tagging.student.Student``."""

    def __init__(self, n_classes: int = 527) -> None:
        super().__init__()
        layers: list[nn.Module] = []
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
    def _convolution(n_in: int, n_out: int, stride: int) -> list[nn.Module]:
        conv = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        return [conv, nn.BatchNorm2d(n_out), nn.ReLU()]

    def forward(self, mel: Tensor) -> Tensor:
        """From mel, ``[batch, 1, 128, n_frames]``, to logits, ``[batch, n_classes]``."""
        ramp = torch.linspace(-1, 1, 128, device=mel.device).reshape(1, 1, 128, 1).expand_as(mel)
        x = self.features(torch.cat([mel, ramp], dim=1)).mean(dim=2)
        x = x.mean(dim=2) + x.amax(dim=2)
        return self.output(torch.relu(self.hidden(x)))
