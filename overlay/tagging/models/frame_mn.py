"""PretrainedSED's frame-level taggers: a score every 40 ms for AudioSet Strong's 447 classes.

The published files were not at hand: loading them is tested on files of the same names and shapes.

Source:
    https://github.com/fschmid56/PretrainedSED, release v0.0.1; trained on 10 s at a time.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from overlay.tagging.frontends import FrameMelFrontEnd
from overlay.tagging.spec import FrameGeometry, Spec, Weights
from overlay.vocabulary.audioset_strong import audioset_strong

_RELEASE = "https://github.com/fschmid56/PretrainedSED/releases/download/v0.0.1/"


def _network(width: float, **options: Any) -> Any:
    from overlay.tagging.networks.frame_mobilenet import FrameMobileNet

    return FrameMobileNet(width, **options)


def _spec(name: str, width: float, millions: float, megabytes: float) -> Spec:
    file = f"{name}_strong_1.pt"
    return Spec(
        name=name,
        parameters=millions,
        mean_average_precision=None,
        weights=Weights(file, f"{_RELEASE}{file}", None, "MIT", megabytes),
        front_ends={"own": FrameMelFrontEnd},
        network=partial(_network, width),
        last_layer="strong_head.bias",
        vocabulary=audioset_strong,
        sample_rate=16000,
        frames=FrameGeometry(frame_s=0.04, stretch_s=10.0, n_joined=3, least_s=0.64),
        unused=("weak_head.",),
    )


SPECS = (_spec("frame_mn06", 0.6, 1.6, 6.6), _spec("frame_mn10", 1.0, 3.8, 15.5))
