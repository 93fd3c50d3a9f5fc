"""Show what can be heard in a video: live sound tags drawn on the matching frames.

>>> import overlay
>>> track = overlay.tag("clip.mp4")                       # doctest: +SKIP
>>> track.top_k(3)                                        # doctest: +SKIP
>>> overlay.render("clip.mp4", "clip.tagged.mp4")         # doctest: +SKIP

Importing the package imports neither Paddle nor moviepy; that happens when they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from overlay.datatypes import Box, Cue, Tag, TagEvent, TagTrack
from overlay.errors import OverlayError
from overlay.settings import (
    CaptionSettings,
    EventSettings,
    PanelSettings,
    Settings,
    TaggingSettings,
    VideoSettings,
)

if TYPE_CHECKING:
    from overlay.pipeline import (
        Rendered,
        captions,
        check_captions,
        export_events,
        export_formats,
        find_events,
        merge_captions,
        preview,
        render,
        tag,
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

_IN_PIPELINE = {
    "Rendered", "captions", "check_captions", "export_events", "export_formats", "find_events",
    "merge_captions", "preview", "render", "tag",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import the pipeline when one of its names is first used."""
    if name in _IN_PIPELINE:
        from overlay import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
