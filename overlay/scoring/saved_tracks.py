"""Scores that were saved: on their own, or to be drawn on a video."""

from __future__ import annotations

from pathlib import Path

from overlay.datatypes import Excerpt, MediaInfo
from overlay.files.npz import is_npz
from overlay.media.excerpt import excerpted
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.source import Source
from overlay.reporting import SILENT, Reporter
from overlay.track import TagTrack, labels_in, sound_of_part
from overlay.vocabulary import read_labels
from overlay.vocabulary.audioset import audioset_labels

_SLACK_S = 1.0


def open_saved(
    path: str | Path, label_file: str | None = None, excerpt: Excerpt | None = None
) -> tuple[Source, TagTrack] | None:
    """A saved track as a source without media; ``None`` if the file is something else.

    The content decides, so that a track may have any name; a name that ends in ``.npz`` is a
    promise.

    Args:
        path: A file.
        label_file: Names to use instead of the track's own.
        excerpt: The part to use; the whole track if ``None``.

    Raises:
        TrackError: It is a track that cannot be used.
        UsageError: The track ends before the part begins.
    """
    path = Path(path)
    if not (path.suffix == ".npz" or is_npz(path)):
        return None
    track = TagTrack.load(path, labels=labels_of(path, label_file))
    nothing = MediaInfo(path, "npz", 0.0, track.duration_s, None)
    if excerpt is not None:
        nothing, track = excerpted(nothing, excerpt), track.part(excerpt)
    return Source(nothing, named=track.media, rate=track.frame_rate), track


def load_track(
    path: str | Path,
    source: Source,
    label_file: str | None = None,
    *,
    reporter: Reporter = SILENT,
) -> TagTrack:
    """Saved scores for a video, also those of PaddleAudio's demo.

    Args:
        path: The npz.
        source: The video.
        label_file: Names to use instead of the track's own.
        reporter: Told if the scores are of another sound.

    Raises:
        TrackError: The file is not a usable score track.
    """
    whole_s = _length_s(source, source.whole or source.info)
    track = TagTrack.load(path, labels=labels_of(path, label_file), duration_s=whole_s)
    return fitted(track, source, str(path), reporter=reporter)


def fitted(track: TagTrack, source: Source, name: str, *, reporter: Reporter = SILENT) -> TagTrack:
    """Scores that were made before, of the source's part if only a part of it is wanted.

    Args:
        track: Of the whole sound, or of that part.
        source: The video.
        name: What to call the scores.
        reporter: Told if they are of another sound.
    """
    if source.info.excerpt is not None and not _is_of_part(track, source):
        track = track.part(source.info.excerpt)
    if not _is_of(track, source):
        reporter.note(f"{name}: these scores are of another sound than that of {source.path.name}")
    return track


def _length_s(source: Source, info: MediaInfo) -> float | None:
    """Seconds of the sound that is listened to, else of the file."""
    own = [each.duration_s for each in info.audio[source.audio_track : source.audio_track + 1]]
    return next(filter(None, own), info.duration_s)


def _sound(track: TagTrack, source: Source) -> str | None:
    """The fingerprint of the source's sound, if it and the track's are known."""
    if not (track.sound and source.info.audio):
        return None
    found = audio_fingerprint(source.info, source.audio_track)
    return found and sound_of_part(found, source.info.excerpt)


def _is_of_part(track: TagTrack, source: Source) -> bool:
    """Whether a track was made of the source's part, rather than of the whole file."""
    if (sound := _sound(track, source)) is not None:
        return track.sound == sound
    part_s = _length_s(source, source.info)
    whole_s = _length_s(source, source.whole or source.info)
    if part_s is None or whole_s is None:
        return False
    return abs(track.duration_s - part_s) < abs(track.duration_s - whole_s)


def _is_of(track: TagTrack, source: Source) -> bool:
    """Whether a track can be of the source's sound: by its fingerprint, else by its length."""
    if track.sound and source.info.audio:
        return _sound(track, source) in (None, track.sound)
    length_s = _length_s(source, source.info)
    return length_s is None or abs(track.duration_s - length_s) <= max(_SLACK_S, 0.02 * length_s)


def labels_of(path: str | Path, label_file: str | None = None) -> tuple[str, ...]:
    """Names for the scores in an npz: the label file's, else the npz's own, else AudioSet's.

    Raises:
        LabelError: The label file cannot be read.
        TrackError: The npz cannot be read.
    """
    if label_file is not None:
        return read_labels(label_file)
    own = labels_in(path)
    return audioset_labels() if own is None else own
