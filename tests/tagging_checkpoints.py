"""Checkpoints made by hand, byte for byte as PyTorch and Paddle write them, without PyTorch."""

import collections
import io
import pickle
import sys
import types
import zipfile
import zlib
from pathlib import Path

import numpy as np

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_STORAGES = {
    "float64": "DoubleStorage", "float32": "FloatStorage", "float16": "HalfStorage",
    "int64": "LongStorage", "int32": "IntStorage", "int16": "ShortStorage", "int8": "CharStorage",
    "uint8": "ByteStorage", "bool": "BoolStorage", "complex64": "ComplexFloatStorage",
}  # fmt: skip


def golden_weight(key, shape):
    """The rule of the golden values: weights that depend on the name alone."""
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "_variance":
        w = rng.uniform(0.5, 1.5, shape)
    elif leaf == "_mean":
        w = rng.normal(0, 0.1, shape)
    elif len(shape) == 1:
        w = rng.uniform(0.5, 1.5, shape) if leaf == "weight" else rng.normal(0, 0.1, shape)
    elif len(shape) == 4:
        w = rng.normal(0, np.sqrt(2.0 / np.prod(shape[1:])), shape)
    else:
        w = rng.normal(0, np.sqrt(0.1 / shape[0]), shape)
    return w.astype("float32")


def as_torch(arrays):
    """The same parameters by PyTorch's names and layout, with what PANNs' files hold besides."""
    renamed = {"_mean": "running_mean", "_variance": "running_var"}
    torch = {}
    for name, array in arrays.items():
        stem, _, leaf = name.rpartition(".")
        torch[f"{stem}.{renamed.get(leaf, leaf)}"] = array.T if array.ndim == 2 else array
        if leaf == "_mean":
            torch[f"{stem}.num_batches_tracked"] = np.array(7, np.int64)
    torch["spectrogram_extractor.stft.conv_real.weight"] = np.zeros((3, 1, 4), np.float32)
    torch["logmel_extractor.melW"] = np.zeros((3, 4), np.float32)
    return torch


class Tensor:
    """A view of a storage, as PyTorch has it: all of it, unless offset, size and strides say."""

    def __init__(self, array, offset=0, size=None, stride=None):
        self.array = np.ascontiguousarray(array)
        own = tuple(step // self.array.itemsize for step in self.array.strides)
        self.view = (offset, self.array.shape, own) if size is None else (offset, size, stride)


class _Pickler(pickle.Pickler):
    """Writes arrays as PyTorch writes tensors."""

    def __init__(self, file, kinds, rebuild):
        super().__init__(file, protocol=2)
        self.kinds, self.rebuild = kinds, rebuild
        self.storages = {}

    def persistent_id(self, obj):
        if isinstance(obj, tuple) and obj and obj[0] == "a storage":
            array = obj[1]
            key = str(len(self.storages))
            self.storages[key] = array
            kind = self.kinds[array.dtype.name]
            return ("storage", kind, key, "cpu", array.size, *self.extra)
        return None

    extra = ()

    def reducer_override(self, obj):
        if isinstance(obj, Tensor):
            hooks = collections.OrderedDict()
            return self.rebuild, (("a storage", obj.array), *obj.view, False, hooks)
        return NotImplemented


class _LegacyPickler(_Pickler):
    extra = (None,)


def _pickled(content, pickler):
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in _STORAGES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        pass

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    sys.modules |= {"torch": torch, "torch._utils": utils}
    try:
        file = io.BytesIO()
        kinds = {dtype: getattr(torch, name) for dtype, name in _STORAGES.items()}
        written = pickler(file, kinds, _rebuild_tensor_v2)
        written.dump(content)
        return file.getvalue(), written.storages
    finally:
        del sys.modules["torch"], sys.modules["torch._utils"]


def _tensors(arrays):
    return collections.OrderedDict(
        (name, each if isinstance(each, Tensor) else Tensor(each)) for name, each in arrays.items()
    )


def write_torch_zip(path: Path, arrays, compression=zipfile.ZIP_STORED) -> Path:
    """As ``torch.save`` of PyTorch 1.6 and later."""
    data, storages = _pickled(_tensors(arrays), _Pickler)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", data)
        for key, array in storages.items():
            archive.writestr(f"archive/data/{key}", array.tobytes())
        archive.writestr("archive/version", "3\n")
    return path


def write_torch_legacy(path: Path, arrays) -> Path:
    """As older PyTorch, below the key ``model`` as in the PANNs' files."""
    data, storages = _pickled({"iteration": 3, "model": _tensors(arrays)}, _LegacyPickler)
    with path.open("wb") as file:
        for head in (_MAGIC, _PROTOCOL, {"little_endian": True}):
            pickle.dump(head, file, protocol=2)
        file.write(data)
        pickle.dump(list(storages), file, protocol=2)
        for array in storages.values():
            file.write(array.size.to_bytes(8, "little") + array.tobytes())
    return path


def write_paddle(path: Path, arrays) -> Path:
    """As ``paddle.save`` of a state dict."""
    with path.open("wb") as file:
        pickle.dump(dict(arrays), file, protocol=4)
    return path
