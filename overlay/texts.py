"""What is written into text files: formats, and their content from events."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from overlay.captioning.cues import cues_of
from overlay.datatypes import Cue, TagEvent
from overlay.errors import UnknownFormat
from overlay.export.ass_panel import DEFAULT_PICTURE, panel_format, shown_size
from overlay.export.formats import CaptionFormat, Format, Run, formats
from overlay.media.probe import probe
from overlay.media.video import shown_video
from overlay.products.compose import Note
from overlay.settings import PanelSettings, Settings
from overlay.track import TagTrack
from overlay.vocabulary import vocabulary_named


def export_formats() -> dict[str, Format | CaptionFormat]:
    """All formats that ``export_events`` writes, by name."""
    panel = panel_format(PanelSettings(), DEFAULT_PICTURE)
    return dict(sorted((formats() | {panel.name: panel}).items()))


def chosen_format(
    name: str, path: Path, settings: Settings, picture: tuple[int, int]
) -> Format | CaptionFormat:
    """The format of this name; the panel's is made for this video.

    Raises:
        UnknownFormat: There is none.
        NoVideoStream: The panel has no video to lie on.
    """
    if name not in export_formats():
        raise UnknownFormat(name, export_formats())
    if name in formats():
        return formats()[name]
    if is_track(path):
        return panel_format(settings.panel, picture)
    info = probe(path)
    return panel_format(settings.panel, shown_size(shown_video(info)), info.duration_s)


def content_of(
    kind: Format | CaptionFormat,
    found: list[TagEvent],
    track: TagTrack,
    path: Path,
    settings: Settings,
    on_note: Note,
) -> bytes:
    """The content of a file: events, or the captions made of them."""
    if isinstance(kind, Format):
        return kind.content(found, _run(path, track, settings))
    cues = cues_of(found, settings.captions, frame_rate=frame_rate_of(path))
    note_if_none(cues, settings, on_note)
    return kind.content(cues, settings.captions.language)


def _run(path: Path, track: TagTrack, settings: Settings) -> Run:
    mids = vocabulary_named(track.vocabulary, track.labels).mid_by_name
    return Run(media_name(path), track, mids, settings.events)


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
