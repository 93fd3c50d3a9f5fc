"""The media files below some folders, as they are found: nothing is held but one folder's names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from overlay.errors import UsageError
from overlay.files import is_file, is_folder, path_error, read_csv, read_text

MEDIA = (
    ".3gp .avi .flac .flv .m2ts .m4a .m4v .mka .mkv .mov .mp3 .mp4 .mpeg .mpg .mts .mxf .ogg .ogv "
    ".opus .ts .wav .webm .wma .wmv"
)
"""Extensions that count as media where ``include`` says nothing."""


_LARGEST_LIST = 100_000_000
"""Bytes of a list of files."""


@dataclass(frozen=True, slots=True)
class Found:
    """A source and where it belongs.

    Attributes:
        path: Where it is.
        place: Its path below the folder that was named, with ``/``: the same on every machine, so
            what is done, claimed and sharded goes by it.
        size: Bytes.
        mtime_ns: Last change, nanoseconds.
        stem: What the names of its products begin with; its whole name where another source of
            the folder differs in the extension alone.
    """

    path: Path
    place: str
    size: int
    mtime_ns: int
    stem: str

    @property
    def folder(self) -> str:
        """Folder of its products below the output; empty for the output itself."""
        return self.place.rpartition("/")[0]


def find_sources(
    roots: Sequence[str | Path],
    out: Path,
    *,
    recursive: bool = False,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Iterator[Found]:
    """The media files in some folders, folder by folder, by name.

    Links are followed, each folder once; the output and hidden folders are left out; what
    vanishes meanwhile is passed over.

    Args:
        roots: Folders and files. Of several folders each has its own below the output.
        out: Where products go.
        recursive: Look into folders below, too.
        include: Patterns of names or places; media by their extension if there are none.
        exclude: Patterns of names or places to leave out.

    Raises:
        UsageError: A root is not there.
    """
    seen: set[tuple[int, int]] = set()
    avoided = _identity(out)
    if avoided is not None:
        seen.add(avoided)
    for root, prefix in _prefixed([Path(root) for root in roots]):
        if is_file(root):
            yield from _found([root], prefix, lambda name: True)
        elif is_folder(root):
            for folder, place in _folders(root, prefix, seen, recursive=recursive):
                wanted = _Wanted(place, include, exclude)
                yield from _found(_files(folder), place, wanted)
        else:
            raise UsageError(f"{root}: there is no such file or folder")


def _prefixed(roots: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each root and the folder of its products: none for a single folder, else its own name."""
    if len(roots) == 1 or not any(is_folder(root) for root in roots):
        yield from ((root, "") for root in roots)
        return
    names: Counter[str] = Counter()
    for root in roots:
        name = root.resolve().name if is_folder(root) else ""
        names[name] += 1
        yield root, f"{name}-{names[name]}" if name and names[name] > 1 else name


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _folders(
    root: Path, prefix: str, seen: set[tuple[int, int]], *, recursive: bool
) -> Iterator[tuple[Path, str]]:
    waiting = [(root, prefix)]
    while waiting:
        folder, place = waiting.pop()
        identity = _identity(folder)
        if identity is None or identity in seen:
            continue
        seen.add(identity)
        yield folder, place
        if recursive:
            below = sorted((e for e in _entries(folder) if _is_dir(e)), key=lambda e: e.name)
            for entry in reversed(below):
                if not entry.name.startswith("."):
                    waiting.append((Path(entry.path), _joined(place, entry.name)))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _files(folder: Path) -> list[Path]:
    return sorted(Path(e.path) for e in _entries(folder) if not _is_dir(e))


def _joined(place: str, name: str) -> str:
    return f"{place}/{name}" if place else name


class _Wanted:
    """Whether a file of a folder counts, by its name or place."""

    def __init__(self, place: str, include: Sequence[str], exclude: Sequence[str]) -> None:
        self._place, self._include, self._exclude = place, include, exclude

    def __call__(self, name: str) -> bool:
        if name.startswith(".") or self._matches(name, self._exclude):
            return False
        if self._include:
            return self._matches(name, self._include)
        return Path(name).suffix.lower() in MEDIA.split() and ".tagged." not in name

    def _matches(self, name: str, patterns: Iterable[str]) -> bool:
        place = _joined(self._place, name)
        return any(fnmatch(name, pattern) or fnmatch(place, pattern) for pattern in patterns)


def _found(files: list[Path], place: str, wanted: object) -> Iterator[Found]:
    assert callable(wanted)
    chosen = [path for path in files if wanted(path.name)]
    stems = Counter(path.stem.casefold() for path in chosen)
    for path in chosen:
        try:
            status = path.stat()
        except OSError:
            continue  # it vanished
        if not is_file(path):
            continue
        stem = path.name if stems[path.stem.casefold()] > 1 else path.stem
        yield Found(path, _joined(place, path.name), status.st_size, status.st_mtime_ns, stem)


def read_manifest(path: Path) -> list[Path]:
    """Files and folders from a list: one a line, or the column ``file`` of a CSV.

    Relative paths are below the list's own folder; empty lines and those with ``#`` are left out.

    Raises:
        UsageError: The list cannot be read.
    """
    what = path, _LARGEST_LIST, "the list of files", path_error(UsageError, path)
    if path.suffix.lower() == ".csv":
        names = [row["file"] for row in read_csv(*what, ("file",))]
    else:
        lines = read_text(*what).split("\n")
        names = [line.strip() for line in lines if not line.startswith("#")]
    return [path.parent / name for name in names if name]


def in_shard(place: str, number: int, n_shards: int) -> bool:
    """Whether a source is of a shard, by a hash of its place; shards count from 1."""
    import hashlib

    digest = hashlib.sha256(place.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") % n_shards == number - 1
