"""What becomes of the sound in a result: copied, unless another codec is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from overlay.datatypes import AudioInfo, MediaInfo
from overlay.media.excerpt import trim_options

_ENCODERS = {"aac": "aac", "opus": "libopus"}
_LAYOUTS = "mono|stereo|3.0|quad|5.0|5.1|6.1|7.1"
"""What both codecs know."""
_KBITS = {"aac": (96, 160, 64), "opus": (80, 128, 56)}
"""For one channel, for two, and for each of more: transparent for most ears, ours."""


def converted(info: MediaInfo, audio: str) -> MediaInfo:
    """The source as if its sound were what it becomes.

    Args:
        info: The probed source.
        audio: ``copy``, ``aac`` or ``opus``.
    """
    if audio == "copy":
        return info
    return replace(info, audio=tuple(replace(each, codec=audio) for each in info.audio))


def copied(info: MediaInfo, audio: str) -> list[AudioInfo]:
    """The tracks that stay bit for bit: all, or those that are of the wanted codec already."""
    return [each for each in info.audio if audio in ("copy", each.codec)]


def sound_options(info: MediaInfo, audio: str) -> dict[str, Any]:
    """Options of ffmpeg's output for all audio tracks.

    A gap of the sound becomes silence, since encoded sound has no gaps.
    """
    kept = copied(info, audio)
    options: dict[str, Any] = {"c:a": "copy"}
    for n, each in enumerate(info.audio):
        if each not in kept:
            filters = [*trim_options(info, "atrim"), "aresample=async=1"]
            options |= {
                f"c:a:{n}": _ENCODERS[audio], f"b:a:{n}": f"{_kbits(each, audio)}k",
                f"filter:a:{n}": ",".join([*filters, f"aformat=channel_layouts={_LAYOUTS}"]),
            }  # fmt: skip
    return options


def sound_notes(info: MediaInfo, audio: str) -> Iterator[str]:
    """Says which tracks are not copied."""
    kept = copied(info, audio)
    changed = [each for each in info.audio if each not in kept]
    if changed:
        said = ", ".join(f"{each.codec} at {_kbits(each, audio)} kb/s" for each in changed)
        yield f"its sound is encoded anew as {audio}: {said}"


def _kbits(track: AudioInfo, audio: str) -> int:
    mono, stereo, more = _KBITS[audio]
    return {0: mono, 1: mono, 2: stereo}.get(track.channels, more * track.channels)
