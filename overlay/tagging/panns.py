"""The PANNs by the names that PaddleAudio gives them, as in its example.

>>> from overlay.tagging.panns import cnn14                       # doctest: +SKIP
>>> network = cnn14(pretrained=True, extract_embedding=False)     # doctest: +SKIP
"""

from overlay.tagging.networks.panns import cnn6, cnn10, cnn14

__all__ = ["cnn6", "cnn10", "cnn14"]
