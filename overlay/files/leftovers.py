"""Temporary names, and what killed runs left of them.

A name is ``.tag-overlay-<12 hex>.part<extension>``: short, so that it fits wherever the target's
does, never the same twice, and recognisable. Its owner holds a lock on it, which the system takes
away when the owner dies, however it dies and whatever its process id was: what nobody holds is
swept by the next run that writes into the folder. Where the disk knows no locks, age tells.

On NFS the server holds the locks of all machines, if the file is open for writing. No other machine
sees the lock of a folder, so a folder's owner holds one on a file beside it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"\.tag-overlay-[0-9a-f]{12}\.part.{0,32}", re.DOTALL)
_OLD_S = 2 * 24 * 3600
_MOST_SUFFIX_BYTES = 32
_N_LETTERS = len(".tag-overlay-012345678901.part")


def fresh(target: Path, kind: str = "part") -> Path:
    """A name beside the target that nobody has; the extension stays, since ffmpeg goes by it."""
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= _MOST_SUFFIX_BYTES else ""
    return target.parent / f".tag-overlay-{secrets.token_hex(6)}.{kind}{suffix}"


@contextlib.contextmanager
def owned(target: Path, *, folder: bool) -> Iterator[Path]:
    """A new empty file or folder beside the target, ours until the block ends, then removed.

    Raises:
        OSError: It cannot be made.
    """
    path = fresh(target)
    descriptor: int | None = None
    try:
        try:  # from before there is anything: a signal may come at any moment
            while (descriptor := _taken(_locked(path, folder=folder))) is None:
                path = fresh(target)
            if folder:
                path.mkdir()
            yield path
        finally:
            _remove_all(path, folder=folder)
    finally:  # it may come while that removes, too, but only once
        _remove_all(path, folder=folder)
        if descriptor is not None:
            os.close(descriptor)


def _remove_all(path: Path, *, folder: bool) -> None:
    remove(path)
    remove(_locked(path, folder=folder))


def _locked(path: Path, *, folder: bool) -> Path:
    """The file that the lock is on."""
    return path.with_name(f"{path.name[:_N_LETTERS]}~") if folder else path


def _taken(path: Path) -> int | None:
    """Make a file and lock it; ``None`` if somebody who sweeps was quicker than our lock."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    if _lock(descriptor) is not False and os.path.lexists(path):
        return descriptor
    os.close(descriptor)
    return None


def _lock(descriptor: int) -> bool | None:
    """Whether the lock is ours now; ``None`` where there are no locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True


def remove(path: Path) -> None:
    """Remove a file or a folder that we made; never raises, so it never hides another error."""
    with contextlib.suppress(OSError, ValueError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def sweep(folder: Path) -> None:
    """Remove what killed runs left in a folder; never raises."""
    with contextlib.suppress(OSError, ValueError):
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if _NAME.fullmatch(entry.name)]
        for name in names:
            with contextlib.suppress(OSError):
                _sweep_one(folder / name)


def _sweep_one(path: Path) -> None:
    kind = os.lstat(path)
    if not (stat.S_ISREG(kind.st_mode) or stat.S_ISDIR(kind.st_mode)):
        return
    beside = _locked(path, folder=stat.S_ISDIR(kind.st_mode))
    descriptor = _opened(beside if os.path.lexists(beside) else path)
    try:
        free = _lock(descriptor)
        if free or (free is None and time.time() - kind.st_mtime > _OLD_S):
            remove(path)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    no_link = getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, os.O_RDWR | no_link)
    except OSError:  # a folder, or somebody else's
        return os.open(path, os.O_RDONLY | no_link)
