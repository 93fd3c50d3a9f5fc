"""Show what can be heard in a video: live sound tags drawn on the matching frames.

>>> import overlay
>>> track = overlay.tag("clip.mp4")                       # doctest: +SKIP
>>> track.top_k(3)                                        # doctest: +SKIP
>>> overlay.render("clip.mp4", "clip.tagged.mp4")         # doctest: +SKIP

Importing the package imports neither Paddle nor moviepy; that happens when they are needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from overlay.datatypes import Box, Cue, Tag, TagEvent
from overlay.errors import OverlayError
from overlay.settings import (
    CaptionSettings,
    EventSettings,
    PanelSettings,
    Settings,
    TaggingSettings,
    VideoSettings,
)
from overlay.track import TagTrack

if TYPE_CHECKING:
    from overlay.pipeline import Rendered, preview, render, tag
    from overlay.texts import export_formats
    from overlay.writing import (
        captions,
        check_captions,
        export_events,
        find_events,
        merge_captions,
    )

__all__ = [
    "Box",
    "CaptionSettings",
    "Cue",
    "EventSettings",
    "OverlayError",
    "PanelSettings",
    "Rendered",
    "Settings",
    "Tag",
    "TagEvent",
    "TagTrack",
    "TaggingSettings",
    "VideoSettings",
    "captions",
    "check_captions",
    "export_events",
    "export_formats",
    "find_events",
    "merge_captions",
    "preview",
    "render",
    "tag",
]

_HOMES = {
    "pipeline": ("Rendered", "preview", "render", "tag"),
    "texts": ("export_formats",),
    "writing": ("captions", "check_captions", "export_events", "find_events", "merge_captions"),
}


def __getattr__(name: str) -> Any:
    """Import the module of a name when it is first used."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"overlay.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
