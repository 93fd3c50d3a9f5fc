"""What an ONNX file says of itself, looked at before a runtime opens it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from overlay.errors import CheckpointError, TaggerError

ONNX_SUFFIX = ".onnx"
ACTIVATIONS = ("none", "sigmoid", "softmax")
"""What is still to be done to the outputs to make scores of them."""
_LOCATION = b"\x0a\x08location\x12"
"""Begins an entry of ``external_data`` that names a file: key 1 is ``location``, key 2 follows."""
_MAX_NAME = 0x7F


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """How a model is fed, from its metadata.

    Attributes:
        sample_rate: Samples per second of the waveform.
        window_s: Seconds of a window; ``None`` where the settings decide.
        hop_s: Seconds between two windows; ``None`` where the settings decide.
        labels: Names of the classes; empty where the file has none.
        activation: One of ``ACTIVATIONS``.
    """

    sample_rate: int
    window_s: float | None
    hop_s: float | None
    labels: tuple[str, ...]
    activation: str


def facts_of(metadata: Mapping[str, str], path: Path) -> OnnxFacts:
    """Read ``sample_rate``, ``window_s``, ``hop_s``, ``labels`` and ``activation``.

    Labels are a JSON list, or one name a line.

    Raises:
        CheckpointError: The rate is missing, or a value cannot be meant.
    """
    if "sample_rate" not in metadata:
        raise CheckpointError(
            "its metadata does not say 'sample_rate' (samples per second of its input); write it "
            "into the file's metadata_props",
            path=path,
        )
    activation = metadata.get("activation", "sigmoid")
    if activation not in ACTIVATIONS:
        raise CheckpointError(
            f"activation {activation!r} is none of {', '.join(ACTIVATIONS)}", path=path
        )
    return OnnxFacts(
        round(_number(metadata, "sample_rate", 1000, 384_000, path) or 0),
        _number(metadata, "window_s", 0.1, 60, path),
        _number(metadata, "hop_s", 0.01, 60, path),
        _labels(metadata.get("labels", ""), path),
        activation,
    )


def _number(
    metadata: Mapping[str, str], key: str, low: float, high: float, path: Path
) -> float | None:
    if key not in metadata:
        return None
    try:
        value = float(metadata[key])
    except ValueError:
        value = float("nan")
    if not low <= value <= high:  # also catches NaN
        raise CheckpointError(f"its {key} is not a number from {low:g} to {high:g}", path=path)
    return value


def _labels(text: str, path: Path) -> tuple[str, ...]:
    if not text.lstrip().startswith("["):
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    try:
        labels = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError("its labels are no JSON list", path=path) from error
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise CheckpointError("its labels are no list of texts", path=path)
    return tuple(labels)


def check_external(content: bytes, path: Path) -> None:
    """Refuse a model that names files outside its own folder.

    Raises:
        CheckpointError: It does.
    """
    folder = path.resolve().parent
    start = content.find(_LOCATION)
    while start >= 0:
        begin = start + len(_LOCATION) + 1
        length = content[begin - 1] if begin <= len(content) else 0
        name = content[begin : begin + length].decode("utf-8", "replace")
        outside = not (folder / name).resolve().is_relative_to(folder)
        if length > _MAX_NAME or "\0" in name or outside:
            raise CheckpointError("keeps weights in a file outside its folder", path=path)
        start = content.find(_LOCATION, begin)


def import_onnxruntime() -> object:
    """The ``onnxruntime`` module.

    Raises:
        TaggerError: It is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise TaggerError(
            "ONNX models need onnxruntime; install it with: pip install 'tag-overlay[onnx]'"
        ) from error
    module: object = onnxruntime
    return module
