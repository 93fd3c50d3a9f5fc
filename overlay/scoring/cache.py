"""Score tracks that were made before: the same sound, model and windows are scored once.

A folder of npz files named by what they depend on. Several processes may use it at once: files
appear whole, and one that vanishes or is damaged counts as not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from overlay.errors import TrackError
from overlay.resources import cache_folder
from overlay.track import TagTrack

LIMIT_VARIABLE = "TAG_OVERLAY_CACHE_MB"
"""Environment variable with the largest size of the cache; the tracks used last are kept."""
_LIMIT_MB = 1000


def track_folder() -> Path:
    """Where the tracks are."""
    return cache_folder() / "tracks"


def key_of(*facts: object) -> str:
    """A name for a track that depends on these facts and nothing else."""
    return hashlib.sha256(repr(("track 2", *facts)).encode()).hexdigest()


def recall(key: str) -> TagTrack | None:
    """The track of this key, or ``None``; a damaged one is removed."""
    path = _path(key)
    if not path.is_file():
        return None
    try:
        track = TagTrack.load(path)
        os.utime(path)
    except (TrackError, OSError):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return None
    return track


def keep(key: str, track: TagTrack) -> None:
    """Remember a track; a cache that cannot be written is done without."""
    path = _path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        track.save(path, compress=False)
        _evict(_limit_bytes())
    except (TrackError, OSError):
        return


def clear() -> int:
    """Forget all tracks; returns how many there were."""
    n_removed = 0
    for path, _, _ in _entries():
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            n_removed += path.suffix == ".npz"
    return n_removed


def size() -> tuple[int, int]:
    """Number of tracks and their bytes."""
    sizes = [n_bytes for path, _, n_bytes in _entries() if path.suffix == ".npz"]
    return len(sizes), sum(sizes)


def _path(key: str) -> Path:
    return track_folder() / f"{key}.npz"


def _limit_bytes() -> int:
    text = os.environ.get(LIMIT_VARIABLE, "")
    return (int(text) if text.isdecimal() else _LIMIT_MB) * 1_000_000


def _evict(limit_bytes: int) -> None:
    """Remove the tracks that were not used for longest until the rest fits."""
    entries = sorted(_entries(), key=lambda entry: entry[1])
    total = sum(n_bytes for _, _, n_bytes in entries)
    for path, _, n_bytes in entries:
        if total <= limit_bytes:
            return
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        total -= n_bytes


def _entries() -> Iterator[tuple[Path, float, int]]:
    """Path, time of last use, bytes; also of what a process that was killed left half written."""
    for path in (*track_folder().glob("*.npz"), *track_folder().glob(".*.part")):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            yield path, status.st_mtime, status.st_size
