"""All products by name, and which of them a video becomes: decided here and nowhere else."""

from __future__ import annotations

from pathlib import Path

from overlay.errors import NoAudioStream
from overlay.files import is_folder
from overlay.media.animation import ANIMATIONS
from overlay.media.source import Source
from overlay.products.animated import Animated
from overlay.products.base import Product
from overlay.products.burned import Burned
from overlay.products.captions import Captions
from overlay.products.contact_sheet import ContactSheet
from overlay.products.merged_captions import Merged
from overlay.products.overlay_only import Alone
from overlay.products.review import Review
from overlay.products.scores import Scores
from overlay.products.soft_tracks import Soft
from overlay.products.still import Still
from overlay.products.stream_copy import Copied
from overlay.products.table import Table
from overlay.settings import VideoSettings

PRODUCTS: dict[str, type[Product]] = {
    "alone": Alone,
    "animated": Animated,
    "burned": Burned,
    "captions": Captions,
    "contact-sheet": ContactSheet,
    "copied": Copied,
    "merged": Merged,
    "review": Review,
    "scores": Scores,
    "soft": Soft,
    "still": Still,
    "table": Table,
}
"""What can be made; what each needs to know beside the settings, its class says."""


def asked_for(source: Source, settings: VideoSettings, out: Path | None, *, is_scored: bool) -> str:
    """The product that the options of ``render`` ask for.

    Args:
        source: The video.
        settings: ``soft``, ``overlay_only``, ``gif``, ``allow_silent``.
        out: The target, whose name may tell, too.
        is_scored: Whether there is a track already, so that the sound is not needed.

    Raises:
        NoAudioStream: There is no sound to tag, and a plain copy is not wanted.
    """
    name = _named(settings, out)
    if is_scored or source.info.audio:
        return name
    return without_sound(source, settings, name)


def _named(settings: VideoSettings, out: Path | None) -> str:
    if settings.overlay_only:
        return "alone"
    if settings.soft:
        return "soft"
    is_moving = out is not None and out.suffix.lower() in ANIMATIONS and not is_folder(out)
    return "animated" if settings.gif or is_moving else "burned"


def without_sound(source: Source, settings: VideoSettings, name: str) -> str:
    """What a video becomes in which there is nothing to hear.

    Raises:
        NoAudioStream: A plain copy is not wanted.
    """
    if name in ("alone", "animated"):
        raise NoAudioStream("has no audio to tag", path=source.path)
    if not settings.allow_silent:
        raise NoAudioStream("has no audio to tag; --allow-silent copies the picture",
                            path=source.path)  # fmt: skip
    return "copied"
