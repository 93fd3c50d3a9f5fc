"""The tagger that ships: a score every 80 ms, in NumPy."""

from __future__ import annotations

from overlay.tagging.frontends import MelFrontEnd
from overlay.tagging.spec import Spec, Weights

SPEC = Spec(
    name="builtin",
    parameters=2.3,
    mean_average_precision=None,
    weights=Weights(
        file="builtin.npz",
        url=None,
        digest="sha256:12b242ef82153eb1bbab6c12abf97bd1e38cb677df47ef0c453da51f6f32a6cb",
        licence="Apache-2.0",
        megabytes=4,
    ),
    front_ends={"own": MelFrontEnd},
    network=None,
    last_layer="output.bias",
)
