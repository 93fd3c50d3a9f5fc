"""The PANNs: CNN14, CNN10, CNN6.

Source:
    https://zenodo.org/records/3987831 (weights, mAP); PaddleAudio's conversions have the names
    ``panns_cnn14.pdparams`` and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overlay.tagging.frontends import FrontEnd, PaddleAudioFrontEnd, PannsFrontEnd
from overlay.tagging.spec import Spec, Weights

_RECORD = "https://zenodo.org/record/3987831/files/"
_FRONT_ENDS: dict[str, Callable[[], FrontEnd]] = {
    "own": PannsFrontEnd,
    "paddleaudio": PaddleAudioFrontEnd,
}


def _spec(name: str, millions: float, file: str, digest: str | None, megabytes: float) -> Spec:
    """One of them; the file's name holds its mAP."""

    def network(**options: Any) -> Any:
        from overlay.tagging.networks import panns

        return getattr(panns, name)(**options)

    precision = float(file.removesuffix(".pth").partition("mAP=")[2])
    url = f"{_RECORD}{file.replace('=', '%3D')}?download=1"
    weights = Weights(file, url, digest, "CC BY 4.0", megabytes)
    return Spec(
        name, millions, precision, weights, _FRONT_ENDS, network, "fc_audioset.bias", shares=True
    )


SPECS = (
    _spec(
        "cnn14", 80.8, "Cnn14_mAP=0.431.pth", "md5:541141fa2ee191a88f24a3219fff024e", megabytes=327
    ),
    _spec(
        "cnn10", 5.2, "Cnn10_mAP=0.380.pth", "md5:bfb1f1f9968938fa8ef4012b8471f5f6", megabytes=25
    ),
    _spec("cnn6", 4.8, "Cnn6_mAP=0.343.pth", None, megabytes=24),
)
