"""What is written into text files: formats, and their content from events."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from overlay.captioning.cues import cues_of
from overlay.datatypes import Cue, TagEvent
from overlay.detection.selection import select
from overlay.export.ass_panel import shown_size
from overlay.export.formats import Format, Run, SourceFacts, format_named, formats
from overlay.media.probe import probe
from overlay.media.video import shown_video
from overlay.products.compose import Note
from overlay.settings import Settings
from overlay.track import TagTrack


def export_formats() -> dict[str, Format]:
    """All formats that ``export_events`` writes, by name."""
    return formats()


def chosen_format(name: str, path: Path) -> Format:
    """The format of this name.

    Raises:
        UnknownFormat: There is none.
        NoVideoStream: The panel has no video to lie on.
    """
    kind = format_named(name)
    if kind.holds == "panel" and not is_track(path):
        shown_video(probe(path))
    return kind


def facts_of(path: Path, picture: tuple[int, int] | None = None) -> SourceFacts:
    """What formats say of a media file; a saved track's picture is the one that was asked for."""
    if is_track(path):
        return SourceFacts(media_name(path), picture)
    info = probe(path)
    video = info.video
    if video is None:
        return SourceFacts(media_name(path), duration_s=info.duration_s)
    return SourceFacts(media_name(path), shown_size(video), video.frame_rate, info.duration_s)


def content_of(
    kind: Format,
    found: list[TagEvent],
    track: TagTrack,
    path: Path,
    settings: Settings,
    on_note: Note,
    picture: tuple[int, int] | None = None,
) -> bytes:
    """The content of a file: events, captions made of them, or the panel."""
    facts = facts_of(path, picture)
    run = Run(facts, track, settings, found)
    if kind.holds == "captions":
        cues = cues_of(found, settings.captions, frame_rate=facts.frame_rate)
        note_if_none(cues, settings, on_note)
        run = replace(run, cues=cues)
    elif kind.holds == "panel":
        run = replace(run, timeline=select(track, settings.panel))
    return kind.content(run)


def note_if_none(cues: list[Cue], settings: Settings, on_note: Note) -> None:
    """Say why there are no captions, if there are none."""
    if not cues:
        style = settings.captions.style
        on_note(f"no sound is worth a caption in the style {style}; --style plain has all events")


def frame_rate_of(path: Path) -> Fraction | None:
    """Of the picture of a media file; ``None`` where there is none to know."""
    if is_track(path):
        return None
    video = probe(path).video
    return None if video is None else video.frame_rate


def media_name(path: Path) -> str:
    """Name of a media file; without extension where a score track is all there is."""
    return path.name.removesuffix(".npz").removesuffix(".tags") if is_track(path) else path.name


def is_track(path: Path) -> bool:
    """Whether a file is a saved score track, by its name."""
    return path.suffix == ".npz"
