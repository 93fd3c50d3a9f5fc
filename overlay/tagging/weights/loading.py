"""Putting the arrays of a checkpoint into a Paddle network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from paddle import nn

from overlay.tagging.weights.checkpoint import Array, check_arrays, read_arrays, renamed


def load_into(net: nn.Layer, path: str | Path, unused: tuple[str, ...] = ()) -> None:
    """Load a Paddle or PyTorch checkpoint, whichever it is.

    Args:
        net: Where its parameters go.
        path: The checkpoint.
        unused: Beginnings of the names of parameters that it may hold and the network has not.

    Raises:
        CheckpointError: It cannot be read, or does not fit the network in every name and shape.
    """
    arrays = in_paddle_layout(read_arrays(path), net)
    arrays = {name: array for name, array in arrays.items() if not name.startswith(unused)}
    expected = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    check_arrays(arrays, expected, path)
    net.set_state_dict({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def in_paddle_layout(arrays: dict[str, Array], net: nn.Layer) -> dict[str, Array]:
    """Parameters by Paddle's names and layout."""
    linear = {
        f"{name}.weight" for name, layer in net.named_sublayers() if isinstance(layer, nn.Linear)
    }
    return renamed(arrays, linear)
