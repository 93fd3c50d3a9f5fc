"""The PANNs by the names that PaddleAudio gives them, as in its example.

>>> from overlay.tagging.panns import cnn14                       # doctest: +SKIP
>>> network = cnn14(pretrained=True, extract_embedding=False)     # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlay.tagging.networks import panns
from overlay.tagging.networks.panns import N_CLASSES
from overlay.tagging.weights.loading import load_into
from overlay.tagging.weights.published import fetch

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["cnn6", "cnn10", "cnn14"]


def cnn14(
    pretrained: bool = False, extract_embedding: bool = False, n_classes: int = N_CLASSES
) -> nn.Layer:
    """CNN14: 80.8 M parameters, embedding 2048.

    Args:
        pretrained: Load the published weights, fetched if need be.
        extract_embedding: Return the embedding instead of the scores.
        n_classes: Number of classes.

    Raises:
        DownloadError: The published weights are not here and cannot be fetched.
        CheckpointError: They do not fit the network.
    """
    return _ready(panns.cnn14(extract_embedding, n_classes), "cnn14", pretrained)


def cnn10(
    pretrained: bool = False, extract_embedding: bool = False, n_classes: int = N_CLASSES
) -> nn.Layer:
    """CNN10: 5.2 M parameters, embedding 512; see ``cnn14``."""
    return _ready(panns.cnn10(extract_embedding, n_classes), "cnn10", pretrained)


def cnn6(
    pretrained: bool = False, extract_embedding: bool = False, n_classes: int = N_CLASSES
) -> nn.Layer:
    """CNN6: 4.8 M parameters, embedding 512; see ``cnn14``."""
    return _ready(panns.cnn6(extract_embedding, n_classes), "cnn6", pretrained)


def _ready(network: nn.Layer, name: str, pretrained: bool) -> nn.Layer:
    if pretrained:
        load_into(network, fetch(name))
    network.eval()
    return network
