"""Whose fault it is that a product failed: the source's, or that of what is around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from overlay.errors import EncodeError, FfmpegNotFound, MediaError, OutputError
from overlay.files import reason, takes_nothing

_OF_WRITING = (OutputError, EncodeError)


def to_blame(error: BaseException) -> str:
    """What every other source would fail for as well, one line.

    Returns:
        Where the disk takes nothing more, or that there is no ffmpeg; empty where it may be the
        source.
    """
    if isinstance(error, FfmpegNotFound):
        return str(error)
    said = _said_by_the_output(error)
    if said is None or not takes_nothing(said):
        return ""
    paths = [each.path for each in _led_to(error) if isinstance(each, MediaError)]
    folder = f"{Path(paths[-1]).parent}: " if paths and paths[-1] else ""
    return folder + reason(said)


def lies_outside(error: BaseException, source: Path) -> bool:
    """Whether neither what is in a source nor the settings led to it.

    Args:
        error: What was raised while something was made of the source.
        source: Where the source is; that it may not be read lies outside, too.
    """
    if isinstance(error, FfmpegNotFound) or _said_by_the_output(error) is not None:
        return True
    try:
        source.open("rb").close()
    except OSError:
        return True
    return False


def _said_by_the_output(error: BaseException) -> OSError | None:
    """What the system said when something could not be written; ``None`` if that is not it."""
    chain = list(_led_to(error))
    if not any(isinstance(each, _OF_WRITING) for each in chain):
        return None
    return next((each for each in chain if isinstance(each, OSError)), None)


def _led_to(error: BaseException) -> Iterator[BaseException]:
    """An error, and those that it was raised from."""
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__
