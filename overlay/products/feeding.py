"""Panels for a picture, and their pixels on the way to ffmpeg."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import count
from typing import Protocol

from overlay.datatypes import TagTimeline, VideoInfo
from overlay.drawing.fonts import can_draw, font_file
from overlay.drawing.panel import Panel, PlanarPanel
from overlay.media.process import FfmpegRun, feed_frames, started
from overlay.media.video import PanelInput, panel_rate
from overlay.products.detected import silence, timeline_of, without_labels
from overlay.reporting import Reporter
from overlay.settings import PanelSettings, Settings
from overlay.vocabulary.audioset import audioset


class DrawnPanel(Protocol):
    """A panel in the pixels of some file."""

    pix_fmt: str

    def frame(self, t: float) -> memoryview:
        """All of the picture at second ``t``; valid until the next call."""
        ...


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
    )


def planar_panel(
    timeline: TagTimeline, video: VideoInfo, settings: PanelSettings, bit_depth: int
) -> tuple[PlanarPanel, PanelInput]:
    """The panel in the video's own colours, and what ffmpeg is told of it."""
    panel = make_panel(timeline, video, settings)
    planar = PlanarPanel(panel, video.color, bit_depth, video.height)
    rate = panel_rate(video)
    said = PanelInput(panel.box, planar.pix_fmt, video.color.range, video.color.space, rate)
    return planar, said


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
    make_panel(timeline_of(silence(), without_labels(settings)), video, settings.panel)
    return settings


def panel_frames(drawn: DrawnPanel, rate: Fraction) -> Iterator[memoryview]:
    """Panel pictures without end: ffmpeg stops reading when the video is over."""
    for n in count():
        yield drawn.frame(float(n / rate))


def fed(
    command: list[str],
    frames: Iterable[memoryview],
    reporter: Reporter,
    total_s: float | None = None,
) -> FfmpegRun:
    """Run ffmpeg to its end, with panel pictures on its standard input.

    Args:
        command: Its argv.
        frames: May go on for ever.
        reporter: Told the seconds that are written, as step ``render``.
        total_s: How many there are.
    """
    with started(command, stdin=True) as run:
        feed_frames(run, frames, lambda done_s: reporter.progress("render", done_s, total_s))
    return run
