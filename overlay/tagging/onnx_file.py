"""What an ONNX file says of itself, looked at before a runtime opens it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from overlay.errors import CheckpointError, TaggerError

ONNX_SUFFIX = ".onnx"
ACTIVATIONS = ("none", "sigmoid", "softmax")
"""What is still to be done to the outputs to make scores of them."""
_HELD: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}  # fmt: skip
"""What each part of a model holds, by the numbers of its fields, on the way to its weights.

Source:
    github.com/onnx/onnx, ``onnx/onnx.proto3``.
"""
_MOST_BITS = 70


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
        CheckpointError: It does, or it is damaged.
    """
    folder = path.resolve().parent
    try:
        for name in _external_files(content):
            if "\0" in name or not (folder / name).resolve().is_relative_to(folder):
                raise CheckpointError("keeps weights in a file outside its folder", path=path)
    except (ValueError, IndexError, OSError) as error:
        raise CheckpointError("cannot be opened as an ONNX model: is damaged", path=path) from error


def _external_files(content: bytes) -> Iterator[str]:
    """The files that the tensors of a model name, wherever in it they are."""
    parts = [("model", memoryview(content))]
    while parts:
        kind, part = parts.pop()
        if kind == "entry":
            entry = {number: bytes(value) for number, value in _fields(part)}
            if entry.get(1) == b"location":
                yield entry.get(2, b"").decode()
        else:
            held = _HELD[kind]
            parts += [(held[number], each) for number, each in _fields(part) if number in held]


def _fields(part: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of the fields that have a length; numbers are passed over.

    Raises:
        ValueError: The part is damaged.
        IndexError: It ends too early.

    Source:
        https://protobuf.dev/programming-guides/encoding/
    """
    place = 0
    while place < len(part):
        tag, place = _varint(part, place)
        kind = tag & 7
        if kind == 0:
            _, place = _varint(part, place)
            continue
        if kind not in (1, 2, 5):
            raise ValueError(f"a field of the kind {kind}")
        length, place = _varint(part, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
        if place + length > len(part):
            raise ValueError("a field ends behind its part")
        if kind == 2:
            yield tag >> 3, part[place : place + length]
        place += length


def _varint(part: memoryview, place: int) -> tuple[int, int]:
    """A number, seven bits a byte, the lowest first; and the place behind it."""
    value = 0
    for shift in range(0, _MOST_BITS, 7):
        byte = part[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("a number is too long")


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
