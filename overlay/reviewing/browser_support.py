"""What browsers can play, told by container and codec: nothing is tried in one.

Source:
    MDN, "Web video codec guide", "Web audio codec guide" and "Media container formats": what
    Chromium, Firefox and Safari all play.
"""

from __future__ import annotations

from pathlib import Path

from overlay.datatypes import MediaInfo

_KINDS = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm",
    ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".flac": "audio/flac",
    ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg", ".aac": "audio/aac",
}  # fmt: skip
"""Media types by extension; a QuickTime file of these codecs is played as an MP4."""

_PICTURES = {"mp4": ("h264", "vp9", "av1"), "webm": ("vp8", "vp9", "av1")}
_SOUNDS = {
    "mp4": ("aac", "mp3", "opus", "flac"),
    "webm": ("opus", "vorbis"),
    "mp3": ("mp3",),
    "wav": ("pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"),
    "flac": ("flac",),
    "ogg": ("opus", "vorbis", "flac"),
    "aac": ("aac",),
}
_PIXELS = ("yuv420p", "yuvj420p")
_CONTAINER_OF = {
    "video/mp4": "mp4", "audio/mp4": "mp4", "video/webm": "webm", "audio/mpeg": "mp3",
    "audio/wav": "wav", "audio/flac": "flac", "audio/ogg": "ogg", "audio/aac": "aac",
}  # fmt: skip


def media_type(path: Path) -> str:
    """What a file is called in HTTP; ``application/octet-stream`` where its name says nothing."""
    return _KINDS.get(path.suffix.lower(), "application/octet-stream")


def why_not(info: MediaInfo, audio_track: int = 0) -> str | None:
    """Why browsers cannot play a file, in a few words; ``None`` if they can.

    Args:
        info: The probed file.
        audio_track: Which of its sounds is reviewed; a browser plays the first.
    """
    container = _CONTAINER_OF.get(media_type(info.path))
    if container is None or container not in info.container.replace("matroska,", ""):
        return f"{info.path.suffix or info.container} files"
    if audio_track:
        return f"sound track {audio_track}"
    sound = info.audio[0].codec if info.audio else None
    if sound is not None and sound not in _SOUNDS[container]:
        return f"{sound} sound"
    if info.video is None:
        return None
    if info.video.codec not in _PICTURES.get(container, ()):
        return f"{info.video.codec} pictures"
    if info.video.codec == "h264" and info.video.pix_fmt not in _PIXELS:
        return f"{info.video.pix_fmt} pictures"
    return None
