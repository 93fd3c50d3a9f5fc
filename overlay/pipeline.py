"""The walk from a video to the same video with tags, readable top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from overlay import cache
from overlay.captioning.cues import cues_of
from overlay.captioning.rules import BrokenRule, broken_rules
from overlay.captioning.styles import language_of, style_named
from overlay.compose import Composed, check_ahead, compose, copy_picture
from overlay.compose import preview as compose_preview
from overlay.datatypes import Cue, MediaInfo, TagEvent, TagTrack, read_npz
from overlay.drawing.fonts import can_draw, font_file
from overlay.errors import NoAudioStream
from overlay.events import find_events as detect
from overlay.export.formats import CaptionFormat, Format, Run, format_named
from overlay.export.subtitles import check_mergeable, read_subtitles, with_cues
from overlay.labels import audioset_labels, audioset_mids, read_labels
from overlay.media.audio import audio_stream, stream_audio
from overlay.media.containers import default_extension
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.output import check_target, complete_or_absent
from overlay.media.probe import probe
from overlay.media.video import shown_video
from overlay.selection import select
from overlay.settings import (
    CaptionSettings,
    EventSettings,
    Settings,
    TaggingSettings,
    override,
)
from overlay.tagging.registry import Tagger, load_tagger
from overlay.tagging.tracking import score_stream
from overlay.wording import translated_labels

Progress = Callable[[str, float, float | None], None]
"""Called with the step (``tag`` or ``render``), seconds done, and seconds in all if known."""

Note = Callable[[str], None]
"""Called with one line that a user should see."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out of ``render``."""

    path: Path
    track: TagTrack | None
    """``None`` for a silent video that was copied."""
    n_frames: int | None
    encoder: str
    """``copy`` for a silent video."""


def _ignore_progress(step: str, done_s: float, total_s: float | None) -> None:
    pass


def _ignore_note(note: str) -> None:
    pass


def tag(
    path: str | Path,
    settings: Settings | None = None,
    *,
    on_progress: Progress = _ignore_progress,
    on_note: Note = _ignore_note,
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
    tagger = load_tagger(options, on_note)
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
        blocks, tagger, options.sample_duration, options.hop_duration,
        lambda done_s: on_progress("tag", done_s, total_s),
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
    on_progress: Progress = _ignore_progress,
    on_note: Note = _ignore_note,
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
    target = output_path(info, out)
    check_ahead(info, target, settings.panel, settings.video)
    total_s = shown_video(info).duration_s or info.duration_s
    try:
        track = track if track is not None else _tag(info, settings, on_progress, on_note)
    except NoAudioStream as error:
        if info.audio and settings.tagging.audio_track >= len(info.audio):
            raise
        if not settings.video.allow_silent:
            raise NoAudioStream(f"{error}; --allow-silent copies the picture") from error
        on_note("there is no sound to tag; copying the picture as it is")
        copied = copy_picture(info, target, settings.video)
        return Rendered(copied.path, None, None, copied.encoder)
    if settings.video.soft:
        return _with_captions(info, track, target, settings, total_s, on_progress, on_note)
    done: Composed = compose(
        info, select(track, settings.panel), target, settings.panel, settings.video,
        on_progress=lambda done_s: on_progress("render", done_s, total_s), on_note=on_note,
    )  # fmt: skip
    return Rendered(done.path, track, done.n_frames, done.encoder)


def _readable(settings: Settings, on_note: Note) -> Settings:
    """The same, but with English labels where no font has the letters of the language."""
    panel = settings.panel
    letters = "".join(translated_labels(panel.language))
    if settings.video.soft or can_draw(letters, font_file(panel.font, "SemiBold")):
        return settings
    on_note(
        "no font on this machine has all Chinese letters, so the labels stay English; install Noto "
        "Sans CJK (Debian: fonts-noto-cjk), or name a font with --font"
    )
    return replace(settings, panel=replace(panel, language="en"))


def _with_captions(
    info: MediaInfo,
    track: TagTrack,
    target: Path,
    settings: Settings,
    total_s: float | None,
    on_progress: Progress,
    on_note: Note,
) -> Rendered:
    """Everything copied, and the events as one more subtitle track."""
    kind = format_named("ass" if target.suffix.lower() == ".mkv" else "srt")
    found = detect(track, settings.events)
    content = _content(kind, found, track, info.path, settings, on_note)
    with TemporaryDirectory() as folder:
        captions = Path(folder, f"captions{kind.extension}")
        captions.write_bytes(content)
        done = copy_picture(
            info, target, settings.video, captions if content else None,  # ffmpeg reads no empty
            on_progress=lambda done_s: on_progress("render", done_s, total_s), on_note=on_note,
        )  # fmt: skip
    return Rendered(done.path, track, None, done.encoder)


def preview(
    path: str | Path,
    at_s: float,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    track: TagTrack | None = None,
    on_progress: Progress = _ignore_progress,
    on_note: Note = _ignore_note,
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
    timeline = select(track, settings.panel)
    return compose_preview(info, timeline, at_s, target, settings.panel, settings.video)


def find_events(
    path: str | Path,
    settings: Settings | None = None,
    *,
    on_progress: Progress = _ignore_progress,
    on_note: Note = _ignore_note,
    **options: Any,
) -> tuple[list[TagEvent], TagTrack]:
    """What is heard from when to when, in a media file or a saved score track.

    Args:
        path: Any media file with sound, or the npz of ``TagTrack.save``.
        settings: Options; the defaults if ``None``.
        on_progress: Told how far it is.
        on_note: Told what a user should know, one line each.
        options: Single fields of ``settings`` to change, such as ``event_threshold=0.5``.

    Returns:
        The events by onset, and the scores behind them.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = override(settings or Settings(), **options)
    if Path(path).suffix == ".npz":
        track = TagTrack.load(path, labels=labels_of(path, settings.panel.label_file))
    else:
        track = tag(path, settings, on_progress=on_progress, on_note=on_note)
    return detect(track, settings.events), track


def captions(
    path: str | Path,
    settings: Settings | None = None,
    *,
    on_progress: Progress = _ignore_progress,
    on_note: Note = _ignore_note,
    **options: Any,
) -> list[Cue]:
    """What a caption file of a media file or a saved score track holds.

    Args:
        path: As for ``find_events``.
        settings: Options; the defaults if ``None``.
        on_progress: Told how far it is.
        on_note: Told what a user should know, one line each.
        options: Single fields of ``settings`` to change, such as ``style="bbc"``.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = override(settings or Settings(), **options)
    found, _ = find_events(path, settings, on_progress=on_progress, on_note=on_note)
    return cues_of(found, settings.captions, frame_rate=_frame_rate(Path(path)))


def check_captions(
    path: str | Path,
    style: str = "netflix",
    *,
    language: str | None = None,
    video: str | Path | None = None,
) -> list[BrokenRule]:
    """The rules of a style that the cues of a subtitle file break, by cue.

    Args:
        path: SubRip, WebVTT, ASS, SSA, TTML or SBV.
        style: One of ``overlay.settings.CAPTION_STYLES``.
        language: ``en`` or ``zh``; what most lines are in if ``None``.
        video: Where it is shown: some rules are in frames. Without it, what is right at any usual
            frame rate is right.

    Raises:
        SettingsError: There is no such style or language.
        ExportError: The file cannot be read.
    """
    cues = read_subtitles(path).cues
    asked = CaptionSettings(style=style, language=language or language_of(cues))
    rate = None if video is None else _frame_rate(Path(video))
    return broken_rules(cues, style_named(asked.style, asked.language), rate)


def _frame_rate(path: Path) -> Fraction | None:
    if path.suffix == ".npz":
        return None
    video = probe(path).video
    return None if video is None else video.frame_rate


def merge_captions(
    path: str | Path,
    subtitles: str | Path,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    on_progress: Progress = _ignore_progress,
    on_note: Note = _ignore_note,
    **options: Any,
) -> Path:
    """Write a copy of a subtitle file with captions of the sounds between its dialogue.

    The dialogue is not touched: no caption stands while it does, and all of it stays to the byte,
    but for the numbers of SubRip cues.

    Args:
        path: As for ``find_events``.
        subtitles: SubRip, WebVTT, ASS or SSA.
        out: Target; ``<name>.sounds`` with the file's own extension beside it if ``None``.
        settings: Options; the defaults if ``None``.
        on_progress: Told how far it is.
        on_note: Told what a user should know, one line each.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    path, subtitles = Path(path), Path(subtitles)
    dialogue = read_subtitles(subtitles)
    check_mergeable(dialogue)
    target = _target(out, subtitles, f"{subtitles.stem}.sounds{subtitles.suffix}")
    for source in (subtitles, path):
        check_target(target, source, overwrite=settings.video.overwrite)
    found, _ = find_events(path, settings, on_progress=on_progress, on_note=on_note)
    rate = _frame_rate(path)
    cues = cues_of(found, settings.captions, frame_rate=rate, dialogue=dialogue.cues)
    free = cues_of(found, settings.captions, frame_rate=rate)
    _note_if_none(free, settings, on_note)
    n_lost = sum(len(cue.lines) for cue in free) - sum(len(cue.lines) for cue in cues)
    if n_lost > 0:
        on_note(f"the dialogue leaves no room for {n_lost} lines of captions; they are left out")
    content = with_cues(dialogue, cues)
    with complete_or_absent(target) as temporary:
        temporary.write_bytes(content)
    return target


def _target(out: str | Path | None, beside: Path, name: str) -> Path:
    """``out``, or a file of this name in it or beside another."""
    target = Path(out) if out is not None else beside.with_name(name)
    return target / name if target.is_dir() else target


def _content(
    kind: Format | CaptionFormat,
    found: list[TagEvent],
    track: TagTrack,
    path: Path,
    settings: Settings,
    on_note: Note,
) -> bytes:
    """The content of a text file: events, or the captions made of them."""
    if isinstance(kind, Format):
        return kind.write(found, Run(path.name, track, audioset_mids())).encode()
    cues = cues_of(found, settings.captions, frame_rate=_frame_rate(path))
    _note_if_none(cues, settings, on_note)
    return kind.write(cues, settings.captions.language).encode()


def _note_if_none(cues: list[Cue], settings: Settings, on_note: Note) -> None:
    if not cues:
        style = settings.captions.style
        on_note(f"no sound is worth a caption in the style {style}; --style plain has all events")


def export_events(
    path: str | Path,
    format_name: str,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    on_progress: Progress = _ignore_progress,
    on_note: Note = _ignore_note,
    **options: Any,
) -> Path:
    """Write the events of a media file or a saved score track as a text file.

    Args:
        path: As for ``find_events``.
        format_name: One of ``overlay.export.formats.formats()``.
        out: Target; ``<name>`` with the format's extension beside the file if ``None``.
        settings: Options; the defaults if ``None``.
        on_progress: Told how far it is.
        on_note: Told what a user should know, one line each.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    path, chosen = Path(path), format_named(format_name)
    stem = path.name.removesuffix(".npz").removesuffix(".tags") if path.suffix == ".npz" else None
    name = f"{path.stem if stem is None else stem}{chosen.extension}"
    target = _target(out, path, name)
    check_target(target, path, overwrite=settings.video.overwrite)
    found, track = find_events(path, settings, on_progress=on_progress, on_note=on_note)
    content = _content(chosen, found, track, path, settings, on_note)
    with complete_or_absent(target) as temporary:
        temporary.write_bytes(content)
    return target


def output_path(info: MediaInfo, out: str | Path | None) -> Path:
    """Where the video goes: ``out``, or ``<name>.tagged.<ext>`` in it or beside the source."""
    if out is not None and not Path(out).is_dir():
        return Path(out)
    folder = info.path.parent if out is None else Path(out)
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
    for event in detect(track, settings):
        known = best.get(event.index)
        if known is None or event.peak > known.peak:
            best[event.index] = event
    strongest = sorted(best.values(), key=lambda event: -event.peak)[:n]
    return sorted(strongest, key=lambda event: event.onset_s)
