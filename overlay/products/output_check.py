"""Whether what ffmpeg made is what it should be, before it gets its name."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from overlay.datatypes import VideoInfo
from overlay.errors import DecodeError, EncodeError, MediaError, OutputError
from overlay.files import reason
from overlay.media.audio import leaps_said
from overlay.media.edit_lists import played_in_pieces
from overlay.media.ffmpeg_log import FfmpegLog
from overlay.media.frame_filters import in_order
from overlay.media.probe import probe
from overlay.media.process import FfmpegRun
from overlay.media.source import Source
from overlay.media.truncation import believed

_DURATION_SLACK_S = 1.0
_MOST_LOST = 0.9
"""A mended picture that keeps a smaller share of its frames is none."""


def check_run(run: FfmpegRun, source: Source, out: Path, *, tolerant: bool) -> None:
    """Turn what ffmpeg complained about into an error.

    Raises:
        DecodeError: The source is damaged, and that is not tolerated.
        EncodeError: The target could not be written.
    """
    log = run.log
    if log.no_room:
        full = log.no_room
        raise _error(EncodeError, f"{reason(full)}; nothing was kept", out, run) from full
    damage = believed(log.damage, source.path, source.info.container)
    if (damage or log.decode_errors) and not tolerant:
        detail = log.complaint or damage[0]
        advice = "--tolerant renders what can be decoded"
        raise _error(DecodeError, f"is damaged: {detail}; {advice}", source.path, run)
    back = "" if tolerant else leaps_said(log.ticks_back / _ticks_per_s(source, out))
    if log.times_lost or back:
        said = back or "its timestamps go back"
        advice = "" if tolerant else "; --tolerant puts them in order"
        raise _error(DecodeError, f"is damaged: {said}{advice}", source.path, run)
    if run.returncode:
        why = log.complaint or run.ending
        raise _error(EncodeError, f"cannot be written: {why}", out, run)
    _check_sound(source, log, out)


def _check_sound(source: Source, log: FfmpegLog, out: Path) -> None:
    """That of each sound that has packets some came into the result."""
    if source.info.excerpt is not None or len(log.sound_muxed) != len(source.info.audio):
        return
    for track, n_muxed in zip(source.info.audio, log.sound_muxed, strict=True):
        if not n_muxed and log.sound_read.get(track.index):
            raise _error(EncodeError, f"none of its {track.codec} sound could be copied", out)


def _ticks_per_s(source: Source, out: Path) -> float:
    """Of the result, at most: Matroska counts milliseconds, the others as finely as the source."""
    if out.suffix.lower() in (".mkv", ".webm"):
        return 1000
    video = source.info.video
    finest = max((each.sample_rate for each in source.info.audio), default=1)
    return max(finest, float(1 / video.time_base) if video else 1)


def _error(
    kind: type[MediaError], message: str, path: Path, run: FfmpegRun | None = None
) -> MediaError:
    if run is None:
        return kind(message, path=path)
    return kind(message, path=path, command=run.command, stderr_tail=run.log.tail)


def check_frames(source: Source, log: FfmpegLog, out: Path, *, repeated: bool = False) -> None:
    """Check that as many frames went out as came in, or more where they are repeated.

    Raises:
        DecodeError: None came in.
        EncodeError: Some are missing.
    """
    decoded, encoded = log.frames_decoded, log.frames_encoded
    if encoded == 0:
        raise _error(DecodeError, "no frame of its picture can be decoded", source.path)
    if decoded is None or decoded == encoded or source.info.excerpt is not None:
        return
    if repeated and encoded is not None and encoded >= decoded:
        return
    if not source.info.mended or encoded is None:
        raise _error(EncodeError, f"{decoded} frames came in but {encoded} went out", out)
    if encoded < _MOST_LOST * decoded:
        said = f"{decoded - encoded} of {decoded} frames have timestamps that are over"
        raise _error(DecodeError, f"no order can be made of its picture: {said}", source.path)


def check_turned(source: Source, log: FfmpegLog, out: Path) -> None:
    """Check that a picture that is turned kept its size: its turned frames cannot be fitted.

    Raises:
        EncodeError: It did not.
    """
    video = source.picture()
    across, down = video.width, video.height
    coded = (across, down) if video.rotation % 180 == 0 else (down, across)
    others = [f"{width}x{height}" for width, height in log.rebuilt if (width, height) != coded]
    if others:
        raise _error(
            EncodeError,
            "the picture is turned by the player and changes its size while it plays "
            f"({', '.join(others)}), which cannot be drawn on; encode it upright first",
            out,
        )


def shape_notes(log: FfmpegLog, video: VideoInfo) -> Iterator[str]:
    """Says so where frames had other sizes or shapes than the first."""
    if len(log.shapes) > 1:
        sizes = ", ".join(log.shapes)
        yield (
            f"the picture changes its size or shape while it plays ({sizes}); all of it is fitted "
            f"into {video.width}x{video.height}"
        )


def check_streams(result: Path, source: Source, out: Path, n_audio: int, *, tolerant: bool) -> None:
    """Look at the written file as a stranger would, before it gets its name.

    Raises:
        EncodeError: A stream is missing.
        DecodeError: The picture ends early, and that is not tolerated.
    """
    written = probe(result)
    if written.problem:
        said = f"its picture {written.problem} once it is copied into {out.suffix}"
        raise _error(EncodeError, f"{said}; use another container, or leave --soft out", out)
    if written.video is None or len(written.audio) != n_audio:
        raise _error(EncodeError, "the result lacks a stream of the source", out)
    promised = _end_s(source.picture())
    end = _end_s(written.video)
    if tolerant or promised is None or end is None or source.info.clock or source.picture().stands:
        return  # timestamps that may jump promise no length, nor do stills
    missing = min(promised, source.info.duration_s or promised) - end
    if missing > max(_DURATION_SLACK_S, 0.02 * promised):
        raise _error(
            DecodeError,
            f"its picture ends {missing:.1f} s early; --tolerant renders what can be decoded",
            source.path,
        )


def check_edits(source: Source, streams: Collection[int]) -> None:
    """Check that no edit list plays in pieces what is to be copied.

    Raises:
        OutputError: One does.
    """
    info = source.info
    cut = played_in_pieces(info.path, info.container, streams)
    if info.video is not None and info.video.index in cut:
        raise OutputError(
            "an edit list plays its picture in pieces, which a copy cannot; leave --soft out",
            path=source.path,
        )
    if cut:
        other = "aac" if any(track.codec == "opus" for track in info.audio) else "opus"
        raise OutputError(
            "an edit list plays its sound in pieces, which a copy cannot; "
            f"--audio {other} encodes it anew",
            path=source.path,
        )


def check_order(result: Path, out: Path) -> None:
    """Check that copied frames are shown in their order.

    Raises:
        EncodeError: They are not.
    """
    video = probe(result).video
    if video is not None and not in_order(result, video.index):
        raise _error(EncodeError, "the frames of the copy are out of order; do not use --soft", out)


def _end_s(video: VideoInfo) -> float | None:
    return None if video.duration_s is None else video.start_s + video.duration_s
