"""The video with the panel on its frames, and everything else as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from overlay.datatypes import MediaInfo, VideoInfo
from overlay.files import temporary_folder
from overlay.media.attachments import extract_covers
from overlay.media.containers import (
    SubtitlePlan,
    check_container,
    default_extension,
    is_mp4_family,
    plan_covers,
    plan_subtitles,
)
from overlay.media.edit_lists import hidden
from overlay.media.encoders import Encoder, check_speed, choose_encoder
from overlay.media.muxer_trial import check_holds
from overlay.media.overlay_command import overlay_command
from overlay.media.panel_stream import panel_frames
from overlay.media.process import ffmpeg_program
from overlay.media.sound_codec import converted, copied, sound_notes
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.chaptered import chaptered
from overlay.products.events import timeline_of
from overlay.products.output_check import (
    check_edits,
    check_frames,
    check_run,
    check_streams,
    check_turned,
    shape_notes,
)
from overlay.products.panel_feed import (
    check_part,
    drawable,
    drawn_on,
    fed,
    lasting_s,
    planar_panel,
    shaped,
)
from overlay.products.target_plan import TargetPlan, target_for
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.track import TagTrack


class Burned:
    """The video with its tags drawn on it."""

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> BurnedPlan:
        """See ``Product.plan``; the target is ``<name>.tagged.<ext>`` if ``out`` is ``None``.

        Raises:
            NoVideoStream: There is no picture.
            OutputError: The target is an input, exists, or cannot hold the streams.
            SettingsError: The encoder, the theme or the font cannot be used.
        """
        video, audio = source.picture(), settings.video.audio
        sounding = converted(source.info, audio)
        name = f"{source.path.stem}.tagged{default_extension(sounding)}"
        target = target_for(source, settings, out, name)
        check_edits(source, [track.index for track in copied(source.info, audio)])
        check_container(sounding, target.path)
        program = ffmpeg_program(settings.video.ffmpeg)
        fields = "" if settings.video.deinterlace else video.fields
        encoder = choose_encoder(
            settings.video.encoder, target.path.suffix.lower(), video.bit_depth, fields=fields,
            ffmpeg_path=settings.video.ffmpeg, on_note=reporter.note,
        )  # fmt: skip
        check_speed(encoder, settings.video.preset, settings.video.ffmpeg)
        subtitles, dropped = plan_subtitles(source.info, target.path)
        covers, coverless = plan_covers(source.info, target.path)
        streams = copied_streams(source.info, subtitles, audio)
        check_holds(source.info, streams, target.path, program)
        check_part(source, program)
        source = drawn_on(source, reporter)
        settings = drawable(shaped(source, settings)[0], settings, reporter)
        kept = fields if encoder.keeps_fields(video.height) else ""
        notes = (*sound_notes(source.info, audio), *_policies(video))
        notes += (*_of_fields(fields, kept, encoder),)
        notes += (*uncovered(source.info, target.path, streams),)
        for note in (*notes, *left_out(source.info, target.path, dropped, coverless)):
            reporter.note(note)
        return BurnedPlan(
            target, source, settings, program=program, encoder=encoder,
            subtitles=tuple(subtitles), covers=tuple(covers), fields=kept,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BurnedPlan(TargetPlan):
    """A ``Plan``."""

    source: Source
    settings: Settings
    program: str
    encoder: Encoder
    subtitles: tuple[SubtitlePlan, ...]
    covers: tuple[int, ...]
    fields: str
    """As they are coded; empty where whole pictures are."""

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            DecodeError: The source is damaged and ``tolerant`` is off.
            EncodeError: ffmpeg failed, or the result is not what it should be.
        """
        assert track is not None
        source, video = self.source, self.source.picture()
        options, tolerant = self.settings.video, self.settings.video.tolerant
        threads = self.settings.tagging.threads
        depth = 10 if video.bit_depth > 8 and self.encoder.ten_bit else 8
        timeline = timeline_of(track, self.settings, reporter)
        until_s = lasting_s(source, track, reporter)
        canvas, shape = shaped(source, self.settings)
        planar, panel_input = planar_panel(timeline, canvas, self.settings.panel, depth, until_s)
        with temporary_folder() as folder, self.target_file.opened() as temporary:
            attachable = self.covers if self.target.suffix.lower() == ".mkv" else ()
            command = overlay_command(
                source.info, panel_input, temporary, self.program, encoder=self.encoder,
                options=self.encoder.options(
                    options.crf, options.preset, self.fields,
                    coarser=options.coarser, threads=threads,
                ),
                subtitles=self.subtitles, covers=() if attachable else self.covers,
                attachments=extract_covers(source.info, attachable, folder),
                deinterlace=options.deinterlace, audio=options.audio, shape=shape,
                threads=threads,
            )  # fmt: skip
            frames = panel_frames(planar, panel_input)
            with chaptered(command, track, source, self.settings, reporter) as whole:
                run = fed(whole, panel_input, frames, reporter, source.duration_s)
            check_run(run, source, self.target, tolerant=tolerant)
            check_turned(source, run.log, self.target)
            check_frames(source, run.log, self.target, repeated=until_s is not None)
            check_streams(temporary, source, self.target, len(source.info.audio), tolerant=tolerant)
        for note in shape_notes(run.log, video):
            reporter.note(note)
        n_frames = run.log.frames_encoded
        return Made(self.target, "the video with its tags", n_frames, self.encoder.name)


def _policies(video: VideoInfo) -> Iterator[str]:
    if video.has_alpha:
        yield "the source has transparency; the result is opaque"
    if not any(text in video.pix_fmt for text in ("420", "nv12", "nv21", "p010")):
        yield f"the source's colour is {video.pix_fmt}; the result is 4:2:0, which plays everywhere"


def _of_fields(fields: str, kept: str, encoder: Encoder) -> Iterator[str]:
    if kept:
        yield "the picture is interlaced and stays so; --deinterlace makes whole pictures of it"
    elif fields:
        yield (
            f"the picture is interlaced, which {encoder.name} cannot say at this size; "
            "--deinterlace makes whole pictures of it"
        )


def copied_streams(info: MediaInfo, subtitles: Iterable[SubtitlePlan], audio: str) -> list[int]:
    """Indices of the sounds and subtitles that go into the result as they are."""
    texts = (info.texts[plan.position] for plan in subtitles if plan.codec == "copy")
    return [*(track.index for track in copied(info, audio)), *texts]


def uncovered(info: MediaInfo, out: Path, streams: Collection[int]) -> Iterator[str]:
    """Says so where a copy in a container without edit lists brings out what one hides."""
    if not is_mp4_family(out) and hidden(info.path, info.container, streams):
        yield (
            f"an edit list hides a part of the file, and {out.suffix} has none, so what is copied "
            "of it comes out; a name ending in .mp4 or .mov keeps it hidden"
        )


def left_out(info: MediaInfo, out: Path, texts: list[str], covers: list[str]) -> Iterator[str]:
    """Notes on what does not go into the result, if there is any."""
    if info.n_data:
        yield f"tracks of data (positions, sensors, …) are left out: {info.n_data}"
    if texts:
        yield f"{out.suffix} cannot hold these subtitles, left out: {', '.join(texts)}"
    if covers:
        yield f"{out.suffix} cannot hold these pictures, left out: {', '.join(covers)}"
