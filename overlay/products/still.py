"""One frame as it would look in the video, as PNG."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from overlay.errors import UsageError
from overlay.files import temporary_folder
from overlay.media.frame_command import preview_command
from overlay.media.png_chunks import remove_exif
from overlay.media.process import ffmpeg_program
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.events import silence, timeline_of, without_labels
from overlay.products.output_check import check_run
from overlay.products.panel_feed import drawable, drawn_on, fed, planar_panel, shaped
from overlay.products.target_plan import TargetPlan, target_for
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings
from overlay.track import TagTrack

_SLACK_S = 2.0
"""How far behind the wanted second the next frame may come."""


@dataclass(frozen=True, slots=True)
class Still:
    """The frame at a second.

    Attributes:
        at_s: Seconds from the start of the video, or of the part of it that is used.
    """

    at_s: float

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> StillPlan:
        """See ``Product.plan``; the target is ``<name>.<second>s.png`` if ``out`` is ``None``.

        The frame is drawn once without tags, which is the one way to know that it is there.

        Raises:
            UsageError: The video has no frame there.
            NoVideoStream: There is no picture.
            OutputError: The target is an input, or exists.
            SettingsError: The theme or the font cannot be used.
            EncodeError: ffmpeg failed.
        """
        if not (math.isfinite(self.at_s) and self.at_s >= 0):
            raise UsageError(f"there is no frame at {self.at_s:g} s; seconds count from 0")
        video = source.picture()
        if video.stands and self.at_s > (source.info.duration_s or 0):  # else it stands for ever
            raise UsageError(f"{source.path}: has no frame at {self.at_s:g} s")
        part = source.info.excerpt
        if part is not None and part.length_s is not None and self.at_s >= part.length_s:
            raise UsageError(f"the part ends {part.length_s:g} s behind --from, as T counts")
        target = target_for(source, settings, out, f"{source.path.stem}.{self.at_s:g}s.png")
        program = ffmpeg_program(settings.video.ffmpeg)
        source = drawn_on(source.read_at(self.at_s), reporter)
        settings = drawable(shaped(source, settings)[0], settings, reporter)
        plan = StillPlan(target, source, settings, program, self.at_s)
        with temporary_folder() as folder:
            unlabelled = replace(plan, settings=without_labels(plan.settings))
            unlabelled.draw(silence(), folder / "still.png", SILENT)
        return plan


@dataclass(frozen=True, slots=True)
class StillPlan(TargetPlan):
    """A ``Plan``."""

    source: Source
    settings: Settings
    program: str
    at_s: float

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            EncodeError: ffmpeg failed.
        """
        assert track is not None
        with self.target_file.opened() as temporary:
            self.draw(track, temporary, reporter)
        return Made(self.target, f"the frame at {self.at_s:g} s with its tags", 1, "png")

    def draw(self, track: TagTrack, file: Path, reporter: Reporter) -> None:
        """Write the frame with the tags of a track.

        Raises:
            UsageError: There is no such frame.
            EncodeError: ffmpeg failed.
        """
        video, shape = shaped(self.source, self.settings)
        timeline = timeline_of(track, self.settings, reporter)
        planar, panel_input = planar_panel(timeline, video, self.settings.panel, 8)
        picture = planar.frame(self.at_s, settled=True)
        panel_input = replace(panel_input, first=0)  # the frame is at second 0 of this run
        command = preview_command(
            self.source.info, panel_input, self.at_s, file, self.program,
            deinterlace=self.settings.video.deinterlace, shape=shape,
        )  # fmt: skip
        frames = [(0, picture), (1 + int(_SLACK_S * panel_input.rate), picture)]
        run = fed(command, panel_input, frames, reporter)
        check_run(run, self.source, self.target, tolerant=True)
        if not (file.is_file() and file.stat().st_size):
            raise UsageError(f"{self.source.path}: has no frame at {self.at_s:g} s")
        remove_exif(file)
