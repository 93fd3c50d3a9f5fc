"""EfficientAT's smallest MobileNetV3.

Source:
    https://github.com/fschmid56/EfficientAT, release v0.0.1.
"""

from __future__ import annotations

from typing import Any

from overlay.tagging.frontends import MelFrontEnd
from overlay.tagging.spec import Spec, Weights

_RELEASE = "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1/"


def _network(**options: Any) -> Any:
    from overlay.tagging.networks.mobilenet import MobileNet

    return MobileNet(0.4, **options)


SPEC = Spec(
    name="mn04",
    parameters=0.98,
    mean_average_precision=0.432,
    weights=Weights(
        file="mn04_as_mAP_432.pt",
        url=f"{_RELEASE}mn04_as_mAP_432.pt",
        digest="sha256:899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c",
        licence="MIT",
        megabytes=4,
    ),
    front_ends={"own": MelFrontEnd},
    network=_network,
    last_layer="classifier.5.bias",
    best_way="together",
)
