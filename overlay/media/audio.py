"""An audio track as a stream of mono blocks, on the picture's clock."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

import av
import av.error
import ffmpeg
import numpy as np

from overlay.datatypes import AudioInfo, MediaInfo, SoundBlock
from overlay.errors import DecodeError, NoAudioStream
from overlay.media.clock import others_copied
from overlay.media.excerpt import inside, output_options
from overlay.media.probe import LENIENT
from overlay.media.process import FfmpegRun, command_line, ffmpeg_program, media_input, started
from overlay.media.sample_placing import Placing, Samples
from overlay.media.truncation import believed

_BLOCK_S = 5
_DURATION_SLACK_S = 1.0
_BACK_S = 1.0
"""Timestamps that go back by less are put in order without a word."""


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
    stream = info.audio[track]
    if stream.problem:
        heard = (f"{n}" for n, other in enumerate(info.audio) if not other.problem)
        advice = "".join(f"; --audio-track {number} can be heard" for number in islice(heard, 1))
        raise NoAudioStream(f"its sound {stream.problem}{advice}", path=info.path)
    return stream


def audio_command(
    info: MediaInfo, sample_rate: int, track: int = 0, ffmpeg_path: str | None = None
) -> list[str]:
    """The command that writes one audio track as mono float32 with timestamps to standard output.

    The timestamps count from the second 0 that all runs share. Nothing is filled or cut to them
    here: an ``aresample`` that does so starts again whenever the sound changes its format, and
    fills a claimed gap of days sample by sample. Channels are mixed so that the sum of their
    weights is 1: the mean of left and right, as the reference does, not sqrt(2) times that.
    """
    stream = audio_stream(info, track)
    source = media_input(info)
    sound = inside(source[str(stream.index)], info, "atrim")
    if not stream.mixes and stream.channels:
        share = 1 / stream.channels
        terms = "+".join(f"{share!r}*c{channel}" for channel in range(stream.channels))
        sound = sound.filter("pan", args=f"mono|c0={terms}")
    sound = sound.filter(
        "aresample", sample_rate, resampler="soxr", out_chlayout="mono", out_sample_fmt="flt",
        rematrix_maxval=1,
    )  # fmt: skip
    output = ffmpeg.output(
        sound, "pipe:1", format="nut", acodec="pcm_f32le", max_error_rate=1, flush_packets=0,
        **output_options(info),
    )  # fmt: skip
    others = others_copied(info, source, {stream.index})
    return command_line(ffmpeg.merge_outputs(output, *others), ffmpeg_program(ffmpeg_path))


def stream_sound(
    info: MediaInfo,
    sample_rate: int,
    track: int = 0,
    *,
    tolerant: bool = False,
    ffmpeg_path: str | None = None,
) -> Iterator[SoundBlock]:
    """Decode, mix to mono and resample one audio track, in constant memory.

    A track that starts late begins with silence, and a gap is silence too; one longer than
    ``LONGEST_SILENCE_S`` is jumped.

    Args:
        info: The probed file.
        sample_rate: Samples per second of the result.
        track: Which audio stream, from 0.
        tolerant: Deliver what can be decoded of a damaged track without an error.
        ffmpeg_path: Program to use instead of the default one.

    Yields:
        Blocks of at most 5 s, in about [-1, 1]; one that does not start where the last one ended
        follows a jump.

    Raises:
        NoAudioStream: There is no such track.
        DecodeError: The track is damaged or cannot be decoded; raised at its end.
    """
    command = audio_command(info, sample_rate, track, ffmpeg_path)
    placing = Placing(sample_rate, sample_rate * _BLOCK_S, mended=tolerant)
    with started(command) as run:
        assert run.process.stdout is not None
        for seconds, samples in timed_samples(run.process.stdout):
            position = None if seconds is None else round(seconds * sample_rate)
            yield from placing.put(position, samples)
        yield from placing.rest()
        run.process.wait()
    _check_decoded(run, info, audio_stream(info, track), placing, tolerant)


def stream_audio(
    info: MediaInfo,
    sample_rate: int,
    track: int = 0,
    *,
    tolerant: bool = False,
    ffmpeg_path: str | None = None,
) -> Iterator[Samples]:
    """The samples of ``stream_sound`` one after the other, for who needs no times."""
    blocks = stream_sound(info, sample_rate, track, tolerant=tolerant, ffmpeg_path=ffmpeg_path)
    try:
        for block in blocks:
            yield block.samples
    finally:
        blocks.close()  # type: ignore[attr-defined]


class _Pipe:
    """A pipe whose errors wait: what is raised within PyAV is printed before it arrives here."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._raised: BaseException | None = None

    def read(self, n_bytes: int = -1) -> bytes:
        """Bytes; none after an error."""
        try:
            return b"" if self._raised else self._pipe.read(n_bytes)
        except BaseException as error:
            self._raised = error
            return b""

    def check(self) -> None:
        """Raise what reading raised."""
        if self._raised is not None:
            raise self._raised


def timed_samples(pipe: IO[bytes]) -> Iterator[tuple[Any, Samples]]:
    """The pieces of a mono float32 track in NUT, each with its second as a fraction."""
    held = _Pipe(pipe)
    try:
        container = av.open(held, "r", format="nut", buffer_size=1 << 18, **LENIENT)
    except (av.error.FFmpegError, EOFError):
        held.check()
        pipe.read()
        return  # nothing was decoded; ffmpeg's log says why
    with container:
        try:
            for packet in container.demux(audio=0):
                samples = np.frombuffer(bytes(packet), dtype="<f4")
                known = packet.pts is not None and packet.time_base is not None
                yield (packet.pts * packet.time_base if known else None), samples
        finally:
            held.check()


def _check_decoded(
    run: FfmpegRun, info: MediaInfo, stream: AudioInfo, placing: Placing, tolerant: bool
) -> None:
    lost = "" if run.log.guesses_length else _ends_early(info, stream, placing.end_s)
    lost = lost or leaps_said(run.log.ticks_back / placing.rate)
    if not lost and placing.goes_back:
        lost = "its timestamps are slower than its sound"
    if not lost and placing.stray_s:
        lost = f"its last timestamp leaps by {placing.stray_s:.1f} s"
    said_of_it = believed(run.log.damage_of(stream.index), info.path, info.container)
    damaged = said_of_it or run.log.decode_errors or lost
    heard = placing.n_samples > 0
    if heard and (tolerant or not (damaged or run.returncode)):
        return
    if not heard and not run.log.complaint:
        raise NoAudioStream("its audio track is empty", path=info.path)
    upto = f"the audio is damaged (read up to {placing.end_s:.1f} s)"
    what = upto if heard else "no audio decodes"
    advice = "; --tolerant uses what can be decoded" if heard else ""
    said = next(iter(said_of_it), "") or lost or run.log.complaint
    detail = f": {said}" if said else ""
    raise DecodeError(
        f"{what}{detail}{advice}", path=info.path, command=run.command, stderr_tail=run.log.tail
    )


def leaps_said(back_s: float) -> str:
    """Says so where timestamps go back this far: one of them leaps, or all begin again."""
    return f"its timestamps go back by {back_s:.1f} s" if back_s > _BACK_S else ""


_INDEXED = {"aiff", "au", "flac", "mp3", "mp4", "mxf", "tta", "wv"}
"""Demuxers whose files say how long they are, and that say nothing when less is there."""


def _ends_early(info: MediaInfo, stream: AudioInfo, end_s: float) -> str:
    """Says so where an index tells how long the sound is: a cut file is read without complaint."""
    promised = stream.start_s + (stream.duration_s or 0.0)
    missing = promised - end_s
    indexed = not _INDEXED.isdisjoint(info.container.split(","))
    early = indexed and missing > max(_DURATION_SLACK_S, 0.02 * promised)
    return f"it ends {missing:.1f} s early" if early else ""
