"""An audio track as a stream of mono blocks, on the picture's clock."""

from __future__ import annotations

from collections.abc import Iterator

import ffmpeg
import numpy as np
import numpy.typing as npt

from overlay.datatypes import AudioInfo, MediaInfo
from overlay.errors import DecodeError, NoAudioStream
from overlay.media.process import (
    FfmpegRun,
    command_line,
    ffmpeg_program,
    local_url,
    read_blocks,
    started,
)

Block = npt.NDArray[np.float32]
_BYTES_PER_SAMPLE = 4
_BLOCK_S = 5


def audio_stream(info: MediaInfo, track: int = 0) -> AudioInfo:
    """The audio stream to listen to.

    Args:
        info: The probed file.
        track: Which of its audio streams, from 0.

    Raises:
        NoAudioStream: There is none, not that many, or it cannot be decoded.
    """
    if not info.audio:
        raise NoAudioStream("has no audio to tag", path=info.path)
    if track >= len(info.audio):
        raise NoAudioStream(
            f"has {len(info.audio)} audio tracks, so there is no track {track} (they count from 0)",
            path=info.path,
        )
    return info.audio[track]


def audio_command(
    info: MediaInfo, sample_rate: int, track: int = 0, ffmpeg_path: str | None = None
) -> list[str]:
    """The command that writes one audio track as raw mono float32 to its standard output.

    Second 0 is the file's second 0, so an audio track that starts late begins with silence, and a
    gap in it is silence too. Channels are mixed so that the sum of their weights is 1: the mean of
    left and right, as the reference does, not sqrt(2) times that.
    """
    stream = audio_stream(info, track)
    source = ffmpeg.input(
        local_url(info.path), protocol_whitelist="file,pipe", copyts=None, vn=None, sn=None, dn=None
    )
    sound = source[str(stream.index)].filter("asetpts", f"PTS-{info.start_s!r}/TB")
    # Two steps: soxr miscounts when one filter both fills gaps and changes the rate.
    sound = sound.filter("aresample", **{"async": 1, "first_pts": 0})
    sound = sound.filter(
        "aresample", sample_rate, resampler="soxr", out_chlayout="mono", out_sample_fmt="flt",
        rematrix_maxval=1,
    )  # fmt: skip
    output = ffmpeg.output(sound, "pipe:1", format="f32le", acodec="pcm_f32le", max_error_rate=1)
    return command_line(output, ffmpeg_program(ffmpeg_path))


def stream_audio(
    info: MediaInfo,
    sample_rate: int,
    track: int = 0,
    *,
    tolerant: bool = False,
    ffmpeg_path: str | None = None,
) -> Iterator[Block]:
    """Decode, mix to mono and resample one audio track, in constant memory.

    Args:
        info: The probed file.
        sample_rate: Samples per second of the result.
        track: Which audio stream, from 0.
        tolerant: Deliver what can be decoded of a damaged track without an error.
        ffmpeg_path: Program to use instead of the default one.

    Yields:
        Blocks of ``sample_rate * 5`` samples, float32 in about [-1, 1]; the last is shorter.

    Raises:
        NoAudioStream: There is no such track.
        DecodeError: The track is damaged or cannot be decoded; raised at its end.
    """
    command = audio_command(info, sample_rate, track, ffmpeg_path)
    n_samples = 0
    with started(command) as run:
        for data in read_blocks(run, sample_rate * _BLOCK_S * _BYTES_PER_SAMPLE):
            block = np.frombuffer(data[: len(data) // 4 * 4], dtype="<f4")
            n_samples += len(block)
            yield block
    _check_decoded(run, info, n_samples / sample_rate, tolerant)


def _check_decoded(run: FfmpegRun, info: MediaInfo, seconds: float, tolerant: bool) -> None:
    damaged = bool(run.log.damage or run.log.decode_errors)
    if seconds and (tolerant or not (damaged or run.returncode)):
        return
    if not seconds and not run.log.complaint:
        raise NoAudioStream("its audio track is empty", path=info.path)
    what = f"the audio is damaged (read up to {seconds:.1f} s)" if seconds else "no audio decodes"
    advice = "; --tolerant uses what can be decoded" if seconds else ""
    detail = f": {run.log.complaint}" if run.log.complaint else ""
    raise DecodeError(
        f"{what}{detail}{advice}", path=info.path, command=run.command, stderr_tail=run.log.tail
    )
