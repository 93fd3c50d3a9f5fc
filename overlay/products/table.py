"""What is heard as a text file: tables, labels, chapters, captions, the animated panel."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from overlay.datatypes import Cue
from overlay.errors import UnknownFormat
from overlay.export.ass_panel import DEFAULT_PICTURE, panel_format, shown_size
from overlay.export.formats import CaptionFormat, Format, Run, formats
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.detected import captions_of, events_of, silence, without_labels
from overlay.products.target import Target, media_name, stem_of, target_for
from overlay.reporting import SILENT, Reporter
from overlay.settings import PanelSettings, Settings
from overlay.track import TagTrack
from overlay.vocabulary import vocabulary_named


def export_formats() -> dict[str, Format | CaptionFormat]:
    """All formats that a ``Table`` can be written in, by name."""
    panel = panel_format(PanelSettings(), DEFAULT_PICTURE)
    return dict(sorted((formats() | {panel.name: panel}).items()))


@dataclass(frozen=True, slots=True)
class Table:
    """A text file in one of ``export_formats``.

    Attributes:
        format_name: Which.
        picture: Width and height that the panel of saved scores, which know no video, is made for.
    """

    format_name: str
    picture: tuple[int, int] = DEFAULT_PICTURE

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> TablePlan:
        """See ``Product.plan``; the target is ``<name><extension>`` if ``out`` is ``None``.

        Raises:
            UnknownFormat: There is none of this name.
            NoVideoStream: The panel has no video to lie on.
            OutputError: The target is an input, or exists.
            ExportError: The format cannot be written here.
            SettingsError: Thresholds, theme or font cannot be used.
        """
        kind = self._format(source, settings)
        target = target_for(source, settings, out, f"{stem_of(source)}{kind.extension}")
        rehearsed(kind, source, settings)
        return TablePlan(source, settings, target, kind)

    def _format(self, source: Source, settings: Settings) -> Format | CaptionFormat:
        if self.format_name not in export_formats():
            raise UnknownFormat(self.format_name, export_formats())
        if self.format_name in formats():
            return formats()[self.format_name]
        saved = not source.info.video and not source.info.audio
        size = self.picture if saved else shown_size(source.picture())
        return panel_format(settings.panel, size, source.info.duration_s)


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A ``Plan``."""

    source: Source
    settings: Settings
    target_file: Target
    kind: Format | CaptionFormat
    needs_track: bool = True

    @property
    def target(self) -> Path:
        """The text file."""
        return self.target_file.path

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``."""
        assert track is not None
        content = content_of(self.kind, track, self.source, self.settings, reporter)
        with self.target_file.opened() as temporary:
            temporary.write_bytes(content)
        return Made(self.target, self.kind.description)


def content_of(
    kind: Format | CaptionFormat,
    track: TagTrack,
    source: Source,
    settings: Settings,
    reporter: Reporter,
) -> bytes:
    """The content of a text file: events, or the captions made of them."""
    found = events_of(track, settings)
    if isinstance(kind, Format):
        mids = vocabulary_named(track.vocabulary, track.labels).mid_by_name
        run = Run(media_name(source), track, mids, settings.events)
        return kind.content(found, run)
    cues = captions_of(found, track, settings, frame_rate=frame_rate_of(source))
    note_if_none(cues, settings, reporter)
    return kind.content(cues, settings.captions.language)


def rehearsed(kind: Format | CaptionFormat, source: Source, settings: Settings) -> None:
    """Write a track on which nothing is heard, for a plan: finds what cannot be written.

    Labels are not known yet, so those in the settings are left aside.

    Raises:
        ExportError: A package is missing.
        SettingsError: Thresholds, theme or font cannot be used.
    """
    content_of(kind, silence(), source, without_labels(settings), SILENT)


def note_if_none(cues: list[Cue], settings: Settings, reporter: Reporter) -> None:
    """Say why there are no captions, if there are none."""
    if not cues:
        style = settings.captions.style
        reporter.note(
            f"no sound is worth a caption in the style {style}; --style plain has all events"
        )


def frame_rate_of(source: Source) -> Fraction | None:
    """Of the picture; ``None`` where there is none to know."""
    return None if source.info.video is None else source.info.video.frame_rate
