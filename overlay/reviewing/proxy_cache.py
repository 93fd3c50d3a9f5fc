"""Small copies that every browser plays, made once for each content and remembered."""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import os
from dataclasses import replace
from pathlib import Path

from overlay.errors import EncodeError, MediaError
from overlay.files import entries, is_file, make_folder, reason, whole_or_absent
from overlay.media.process import feed, ffmpeg_program, started
from overlay.media.proxy_command import PROXY_HEIGHT, proxy_command
from overlay.media.source import Source
from overlay.reporting import Reporter
from overlay.resources import cache_folder
from overlay.scoring.cache import limit_bytes


def proxy_folder() -> Path:
    """Where the copies are."""
    return cache_folder() / "proxies"


def proxy_of(
    source: Source, reporter: Reporter, ffmpeg_path: str | None = None, threads: int = 0
) -> Path:
    """A copy of a source that every browser plays, from the cache if it is there.

    It is of the whole file, whatever part of it is used.

    Args:
        source: With sound.
        reporter: Told the seconds that are copied, as step ``copy``.
        ffmpeg_path: Program to use instead of the default one.
        threads: Of each decoder and encoder; 0 leaves it to ffmpeg.

    Raises:
        MediaError: The source cannot be read, or the copy cannot be written.
    """
    target = proxy_folder() / f"{_key(source)}.mp4"
    if is_file(target):
        with contextlib.suppress(OSError):
            os.utime(target)
        return target
    make_folder(target.parent)
    source = replace(source, info=source.whole or source.info)
    with whole_or_absent(target, overwrite=True, inputs=(source.path,)) as temporary:
        command = proxy_command(
            source.info,
            source.audio_track,
            temporary,
            ffmpeg_program(ffmpeg_path),
            threads,
        )
        with started(command, stdin=True) as run:
            total_s = source.duration_s
            feed(run, lambda pipe: None, lambda done_s: reporter.progress("copy", done_s, total_s))
        if run.returncode:
            why = run.log.complaint or f"ffmpeg ended with status {run.returncode}"
            raise EncodeError(
                f"no copy of it can be made: {why}", path=source.path, command=run.command,
                stderr_tail=run.log.tail,
            )  # fmt: skip
    _evict(target)
    return target


def is_copy_of(source: Source, path: Path) -> bool:
    """Whether a file is the copy of a source that is remembered, as a killed run leaves it.

    Raises:
        MediaError: The source cannot be read.
    """
    if not is_file(path):
        return False
    known = proxy_folder() / f"{_key(source)}.mp4"
    try:
        return is_file(known) and filecmp.cmp(known, path, shallow=False)
    except OSError:
        return False


def clear_proxies() -> int:
    """Remove all copies; returns how many there were and could be removed."""
    n_removed = 0
    for path in _copies():
        with contextlib.suppress(OSError):
            path.unlink()
            n_removed += 1
    return n_removed


def _key(source: Source) -> str:
    """A name that depends on the content of the file and on which of its streams are shown."""
    picture = source.info.video.index if source.info.video else None
    try:
        with source.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise MediaError(f"cannot be read: {reason(error)}", path=source.path) from error
    digest.update(repr(("proxy 1", PROXY_HEIGHT, picture, source.audio_track)).encode())
    return digest.hexdigest()


def _evict(kept: Path) -> None:
    """Remove the copies that were not used for longest until the rest fits into the cache."""
    left = limit_bytes()
    copies = []
    for path in _copies():
        with contextlib.suppress(OSError):
            status = path.stat()
            copies.append((path != kept, -status.st_mtime, status.st_size, path))
    for is_other, _, size, path in sorted(copies):
        left -= size
        if is_other and left < 0:
            with contextlib.suppress(OSError):
                path.unlink()


def _copies() -> list[Path]:
    return [path for path in entries(proxy_folder()) if path.suffix == ".mp4"]
