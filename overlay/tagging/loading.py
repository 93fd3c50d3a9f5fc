"""Putting the arrays of a checkpoint into a Paddle network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from paddle import nn

from overlay.tagging.checkpoint import Array, check_arrays, read_arrays

_RENAMED = {"running_mean": "_mean", "running_var": "_variance"}
_NOT_PARAMETERS = ("spectrogram_extractor.", "logmel_extractor.")


def load_into(net: nn.Layer, path: str | Path) -> None:
    """Load a Paddle or PyTorch checkpoint, whichever it is.

    Raises:
        CheckpointError: It cannot be read, or does not fit the network in every name and shape.
    """
    arrays = in_paddle_layout(read_arrays(path), net)
    expected = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    check_arrays(arrays, expected, path)
    net.set_state_dict({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def in_paddle_layout(arrays: dict[str, Array], net: nn.Layer) -> dict[str, Array]:
    """Parameters by Paddle's names and layout.

    PyTorch's running statistics are renamed, its counters and spectrogram layers dropped, and the
    weights of linear layers transposed: by the kind of layer, since a square one tells nothing.
    """
    if not any(name.endswith(".running_mean") for name in arrays):
        return {name: array for name, array in arrays.items() if array.ndim}
    linear = _linear_weights(net)
    converted = {}
    for name, array in arrays.items():
        stem, _, leaf = name.rpartition(".")
        if leaf == "num_batches_tracked" or name.startswith(_NOT_PARAMETERS):
            continue
        key = f"{stem}.{_RENAMED.get(leaf, leaf)}"
        converted[key] = array.T if key in linear else array
    return converted


def _linear_weights(net: Any) -> set[str]:
    return {
        f"{name}.weight" for name, layer in net.named_sublayers() if isinstance(layer, nn.Linear)
    }
