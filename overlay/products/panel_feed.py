"""Panels for a picture, and their pixels on the way to ffmpeg."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil
from typing import IO

from overlay.datatypes import ColorInfo, TagTimeline, VideoInfo
from overlay.drawing.fonts import can_draw, font_file, undrawable
from overlay.drawing.panel import Panel
from overlay.drawing.yuv_planes import PlanarPanel
from overlay.errors import EncodeError, UsageError
from overlay.media.dynamic_metadata import dynamic_metadata, has_own_colors
from overlay.media.frame_command import first_frame_command
from overlay.media.frame_filters import picture_spans
from overlay.media.panel_stream import (
    STANDING_RATE,
    DrawnPanel,
    PanelInput,
    first_picture,
    panel_rate,
    write_panel,
)
from overlay.media.pixel_aspects import size_after_turning, with_shapes
from overlay.media.process import FfmpegRun, feed, started
from overlay.media.reframing import Reframing, reframing
from overlay.media.source import Source
from overlay.products.events import silence, timeline_of, without_labels
from overlay.reporting import SILENT, Reporter
from overlay.settings import PanelSettings, Settings
from overlay.track import TagTrack
from overlay.vocabulary import read_labels
from overlay.vocabulary.audioset import audioset

_MOST_SHOWN = 8
"""Letters without a font that are named."""
_FAR_S = 60.0
"""A picture that comes later behind the end of the sound is a claim, or no slideshow."""


def shaped(source: Source, settings: Settings) -> tuple[VideoInfo, Reframing | None]:
    """The picture that is drawn on, and what makes it of the source's, if that has another shape.

    Raises:
        NoVideoStream: There is none.
    """
    video, ratio = source.picture(), settings.video.ratio
    shape = None if ratio is None else reframing(video, ratio, settings.video.fit)
    return (video if shape is None else shape.of(video)), shape


def drawn_on(source: Source, reporter: Reporter) -> Source:
    """The source with what has to be known of all its frames to draw on them, for a plan.

    Raises:
        EncodeError: A picture that the player turns changes its size, or its colours need messages
            that are lost.
    """
    kinds = dynamic_metadata(source.info)
    if has_own_colors(source.picture(), kinds):
        raise EncodeError(
            "its colours are Dolby Vision's own (profile 5), which nothing encodes here; --soft "
            "keeps them, and --overlay-only draws the panel alone",
            path=source.path,
        )
    if kinds:
        reporter.note(
            f"its metadata of single scenes ({', '.join(kinds)}) are left out; those of the whole "
            "film are kept"
        )
    if other := size_after_turning(source.info):
        at_s, width, height = other
        raise EncodeError(
            "the picture is turned by the player and changes its size while it plays "
            f"({width}x{height} from {at_s:.1f} s), which cannot be drawn on; encode it upright "
            "first",
            path=source.path,
        )
    info = with_shapes(source.info)
    if info is source.info:
        return source
    assert info.video is not None
    shapes = ", ".join(f"{float(shape):.3g} from {at_s:.1f} s" for at_s, shape in info.video.shapes)
    reporter.note(
        f"the pixels change their width while it plays ({shapes}); all of it is fitted into the "
        "shape of the first picture"
    )
    return replace(source, info=info)


def check_part(source: Source, program: str) -> None:
    """Check that the part of a film that is used has a frame, for a plan.

    A file may say nothing of where its picture ends, and its sound may go on. ffmpeg would wait for
    a frame for ever, and read the panel meanwhile.

    Raises:
        UsageError: There is none.
    """
    if source.info.excerpt is None or source.picture().stands:
        return
    run = fed(first_frame_command(source.info, program), None, (), SILENT)
    if not run.log.frames_encoded:
        raise UsageError(
            f"{source.path}: the part has no frame that can be decoded; choose another one with "
            "--from and --to"
        )


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
    timeline: TagTimeline,
    video: VideoInfo,
    settings: PanelSettings,
    bit_depth: int,
    until_s: float | None = None,
) -> tuple[PlanarPanel, PanelInput]:
    """The panel in the video's own colours, and what ffmpeg is told of it."""
    panel = make_panel(timeline, video, settings)
    planar = PlanarPanel(panel, video.color, bit_depth, video.height)
    return planar, panel_input(planar, panel, video, video.color, until_s)


def panel_input(
    drawn: DrawnPanel, panel: Panel, video: VideoInfo, color: ColorInfo, until_s: float | None
) -> PanelInput:
    """What ffmpeg is told of a panel that is drawn in these colours.

    Args:
        drawn: Its pixels.
        panel: What is drawn.
        video: The picture it lies on.
        color: How it is coded.
        until_s: Second up to which frames are repeated; ``None`` where they are as they are.
    """
    rate = panel_rate(video) if until_s is None else STANDING_RATE
    until = None if until_s is None else ceil(until_s * rate)
    first = first_picture(video, rate) if until_s is None else 0
    places = tuple(panel.places)
    return PanelInput(
        drawn.size, places, drawn.pix_fmt, color.range, color.space, rate, first, until
    )


def lasting_s(source: Source, track: TagTrack, reporter: Reporter) -> float | None:
    """Second up to which the pictures of a still or slideshow are repeated.

    So the panel lives as long as the sound; ``None`` where a picture moves on its own. The bound is
    the sound that was scored, whatever the file claims to last.
    """
    video, info = source.picture(), source.info
    spans = picture_spans(info, video) if video.stands else []
    heard_s = min(track.duration_s, info.duration_s or track.duration_s)
    if not spans or spans[-1][0] > heard_s + _FAR_S:
        return None
    reporter.note(
        f"the picture stands still for seconds, so it is repeated {STANDING_RATE} times a second "
        "until its sound ends; --soft leaves it as it is"
    )
    start_s, length_s = spans[-1]
    return max(heard_s, start_s + min(length_s, _FAR_S))


def drawable(video: VideoInfo, settings: Settings, reporter: Reporter) -> Settings:
    """Settings with which a panel can be drawn on a picture, for a plan.

    Labels stay English, with a note, where no font has the letters of the language.

    Raises:
        SettingsError: The theme or the font cannot be used.
        UsageError: A part of a still is wanted.
    """
    if video.stands and settings.tagging.excerpt is not None:
        raise UsageError("the picture stands still for seconds, so it has no parts; leave --from "
                         "and --to out")  # fmt: skip
    panel = settings.panel
    letters = "".join(audioset().in_language(panel.language))
    if not can_draw(letters, font_file(panel.font, "SemiBold")):
        reporter.note(
            "no font on this machine has all Chinese letters, so the labels stay English; install "
            "Noto Sans CJK (Debian: fonts-noto-cjk), or name a font with --font"
        )
        settings = replace(settings, panel=replace(panel, language="en"))
    if panel.label_file is not None:
        _note_undrawable("".join(read_labels(panel.label_file)), panel, reporter)
    made = make_panel(timeline_of(silence(), without_labels(settings)), video, settings.panel)
    for name in made.without_room:
        reporter.note(f"the view {name} does not fit on {video.width}x{video.height} pixels")
    return settings


def _note_undrawable(text: str, panel: PanelSettings, reporter: Reporter) -> None:
    """Says which letters of the user's own labels will be missing."""
    missing = undrawable(text, font_file(panel.font, "SemiBold"))
    if missing:
        shown = " ".join(missing[:_MOST_SHOWN]) + (" …" if len(missing) > _MOST_SHOWN else "")
        reporter.note(
            f"no font on this machine has {shown}; labels are drawn without (Debian: "
            "fonts-noto-color-emoji has emoji), or name a font with --font"
        )


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
