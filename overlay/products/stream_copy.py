"""The video as it is, every packet: what ``--soft`` adds to, and all there is of a silent video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from overlay.errors import OutputError, UsageError
from overlay.files import temporary_folder
from overlay.media.attachments import extract_covers, font_attachment
from overlay.media.containers import (
    SubtitlePlan,
    check_container,
    default_extension,
    plan_covers,
    plan_subtitles,
)
from overlay.media.copy_command import TextTrack, copy_command
from overlay.media.frame_filters import in_order
from overlay.media.muxer_trial import check_holds
from overlay.media.process import ffmpeg_program
from overlay.media.sound_codec import converted, copied, sound_notes
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.burned import copied_streams, left_out, uncovered
from overlay.products.chaptered import chaptered
from overlay.products.events import silence
from overlay.products.output_check import check_edits, check_order, check_run, check_streams
from overlay.products.panel_feed import fed
from overlay.products.target_plan import TargetPlan, target_for
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.track import TagTrack


class Copied:
    """A copy of a video that has no sound to tag."""

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> CopiedPlan:
        """See ``Product.plan``; the target is ``<name>.tagged.<ext>`` if ``out`` is ``None``.

        Raises:
            NoVideoStream: There is no picture either.
            UsageError: A part is wanted.
            OutputError: The target is an input, exists, or cannot hold the streams.
        """
        video = source.picture()
        if source.info.excerpt is not None:
            raise UsageError(
                f"{source.path}: a copied picture can be cut at its keyframes only; leave --soft "
                "out, or --from and --to"
            )
        audio = settings.video.audio
        sounding = converted(source.info, audio)
        name = f"{source.path.stem}.tagged{default_extension(sounding, copied=True)}"
        target = target_for(source, settings, out, name)
        check_edits(source, [video.index, *(track.index for track in copied(source.info, audio))])
        if not in_order(source.path, video.index):
            raise OutputError(
                f"its frames ({video.codec}) have no times of their own, so a copy would be out of "
                "order; without --soft they are encoded anew",
                path=source.path,
            )
        check_container(sounding, target.path)
        subtitles, dropped = plan_subtitles(source.info, target.path)
        covers, coverless = plan_covers(source.info, target.path)
        streams = [video.index, *copied_streams(source.info, subtitles, audio)]
        notes = (
            *sound_notes(source.info, audio),
            *left_out(source.info, target.path, dropped, coverless),
            *uncovered(source.info, target.path, streams),
        )
        for note in notes:
            reporter.note(note)
        program = ffmpeg_program(settings.video.ffmpeg)
        check_holds(source.info, streams, target.path, program)
        return CopiedPlan(target, source, settings, program, tuple(subtitles), tuple(covers))


@dataclass(frozen=True, slots=True)
class CopiedPlan(TargetPlan):
    """A ``Plan``."""

    source: Source
    settings: Settings
    program: str
    subtitles: tuple[SubtitlePlan, ...]
    covers: tuple[int, ...]
    needs_track: ClassVar[bool] = False

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            DecodeError: The source is damaged and ``tolerant`` is off.
            EncodeError: ffmpeg failed, or the result is not what it should be.
        """
        return self.write_with((), (), None, reporter, "a copy of the video")

    def write_with(
        self,
        tracks: Sequence[TextTrack],
        fonts: Sequence[Path],
        heard: TagTrack | None,
        reporter: Reporter,
        content: str,
    ) -> Made:
        """Copy the video, with text tracks beside it.

        Args:
            tracks: Subtitle files that become streams.
            fonts: What they are written in; only Matroska holds them.
            heard: What chapters are made of, if they are asked for.
            reporter: Told the seconds that are written.
            content: What to call the result.

        Raises:
            DecodeError: The source is damaged and ``tolerant`` is off.
            EncodeError: ffmpeg failed, or the result is not what it should be.
        """
        source, tolerant = self.source, self.settings.video.tolerant
        with temporary_folder() as folder, self.target_file.opened() as temporary:
            attachments = []
            if self.target.suffix.lower() == ".mkv":
                covers = extract_covers(source.info, self.covers, folder)
                attachments = [*map(font_attachment, fonts), *covers]
            command = copy_command(
                source.info, temporary, self.program, self.subtitles, self.covers, tracks,
                attachments, self.settings.video.audio,
            )  # fmt: skip
            with chaptered(command, heard or silence(), source, self.settings, reporter) as whole:
                run = fed(whole, None, (), reporter, source.duration_s)
            check_run(run, source, self.target, tolerant=tolerant)
            check_streams(temporary, source, self.target, len(source.info.audio), tolerant=tolerant)
            check_order(temporary, self.target)
        return Made(self.target, content, None, "copy")
