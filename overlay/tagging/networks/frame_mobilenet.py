"""PretrainedSED's frame_mn taggers: a MobileNet that keeps time, with a score every 40 ms.

Source:
    Schmid et al., "Effective Pre-Training of Audio Transformers for Sound Event Detection", ICASSP
    2025, arXiv:2409.09546; names and strides as in github.com/fschmid56/PretrainedSED at 1aa47e4.
"""

from __future__ import annotations

from paddle import Tensor, nn
from paddle.nn import functional

from overlay.tagging.networks.mobilenet import trunk

_STRIDES = (
    (1, 1), (2, 2), (2, 1), (1, 1), (1, 1), (2, 1), (1, 1), (2, 1), (1, 1), (1, 1), (2, 1),
    (1, 1), (1, 1), (1, 1), (2, 1),
)  # fmt: skip
"""Steps in frequency and time; the first convolution steps by two in both."""


class _Named(nn.Layer):
    """A layer under the name that the checkpoints give it."""

    def __init__(self, **layers: nn.Layer) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_sublayer(name, layer)


class FrameMobileNet(nn.Layer):
    """Mel features in, scores of frames out.

    Args:
        width: Multiplier of all channel counts: 0.6 or 1.0.
        n_classes: Number of classes.
        extract_embedding: Return what the last layer sees instead of the scores.
    """

    def __init__(self, width: float, n_classes: int = 447, extract_embedding: bool = False) -> None:
        super().__init__()
        self.extract_embedding = extract_embedding
        features, n = trunk(width, _STRIDES)
        self.model = _Named(frame_mn=_Named(features=features))
        self.strong_head = nn.Linear(n, n_classes)

    def forward(self, mel: Tensor) -> Tensor:
        """From mel to scores.

        Args:
            mel: ``[batch, 1, 128, n_frames]``.

        Returns:
            Scores in [0, 1], ``[batch, n_frames / 4, n_classes]``, or embeddings,
            ``[batch, n_frames / 4, 576 or 960]``.
        """
        maps = self.model.frame_mn.features(mel)
        embedding = maps.squeeze(2).transpose([0, 2, 1])
        return embedding if self.extract_embedding else functional.sigmoid(self.logits(embedding))

    def logits(self, embedding: Tensor) -> Tensor:
        """From embeddings to logits, ``[batch, n, n_classes]``."""
        return self.strong_head(embedding)
