"""The one door for reading files that somebody else may have written.

Regular files of bounded size only: a pipe would make us wait for ever, ``/dev/zero`` would take
all memory. Whatever goes wrong arrives as one error of the caller's kind.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from overlay.errors import OverlayError
from overlay.files.paths import AnyPath, brief, reason

Refusal = Callable[[str], OverlayError]
"""Makes the caller's error of what is wrong; the file is not named in it yet."""

_TOML_BYTES = 1 << 20
_TOML_DEPTH = 32
_TOML_INTEGER = 1 << 63
"""TOML's integers have 64 bits; Python's reader takes any."""
_BARE, _QUOTED = r"(?<![\w-])[\w-]++", r"\"[^\"\n]*+\"|'[^'\n]*+'"
_DEEP_KEY = re.compile(
    rf"(?:{_BARE}|{_QUOTED})(?:[ \t]*+\.[ \t]*+(?:[\w-]++|{_QUOTED})){{{_TOML_DEPTH}}}"
)
"""Python's reader takes time that grows with the cube of the number of a key's parts."""


@contextmanager
def opened(path: AnyPath, limit: int, what: str, error: Refusal) -> Iterator[BinaryIO]:
    """A regular file of bounded size, open for reading.

    Args:
        path: Which.
        limit: Bytes that it may have at most.
        what: What it should be, for the message: ``the theme``.
        error: Makes the error.

    Raises:
        OverlayError: ``error``'s, if it is missing, no regular file, too large, or not to be
            opened. Errors of the block are its own.
    """
    try:
        file = _open_regular(path, limit, what)
    except _Refused as refused:
        raise error(str(refused)) from None
    except (OSError, ValueError) as failed:
        raise error(f"cannot read {what}: {reason(failed)}") from failed
    with file:
        yield file


def read_bytes(path: AnyPath, limit: int, what: str, error: Refusal) -> bytes:
    """All bytes of a file; arguments and errors as of ``opened``."""
    with opened(path, limit, what, error) as file:
        try:
            data = file.read(limit + 1)  # files in /proc say that they are empty
        except OSError as failed:
            raise error(f"cannot read {what}: {reason(failed)}") from failed
    if len(data) > limit:
        raise error(_too_large(what, limit))
    return data


def read_text(path: AnyPath, limit: int, what: str, error: Refusal) -> str:
    """All of a UTF-8 file, its byte order mark left out; as ``read_bytes``."""
    data = read_bytes(path, limit, what, error)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as failed:
        raise error("not UTF-8 text; save it as UTF-8") from failed


def read_csv(
    path: AnyPath, limit: int, what: str, error: Refusal, columns: Sequence[str]
) -> list[dict[str, str]]:
    """Some columns of a CSV file with a line of names; as ``read_text``.

    Raises:
        OverlayError: ``error``'s, also if it is no CSV or lacks a column.
    """
    text = read_text(path, limit, what, error)
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""))
        missing = [repr(name) for name in columns if name not in (rows.fieldnames or ())]
        if missing:
            raise error(f"has no column {' and '.join(missing)} in its first line")
        return [{name: row[name] or "" for name in columns} for row in rows]
    except csv.Error as failed:
        raise error(f"is no CSV table: {brief(failed)}") from failed


def read_toml(path: AnyPath, what: str, error: Refusal) -> dict[str, Any]:
    """The content of a TOML file: the only reader of settings, thresholds and themes.

    Integers have at most 64 bits, tables and lists are at most 32 deep, so that what follows can
    compare, print and walk them.

    Raises:
        OverlayError: ``error``'s, if it cannot be read or is no TOML of this kind.
    """
    text = read_text(path, _TOML_BYTES, what, error).replace("\r\n", "\n")
    try:
        if _DEEP_KEY.search(text):
            raise ValueError("a key of too many parts")
        content = tomllib.loads(text)
        _check_values(content)
    except RecursionError:
        raise error("not a TOML file: it is nested too deeply") from None
    except ValueError as failed:
        raise error(f"not a TOML file: {brief(failed)}") from failed
    return content


class _Refused(Exception):
    """Not the kind of file that is read here."""


def _open_regular(path: AnyPath, limit: int, what: str) -> BinaryIO:
    _check_regular(os.stat(path), limit, what)  # noqa: PTH116  opening a device may do something
    # A pipe that took the file's place meanwhile is opened without waiting, and refused below.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        _check_regular(os.fstat(descriptor), limit, what)
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")  # from here on it is closed by the file, and once


def _check_regular(status: os.stat_result, limit: int, what: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise _Refused(f"is a folder; {what} must be a file")
    if not stat.S_ISREG(status.st_mode):
        raise _Refused(f"is a pipe or a device; {what} must be a regular file")
    if status.st_size > limit:
        raise _Refused(_too_large(what, limit))


def _too_large(what: str, limit: int) -> str:
    return f"is too large for {what}: more than {limit / (1 << 20):g} MiB"


def _check_values(content: dict[str, Any]) -> None:
    waiting: list[tuple[Any, int]] = [(content, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _TOML_DEPTH:
            raise RecursionError
        if isinstance(value, dict):
            waiting.extend((each, depth + 1) for each in value.values())
        elif isinstance(value, list):
            waiting.extend((each, depth + 1) for each in value)
        elif isinstance(value, int) and not -_TOML_INTEGER <= value < _TOML_INTEGER:
            raise ValueError("a number of more than 64 bits")


def path_error(kind: Callable[[str], OverlayError], path: AnyPath) -> Refusal:
    """A refusal that puts the path in front, for errors that take a message alone."""
    return lambda said: kind(f"{Path(path)}: {said}")
