"""The only place where a panel meets a video."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np

from overlay.datatypes import MediaInfo, TagTimeline, VideoInfo
from overlay.drawing.panel import Panel, PlanarPanel
from overlay.errors import DecodeError, EncodeError, MediaError, UsageError
from overlay.files import check_target, complete_or_absent
from overlay.media.attachments import extract_covers, font_attachment
from overlay.media.containers import check_container, plan_subtitles
from overlay.media.encoders import check_encoder, choose_encoder
from overlay.media.probe import probe
from overlay.media.process import FfmpegLog, FfmpegRun, feed_frames, ffmpeg_program, started
from overlay.media.video import (
    PanelInput,
    TextTrack,
    copy_command,
    overlay_command,
    panel_rate,
    preview_command,
    shown_video,
)
from overlay.settings import PanelSettings, VideoSettings

Progress = Callable[[float], None]
Note = Callable[[str], None]
_DURATION_SLACK_S = 1.0
_PREVIEW_SLACK_S = 2.0
"""How far behind the wanted second the next frame may come in a preview."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A finished video."""

    path: Path
    n_frames: int | None
    encoder: str


def make_panel(timeline: TagTimeline, video: VideoInfo, settings: PanelSettings) -> Panel:
    """The panel for a picture of this size and pixel shape."""
    return Panel(
        timeline,
        (video.width, video.height),
        settings,
        families=timeline.family_by_label,
        pixel_aspect=video.sample_aspect,
    )


def compose(
    info: MediaInfo,
    timeline: TagTimeline,
    out: Path,
    panel_settings: PanelSettings,
    settings: VideoSettings,
    *,
    on_progress: Progress | None = None,
    on_note: Note = lambda note: None,
) -> Composed:
    """Write the video with the panel on its frames and everything else unchanged.

    The target appears only when it is complete and checked.

    Raises:
        NoVideoStream: There is no picture.
        OutputError: The target is the input, exists, or cannot hold the streams.
        DecodeError: The source is damaged and ``settings.tolerant`` is off.
        EncodeError: ffmpeg failed, or the result is not what it should be.
    """
    video = shown_video(info)
    check_target(out, info.path, overwrite=settings.overwrite)
    check_container(info, out)
    program = ffmpeg_program(settings.ffmpeg)
    encoder = choose_encoder(
        settings.encoder, out.suffix.lower(), video.bit_depth,
        ffmpeg_path=settings.ffmpeg, on_note=on_note,
    )  # fmt: skip
    subtitles, dropped = plan_subtitles(info, out)
    for note in _policies(video, out, dropped):
        on_note(note)
    ten_bit = video.bit_depth > 8 and encoder.ten_bit
    planar, panel_input = _planar(timeline, video, panel_settings, 10 if ten_bit else 8)
    with complete_or_absent(out) as temporary:
        command = overlay_command(
            info, panel_input, temporary, program, encoder=encoder,
            options=encoder.options(settings.crf, settings.preset), subtitles=subtitles,
        )  # fmt: skip
        run = fed(command, panel_frames(planar, panel_input.rate), on_progress)
        check_run(run, info, out, tolerant=settings.tolerant)
        check_frames(info, run.log, out)
        check_streams(temporary, info, out, len(info.audio), tolerant=settings.tolerant)
    return Composed(out, run.log.frames_encoded, encoder.name)


def check_ahead(
    info: MediaInfo, out: Path, panel_settings: PanelSettings, settings: VideoSettings
) -> None:
    """Find what would stop ``compose`` before an hour of tagging, not after it.

    Raises:
        OverlayError: As ``compose`` would.
    """
    video = shown_video(info)
    check_target(out, info.path, overwrite=settings.overwrite)
    check_container(info, out)
    ffmpeg_program(settings.ffmpeg)
    check_encoder(settings.encoder)
    check_panel(video, panel_settings)


def check_panel(video: VideoInfo, panel_settings: PanelSettings) -> None:
    """Check the theme and the font.

    Raises:
        SettingsError: One of them cannot be used.
    """
    nothing = np.zeros((0, 0), np.float32)
    classes = np.zeros((0, 0), np.int32)
    make_panel(TagTimeline(np.zeros(0), nothing, classes, ()), video, panel_settings)


def copy_picture(
    info: MediaInfo,
    out: Path,
    settings: VideoSettings,
    tracks: Sequence[TextTrack] = (),
    fonts: Sequence[Path] = (),
    *,
    on_progress: Progress | None = None,
    on_note: Note = lambda note: None,
) -> Composed:
    """Copy a video, every packet as it is; with text tracks beside it, or alone if it is silent.

    Args:
        info: The probed source.
        out: The target.
        settings: Whether to overwrite, and which ffmpeg to start.
        tracks: Subtitle files that become streams.
        fonts: What they are written in; only Matroska holds them.
        on_progress: Told the seconds that are written.
        on_note: Told of subtitles that the container cannot hold.

    Raises:
        NoVideoStream: There is no picture either.
        OutputError: The target is the input, exists, or cannot hold the streams.
        EncodeError: ffmpeg failed.
    """
    check_target(out, info.path, overwrite=settings.overwrite)
    check_container(info, out)
    subtitles, dropped = plan_subtitles(info, out)
    if dropped:
        on_note(_left_out(out, dropped))
    with TemporaryDirectory() as folder, complete_or_absent(out) as temporary:
        program = ffmpeg_program(settings.ffmpeg)
        attachments = []
        if out.suffix.lower() == ".mkv":
            covers = extract_covers(info, Path(folder))
            attachments = [*map(font_attachment, fonts), *covers]
        command = copy_command(info, temporary, program, subtitles, tracks, attachments)
        run = fed(command, iter(()), on_progress)
        check_run(run, info, out, tolerant=settings.tolerant)
    return Composed(out, None, "copy")


def preview(
    info: MediaInfo,
    timeline: TagTimeline,
    at_s: float,
    out: Path,
    panel_settings: PanelSettings,
    settings: VideoSettings,
) -> Path:
    """Write one PNG: the frame at second ``at_s`` as it would look in the video.

    Raises:
        UsageError: The video has no frame there.
        OutputError: The target exists or cannot be written.
        EncodeError: ffmpeg failed.
    """
    video = shown_video(info)
    check_target(out, info.path, overwrite=settings.overwrite)
    planar, panel_input = _planar(timeline, video, panel_settings, 8)
    with complete_or_absent(out) as temporary:
        program = ffmpeg_program(settings.ffmpeg)
        command = preview_command(info, panel_input, at_s, temporary, program)
        n_frames = 2 + int(_PREVIEW_SLACK_S * panel_input.rate)
        run = fed(command, repeat(planar.frame(at_s), n_frames), None)
        if not temporary.stat().st_size:
            raise UsageError(f"{info.path}: has no frame at {at_s:g} s")
        check_run(run, info, out, tolerant=True)
    return out


def _planar(
    timeline: TagTimeline, video: VideoInfo, settings: PanelSettings, bit_depth: int
) -> tuple[PlanarPanel, PanelInput]:
    panel = make_panel(timeline, video, settings)
    planar = PlanarPanel(panel, video.color, bit_depth, video.height)
    rate = panel_rate(video)
    said = PanelInput(panel.box, planar.pix_fmt, video.color.range, video.color.space, rate)
    return planar, said


class DrawnPanel(Protocol):
    """A panel in the pixels of some file."""

    pix_fmt: str

    def frame(self, t: float) -> memoryview:
        """All of the picture at second ``t``; valid until the next call."""
        ...


def panel_frames(drawn: DrawnPanel, rate: Fraction) -> Iterator[memoryview]:
    """Panel pictures without end: ffmpeg stops reading when the video is over."""
    for n in count():
        yield drawn.frame(float(n / rate))


def fed(
    command: list[str], frames: Iterator[memoryview], on_progress: Progress | None
) -> FfmpegRun:
    """Run ffmpeg to its end, with panel pictures on its standard input."""
    with started(command, stdin=True) as run:
        feed_frames(run, frames, on_progress)
    return run


def _policies(video: VideoInfo, out: Path, dropped: list[str]) -> Iterator[str]:
    if video.has_alpha:
        yield "the source has transparency; the result is opaque"
    if not any(text in video.pix_fmt for text in ("420", "nv12", "nv21", "p010")):
        yield f"the source's colour is {video.pix_fmt}; the result is 4:2:0, which plays everywhere"
    if dropped:
        yield _left_out(out, dropped)


def _left_out(out: Path, dropped: list[str]) -> str:
    return f"{out.suffix} cannot hold these subtitles, left out: {', '.join(dropped)}"


def check_run(run: FfmpegRun, info: MediaInfo, out: Path, *, tolerant: bool) -> None:
    """Turn what ffmpeg complained about into an error.

    Raises:
        DecodeError: The source is damaged, and that is not tolerated.
        EncodeError: The target could not be written.
    """
    log = run.log
    if log.disk_full:
        raise _error(EncodeError, "the disk is full; nothing was kept", out, run)
    if (log.damage or log.decode_errors) and not tolerant:
        detail = log.complaint or log.damage[0]
        advice = "--tolerant renders what can be decoded"
        raise _error(DecodeError, f"is damaged: {detail}; {advice}", info.path, run)
    if run.returncode:
        reason = log.complaint or f"ffmpeg ended with status {run.returncode}"
        raise _error(EncodeError, f"cannot be written: {reason}", out, run)


def _error(
    kind: type[MediaError], message: str, path: Path, run: FfmpegRun | None = None
) -> MediaError:
    if run is None:
        return kind(message, path=path)
    return kind(message, path=path, command=run.command, stderr_tail=run.log.tail)


def check_frames(info: MediaInfo, log: FfmpegLog, out: Path) -> None:
    """Check that as many frames went out as came in.

    Raises:
        DecodeError: None came in.
        EncodeError: Some are missing.
    """
    decoded, encoded = log.frames_decoded, log.frames_encoded
    if encoded == 0:
        raise _error(DecodeError, "no frame of its picture can be decoded", info.path)
    if decoded is not None and encoded != decoded:
        raise _error(EncodeError, f"{decoded} frames came in but {encoded} went out", out)


def check_streams(
    result: Path, info: MediaInfo, out: Path, n_audio: int, *, tolerant: bool
) -> None:
    """Look at the written file as a stranger would, before it gets its name.

    Raises:
        EncodeError: A stream is missing.
        DecodeError: The picture ends early, and that is not tolerated.
    """
    written = probe(result)
    if written.video is None or len(written.audio) != n_audio:
        raise _error(EncodeError, "the result lacks a stream of the source", out)
    promised = _end_s(shown_video(info))
    end = _end_s(written.video)
    if tolerant or promised is None or end is None:
        return
    end += max(written.start_s, 0.0)  # a picture alone may begin late
    missing = min(promised, info.duration_s or promised) - end
    if missing > max(_DURATION_SLACK_S, 0.02 * promised):
        raise _error(
            DecodeError,
            f"its picture ends {missing:.1f} s early; --tolerant renders what can be decoded",
            info.path,
        )


def _end_s(video: VideoInfo) -> float | None:
    return None if video.duration_s is None else video.start_s + video.duration_s
