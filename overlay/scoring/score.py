"""A source and a tagger make a track; what was made before is taken from the cache."""

from __future__ import annotations

from overlay.media.audio import stream_sound
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.source import Source
from overlay.reporting import SILENT, Reporter
from overlay.scoring import cache
from overlay.settings import Settings
from overlay.tagging.tagger import Tagger
from overlay.tagging.tracking import score_stream
from overlay.tagging.windows import Windows
from overlay.track import TagTrack


def score(
    source: Source, tagger: Tagger, settings: Settings, *, reporter: Reporter = SILENT
) -> TagTrack:
    """Score the sound of a source.

    Args:
        source: A media file.
        tagger: Hears it.
        settings: Windows, cache, tolerance.
        reporter: Told the seconds that are heard, as step ``tag``.

    Raises:
        NoAudioStream: There is no sound.
        DecodeError: The sound is damaged, and that is not tolerated.
        TaggerError: The tagger fails.
    """
    options = settings.tagging
    if options.cache:
        cache.limit_bytes()  # a mistake in it is said now
    total_s = source.sound().duration_s or source.info.duration_s
    reporter.progress("tag", 0, total_s)
    sound = audio_fingerprint(source.info, source.audio_track) or ""
    key = _key(sound, tagger, settings) if options.cache and sound else None
    known = cache.recall(key, sound) if key is not None else None
    if known is not None:
        reporter.note("the scores are in the cache; --no-cache makes them anew")
        return known
    sound_blocks = stream_sound(
        source.info, tagger.sample_rate, source.audio_track,
        tolerant=settings.video.tolerant, ffmpeg_path=settings.video.ffmpeg,
    )  # fmt: skip
    track = score_stream(
        sound_blocks, tagger,
        Windows(options.sample_duration, options.hop_duration, options.windows),
        total_s=total_s, fingerprint=sound, reporter=reporter,
    )  # fmt: skip
    if key is not None:
        cache.keep(key, track)
    return track


def _key(sound: str, tagger: Tagger, settings: Settings) -> str:
    """What the scores depend on."""
    options = settings.tagging
    return cache.key_of(
        sound, tagger.name, tagger.model_hash, options.front_end, options.sample_duration,
        options.hop_duration, options.windows, settings.video.tolerant,
    )  # fmt: skip
