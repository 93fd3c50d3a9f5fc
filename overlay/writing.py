"""Events and captions of media files and saved score tracks, and the files they are written to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from overlay.captioning.cues import cues_of
from overlay.captioning.rules import BrokenRule, broken_rules
from overlay.captioning.styles import language_of, style_named
from overlay.datatypes import Cue, TagEvent
from overlay.detection import detect
from overlay.export.ass_panel import DEFAULT_PICTURE
from overlay.export.subtitles import check_mergeable, read_subtitles, with_cues
from overlay.files import check_target, complete_or_absent
from overlay.pipeline import Note, Progress, ignore_note, ignore_progress, labels_of, tag
from overlay.settings import CaptionSettings, Settings, override
from overlay.texts import (
    chosen_format,
    content_of,
    frame_rate_of,
    is_track,
    media_name,
    note_if_none,
)
from overlay.track import TagTrack


def find_events(
    path: str | Path,
    settings: Settings | None = None,
    *,
    on_progress: Progress = ignore_progress,
    on_note: Note = ignore_note,
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
    if is_track(Path(path)):
        track = TagTrack.load(path, labels=labels_of(path, settings.panel.label_file))
    else:
        track = tag(path, settings, on_progress=on_progress, on_note=on_note)
    return detect(track, settings).events, track


def captions(
    path: str | Path,
    settings: Settings | None = None,
    *,
    on_progress: Progress = ignore_progress,
    on_note: Note = ignore_note,
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
    return cues_of(found, settings.captions, frame_rate=frame_rate_of(Path(path)))


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
    rate = None if video is None else frame_rate_of(Path(video))
    return broken_rules(cues, style_named(asked.style, asked.language), rate)


def merge_captions(
    path: str | Path,
    subtitles: str | Path,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    on_progress: Progress = ignore_progress,
    on_note: Note = ignore_note,
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
    rate = frame_rate_of(path)
    cues = cues_of(found, settings.captions, frame_rate=rate, dialogue=dialogue.cues)
    free = cues_of(found, settings.captions, frame_rate=rate)
    note_if_none(free, settings, on_note)
    n_lost = sum(len(cue.lines) for cue in free) - sum(len(cue.lines) for cue in cues)
    if n_lost > 0:
        on_note(f"the dialogue leaves no room for {n_lost} lines of captions; they are left out")
    content = with_cues(dialogue, cues)
    with complete_or_absent(target) as temporary:
        temporary.write_bytes(content)
    return target


def export_events(
    path: str | Path,
    format_name: str,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    picture: tuple[int, int] = DEFAULT_PICTURE,
    on_progress: Progress = ignore_progress,
    on_note: Note = ignore_note,
    **options: Any,
) -> Path:
    """Write the events of a media file or a saved score track as a text file.

    Args:
        path: As for ``find_events``.
        format_name: One of ``export_formats()``.
        out: Target; ``<name>`` with the format's extension beside the file if ``None``.
        settings: Options; the defaults if ``None``.
        picture: Width and height of the video that the panel of a saved track is to lie on.
        on_progress: Told how far it is.
        on_note: Told what a user should know, one line each.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    path, chosen = Path(path), chosen_format(format_name, Path(path), settings, picture)
    name = f"{media_name(path).removesuffix(path.suffix)}{chosen.extension}"
    target = _target(out, path, name)
    check_target(target, path, overwrite=settings.video.overwrite)
    found, track = find_events(path, settings, on_progress=on_progress, on_note=on_note)
    content = content_of(chosen, found, track, path, settings, on_note)
    with complete_or_absent(target) as temporary:
        temporary.write_bytes(content)
    return target


def _target(out: str | Path | None, beside: Path, name: str) -> Path:
    """``out``, or a file of this name in it or beside another."""
    target = Path(out) if out is not None else beside.with_name(name)
    return target / name if target.is_dir() else target
