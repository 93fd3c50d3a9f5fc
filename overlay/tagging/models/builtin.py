"""The tagger that ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from overlay.tagging.frontends import MelFrontEnd
from overlay.tagging.spec import PlainNetwork, Spec, Weights


def _plain(path: Path, n_classes: int, *, extract_embedding: bool) -> PlainNetwork:
    from overlay.tagging.networks.builtin import Builtin

    return Builtin(path, n_classes, extract_embedding=extract_embedding)


def _network(**options: Any) -> Any:
    from overlay.tagging.networks.student import Student

    return Student(**options)


SPEC = Spec(
    name="builtin",
    parameters=1.5,
    mean_average_precision=None,
    weights=Weights(
        file="builtin.npz",
        url=None,
        digest="sha256:3000f9a0a7811f8a664bea4118b9657828206a2460b49e56f8610b6cd43fbd77",
        licence="Apache-2.0",
        megabytes=3,
    ),
    front_ends={"own": MelFrontEnd},
    network=_network,
    last_layer="output.bias",
    plain=_plain,
)
