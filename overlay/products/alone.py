"""The panel without the video: a file with transparency for an editing program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from overlay.datatypes import ColorInfo, MediaInfo, TagTimeline, VideoInfo
from overlay.drawing.panel import PlanarPanel
from overlay.drawing.planes import AlphaPanel
from overlay.files import (
    check_folder_target,
    check_target,
    complete_or_absent,
    complete_or_absent_folder,
)
from overlay.media.alpha import (
    AlphaEncoder,
    alpha_color,
    alpha_command,
    choose_alpha_encoder,
    picture_folder,
)
from overlay.media.process import ffmpeg_program
from overlay.media.video import PanelInput, panel_rate, shown_video
from overlay.products.compose import (
    Composed,
    DrawnPanel,
    Note,
    Progress,
    check_frames,
    check_panel,
    check_run,
    check_streams,
    fed,
    make_panel,
    panel_frames,
)
from overlay.settings import PanelSettings, VideoSettings


@dataclass(frozen=True, slots=True)
class _Target:
    """A file, or a folder of numbered pictures."""

    path: Path
    """What appears: the file, or the folder."""
    pattern: str | None
    """Name of a picture in the folder; ``None`` for a file."""

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """Where ffmpeg writes; what is there appears as a whole, or not at all."""
        if self.pattern is None:
            with complete_or_absent(self.path) as file:
                yield file
        else:
            with complete_or_absent_folder(self.path) as folder:
                yield Path(str(folder).replace("%", "%%")) / self.pattern


def compose_alone(
    info: MediaInfo,
    timeline: TagTimeline,
    out: Path,
    panel_settings: PanelSettings,
    settings: VideoSettings,
    *,
    on_progress: Progress | None = None,
    on_note: Note = lambda note: None,
) -> Composed:
    """Write the panel alone, one picture for each frame of the source, at the frame's time.

    The pictures are as large as the source's, upright, so that both need only be laid over each
    other; colour is not multiplied by opacity.

    Args:
        info: The probed source.
        timeline: The tags to show.
        out: A file, a folder, or a pattern of numbered pictures in a folder.
        panel_settings: How the panel looks.
        settings: How it is written.
        on_progress: Told the seconds that are written.
        on_note: Told what a user should know.

    Raises:
        OverlayError: As ``compose``.
    """
    video = shown_video(info)
    encoder, target = _target(info, out, settings)
    if settings.crf is not None and encoder.crf is None:
        on_note(f"{encoder.name} has no quality scale; --crf is left aside")
    color = alpha_color(video.color, encoder, video.height)
    drawn, panel_input = _drawn(timeline, video, panel_settings, encoder, color)
    with target.opened() as temporary:
        command = alpha_command(
            info, panel_input, temporary, ffmpeg_program(settings.ffmpeg),
            encoder=encoder, color=color, crf=settings.crf,
        )  # fmt: skip
        run = fed(command, panel_frames(drawn, panel_input.rate), on_progress)
        check_run(run, info, out, tolerant=settings.tolerant)
        check_frames(info, run.log, out)
        if target.pattern is None:
            check_streams(temporary, info, out, 0, tolerant=settings.tolerant)
    return Composed(target.path, run.log.frames_encoded, encoder.name)


def check_alone_ahead(
    info: MediaInfo, out: Path, panel_settings: PanelSettings, settings: VideoSettings
) -> None:
    """Find what would stop ``compose_alone`` before an hour of tagging, not after it.

    Raises:
        OverlayError: As ``compose_alone`` would.
    """
    _target(info, out, settings)
    ffmpeg_program(settings.ffmpeg)
    check_panel(shown_video(info), panel_settings)


def _target(info: MediaInfo, out: Path, settings: VideoSettings) -> tuple[AlphaEncoder, _Target]:
    encoder = choose_alpha_encoder(settings.encoder, out)
    if encoder.extensions:
        check_target(out, info.path, overwrite=settings.overwrite)
        return encoder, _Target(out, None)
    folder, pattern = picture_folder(out, info.path.stem)
    check_folder_target(folder, pattern, overwrite=settings.overwrite)
    return encoder, _Target(folder, pattern)


def _drawn(
    timeline: TagTimeline,
    video: VideoInfo,
    settings: PanelSettings,
    encoder: AlphaEncoder,
    color: ColorInfo,
) -> tuple[DrawnPanel, PanelInput]:
    panel = make_panel(timeline, video, settings)
    drawn: DrawnPanel
    if encoder.panel_fmt == "yuva420p":
        drawn = PlanarPanel(panel, color, 8, video.height)
    else:
        drawn = AlphaPanel(panel, color, video.height, encoder.panel_fmt)
    rate = panel_rate(video)
    return drawn, PanelInput(panel.box, drawn.pix_fmt, color.range, color.space, rate)
