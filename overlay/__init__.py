"""Show what can be heard in a video: live sound tags drawn on the matching frames.

>>> import overlay
>>> track = overlay.tag("clip.mp4")                       # doctest: +SKIP
>>> track.top_k(3)                                        # doctest: +SKIP
>>> overlay.render("clip.mp4", "clip.tagged.mp4")         # doctest: +SKIP

Importing the package imports nothing else; that happens when a name is first used. So a program
that ends at once, or is ended, does so in a few milliseconds.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from overlay.batching.run import Report, batch
    from overlay.datatypes import Box, Cue, Tag, TagEvent
    from overlay.errors import OverlayError
    from overlay.judging import (
        Agreed,
        Corrected,
        Learned,
        agreement,
        agreement_of_events,
        learn,
        train_on_verdicts,
    )
    from overlay.pipeline import (
        Rendered,
        Taught,
        captions,
        check_captions,
        export_events,
        export_formats,
        find_events,
        merge_captions,
        preview,
        render,
        review,
        shown,
        tag,
        train,
    )
    from overlay.reporting import Reporter
    from overlay.settings import (
        CaptionSettings,
        EventSettings,
        PanelSettings,
        Settings,
        TaggingSettings,
        VideoSettings,
    )
    from overlay.track import TagTrack

__all__ = [
    "Agreed",
    "Box",
    "CaptionSettings",
    "Corrected",
    "Cue",
    "EventSettings",
    "Learned",
    "OverlayError",
    "PanelSettings",
    "Rendered",
    "Report",
    "Reporter",
    "Settings",
    "Tag",
    "TagEvent",
    "TagTrack",
    "TaggingSettings",
    "Taught",
    "VideoSettings",
    "agreement",
    "agreement_of_events",
    "batch",
    "captions",
    "check_captions",
    "export_events",
    "export_formats",
    "find_events",
    "learn",
    "merge_captions",
    "preview",
    "render",
    "review",
    "shown",
    "tag",
    "train",
    "train_on_verdicts",
]

_HOMES = {
    "batching.run": ("Report", "batch"),
    "datatypes": ("Box", "Cue", "Tag", "TagEvent"),
    "errors": ("OverlayError",),
    "judging": (
        "Agreed", "Corrected", "Learned", "agreement", "agreement_of_events", "learn",
        "train_on_verdicts",
    ),
    "reporting": ("Reporter",),
    "settings": (
        "CaptionSettings", "EventSettings", "PanelSettings", "Settings", "TaggingSettings",
        "VideoSettings",
    ),
    "track": ("TagTrack",),
}  # fmt: skip
"""Which module a name is in; ``pipeline`` has the others."""


def __getattr__(name: str) -> Any:
    """Import the module of a name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = next((home for home, names in _HOMES.items() if name in names), "pipeline")
    return getattr(import_module(f"overlay.{home}"), name)
