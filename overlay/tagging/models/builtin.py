"""The tagger that ships: a score every 80 ms, in NumPy."""

from __future__ import annotations

from overlay.tagging.frontends import MelFrontEnd
from overlay.tagging.spec import Spec, Weights

SPEC = Spec(
    name="builtin",
    parameters=2.1,
    mean_average_precision=None,
    weights=Weights(
        file="builtin.npz",
        url=None,
        digest="sha256:d711a1bed8e7e3c15cf087858fabf6604b5c0455b1591093b5a0101a0b376eb3",
        licence="Apache-2.0",
        megabytes=4,
    ),
    front_ends={"own": MelFrontEnd},
    network=None,
    last_layer="output.bias",
)
