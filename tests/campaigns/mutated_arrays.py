"""Damaged npz files: bytes, headers, shapes, kinds and values of their arrays."""

import contextlib
import io
import struct
import zipfile

import numpy as np
from campaigns.mutating import mutated


def damaged_npz(chance, data, arrays):
    if chance.random() < 0.5:
        return mutated(chance, data)
    name = chance.choice(list(arrays))
    value, how = chance.choice(_ODD_ARRAYS)(chance, arrays[name])
    changed = dict(arrays)
    if value is None:
        del changed[name]
        return _zipped(changed), f"no {name}"
    if isinstance(value, bytes):
        return _zipped(changed, {name: value}), f"{name}: {how}"
    changed[name] = value
    return _zipped(changed), f"{name}: {how}"


def _zipped(arrays, raw=()) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in arrays.items():
            content = io.BytesIO()
            with contextlib.suppress(ValueError):
                np.lib.format.write_array(content, np.asarray(value), allow_pickle=True)
            archive.writestr(f"{name}.npy", dict(raw).get(name, content.getvalue()))
    return file.getvalue()


def _header(shape, kind) -> bytes:
    text = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def _claimed(chance, value):
    shape = chance.choice(("(1 << 40,)", "(9999999999999,)", "(-1,)", "(0, 0)", "(2**62, 4)",
                           "(3.5,)", "('a',)", "(" * 300 + ")" * 300, "()", "(True,)"))  # fmt: skip
    kind = chance.choice(("<f4", "<f8", "|O", "<U99999999", "|V8", "<M8[s]", "[('a', '<f4')]"))
    return _header(shape, kind) + b"\0" * 64, f"header {shape[:20]} of {kind}"


_ODD_ARRAYS = (
    _claimed, _claimed,
    lambda chance, value: (None, ""),
    lambda chance, value: (np.full(value.shape, np.nan), "nan"),
    lambda chance, value: (np.full(value.shape, chance.choice((np.inf, -1e300, 1e12, -1))), "far"),
    lambda chance, value: (value[..., None], "one dimension more"),
    lambda chance, value: (np.zeros((0,) * value.ndim), "empty"),
    lambda chance, value: (np.array([{"a": 1}], object), "a pickle"),
    lambda chance, value: (np.array(["\ud800x", "b" * 9999]), "half letters"),
    lambda chance, value: (np.zeros(chance.choice((1 << 22, 1 << 24)), np.int8), "a bomb"),
    lambda chance, value: (np.array(1e-300), "tiny"),
    lambda chance, value: (np.zeros(value.shape, np.complex64), "complex"),
)  # fmt: skip
