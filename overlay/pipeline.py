"""The walk from a video to the same video with tags, readable top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from overlay.datatypes import MediaInfo, TagEvent
from overlay.detection import detect
from overlay.drawing.fonts import can_draw, font_file
from overlay.errors import NoAudioStream
from overlay.export.ass_panel import panel_fonts, panel_format, shown_size
from overlay.export.formats import CaptionFormat, Format, format_named
from overlay.files import check_target
from overlay.media.alpha import alpha_extension
from overlay.media.audio import audio_stream, stream_audio
from overlay.media.containers import default_extension
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.probe import probe
from overlay.media.video import TextTrack, shown_video
from overlay.products.alone import check_alone_ahead, compose_alone
from overlay.products.compose import Composed, check_ahead, compose, copy_picture
from overlay.products.compose import preview as compose_preview
from overlay.reporting import Reporter
from overlay.scoring import cache
from overlay.settings import (
    EventSettings,
    Settings,
    TaggingSettings,
    VideoSettings,
    override,
)
from overlay.tagging.registry import Tagger, load_tagger
from overlay.tagging.tracking import score_stream
from overlay.tagging.windows import Windows, from_zero
from overlay.texts import content_of
from overlay.track import TagTrack, read_npz
from overlay.vocabulary import read_labels
from overlay.vocabulary.audioset import audioset, audioset_labels

Progress = Callable[[str, float, float | None], None]
"""Called with the step (``tag`` or ``render``), seconds done, and seconds in all if known."""

Note = Callable[[str], None]
"""Called with one line that a user should see."""

_WHOLE = "the video with its tags"
_SOFT = "the video as it is, with captions of its sounds"
_SOFT_PANEL = f"{_SOFT} and the panel as a second subtitle track"
_ALONE = "the panel alone, with straight alpha, for an editing program"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out of ``render``."""

    path: Path
    track: TagTrack | None
    """``None`` for a silent video that was copied."""
    n_frames: int | None
    encoder: str
    """``copy`` for a silent video."""
    content: str = _WHOLE
    """What is in the file, for people."""


def ignore_progress(step: str, done_s: float, total_s: float | None) -> None:
    """Tell nobody."""


def ignore_note(note: str) -> None:
    """Tell nobody."""


def tag(
    path: str | Path,
    settings: Settings | None = None,
    *,
    on_progress: Progress = ignore_progress,
    on_note: Note = ignore_note,
    **options: Any,
) -> TagTrack:
    """Score the sound of a media file.

    Args:
        path: Any media file with sound.
        settings: Options; the defaults if ``None``.
        on_progress: Told how far it is.
        on_note: Told which model is used if that was a choice.
        options: Single fields of ``settings`` to change, such as ``model="cnn14"``.

    Returns:
        The score track, on the picture's clock.

    Raises:
        MediaError: The file cannot be read, or has no sound.
        TaggerError: The model cannot be loaded.
    """
    settings = override(settings or Settings(), **options)
    return _tag(probe(path), settings, on_progress, on_note)


def _tag(info: MediaInfo, settings: Settings, on_progress: Progress, on_note: Note) -> TagTrack:
    options: TaggingSettings = settings.tagging
    audio = audio_stream(info, options.audio_track)
    total_s = audio.duration_s or info.duration_s
    tagger = load_tagger(options, reporter=Reporter(on_note=on_note))
    on_progress("tag", 0, total_s)
    key = _cache_key(info, tagger, settings)
    known = cache.recall(key) if key is not None else None
    if known is not None:
        on_note("the scores are in the cache; --no-cache makes them anew")
        return known
    blocks = stream_audio(
        info, tagger.sample_rate, options.audio_track,
        tolerant=settings.video.tolerant, ffmpeg_path=settings.video.ffmpeg,
    )  # fmt: skip
    track = score_stream(
        from_zero(blocks, tagger.sample_rate), tagger,
        Windows(options.sample_duration, options.hop_duration), total_s=total_s,
        reporter=Reporter(on_progress, on_note),
    )  # fmt: skip
    if key is not None:
        cache.keep(key, track)
    return track


def _cache_key(info: MediaInfo, tagger: Tagger, settings: Settings) -> str | None:
    """What the scores depend on; ``None`` where they are not to be remembered."""
    options = settings.tagging
    if not options.cache:
        return None
    sound = audio_fingerprint(info, options.audio_track)
    if sound is None:
        return None
    return cache.key_of(
        sound, tagger.name, tagger.model_hash, options.front_end, options.sample_duration,
        options.hop_duration, settings.video.tolerant,
    )  # fmt: skip


def render(
    path: str | Path,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    track: TagTrack | None = None,
    on_progress: Progress = ignore_progress,
    on_note: Note = ignore_note,
    **options: Any,
) -> Rendered:
    """Write the same video with live sound tags.

    Args:
        path: The video.
        out: Target; ``<name>.tagged.mp4`` beside the video if ``None``.
        settings: Options; the defaults if ``None``.
        track: Scores to draw; the video's sound is scored if ``None``.
        on_progress: Told how far each step is.
        on_note: Told what a user should know, one line each.
        options: Single fields of ``settings`` to change, such as ``theme="light"``.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = _readable(override(settings or Settings(), **options), on_note)
    info = probe(path)
    shown_video(info)
    target = output_path(info, out, settings.video)
    check = check_alone_ahead if settings.video.overlay_only else check_ahead
    check(info, target, settings.panel, settings.video)
    total_s = shown_video(info).duration_s or info.duration_s
    try:
        track = track if track is not None else _tag(info, settings, on_progress, on_note)
    except NoAudioStream as error:
        if info.audio and settings.tagging.audio_track >= len(info.audio):
            raise
        if not settings.video.allow_silent or settings.video.overlay_only:
            raise NoAudioStream(f"{error}; --allow-silent copies the picture") from error
        on_note("there is no sound to tag; copying the picture as it is")
        copied = copy_picture(info, target, settings.video)
        return Rendered(copied.path, None, None, copied.encoder, "a copy of the video")
    if settings.video.soft:
        return _with_text(info, track, target, settings, total_s, on_progress, on_note)
    write = compose_alone if settings.video.overlay_only else compose
    done: Composed = write(
        info, detect(track, settings).timeline, target, settings.panel, settings.video,
        on_progress=lambda done_s: on_progress("render", done_s, total_s), on_note=on_note,
    )  # fmt: skip
    content = _ALONE if settings.video.overlay_only else _WHOLE
    return Rendered(done.path, track, done.n_frames, done.encoder, content)


def _readable(settings: Settings, on_note: Note) -> Settings:
    """The same, but with English labels where no font has the letters of the language."""
    panel = settings.panel
    letters = "".join(audioset().in_language(panel.language))
    if settings.video.soft or can_draw(letters, font_file(panel.font, "SemiBold")):
        return settings
    on_note(
        "no font on this machine has all Chinese letters, so the labels stay English; install Noto "
        "Sans CJK (Debian: fonts-noto-cjk), or name a font with --font"
    )
    return replace(settings, panel=replace(panel, language="en"))


def _with_text(
    info: MediaInfo,
    track: TagTrack,
    target: Path,
    settings: Settings,
    total_s: float | None,
    on_progress: Progress,
    on_note: Note,
) -> Rendered:
    """Everything copied, and the events as one more subtitle track; in mkv the panel, too."""
    extension = target.suffix.lower()
    kinds: dict[str, Format | CaptionFormat] = {
        "Sounds": format_named({".mkv": "ass", ".webm": "vtt"}.get(extension, "srt"))
    }
    if extension == ".mkv":
        size = shown_size(shown_video(info))
        kinds["Sound tags, animated"] = panel_format(settings.panel, size, total_s)
    found = detect(track, settings).events
    with TemporaryDirectory() as folder:
        tracks = []
        for title, kind in kinds.items():
            file = Path(folder, f"{title}{kind.extension}")
            file.write_bytes(content_of(kind, found, track, info.path, settings, on_note))
            if file.stat().st_size:  # ffmpeg reads no empty one
                tracks.append(TextTrack(file, title))
        fonts = panel_fonts(settings.panel)
        done = copy_picture(
            info, target, settings.video, tracks, fonts,
            on_progress=lambda done_s: on_progress("render", done_s, total_s), on_note=on_note,
        )  # fmt: skip
    return Rendered(done.path, track, None, done.encoder, _SOFT_PANEL if len(tracks) > 1 else _SOFT)


def preview(
    path: str | Path,
    at_s: float,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    track: TagTrack | None = None,
    on_progress: Progress = ignore_progress,
    on_note: Note = ignore_note,
    **options: Any,
) -> Path:
    """Write one PNG: the frame at second ``at_s`` as it would look in the video.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = _readable(override(settings or Settings(), **options), on_note)
    info = probe(path)
    shown_video(info)
    target = Path(out) if out is not None else info.path.with_suffix(f".{at_s:g}s.png")
    track = track if track is not None else _tag(info, settings, on_progress, on_note)
    timeline = detect(track, settings).timeline
    return compose_preview(info, timeline, at_s, target, settings.panel, settings.video)


def output_path(info: MediaInfo, out: str | Path | None, settings: VideoSettings) -> Path:
    """Where the video goes: ``out``, or ``<name>.tagged.<ext>`` in it or beside the source.

    A panel alone is ``<name>.panel.mov``, or what its encoder writes.
    """
    if out is not None and not Path(out).is_dir():
        return Path(out)
    folder = info.path.parent if out is None else Path(out)
    if settings.overlay_only:
        return folder / f"{info.path.stem}.panel{alpha_extension(settings.encoder)}"
    return folder / f"{info.path.stem}.tagged{default_extension(info)}"


def track_path(
    path: str | Path, out: str | Path | None, out_dir: str | Path | None, settings: Settings
) -> Path:
    """Where the scores of a media file go: ``out``, or PaddleAudio's name in ``out_dir``.

    Without either it is ``<name>.tags.npz`` beside the file.

    Raises:
        OutputError: The target is the file itself, exists, or has no folder.
    """
    info = probe(path)
    if out_dir is not None:
        Path(out_dir).mkdir(parents=True, exist_ok=True)
        rate = audio_stream(info, settings.tagging.audio_track).sample_rate
        return Path(out_dir) / f"audioset_tagging_sr_{rate}.npz"
    target = Path(out) if out is not None else info.path.with_suffix(".tags.npz")
    check_target(target, info.path, overwrite=settings.video.overwrite)
    return target


def load_track(path: str | Path, video: str | Path, label_file: str | None = None) -> TagTrack:
    """Saved scores to draw on a video, also those of PaddleAudio's demo.

    Raises:
        TrackError: The file is not a usable score track.
        ProbeError: The video cannot be read.
    """
    info = probe(video)
    length = info.audio[0].duration_s if info.audio else None
    labels = labels_of(path, label_file)
    return TagTrack.load(path, labels=labels, duration_s=length or info.duration_s)


def labels_of(path: str | Path, label_file: str | None = None) -> tuple[str, ...]:
    """Names for the scores in an npz: the label file's, else the npz's own, else AudioSet's."""
    if label_file is not None:
        return read_labels(label_file)
    arrays = read_npz(path)
    if "labels" in arrays:
        return tuple(str(label) for label in arrays["labels"].tolist())
    return audioset_labels()


def top_events(track: TagTrack, n: int, settings: EventSettings) -> list[TagEvent]:
    """The ``n`` strongest events, at most one a label, in the order of their onsets."""
    best: dict[int, TagEvent] = {}
    for event in detect(track, Settings(events=settings)).events:
        known = best.get(event.index)
        if known is None or event.peak > known.peak:
            best[event.index] = event
    strongest = sorted(best.values(), key=lambda event: -event.peak)[:n]
    return sorted(strongest, key=lambda event: event.onset_s)
