"""Panels for a picture, and their pixels on the way to ffmpeg."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import IO

from overlay.datatypes import ColorInfo, TagTimeline, VideoInfo
from overlay.drawing.fonts import can_draw, font_file
from overlay.drawing.panel import Panel, PlanarPanel
from overlay.media.panel_stream import (
    DrawnPanel,
    PanelInput,
    first_picture,
    panel_rate,
    write_panel,
)
from overlay.media.process import FfmpegRun, feed, started
from overlay.products.detected import silence, timeline_of, without_labels
from overlay.reporting import Reporter
from overlay.settings import PanelSettings, Settings
from overlay.vocabulary.audioset import audioset


def make_panel(timeline: TagTimeline, video: VideoInfo, settings: PanelSettings) -> Panel:
    """The panel for a picture of this size and pixel shape.

    Raises:
        SettingsError: The theme or the font cannot be used.
    """
    return Panel(
        timeline,
        (video.width, video.height),
        settings,
        families=timeline.family_by_label,
        pixel_aspect=video.sample_aspect,
        duration_s=video.start_s + (video.duration_s or 0.0),
    )


def planar_panel(
    timeline: TagTimeline, video: VideoInfo, settings: PanelSettings, bit_depth: int
) -> tuple[PlanarPanel, PanelInput]:
    """The panel in the video's own colours, and what ffmpeg is told of it."""
    panel = make_panel(timeline, video, settings)
    planar = PlanarPanel(panel, video.color, bit_depth, video.height)
    return planar, panel_input(planar, panel, video, video.color)


def panel_input(drawn: DrawnPanel, panel: Panel, video: VideoInfo, color: ColorInfo) -> PanelInput:
    """What ffmpeg is told of a panel that is drawn in these colours."""
    rate = panel_rate(video)
    first = first_picture(video, rate)
    places = tuple(panel.places)
    return PanelInput(drawn.size, places, drawn.pix_fmt, color.range, color.space, rate, first)


def drawable(video: VideoInfo, settings: Settings, reporter: Reporter) -> Settings:
    """Settings with which a panel can be drawn on a picture, for a plan.

    Labels stay English, with a note, where no font has the letters of the language.

    Raises:
        SettingsError: The theme or the font cannot be used.
    """
    panel = settings.panel
    letters = "".join(audioset().in_language(panel.language))
    if not can_draw(letters, font_file(panel.font, "SemiBold")):
        reporter.note(
            "no font on this machine has all Chinese letters, so the labels stay English; install "
            "Noto Sans CJK (Debian: fonts-noto-cjk), or name a font with --font"
        )
        settings = replace(settings, panel=replace(panel, language="en"))
    made = make_panel(timeline_of(silence(), without_labels(settings)), video, settings.panel)
    for name in made.without_room:
        reporter.note(f"there is no room for {name} on a picture of {video.width}x{video.height}")
    return settings


def fed(
    command: list[str],
    panel: PanelInput | None,
    frames: Iterable[tuple[int, memoryview]],
    reporter: Reporter,
    total_s: float | None = None,
) -> FfmpegRun:
    """Run ffmpeg to its end, with panel pictures on its standard input.

    Args:
        command: Its argv.
        panel: What it is told of the pictures; ``None`` where it gets none.
        frames: Number and pixels of each; may go on for ever.
        reporter: Told the seconds that are written, as step ``render``.
        total_s: How many there are.
    """

    def write(pipe: IO[bytes]) -> None:
        if panel is not None:
            write_panel(pipe, panel, frames)

    with started(command, stdin=True) as run:
        feed(run, write, lambda done_s: reporter.progress("render", done_s, total_s))
    return run
