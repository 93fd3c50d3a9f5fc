"""Score tracks that were made before: the same sound, model and windows are scored once.

A folder of npz files named by what they depend on. Several processes may use it at once: files
appear whole, and one that vanishes or is damaged, in whatever way, counts as not there. A cache
that cannot be read or written is done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from overlay.errors import SettingsError
from overlay.files import entries
from overlay.files.leftovers import sweep
from overlay.resources import cache_folder
from overlay.track import TagTrack

LIMIT_VARIABLE = "TAG_OVERLAY_CACHE_MB"
"""Environment variable with the largest size of the cache; the tracks used last are kept."""
_LIMIT_MB = 1000
_MOST_DIGITS = 9


def track_folder() -> Path:
    """Where the tracks are."""
    return cache_folder() / "tracks"


def key_of(*facts: object) -> str:
    """A name for a track that depends on these facts and nothing else."""
    return hashlib.sha256(repr(("track 5", *facts)).encode()).hexdigest()


def recall(key: str, sound: str = "") -> TagTrack | None:
    """The track of this key, or ``None``; a damaged one is removed.

    Args:
        key: Of ``key_of``.
        sound: Fingerprint that the track must be of; any if empty.
    """
    path = _path(key)
    try:
        if not path.is_file():
            return None
        track = TagTrack.load(path)
        with contextlib.suppress(OSError):  # somebody else's file can be read all the same
            os.utime(path)
        if track.sound == sound or not sound:
            return track
    except Exception:  # whatever is wrong with it, it is made anew
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    return None


def keep(key: str, track: TagTrack) -> None:
    """Remember a track; a cache that cannot be written is done without."""
    path = _path(key)
    with contextlib.suppress(Exception):
        path.parent.mkdir(parents=True, exist_ok=True)
        track.save(path, compress=False)
        _evict(limit_bytes())


def clear() -> int:
    """Forget all tracks; returns how many there were and could be removed."""
    n_removed = 0
    sweep(track_folder())
    for path, _, _ in _entries():
        with contextlib.suppress(OSError):
            path.unlink()
            n_removed += 1
    return n_removed


def size() -> tuple[int, int]:
    """Number of tracks and their bytes."""
    sizes = [n_bytes for _, _, n_bytes in _entries()]
    return len(sizes), sum(sizes)


def limit_bytes() -> int:
    """Largest size of the cache.

    Raises:
        SettingsError: The environment variable is no number, or too large.
    """
    text = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return _LIMIT_MB * 1_000_000
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise SettingsError(
            f"{LIMIT_VARIABLE}: {text[:20]!r} is no number of megabytes of at most "
            f"{_MOST_DIGITS} digits"
        )
    return int(text) * 1_000_000


def _path(key: str) -> Path:
    return track_folder() / f"{key}.npz"


def _evict(limit: int) -> None:
    """Remove the tracks that were not used for longest until the rest fits."""
    entries = sorted(_entries(), key=lambda entry: entry[1])
    total = sum(n_bytes for _, _, n_bytes in entries)
    for path, _, n_bytes in entries:
        if total <= limit:
            return
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            total -= n_bytes


def _entries() -> Iterator[tuple[Path, float, int]]:
    """Path, time of last use, bytes."""
    for path in entries(track_folder()):
        if path.suffix != ".npz" or path.name.startswith("."):  # somebody is writing it
            continue
        with contextlib.suppress(OSError):
            status = path.stat()
            yield path, status.st_mtime, status.st_size
