"""Files inside a Matroska file: fonts and covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from overlay.datatypes import MediaInfo
from overlay.media.probe import opened

_COVERS = {"png": ("png", "image/png"), "mjpeg": ("jpg", "image/jpeg")}
"""Extension and MIME type by codec: what Matroska knows as a cover."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to put in."""

    path: Path
    """Its name is kept."""
    kind: str
    """MIME type."""


def font_attachment(font: Path) -> Attachment:
    """A font by the MIME type that players know in Matroska; newer ones are not known to all."""
    open_type = font.suffix.lower() in (".otf", ".otc")
    return Attachment(
        font, "application/vnd.ms-opentype" if open_type else "application/x-truetype-font"
    )


def extract_covers(info: MediaInfo, covers: Iterable[int], folder: Path) -> list[Attachment]:
    """Cover pictures of a media file, as files: Matroska takes them in no other way.

    Args:
        info: The probed source.
        covers: Indices of their streams.
        folder: Where to write them.

    Raises:
        ProbeError: The source cannot be read any more.
    """
    found = []
    codecs = dict(zip(info.covers, info.cover_codecs, strict=True))
    for number, index in enumerate(covers):
        with opened(info.path) as container:
            packets = container.demux(container.streams[index])
            data = next((bytes(p) for p in packets if p.size), b"")
        if data:
            extension, kind = _COVERS[codecs[index]]
            path = folder / f"cover{number or ''}.{extension}"
            path.write_bytes(data)
            found.append(Attachment(path, kind))
    return found


def attach_arguments(attachments: Sequence[Attachment], n_before: int) -> list[str]:
    """Options of ffmpeg that put files in, behind those of the source.

    Args:
        attachments: The files.
        n_before: How many attachments are copied from the source.
    """
    arguments: list[str] = []
    for number, each in enumerate(attachments, start=n_before):
        arguments += ["-attach", str(each.path.absolute())]
        arguments += [f"-metadata:s:t:{number}", f"mimetype={each.kind}"]
    return arguments
