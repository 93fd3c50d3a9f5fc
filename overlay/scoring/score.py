"""A source and a tagger make a track; what was made before is taken from the cache."""

from __future__ import annotations

from dataclasses import replace

from overlay.media.audio import stream_sound
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.source import Source
from overlay.reporting import SILENT, Reporter
from overlay.scoring import cache
from overlay.settings import Settings
from overlay.tagging.engines.threads import blas_threads
from overlay.tagging.tagger import Tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_plan import Windows
from overlay.track import TagTrack, sound_of_part

_AROUND_S = 5.0
"""Sound around a part that is heard, too, so that its first and last tags are sure."""


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
    whole = audio_fingerprint(source.info, source.audio_track) or ""
    excerpt = source.info.excerpt
    sound = sound_of_part(whole, excerpt)
    known = _known(sound, tagger, settings)
    if known is None and excerpt is not None and (all_of_it := _known(whole, tagger, settings)):
        known = all_of_it.part(excerpt)
    if known is not None:
        reporter.progress("tag", total_s or known.duration_s, total_s)
        reporter.note("the scores are in the cache; --no-cache makes them anew")
        return known
    if excerpt is None:
        track = _heard(source, tagger, settings, sound, total_s, reporter)
    else:
        wide, part = source.widened(_AROUND_S)
        track = _heard(wide, tagger, settings, sound, total_s, reporter).part(part)
        track = replace(track, sound=sound)
    if options.cache and sound:
        cache.keep(_key(sound, tagger, settings), track)
    return track


def _known(sound: str, tagger: Tagger, settings: Settings) -> TagTrack | None:
    """The track of a sound that the cache has."""
    if not (settings.tagging.cache and sound):
        return None
    return cache.recall(_key(sound, tagger, settings), sound)


def _heard(
    source: Source,
    tagger: Tagger,
    settings: Settings,
    fingerprint: str,
    total_s: float | None,
    reporter: Reporter,
) -> TagTrack:
    options = settings.tagging
    sound_blocks = stream_sound(
        source.info, tagger.sample_rate, source.audio_track,
        tolerant=settings.video.tolerant, ffmpeg_path=settings.video.ffmpeg,
    )  # fmt: skip
    with blas_threads(options.threads or 1):  # the networks are small: more threads mostly wait
        return score_stream(
            sound_blocks, tagger,
            Windows(options.sample_duration, options.hop_duration, options.windows),
            total_s=total_s, fingerprint=fingerprint, reporter=reporter,
        )  # fmt: skip


def _key(sound: str, tagger: Tagger, settings: Settings) -> str:
    """What the scores depend on."""
    options = settings.tagging
    return cache.key_of(
        sound, tagger.name, tagger.model_hash, options.front_end, options.sample_duration,
        options.hop_duration, options.windows, settings.video.tolerant,
    )  # fmt: skip
