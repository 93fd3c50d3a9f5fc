"""Arrays of npz files of other people: every size that a file claims is checked before it counts.

A zip archive claims how large its members are, and an array claims its shape. Both must agree with
each other, with the bytes that the file has, and with bounds, before memory is taken:

    sum of the claimed sizes <= FREE_BYTES + MOST_RATIO * bytes of the file, and <= MOST_BYTES

Only the members that are asked for are opened. Nothing is unpickled.

Source:
    zip: PKWARE APPNOTE 6.3, sections 4.3.12 to 4.3.16. npy: ``numpy/lib/format.py``.
"""

from __future__ import annotations

import ast
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from overlay.errors import OverlayError
from overlay.files.paths import AnyPath, brief, reason
from overlay.files.reading import Refusal, opened

Arrays = dict[str, npt.NDArray[Any]]

MOST_BYTES = 1 << 31
"""Of a file, and of all its arrays together."""
FREE_BYTES = 128 << 20
MOST_RATIO = 100
"""Deflate packs up to 1032 to 1, real scores 3 to 1, those of hours of silence 500 to 1."""
MOST_MEMBERS = 4096
_MOST_DIRECTORY_BYTES = 1 << 20
_MOST_HEADER_BYTES = 2048
_MOST_EMPTY = 1 << 20
"""Rows of an array that has no columns."""
_END = struct.Struct("<4s4H2LH")
_LOCATOR = b"PK\x06\x07"
_DTYPE = re.compile(r"[<>|=]?([fiubU])(\d{1,8})")
_CHUNK = 1 << 22


def read_arrays(
    path: AnyPath, what: str, error: Refusal, *, names: Collection[str] | None = None
) -> Arrays:
    """Arrays of numbers and text of an npz file.

    Args:
        path: The file.
        what: What it should be, for messages: ``the score track``.
        error: Makes the error of what is wrong.
        names: Which arrays; those that are absent are left out. ``None`` takes all.

    Returns:
        Arrays by name, of real numbers, truth values or text.

    Raises:
        OverlayError: ``error``'s: the file cannot be read, is no npz, is damaged, or claims sizes
            that it cannot have.
    """
    with opened(path, MOST_BYTES, what, error) as file:
        try:
            return _read(file, names)
        except OSError as failed:
            raise error(f"cannot read {what}: {reason(failed)}") from failed
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as failed:
            raise error(f"not a usable npz file: {brief(failed)}") from failed
        except Exception as failed:  # a damaged archive can raise anything
            raise error(f"not a usable npz file: {type(failed).__name__}") from failed


def is_npz(path: AnyPath) -> bool:
    """Whether a regular file begins as an npz does; never raises."""
    try:
        with opened(path, 1 << 62, "an npz", OverlayError) as file:
            return file.read(4) == b"PK\x03\x04"
    except (OSError, OverlayError):
        return False


def check_claims(n_bytes: int, file_bytes: int) -> None:
    """Check that arrays of this size can be in a file of that size.

    Raises:
        ValueError: They cannot, or are too large.
    """
    if n_bytes > min(MOST_BYTES, FREE_BYTES + MOST_RATIO * file_bytes):
        raise ValueError(f"{file_bytes} bytes claim to hold {n_bytes} bytes of arrays")


def _read(file: BinaryIO, names: Collection[str] | None) -> Arrays:
    size = file.seek(0, 2)
    _check_directory(file, size)
    arrays: Arrays = {}
    with zipfile.ZipFile(file) as archive:
        members = dict(_members(archive, names))
        check_claims(sum(info.file_size for info in members.values()), size)
        if sum(info.compress_size for info in members.values()) > size:
            raise ValueError("its members lie over each other")
        for name, info in members.items():
            with archive.open(info) as member:
                arrays[name] = _array(member, info.file_size)
    return arrays


def _check_directory(file: BinaryIO, size: int) -> None:
    """Check the end of the archive, which tells how long its directory is.

    NumPy writes no comment behind it, and nothing in the 64-bit form at this size.
    """
    file.seek(max(0, size - _END.size - 20))
    tail = file.read(_END.size + 20)
    end = tail[-_END.size :]
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06"):
        raise ValueError("it is no npz, or its end is missing")
    if tail[: -_END.size].startswith(_LOCATOR):
        raise ValueError("it is too large")
    _, _, _, _, n_members, n_bytes, _, _ = _END.unpack(end)
    if n_members > MOST_MEMBERS or n_bytes > min(_MOST_DIRECTORY_BYTES, size):
        raise ValueError(f"its directory claims {n_members} arrays in {n_bytes} bytes")


def _members(
    archive: zipfile.ZipFile, names: Collection[str] | None
) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    seen: set[str] = set()
    for info in archive.infolist():
        name = info.filename.removesuffix(".npy")
        if names is not None and name not in names:
            continue
        if name in seen:
            raise ValueError(f"it holds {name!r} twice")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name!r} is compressed as no npz is")
        if info.flag_bits & 1:
            raise ValueError(f"{name!r} is encrypted")
        seen.add(name)
        yield name, info


def _array(member: Any, claimed: int) -> npt.NDArray[Any]:
    """One array, whose header must claim just the bytes that the member has."""
    start = member.read(12)
    if len(start) < 12 or start[:6] != b"\x93NUMPY" or start[6] not in (1, 2, 3):
        raise ValueError("a member is no array")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(start[8 : 8 + width], "little")
    if length > _MOST_HEADER_BYTES:
        raise ValueError("the header of an array is too long")
    header = start[8 + width :] + member.read(length - (4 - width))
    dtype, shape, is_fortran = _header(header)
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes != claimed - 8 - width - length:
        raise ValueError(f"an array {shape} of {dtype.itemsize} bytes each does not fit its size")
    if math.prod(max(n, 1) for n in shape) > max(n_bytes, _MOST_EMPTY):
        raise ValueError(f"an array {shape} holds nothing")
    array = np.empty(shape[::-1] if is_fortran else shape, dtype)
    _fill(member, array, n_bytes)
    return array.T if is_fortran else array


def _header(text: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    facts = ast.literal_eval(text.decode("latin-1").strip())
    if not isinstance(facts, dict) or facts.keys() != {"descr", "fortran_order", "shape"}:
        raise ValueError("the header of an array is damaged")
    descr, shape = facts["descr"], facts["shape"]
    if not isinstance(descr, str) or not _DTYPE.fullmatch(descr):
        raise ValueError("it holds pickled objects or records, which are not read")
    if not isinstance(shape, tuple) or len(shape) > 8 or not all(type(n) is int for n in shape):
        raise ValueError("the shape of an array is damaged")
    if any(n < 0 for n in shape):
        raise ValueError(f"an array has the shape {shape}")
    return np.dtype(descr), shape, bool(facts["fortran_order"])


def _fill(member: Any, array: npt.NDArray[Any], n_bytes: int) -> None:
    """Read in pieces, so that the array is held once; reading to the end checks the sum."""
    flat = array.reshape(-1).view(np.uint8) if n_bytes else np.empty(0, np.uint8)
    done = 0
    while done < n_bytes:
        piece = member.read(min(_CHUNK, n_bytes - done))
        if not piece:
            raise ValueError("an array ends too early")
        flat[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
    if member.read(1):
        raise ValueError("an array is longer than it says")
