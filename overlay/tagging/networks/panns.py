"""PANNs: CNN14, CNN10 and CNN6.

Source:
    Kong et al., "PANNs: Large-Scale Pretrained Audio Neural Networks for Audio Pattern
    Recognition", arXiv:1912.10211; parameter names as in PaddleAudio's ``models/panns.py``.
"""

from __future__ import annotations

from paddle import Tensor, nn
from paddle.nn import functional

from overlay.tagging.engines.window_sharing import ARCHITECTURES

N_CLASSES = 527


class _DoubleBlock(nn.Layer):
    """Two 3x3 convolutions, each normalised and rectified, then average pooling."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2D(n_in, n_out, 3, padding=1, bias_attr=False)
        self.conv2 = nn.Conv2D(n_out, n_out, 3, padding=1, bias_attr=False)
        self.bn1 = nn.BatchNorm2D(n_out)
        self.bn2 = nn.BatchNorm2D(n_out)

    def forward(self, x: Tensor, pool: int) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.relu(self.bn2(self.conv2(x)))
        return functional.avg_pool2d(x, pool) if pool > 1 else x


class _WideBlock(nn.Layer):
    """One 5x5 convolution, normalised and rectified, then average pooling."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2D(n_in, n_out, 5, padding=2, bias_attr=False)
        self.bn1 = nn.BatchNorm2D(n_out)

    def forward(self, x: Tensor, pool: int) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        return functional.avg_pool2d(x, pool) if pool > 1 else x


class _Panns(nn.Layer):
    """Log-mel in, scores or embedding out.

    Args:
        block: Kind of convolution block.
        widths: Channels of each block.
        pools: Pooling behind each block.
        extract_embedding: Return the embedding instead of the scores.
        n_classes: Number of classes.
    """

    def __init__(
        self,
        block: type[_DoubleBlock] | type[_WideBlock],
        widths: tuple[int, ...],
        pools: tuple[int, ...],
        extract_embedding: bool,
        n_classes: int,
    ) -> None:
        super().__init__()
        self.extract_embedding = extract_embedding
        self._pools = pools
        self.bn0 = nn.BatchNorm2D(64)
        for number, (n_in, n_out) in enumerate(zip((1, *widths), widths, strict=False), start=1):
            self.add_sublayer(f"conv_block{number}", block(n_in, n_out))
        self.fc1 = nn.Linear(widths[-1], widths[-1])
        self.fc_audioset = nn.Linear(widths[-1], n_classes)

    def forward(self, logmel: Tensor) -> Tensor:
        """From log-mel to scores.

        Args:
            logmel: dB, ``[batch, 1, n_frames, 64]``.

        Returns:
            Scores in [0, 1], ``[batch, n_classes]``, or the embedding, ``[batch, width]``.
        """
        x = self.bn0(logmel.transpose([0, 3, 2, 1])).transpose([0, 3, 2, 1])
        for number in range(len(self._pools)):
            x = getattr(self, f"conv_block{number + 1}")(x, self._pools[number])
        x = functional.adaptive_avg_pool2d(x, (None, 1)).squeeze(3)
        x = x.max(axis=2) + functional.adaptive_avg_pool1d(x, 1).squeeze(2)
        embedding = functional.relu(self.fc1(x))
        if self.extract_embedding:
            return embedding
        return functional.sigmoid(self.fc_audioset(embedding))


def cnn14(extract_embedding: bool = False, n_classes: int = N_CLASSES) -> nn.Layer:
    """CNN14: 80.8 M parameters, embedding 2048.

    Args:
        extract_embedding: Return the embedding instead of the scores.
        n_classes: Number of classes.
    """
    pools = (2, 2, 2, 2, 2, 1)
    return _Panns(_DoubleBlock, _widths("cnn14"), pools, extract_embedding, n_classes)


def cnn10(extract_embedding: bool = False, n_classes: int = N_CLASSES) -> nn.Layer:
    """CNN10: 5.2 M parameters, embedding 512; see ``cnn14``."""
    return _Panns(_DoubleBlock, _widths("cnn10"), (2, 2, 2, 2), extract_embedding, n_classes)


def cnn6(extract_embedding: bool = False, n_classes: int = N_CLASSES) -> nn.Layer:
    """CNN6: 4.8 M parameters, embedding 512; see ``cnn14``."""
    return _Panns(_WideBlock, _widths("cnn6"), (2, 2, 2, 2), extract_embedding, n_classes)


def _widths(name: str) -> tuple[int, ...]:
    return ARCHITECTURES[name][1]
