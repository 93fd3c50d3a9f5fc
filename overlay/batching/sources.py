"""The media files below some folders, as they are found: nothing is held but one folder's names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path

from overlay.errors import MediaError, UsageError
from overlay.files import is_file, is_folder, path_error, read_csv, read_text, status
from overlay.files import reason as why
from overlay.reporting import SILENT, Reporter

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

    def now(self) -> Found:
        """The same source as it is now.

        Raises:
            OSError: It is gone, or cannot be looked at.
        """
        there = self.path.stat()
        return replace(self, size=there.st_size, mtime_ns=there.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Root:
    """Where to look, and where what is found there belongs.

    Attributes:
        path: A folder, or a file.
        place: Of the folder, or of the folder that the file is in, below the output; no two folders
            have the same.
    """

    path: Path
    place: str


def roots_of(paths: Iterable[str | Path]) -> list[Root]:
    """Folders and files that a person names.

    What is in a single folder lies in the output itself. Of several folders each has its own below
    the output, by its name; of files alone the folders below the one that they share.

    Raises:
        UsageError: One is not there, or may not be looked at.
        MediaError: A folder cannot be read.
    """
    named = [Path(path) for path in paths]
    homes = list(dict.fromkeys(_home(path) for path in named))
    if len(homes) <= 1:
        places = dict.fromkeys(homes, "")
    elif not any(is_folder(path) for path in named):
        shared = Path(os.path.commonpath(homes))
        places = {home: _place(home.relative_to(shared)) for home in homes}
    else:
        places = dict(zip(homes, _apart(home.name for home in homes), strict=True))
    return [Root(path, places[_home(path)]) for path in named]


def _home(path: Path) -> Path:
    if is_folder(path):
        _check_readable(path)
        return path.resolve()
    if is_file(path):
        return path.parent.resolve()
    raise UsageError(f"{path}: {_absence(path)}")


def _check_readable(folder: Path) -> None:
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise MediaError(f"the folder cannot be read: {why(error)}", path=folder) from error


def _absence(path: Path) -> str:
    """Why what was named is neither a file nor a folder."""
    try:
        os.stat(path)  # noqa: PTH116  the reason why not is wanted
    except FileNotFoundError:
        return "there is no such file or folder"
    except (OSError, ValueError) as error:
        return f"cannot be looked at: {why(error)}"
    return "is neither a file nor a folder"


def _place(folder: Path) -> str:
    return "" if folder == Path() else folder.as_posix()


def _apart(names: Iterable[str]) -> Iterator[str]:
    """Names, with a number behind those that were there before."""
    seen: set[str] = set()
    for name in names:
        number, apart = 2, name
        while apart.casefold() in seen:
            apart, number = f"{name}-{number}", number + 1
        seen.add(apart.casefold())
        yield apart


def root_of(path: str | Path, base: Path) -> Root:
    """A file or folder of a list that may have no end: its place is its own, whatever else comes.

    Args:
        path: As it is named.
        base: The folder that relative paths start at; what is below it lies so below the output,
            everything else by its whole path.

    Raises:
        UsageError: No file can be called so.
    """
    absolute = Path(os.path.abspath(base / path))  # noqa: PTH100  links stay what they are
    if "\0" in str(path):
        raise UsageError(f"{str(path)!r}: no file has a NUL in its name")
    home = absolute if is_folder(absolute) else absolute.parent
    below = home.is_relative_to(base)
    return Root(absolute, _place(home.relative_to(base if below else home.anchor)))


def find_sources(
    roots: Iterable[Root],
    out: Path,
    *,
    recursive: bool = False,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    reporter: Reporter = SILENT,
) -> Iterator[Found]:
    """The media files in some folders, folder by folder, by name.

    Links are followed, each folder once; the output and hidden folders are left out; what
    vanishes meanwhile is passed over.

    Args:
        roots: Where to look.
        out: Where products go.
        recursive: Look into folders below, too.
        include: Patterns of names or places; media by their extension if there are none.
        exclude: Patterns of names or places to leave out.
        reporter: Told of folders that cannot be read, and of links that lead nowhere.
    """
    seen: set[tuple[int, int]] = set()
    avoided = _identity(out)
    if avoided is not None:
        seen.add(avoided)
    for is_tree, group in groupby(roots, key=lambda root: is_folder(root.path)):
        if is_tree:
            for root in group:
                for place, entries in _folders(root, seen, reporter, recursive=recursive):
                    wanted = _Wanted(place, include, exclude)
                    yield from _found(_files(entries), place, wanted, reporter)
        else:
            for place, files in groupby(group, key=lambda root: root.place):
                yield from _named([root.path for root in files], place)


def _identity(folder: Path) -> tuple[int, int] | None:
    found = status(folder)
    return None if found is None else (found.st_dev, found.st_ino)


_Entries = list[os.DirEntry[str]]


def _folders(
    root: Root, seen: set[tuple[int, int]], reporter: Reporter, *, recursive: bool
) -> Iterator[tuple[str, _Entries]]:
    """Each folder that was not seen yet: its place, and what is in it."""
    waiting = [(root.path, root.place)]
    while waiting:
        folder, place = waiting.pop()
        identity = _identity(folder)
        if identity is None or identity in seen:
            continue
        seen.add(identity)
        entries = _entries(folder, reporter)
        yield place, entries
        if recursive:
            below = sorted((e for e in entries if _is_dir(e)), key=lambda e: e.name)
            for entry in reversed(below):
                if not entry.name.startswith("."):
                    waiting.append((Path(entry.path), _joined(place, entry.name)))


def _entries(folder: Path, reporter: Reporter) -> _Entries:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        reporter.note(f"{folder}: left out, the folder cannot be read: {why(error)}")
        return []


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _files(entries: _Entries) -> list[Path]:
    return sorted(Path(e.path) for e in entries if not _is_dir(e))


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


def _found(
    files: list[Path], place: str, wanted: Callable[[str], bool], reporter: Reporter
) -> Iterator[Found]:
    """What is wanted of the files of a folder; what vanished is passed over."""
    for found in _named([path for path in files if wanted(path.name)], place):
        if found.size or is_file(found.path):
            yield found
        elif status(path := found.path) is None and path.is_symlink():
            reporter.note(f"{path}: left out, the link leads nowhere")


def _named(files: list[Path], place: str) -> Iterator[Found]:
    """Files of a folder; one that is not there has no bytes, and will be found missing."""
    stems = Counter(path.stem.casefold() for path in files)
    for path in files:
        there = status(path)
        size, mtime_ns = (there.st_size, there.st_mtime_ns) if there else (0, 0)
        stem = path.name if stems[path.stem.casefold()] > 1 else path.stem
        yield Found(path, _joined(place, path.name), size, mtime_ns, stem)


def read_manifest(path: Path) -> list[Root]:
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
    base = path.absolute().parent
    roots = [root_of(name, base) for name in dict.fromkeys(names) if name]
    return sorted(roots, key=lambda root: root.place)  # what is in a folder together


def in_shard(place: str, number: int, n_shards: int) -> bool:
    """Whether a source is of a shard, by a hash of its place; shards count from 1."""
    import hashlib

    digest = hashlib.sha256(place.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") % n_shards == number - 1
