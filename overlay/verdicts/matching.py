"""Which of the files that a person names hold verdicts on a sound.

One file is meant for the medium at hand: that it is on another sound is a mistake. Of several, or
of a folder with all that lies below it, each medium gets what is on its sound, of all files
together; on a medium of which they say nothing there are no verdicts. Of a part of a medium what
was said of that part counts, else what was said of the whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from overlay.datatypes import Excerpt
from overlay.errors import ExportError
from overlay.files import is_folder, reason
from overlay.track import sound_of_part
from overlay.verdicts.verdict_file import ENDING, Verdicts, read_verdicts

Stamp = tuple[tuple[str, int], ...]
"""Paths, and when each was last changed, ns."""


def verdicts_on(
    paths: Sequence[str], sound: str, excerpt: Excerpt | None = None
) -> Verdicts | None:
    """What the files say of a sound; ``None`` if they are many, and say nothing.

    Args:
        paths: Files of verdicts, and folders of them.
        sound: Its fingerprint (``fingerprint_of``).
        excerpt: Which part of a whole sound it may be; on that verdicts are found, too, with the
            whole's fingerprint and times.

    Raises:
        ExportError: One cannot be read, or the only one is on another sound.
    """
    if is_one(paths):
        found = read_verdicts(paths[0])
        if not _are_on(found.media.fingerprint, sound, excerpt):
            raise ExportError(
                f"{paths[0]}: these verdicts are of another sound, that of "
                f"{found.media.name!r:.200}; for several media name a folder of verdicts"
            )
        return found
    made: Verdicts | None = None
    for path in _files_on(_by_sound(_stamp(paths)), sound, excerpt):
        found = read_verdicts(path)
        made = found if made is None else made.with_entries(found.entries)
    return made


def _are_on(judged: str, sound: str, excerpt: Excerpt | None) -> bool:
    return sound in (judged, sound_of_part(judged, excerpt))


def _files_on(
    by_sound: Mapping[str, Sequence[str]], sound: str, excerpt: Excerpt | None
) -> Sequence[str]:
    if sound in by_sound or excerpt is None:
        return by_sound.get(sound, ())
    return next((by_sound[each] for each in by_sound if _are_on(each, sound, excerpt)), ())


def is_one(paths: Sequence[str]) -> bool:
    """Whether a single file is named."""
    return len(paths) == 1 and not is_folder(paths[0])


def files_of(paths: Iterable[str | Path]) -> list[Path]:
    """The files themselves: those that are named, and those in folders by name.

    Raises:
        ExportError: A folder cannot be read, or holds none.
    """
    made: list[Path] = []
    for path in map(Path, paths):
        found = list(_within(path)) if is_folder(path) else [path]
        if not found:
            raise ExportError(f"{path}: there are no files of verdicts ({ENDING}) in it")
        made += found
    return made


def _within(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if name.endswith(ENDING))


def _refuse(error: OSError) -> None:
    raise ExportError(f"{error.filename}: cannot be read: {reason(error)}") from error


def _stamp(paths: Sequence[str]) -> Stamp:
    return tuple((str(path), _changed_ns(path)) for path in files_of(paths))


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # whoever reads it says why


@lru_cache(maxsize=2)
def _by_sound(stamp: Stamp) -> dict[str, tuple[str, ...]]:
    """Which files are on each sound; remembered, since a batch asks for every source."""
    made: dict[str, tuple[str, ...]] = {}
    for path, _ in stamp:
        sound = read_verdicts(path).media.fingerprint
        made[sound] = (*made.get(sound, ()), path)
    return made
