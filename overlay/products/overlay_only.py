"""The panel without the video: a file with transparency for an editing program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from overlay.datatypes import ColorInfo, TagTimeline
from overlay.drawing.rgba_planes import AlphaPanel
from overlay.drawing.yuv_planes import PlanarPanel
from overlay.files import entries
from overlay.media.alpha_command import (
    AlphaEncoder,
    alpha_color,
    alpha_command,
    alpha_extension,
    choose_alpha_encoder,
    picture_folder,
)
from overlay.media.panel_stream import DrawnPanel, PanelInput, panel_frames
from overlay.media.process import ffmpeg_program
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.events import timeline_of
from overlay.products.output_check import check_frames, check_run, check_streams
from overlay.products.panel_feed import (
    check_part,
    drawable,
    fed,
    lasting_s,
    make_panel,
    panel_input,
)
from overlay.products.target_plan import PictureFolder, Target, TargetPlan, place, target_for
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.track import TagTrack


class Alone:
    """The panel alone, one picture for each frame of the source, at the frame's time.

    The pictures are as large as the source's, upright, so that both need only be laid over each
    other; colour is not multiplied by opacity.
    """

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> AlonePlan:
        """See ``Product.plan``; the target is ``<name>.panel.mov``, or what the encoder writes.

        Args:
            source: The probed source.
            settings: All options.
            out: A file, a folder, or a pattern of numbered pictures in a folder.
            reporter: Told what a user should know.

        Raises:
            NoVideoStream: There is no picture to take the times of.
            OutputError: The target is an input, exists, or cannot hold what the encoder writes.
            SettingsError: The encoder, the theme or the font cannot be used.
        """
        video = source.picture()
        encoder, target = _target(source, settings, out)
        if settings.video.crf is not None and encoder.crf is None:
            reporter.note(f"{encoder.name} has no quality scale; --crf is left aside")
        program = ffmpeg_program(settings.video.ffmpeg)
        check_part(source, program)
        settings = drawable(video, settings, reporter)
        return AlonePlan(target, source, settings, program, encoder)


@dataclass(frozen=True, slots=True)
class AlonePlan(TargetPlan):
    """A ``Plan``."""

    source: Source
    settings: Settings
    program: str
    encoder: AlphaEncoder

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            DecodeError: The source is damaged and ``tolerant`` is off.
            EncodeError: ffmpeg failed, or the result is not what it should be.
        """
        assert track is not None
        source, options = self.source, self.settings.video
        video = source.picture()
        color = alpha_color(video.color, self.encoder, video.height)
        timeline = timeline_of(track, self.settings, reporter)
        until_s = lasting_s(source, track, reporter)
        drawn, said = self._drawn(timeline, color, until_s)
        with self.target_file.opened() as temporary:
            command = alpha_command(
                source.info, said, temporary, self.program,
                encoder=self.encoder, color=color, crf=options.crf,
                threads=self.settings.tagging.threads,
            )  # fmt: skip
            run = fed(command, said, panel_frames(drawn, said), reporter, source.duration_s)
            check_run(run, source, self.target, tolerant=options.tolerant)
            check_frames(source, run.log, self.target, repeated=until_s is not None)
            if self.encoder.extensions:
                check_streams(temporary, source, self.target, 0, tolerant=options.tolerant)
        content = "the panel alone, with straight alpha, for an editing program"
        return Made(self.target, content, run.log.frames_encoded, self.encoder.name)

    def _drawn(
        self, timeline: TagTimeline, color: ColorInfo, until_s: float | None
    ) -> tuple[DrawnPanel, PanelInput]:
        video, layout = self.source.picture(), self.encoder.panel_fmt
        panel = make_panel(timeline, video, self.settings.panel)
        drawn: DrawnPanel
        if layout == "yuva420p":
            drawn = PlanarPanel(panel, color, 8, video.height)
        else:
            drawn = AlphaPanel(panel, color, video.height, layout)
        return drawn, panel_input(drawn, panel, video, color, until_s)


def _target(source: Source, settings: Settings, out: Path | None) -> tuple[AlphaEncoder, Target]:
    stem, name = source.path.stem, settings.video.encoder
    if out is None or not _is_pictures(out, stem):
        out = place(out, source.path, f"{stem}.panel{alpha_extension(name)}")
    encoder = choose_alpha_encoder(name, out)
    if encoder.extensions:
        return encoder, target_for(source, settings, out, out.name)
    folder, pattern = picture_folder(out, stem)
    overwrite = settings.video.overwrite
    return encoder, PictureFolder(folder, overwrite, (source.path,), pattern).checked()


def _is_pictures(out: Path, stem: str) -> bool:
    """Whether a folder is one of numbered pictures of this source: not one to put a file into."""
    pattern = re.compile(re.escape(picture_folder(out, stem)[1]).replace("%05d", r"\d{5,}"))
    return any(pattern.fullmatch(entry.name) for entry in entries(out))
