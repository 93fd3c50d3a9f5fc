"""What was done: one small file for each source and kind of product, written last and whole.

A marker is JSON that people can read. A damaged one, or one of another version, only means that
the work is done again. Markers lie in 256 folders by hash, so that no folder grows too large; what
is not whole yet lies in a folder of its own, which is short to look through for leftovers.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import Any

from overlay.errors import TrackError
from overlay.files import entries, make_folder, path_error, read_bytes, write_bytes

STATE_FOLDER = ".tag-overlay"
"""Below the output."""
MARKERS, CLAIMS, NEW = "markers", "claims", "new"
_VERSION = 1
_LARGEST_BYTES = 1_000_000
_MOST = 1e15
"""Bytes, seconds, tries."""


@dataclass(frozen=True, slots=True)
class Marker:
    """That a product of a source was made, or could not be.

    Attributes:
        place: The source's, see ``sources.Found``.
        kind: Of product.
        key: What the result depends on; another key means that it has to be made again.
        state: ``done`` or ``failed``.
        target: Path of the product below the output; empty where it failed.
        target_bytes: Its size; 0 for a folder.
        reason: Why it failed, one line.
        seconds: Wall time that it took.
        length_s: Length of the source, if known.
        heard: The strongest labels.
        tries: How often it was tried.
        source: Where the source was.
    """

    place: str
    kind: str
    key: str
    state: str
    target: str = ""
    target_bytes: int = 0
    reason: str = ""
    seconds: float = 0.0
    length_s: float | None = None
    heard: tuple[str, ...] = ()
    tries: int = 1
    source: str = ""
    made_by: str = field(default_factory=lambda: f"{os.uname().nodename}:{os.getpid()}")


def make_state_folders(out: Path) -> None:
    """Make the folders of markers and claims: what cannot be remembered is not begun.

    Raises:
        OutputError: They cannot be made.
    """
    for folder in (MARKERS, CLAIMS):
        make_folder(out / STATE_FOLDER / folder)


def identity_of(place: str, kind: str) -> str:
    """Name of what belongs to a source and a kind of product, 32 hex digits."""
    text = f"{kind}\0{place}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:32]


def marker_path(out: Path, place: str, kind: str) -> Path:
    """Where the marker of a source and a kind lies."""
    name = identity_of(place, kind)
    return out / STATE_FOLDER / MARKERS / name[:2] / f"{name[2:]}.json"


def read_marker(out: Path, place: str, kind: str) -> Marker | None:
    """The marker of a source and a kind; ``None`` if there is none that can be used."""
    marker = _read(marker_path(out, place, kind))
    return marker if marker is not None and (marker.place, marker.kind) == (place, kind) else None


def _read(path: Path) -> Marker | None:
    try:
        found = read_bytes(path, _LARGEST_BYTES, "the marker", path_error(TrackError, path))
        content = json.loads(found)
        if content.pop("version") != _VERSION:
            return None
        content["heard"] = tuple(content["heard"])
        marker = Marker(**content)
        _check(marker)
        return marker
    except (TrackError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _check(marker: Marker) -> None:
    texts = (
        marker.place, marker.kind, marker.key, marker.state, marker.target, marker.reason,
        marker.source, marker.made_by, *marker.heard,
    )  # fmt: skip
    for text in texts:
        os.fsencode(text)  # raises for other things, and for letters that are no text
    length_s = () if marker.length_s is None else (marker.length_s,)
    numbers = (marker.target_bytes, marker.tries, marker.seconds, *length_s)
    if not all(type(each) in (int, float) and 0 <= each <= _MOST for each in numbers):
        raise ValueError("a number that cannot be meant")
    target = PurePath(marker.target)
    if target.is_absolute() or ".." in target.parts or "\0" in marker.target:
        raise ValueError("a target that is not below the output")


def write_marker(out: Path, marker: Marker) -> None:
    """Write a marker, whole.

    Raises:
        OutputError: The output cannot be written to.
    """
    path = marker_path(out, marker.place, marker.kind)
    content = json.dumps({"version": _VERSION, **asdict(marker)}, indent=1, ensure_ascii=False)
    write_state(path, content.encode("utf-8", "surrogatepass"))


def forget_failure(out: Path, place: str, kind: str) -> None:
    """Let nothing be known any more of a source and a kind that failed."""
    marker = read_marker(out, place, kind)
    if marker is not None and marker.state == "failed":
        with contextlib.suppress(OSError):
            marker_path(out, place, kind).unlink()


def write_state(path: Path, content: bytes) -> None:
    """Write one of the many small files below a state folder, two folders deep, whole.

    Raises:
        OutputError: The output cannot be written to.
    """
    folder = path.parent
    make_folder(folder)
    write_bytes(path, content, overwrite=True, through=folder.parent.parent / NEW)


def all_markers(out: Path) -> Iterator[Marker]:
    """Every marker below an output, in no order that means anything."""
    root = out / STATE_FOLDER / MARKERS
    for folder in entries(root):
        for path in entries(folder):
            marker = _read(path) if path.suffix == ".json" else None
            if marker is not None:
                yield marker


def is_done(out: Path, marker: Marker | None, key: str) -> bool:
    """Whether a product is there as it would be made now."""
    if marker is None or marker.state != "done" or marker.key != key:
        return False
    target = out / marker.target
    try:
        status = target.stat()
    except OSError:
        return False
    return marker.target_bytes == 0 or status.st_size == marker.target_bytes


def key_of(facts: Any) -> str:
    """A short name for facts that a result depends on, and for nothing else."""
    text = json.dumps(facts, sort_keys=True, default=str).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:32]
