"""Where results go: names, and files that appear only when they are complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from overlay.errors import OutputError


def check_target(out: Path, source: Path, *, overwrite: bool) -> None:
    """Refuse a target that is the source, exists, or has no folder to be in.

    Raises:
        OutputError: As said; a source is never overwritten, not even through a link.
    """
    if out.exists() and source.exists() and out.samefile(source):
        raise OutputError("is the input itself; choose another name with -o", path=out)
    if out.is_dir():
        raise OutputError("is a folder; give a file name", path=out)
    if not out.parent.is_dir():
        raise OutputError(f"there is no folder {out.parent}; make it first", path=out)
    if os.path.lexists(out) and not overwrite:
        raise OutputError("exists already; use --overwrite or another name with -o", path=out)


@contextmanager
def complete_or_absent(out: Path) -> Iterator[Path]:
    """A temporary path beside ``out``, renamed to it if the block ends well and removed if not.

    Raises:
        OutputError: The folder cannot be written to.
    """
    temporary = out.with_name(f".{out.stem[:80]}.{os.getpid()}.part{out.suffix}")
    try:
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise OutputError(f"cannot write here: {error.strerror}", path=out) from error
    try:
        yield temporary
        temporary.replace(out)
    except OSError as error:
        full = error.errno == errno.ENOSPC
        reason = "the disk is full; nothing was kept" if full else str(error.strerror)
        raise OutputError(f"cannot be written: {reason}", path=out) from error
    finally:
        temporary.unlink(missing_ok=True)
