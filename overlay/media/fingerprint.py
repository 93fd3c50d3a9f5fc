"""What is in an audio track, as one number, without decoding it."""

from __future__ import annotations

import hashlib

import av.error

from overlay.datatypes import MediaInfo
from overlay.errors import ProbeError
from overlay.media.audio import audio_stream
from overlay.media.probe import fraction_of, opened


def audio_fingerprint(info: MediaInfo, track: int = 0) -> str | None:
    """sha256 of the track's packets, their times and the decoder's settings, in hex.

    Equal for two files only if the same sound comes out of both at the same times; the picture
    does not count. ``None`` for a file that cannot be read to its end.

    Args:
        info: The probed file.
        track: Which of its audio streams, from 0.

    Raises:
        NoAudioStream: There is no such track.
    """
    index = audio_stream(info, track).index
    digest = hashlib.sha256()
    try:
        with opened(info.path) as container:
            (stream,) = (s for s in container.streams.audio if s.index == index)
            codec = stream.codec_context
            tick_s = fraction_of(stream.time_base)
            facts = (codec.name, codec.sample_rate, codec.channels, tick_s, info.start_s)
            digest.update(repr(facts).encode())
            digest.update(codec.extradata or b"")
            for packet in container.demux(stream):
                digest.update(f"{packet.pts} {packet.duration} {packet.size} ".encode())
                digest.update(bytes(packet))
    except (av.error.FFmpegError, ProbeError, OSError):
        return None
    return digest.hexdigest()
