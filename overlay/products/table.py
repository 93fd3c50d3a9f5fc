"""What is heard as a text file: tables, labels, chapters, captions, the animated panel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from overlay.captioning.cues import Captioned
from overlay.datatypes import Cue
from overlay.errors import ExportError
from overlay.export.ass_panel import DEFAULT_PICTURE, shown_size
from overlay.export.formats import Format, Run, SourceFacts, clock, format_named, formats
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.events import (
    captions_of,
    judged_events_of,
    silence,
    timeline_of,
    without_labels,
)
from overlay.products.target_plan import TargetPlan, media_name, stem_of, target_for
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings
from overlay.track import TagTrack

NUMBERED = ("csv", "json", "jsonl", "vtt-metadata")
"""Formats that hold numbers of frames."""
_LISTED = 8
"""Sounds without room that are named."""


def export_formats() -> dict[str, Format]:
    """All formats that a ``Table`` can be written in, by name."""
    return formats()


@dataclass(frozen=True, slots=True)
class Table:
    """A text file in one of ``export_formats``.

    Attributes:
        format_name: Which.
        picture: Width and height that the panel of saved scores, which know no video, is made for.
        marks: Stands before the extension in the usual name.
    """

    format_name: str
    picture: tuple[int, int] = DEFAULT_PICTURE
    marks: str = ""

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
        if settings.events.frames and kind.name in NUMBERED and facts.frame_rate is None:
            raise ExportError(
                f"{source.path}: nobody knows its frames; 'tag' on the video makes scores that do"
            )
        target = target_for(source, settings, out, f"{stem_of(source)}{self.marks}{kind.extension}")
        rehearsed(kind, facts, settings)
        return TablePlan(target, facts, settings, kind)


@dataclass(frozen=True, slots=True)
class TablePlan(TargetPlan):
    """A ``Plan``."""

    facts: SourceFacts
    settings: Settings
    kind: Format

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``."""
        assert track is not None
        run = run_of(self.kind, track, self.facts, self.settings, reporter)
        content = self.kind.content(run)
        with self.target_file.opened() as temporary:
            temporary.write_bytes(content)
        return Made(self.target, _counted(self.kind, run))


def facts_of(source: Source, picture: tuple[int, int] = DEFAULT_PICTURE) -> SourceFacts:
    """What formats say of a source; ``picture`` is that of saved scores, which know no video."""
    info, name = source.info, source.named or media_name(source)
    if not info.video:
        size = None if info.audio else picture
        return SourceFacts(name, size, source.rate, info.duration_s)
    size = shown_size(source.picture())
    return SourceFacts(name, size, info.video.frame_rate, info.duration_s)


def content_of(
    kind: Format, track: TagTrack, facts: SourceFacts, settings: Settings, reporter: Reporter
) -> bytes:
    """The content of a text file."""
    return kind.content(run_of(kind, track, facts, settings, reporter))


def run_of(
    kind: Format, track: TagTrack, facts: SourceFacts, settings: Settings, reporter: Reporter
) -> Run:
    """Of what is heard the part that a format holds."""
    run = Run(facts, track, settings)
    if kind.holds == "panel":
        run = replace(run, timeline=timeline_of(track, settings))
    elif kind.holds != "scores":
        events, pairs = judged_events_of(track, settings)
        run = replace(run, events=events, pairs=pairs)
    if kind.holds == "captions":
        found = captions_of(list(run.events), track, settings, frame_rate=facts.frame_rate)
        note_if_none(found.cues, settings, reporter)
        note_left_out(found, "other captions leave", reporter)
        run = replace(run, cues=found.cues)
    if said := kind.lacks(run):
        reporter.note(said)
    return run


def _counted(kind: Format, run: Run) -> str:
    """What was written, for people: how many of it."""
    if kind.holds == "captions":
        return n_captions(len(run.cues))
    return kind.description


def n_captions(n: int) -> str:
    """So many captions."""
    return f"{n} caption{'' if n == 1 else 's'}"


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


def note_left_out(found: Captioned, cause: str, reporter: Reporter) -> None:
    """Say which sounds found no room, with their times."""
    if not found.left_out:
        return
    said = [f"{clock(m.onset_s)} {' '.join(m.lines)}" for m in found.left_out[:_LISTED]]
    if len(found.left_out) > _LISTED:
        said.append(f"and {len(found.left_out) - _LISTED} more")
    reporter.note(f"{cause} no room for {', '.join(said)}")


def frame_rate_of(source: Source) -> Fraction | None:
    """Of the picture; ``None`` where there is none to know."""
    return source.rate if source.info.video is None else source.info.video.frame_rate
