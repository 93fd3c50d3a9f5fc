"""A small picture of each source, for the report, by the worker that has the source at hand."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path

from overlay.batching.markers import STATE_FOLDER, identity_of, write_state
from overlay.drawing.image_bytes import encoded
from overlay.errors import OverlayError, TrackError
from overlay.files import path_error, read_bytes
from overlay.media.dynamic_metadata import loses_colors
from overlay.media.process import ffmpeg_program
from overlay.media.source import Source
from overlay.media.thumbnails import glimpses

_HEIGHT_PX = 54
_QUALITY = 60
_AT = 0.2
"""Of a source's length: behind most titles, before most ends."""
_LARGEST_BYTES = 100_000


def picture_path(out: Path, place: str) -> Path:
    """Where the picture of a source lies."""
    name = identity_of(place, "picture")
    return out / STATE_FOLDER / "pictures" / name[:2] / name[2:]


def keep_picture(out: Path, place: str, source: Source) -> None:
    """Make the picture of a source; that there is none, or none of its colours, stops nothing."""
    path, info = picture_path(out, place), source.info
    if info.video is None or loses_colors(info):
        return
    with contextlib.suppress(OverlayError, OSError, ValueError):
        at_s, program = _AT * (source.duration_s or 0), ffmpeg_program()
        (picture,) = glimpses(info, [at_s], _HEIGHT_PX, program, exact=False)
        if picture is not None:
            kind, content = encoded(picture, _QUALITY)
            write_state(path, f"{kind}\n".encode() + content)


def kept_picture(out: Path, place: str) -> str | None:
    """The picture of a source as an address for a page; ``None`` if there is none."""
    path = picture_path(out, place)
    try:
        found = read_bytes(path, _LARGEST_BYTES, "the picture", path_error(TrackError, path))
    except TrackError:
        return None
    kind, _, content = found.partition(b"\n")
    if kind not in (b"image/webp", b"image/jpeg"):
        return None
    return f"data:{kind.decode()};base64,{base64.b64encode(content).decode()}"
