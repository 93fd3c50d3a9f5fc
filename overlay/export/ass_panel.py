"""The animated panel as an ASS track: vector shapes and text that a player draws itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from overlay.datatypes import TagTimeline, VideoInfo
from overlay.drawing.fonts import font_file
from overlay.drawing.panel import Panel
from overlay.errors import SettingsError
from overlay.export.ass_chips import ChipsScript
from overlay.export.ass_drawing import HEADER, Event
from overlay.export.ass_list import ListScript
from overlay.export.formats import Format, Run
from overlay.settings import PanelSettings

DEFAULT_PICTURE = 1920, 1080
"""Width and height that a panel is made for where no video is at hand."""


class Script(Protocol):
    """A view on its way to text."""

    def events(self, end_s: float) -> Iterator[Event]:
        """Its events, up to the end of the video."""
        ...

    def styles(self) -> str:
        """The styles of the events that were made."""
        ...


SCRIPTS: dict[str, Callable[[Panel, Any], Script]] = {"list": ListScript, "chips": ChipsScript}
"""The views that players draw themselves; to add one, write a file like its, and name it here."""


def playable(settings: PanelSettings) -> tuple[str, ...]:
    """The views asked for that players draw themselves."""
    return tuple(name for name in settings.views if name in SCRIPTS)


def panel_text(
    timeline: TagTimeline, picture: tuple[int, int], end_s: float, settings: PanelSettings
) -> str:
    """The panel over a video as the content of an ASS file.

    Args:
        timeline: The tags to show.
        picture: Width and height of the video as it is shown, with square pixels.
        end_s: Where the video ends.
        settings: Views, theme, place, size.

    Raises:
        SettingsError: The theme or the font cannot be used, or players draw none of the views.
    """
    if settings.views and not playable(settings):
        raise SettingsError(
            f"players cannot draw the view {settings.view}; they draw {' and '.join(SCRIPTS)}"
        )
    panel = Panel(timeline, picture, settings, families=timeline.family_by_label, duration_s=end_s)
    scripts = [
        SCRIPTS[name](panel, piece)
        for name in playable(settings)
        for piece in panel.views[name]
        if piece.fits
    ]
    events = sorted(event for script in scripts for event in script.events(end_s))
    styles = "".join(script.styles() for script in scripts)
    header = HEADER.format(width=picture[0], height=picture[1], styles=styles)
    return header + "".join(line for _, line in events)


def shown_size(video: VideoInfo) -> tuple[int, int]:
    """Width and height of a video with its pixels made square."""
    return max(1, round(video.width * video.sample_aspect)), video.height


def panel_fonts(settings: PanelSettings) -> list[Path]:
    """The font files that the panel's text wants."""
    wanted = (font_file(settings.font, weight) for weight in ("SemiBold", "Medium"))
    return list(dict.fromkeys(wanted))


def _write(run: Run) -> str:
    """The panel over the video.

    Raises:
        SettingsError: The theme or the font cannot be used.
    """
    if run.timeline is None:
        raise ValueError("the animated panel is made of a timeline")
    picture = run.source.picture or DEFAULT_PICTURE
    return panel_text(run.timeline, picture, run.duration_s, run.settings.panel)


FORMAT = Format(
    "ass-panel", ".panel.ass", "the animated panel, drawn by the player", _write, "panel"
)
