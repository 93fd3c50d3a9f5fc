"""Reading ``.pdparams``, ``.pth`` and ``.pt`` files without executing what is pickled in them.

A pickle may name any function to call. Here it may only name the few that rebuild arrays, and
each of those is replaced by one of this file's own, which checks sizes and touches nothing else.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from overlay.errors import CheckpointError
from overlay.files import npz, opened
from overlay.files.npz import MOST_BYTES

Array = npt.NDArray[Any]

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_MAX_PICKLE_BYTES = 64 * 1024 * 1024
_MOST_STEPS = 1 << 18
"""Of a pickle; those of real networks have some thousands."""
_RENAMED = {"running_mean": "_mean", "running_var": "_variance"}
_NOT_PARAMETERS = ("spectrogram_extractor.", "logmel_extractor.")
_STORAGE_TYPES = {
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "LongStorage": "<i8",
    "IntStorage": "<i4", "ShortStorage": "<i2", "CharStorage": "|i1", "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}  # fmt: skip


def read_arrays(path: str | Path) -> dict[str, Array]:
    """All arrays of a checkpoint, by name.

    A nested ``model`` or ``state_dict`` is taken instead of the outer dictionary. Entries that are
    no arrays are passed over.

    Args:
        path: PyTorch (zip or legacy) or Paddle checkpoint.

    Raises:
        CheckpointError: The file is missing, is no checkpoint, is damaged, or asks for more than
            arrays.

    Source:
        Layout of the formats: ``torch/serialization.py``, ``paddle/framework/io.py``.
    """
    path = Path(path)
    try:
        entries = _entries(_read(path))
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(f"cannot be read: {error.strerror}", path=path) from error
    except Exception as error:  # a damaged pickle can raise anything
        reason = str(error) or type(error).__name__
        raise CheckpointError(f"is not a usable checkpoint: {reason}", path=path) from error
    arrays = {name: array for name, array in entries if isinstance(array, np.ndarray)}
    if not arrays:
        raise CheckpointError("holds no weights", path=path)
    return arrays


def _read(path: Path) -> Any:
    with opened(path, MOST_BYTES, "the weights", partial(CheckpointError, path=path)) as file:
        start = file.read(4)
        file.seek(0)
        if start == b"PK\x03\x04":
            with zipfile.ZipFile(file) as archive:
                if all(name.endswith(".npy") for name in archive.namelist()):
                    return _read_npz(path)
                return _read_torch_zip(archive)
        return _read_pickles(file, path.stat().st_size)


def _entries(content: Any) -> list[tuple[str, Any]]:
    if not isinstance(content, Mapping):
        raise ValueError("it holds no dictionary of weights")
    for key in ("model", "state_dict"):
        if isinstance(content.get(key), Mapping):
            content = content[key]
    return [(str(name), _as_array(value)) for name, value in content.items()]


def _as_array(value: Any) -> Any:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        value = value[1]  # Paddle saves a tensor as (its name, its array)
    return value.array() if isinstance(value, _PickledArray) else value


# Unpickling


class _Refused(pickle.UnpicklingError):
    """The pickle names something that is not on the list."""


def _check_program(file: Any) -> None:
    """Walk through a pickle without running it: Python's reader takes sizes at their word.

    A place in its memo is a number of any size, and a list of that length is made.
    """
    start, end = file.tell(), file.seek(0, 2)
    file.seek(start)
    for step, (opcode, value, _) in enumerate(pickletools.genops(file)):
        if step > _MOST_STEPS:
            raise ValueError("it is no table of weights: it is too long")
        claim = value if isinstance(value, int) else 0
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and claim > step:
            raise ValueError("it is damaged: a place that no writer would take")
        if opcode.name == "BYTEARRAY8" or (opcode.name == "FRAME" and claim > end):
            raise ValueError("it is damaged: a size that it cannot have")
    file.seek(start)


class _ArraysOnly(pickle.Unpickler):
    """Knows only what rebuilds arrays."""

    def __init__(self, file: Any, storages: Callable[[tuple[Any, ...]], Array] | None = None):
        super().__init__(file, encoding="latin1")
        self._file = file
        self._storages = storages

    def load(self) -> Any:
        """What the pickle holds, once its claims are checked."""
        _check_program(self._file)
        return super().load()

    def find_class(self, module: str, name: str) -> Any:
        """This file's own stand-in for an allowed name; everything else is refused."""
        if module == "torch" and name in _STORAGE_TYPES:
            return _StorageType(_STORAGE_TYPES[name])
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise _Refused(
                f"it asks to run {module}.{name}, which no weights need; it was not run"
            ) from None

    def persistent_load(self, pid: Any) -> Array:
        """A storage of a PyTorch file."""
        if self._storages is None or not isinstance(pid, tuple) or not pid or pid[0] != "storage":
            raise _Refused("it refers to data outside of itself")
        return self._storages(pid)


@dataclass(frozen=True)
class _StorageType:
    """Stands for ``torch.FloatStorage`` and its like; cannot be called."""

    dtype: str


def _rebuild_tensor(
    storage: Array, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *rest: Any
) -> Array:
    if not isinstance(storage, np.ndarray) or len(size) != len(stride):
        raise ValueError("a tensor has no storage")
    if not all(isinstance(n, int) and n >= 0 for n in (offset, *size, *stride)):
        raise ValueError("a tensor has a negative size")
    if math.prod(size) == 0:
        return np.zeros(size, storage.dtype)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if last >= len(storage) or math.prod(size) > len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    strides = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, strides).copy()


def _rebuild_parameter(data: Array, *rest: Any) -> Array:
    return data


@dataclass
class _PickledDtype:
    """Stands for ``numpy.dtype``: plain numbers only."""

    code: str
    order: str = "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1] if state[1] in ("<", ">", "|", "=") else "<"

    def dtype(self) -> np.dtype[Any]:
        if not (self.code[:1] in "fiub" and self.code[1:].isdigit() and len(self.code) < 4):
            raise ValueError(f"arrays of {self.code!r} are no weights")
        return np.dtype(self.order.replace("=", "<") + self.code)


@dataclass
class _PickledArray:
    """Stands for ``numpy.ndarray`` while it is unpickled."""

    state: tuple[Any, ...] = field(default=())

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def array(self) -> Array:
        _, shape, dtype, fortran, data = self.state
        if isinstance(data, str):
            data = data.encode("latin1")
        if not isinstance(dtype, _PickledDtype) or not isinstance(data, bytes):
            raise ValueError("an array holds objects, not numbers")
        flat = np.frombuffer(data, dtype.dtype())
        return flat.reshape(shape, order="F" if fortran else "C").copy()


def _make_array(*arguments: Any) -> _PickledArray:
    return _PickledArray()


def _make_dtype(code: str, *rest: Any) -> _PickledDtype:
    return _PickledDtype(str(code))


def _make_scalar(dtype: Any, data: Any = None) -> None:
    return None


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise _Refused(f"it asks for the encoding {encoding!r}")
    return text.encode("latin1")


def _only_data(expression: str, scope: Mapping[str, Any]) -> Any:
    """Paddle wraps some tensors as ``eval("data", {"data": array})``; nothing else is taken."""
    if expression != "data":
        raise _Refused(f"it asks to evaluate {expression!r}; it was not run")
    return scope["data"]


class _NotAnArrayType:
    """Stands for ``numpy.ndarray`` as an argument; cannot be called."""


def _tuple(items: Any = ()) -> tuple[Any, ...]:
    return tuple(items)


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("numpy", "ndarray"): _NotAnArrayType(),
    ("numpy", "dtype"): _make_dtype,
    ("_codecs", "encode"): _encode,
    ("builtins", "tuple"): _tuple,
    ("builtins", "eval"): _only_data,
    ("__builtin__", "tuple"): _tuple,
    ("__builtin__", "eval"): _only_data,
} | {
    (f"numpy.{core}.multiarray", name): stand_in
    for core in ("core", "_core")
    for name, stand_in in (("_reconstruct", _make_array), ("scalar", _make_scalar))
}


# The formats


def _read_npz(path: Path) -> dict[str, Array]:
    """Arrays by name; half precision becomes single."""
    arrays = npz.read_arrays(path, "the weights", partial(CheckpointError, path=path))
    return {
        name: array.astype(np.float32) if array.dtype == np.float16 else array
        for name, array in arrays.items()
    }


def _read_torch_zip(archive: zipfile.ZipFile) -> Any:
    names = {info.filename: info for info in archive.infolist()}
    main = next((name for name in names if name.endswith("/data.pkl")), None)
    if main is None:
        raise ValueError("it is a zip archive without weights")
    folder = main.removesuffix("data.pkl")
    if names[main].file_size > _MAX_PICKLE_BYTES:
        raise ValueError("its table of contents is too large")

    def storage(pid: tuple[Any, ...]) -> Array:
        _, kind, key, _, numel = pid[:5]
        info = names[f"{folder}data/{key}"]
        dtype = _storage_dtype(kind)
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != numel * dtype.itemsize:
            raise ValueError(f"the storage {key} does not have its size")
        return np.frombuffer(archive.read(info), dtype)

    return _ArraysOnly(io.BytesIO(archive.read(main)), storage).load()


def _storage_dtype(kind: Any) -> np.dtype[Any]:
    if not isinstance(kind, _StorageType):
        raise _Refused("it has a storage of an unknown type")
    return np.dtype(kind.dtype)


def _read_pickles(file: Any, n_bytes: int) -> Any:
    """One pickle (Paddle), or PyTorch's legacy row of pickles with raw storages behind them."""
    first = _ArraysOnly(file).load()
    if first != _LEGACY_MAGIC:
        return first
    if _ArraysOnly(file).load() != _LEGACY_PROTOCOL:
        raise ValueError("it is of an unknown version")
    _ArraysOnly(file).load()  # sizes of the writer's types
    storages: dict[str, Array] = {}
    total = 0

    def storage(pid: tuple[Any, ...]) -> Array:
        nonlocal total
        _, kind, key, _, numel = pid[:5]
        if key not in storages:
            dtype = _storage_dtype(kind)
            total += numel * dtype.itemsize
            if numel < 0 or total > n_bytes:
                raise ValueError("its storages are larger than the file")
            storages[key] = np.zeros(numel, dtype)
        return storages[key]

    # The tensors come before their data: read through once for the storages, then once more.
    position = file.tell()
    _ArraysOnly(file, storage).load()
    for key in _ArraysOnly(file).load():
        _fill(file, storages[key])
    file.seek(position)
    return _ArraysOnly(file, lambda pid: storages[pid[2]]).load()


def _fill(file: Any, storage: Array) -> None:
    numel = int.from_bytes(file.read(8), "little")
    data = file.read(storage.nbytes)
    if numel != len(storage) or len(data) != storage.nbytes:
        raise ValueError("it ends too early")
    storage[:] = np.frombuffer(data, storage.dtype)


def renamed(arrays: Mapping[str, Array], linear: Collection[str]) -> dict[str, Array]:
    """Parameters by Paddle's names and layout.

    PyTorch's running statistics are renamed, its counters and spectrogram layers dropped, and the
    weights of linear layers transposed: by the kind of layer, since a square one tells nothing.

    Args:
        arrays: What was read.
        linear: Names of the weights of linear layers.
    """
    if not any(name.endswith(".running_mean") for name in arrays):
        return {name: array for name, array in arrays.items() if array.ndim}
    converted = {}
    for name, array in arrays.items():
        stem, _, leaf = name.rpartition(".")
        if leaf == "num_batches_tracked" or name.startswith(_NOT_PARAMETERS):
            continue
        key = f"{stem}.{_RENAMED.get(leaf, leaf)}"
        converted[key] = array.T if key in linear else array
    return converted


def check_arrays(
    arrays: Mapping[str, Array], expected: Mapping[str, tuple[int, ...]], path: str | Path
) -> None:
    """Check that the arrays are just those that a network needs.

    Args:
        arrays: What was read.
        expected: Shape by parameter name.
        path: For the message.

    Raises:
        CheckpointError: A name is missing or too many, a shape differs, or a number is not finite.
    """
    for name, shape in expected.items():
        if name not in arrays:
            _refuse(path, f"lacks {name}; it is for another network", "it", "none")
        if arrays[name].shape != shape:
            _refuse(path, f"{name} does not fit the network", shape, arrays[name].shape)
        if not np.isfinite(arrays[name]).all():
            _refuse(path, f"{name} holds NaN or infinity", "numbers", "others")
    extra = sorted(arrays.keys() - expected.keys())
    if extra:
        _refuse(path, f"holds {extra[0]}, which this network lacks", len(expected), len(arrays))


def _refuse(path: str | Path, message: str, expected: object, got: object) -> NoReturn:
    raise CheckpointError(message, path=path, expected=expected, got=got)
