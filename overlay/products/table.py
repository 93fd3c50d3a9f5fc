"""What is heard as a text file: tables, labels, chapters, captions, the animated panel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from overlay.datatypes import Cue
from overlay.export.ass_panel import DEFAULT_PICTURE, shown_size
from overlay.export.formats import Format, Run, SourceFacts, format_named, formats
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.detected import (
    captions_of,
    judged_events_of,
    silence,
    timeline_of,
    without_labels,
)
from overlay.products.target import Target, media_name, stem_of, target_for
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings
from overlay.track import TagTrack


def export_formats() -> dict[str, Format]:
    """All formats that a ``Table`` can be written in, by name."""
    return formats()


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
        kind = format_named(self.format_name)
        facts = facts_of(source, self.picture)
        if kind.holds == "panel" and facts.picture is None:
            source.picture()
        target = target_for(source, settings, out, f"{stem_of(source)}{kind.extension}")
        rehearsed(kind, facts, settings)
        return TablePlan(facts, settings, target, kind)


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A ``Plan``."""

    facts: SourceFacts
    settings: Settings
    target_file: Target
    kind: Format
    needs_track: bool = True

    @property
    def target(self) -> Path:
        """The text file."""
        return self.target_file.path

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``."""
        assert track is not None
        content = content_of(self.kind, track, self.facts, self.settings, reporter)
        with self.target_file.opened() as temporary:
            temporary.write_bytes(content)
        return Made(self.target, self.kind.description)


def facts_of(source: Source, picture: tuple[int, int] = DEFAULT_PICTURE) -> SourceFacts:
    """What formats say of a source; ``picture`` is that of saved scores, which know no video."""
    info, name = source.info, media_name(source)
    if not info.video:
        size = None if info.audio else picture
        return SourceFacts(name, size, duration_s=info.duration_s)
    size = shown_size(source.picture())
    return SourceFacts(name, size, info.video.frame_rate, info.duration_s)


def content_of(
    kind: Format, track: TagTrack, facts: SourceFacts, settings: Settings, reporter: Reporter
) -> bytes:
    """The content of a text file: of what is heard the part that it holds."""
    run = Run(facts, track, settings)
    if kind.holds == "panel":
        run = replace(run, timeline=timeline_of(track, settings))
    elif kind.holds != "scores":
        events, pairs = judged_events_of(track, settings)
        run = replace(run, events=events, pairs=pairs)
    if kind.holds == "captions":
        cues = captions_of(list(run.events), track, settings, frame_rate=facts.frame_rate)
        note_if_none(cues, settings, reporter)
        run = replace(run, cues=cues)
    return kind.content(run)


def rehearsed(kind: Format, facts: SourceFacts, settings: Settings) -> None:
    """Write a track on which nothing is heard, for a plan: finds what cannot be written.

    Labels are not known yet, so those in the settings are left aside.

    Raises:
        ExportError: A package is missing.
        SettingsError: Thresholds, theme or font cannot be used.
    """
    content_of(kind, silence(), facts, without_labels(settings), SILENT)


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
