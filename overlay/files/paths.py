"""Questions about paths that never raise, and the one wording of what a disk refuses."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

AnyPath = str | Path

_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.EEXIST: "something else of its name is there",
    errno.ENOTDIR: "a part of its path is no folder",
    errno.EISDIR: "it is a folder",
    errno.EACCES: "permission is denied",
    errno.EPERM: "permission is denied",
    errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk's quota is used up",
    errno.EFBIG: "it is larger than a file may be here",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "its links lead in a circle",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.EIO: "the disk does not answer",
    errno.ENXIO: "nobody is at its other end",
    errno.ETXTBSY: "it is a program that runs",
}
_TAKES_NOTHING = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENOTCONN,
)  # fmt: skip
_MOST_SAID = 200
_MOST_ENDING = 64
_MOST_BYTES = 255
"""Of a name, on nearly all file systems."""


def reason(error: Exception) -> str:
    """Why a file operation failed, in a few words; the only place that words an ``OSError``.

    Args:
        error: An ``OSError``, or the ``ValueError`` of a path that no disk can hold.
    """
    if isinstance(error, UnicodeError):
        return "its name cannot be written in this system's encoding"
    if isinstance(error, OSError):
        known = _REASONS.get(error.errno or 0)
        return known or error.strerror or type(error).__name__
    return "its name holds a NUL" if "null" in str(error) else str(error)


def takes_nothing(error: BaseException) -> bool:
    """Whether a disk says that it is full, read-only, broken or gone, whatever file it was."""
    return isinstance(error, OSError) and error.errno in _TAKES_NOTHING


def brief(error: Exception) -> str:
    """What a foreign error says, cut: some quote the whole file."""
    text = str(error) or type(error).__name__
    return text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}..."


def status(path: AnyPath) -> os.stat_result | None:
    """What is there, links followed; ``None`` if nothing is, or it cannot be looked at."""
    try:
        return os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None


def look_anew(path: AnyPath, root: AnyPath) -> None:
    """Ask the disk, and not what is remembered of it, which names lead to a file; never raises.

    A client of a network file system believes for up to a minute what it saw before, also that
    nothing was there (NFS: ``acdirmax``). When a folder is opened it asks (``cto``).

    Args:
        path: The file.
        root: A folder above it; those from there on are asked for.
    """
    for folder in reversed(Path(path).relative_to(root).parents):
        with contextlib.suppress(OSError, ValueError):
            os.close(os.open(Path(root) / folder, os.O_RDONLY))


def is_there(path: AnyPath) -> bool:
    """Whether the name is taken, be it by a broken link; never raises."""
    try:
        os.lstat(path)
    except (OSError, ValueError):
        return False
    return True


def is_file(path: AnyPath) -> bool:
    """Whether a regular file is there; never raises."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: AnyPath) -> bool:
    """Whether a folder is there; never raises."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def entries(folder: AnyPath) -> list[Path]:
    """What lies in a folder, by name; empty where it cannot be looked into; never raises."""
    try:
        return sorted(Path(folder).iterdir())
    except (OSError, ValueError):
        return []


def files_below(folder: AnyPath) -> Iterator[Path]:
    """The files of a folder and of those below it, as far as they can be looked into."""
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def same(one: AnyPath, other: AnyPath) -> bool:
    """Whether two names lead to one file, also through links; never raises."""
    first, second = status(one), status(other)
    return first is not None and second is not None and os.path.samestat(first, second)


def named_after(path: AnyPath, ending: str, folder: AnyPath | None = None) -> Path:
    """``<stem><ending>`` beside a file or in a folder, cut so that the name stays a legal one.

    Args:
        path: Whose stem it gets.
        ending: With its dot, such as ``.tagged.mp4``.
        folder: Where it is; the file's own folder if ``None``.
    """
    path = Path(path)
    place = path.parent if folder is None else Path(folder)
    return place / (_cut(path.stem, _MOST_BYTES - len(os.fsencode(ending))) + ending)


def fitting(name: str) -> str:
    """A file name, cut before its last two extensions if it would be too long for a disk."""
    if len(os.fsencode(name)) <= _MOST_BYTES:
        return name
    for n_kept in (2, 1, 0):
        ending = "".join(Path(name).suffixes[-n_kept:]) if n_kept else ""
        if len(os.fsencode(ending)) < _MOST_ENDING:
            return _cut(name.removesuffix(ending), _MOST_BYTES - len(os.fsencode(ending))) + ending
    return name


def _cut(name: str, n_bytes: int) -> str:
    """As many letters as fit into so many bytes."""
    while len(os.fsencode(name)) > n_bytes:
        name = name[: min(len(name) - 1, n_bytes)]
    return name
