"""A contact sheet of what is heard: one small picture an event, with label, time and score."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from overlay.datatypes import TagEvent
from overlay.drawing.contact_sheet import PICTURE, Cell, contact_sheet
from overlay.drawing.theme import load_theme
from overlay.errors import ExportError, OutputError
from overlay.files import temporary_folder
from overlay.media.dynamic_metadata import note_lost_colors
from overlay.media.frame_command import thumbnail_command
from overlay.media.process import ffmpeg_program
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.events import events_of, timeline_of
from overlay.products.output_check import check_run
from overlay.products.panel_feed import drawable, fed
from overlay.products.target_plan import TargetPlan, target_for
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings
from overlay.track import TagTrack

MOST = 48
"""Pictures on a sheet; of more events the surest are shown."""


class ContactSheet:
    """Small pictures of the moments in which something is heard."""

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> ContactSheetPlan:
        """See ``Product.plan``; the target is ``<name>.sheet.png`` if ``out`` is ``None``.

        Raises:
            NoVideoStream: There is no picture.
            OutputError: The target is an input, exists, or is no PNG.
            SettingsError: The theme or the font cannot be used.
        """
        target = target_for(source, settings, out, f"{source.path.stem}.sheet.png")
        if target.path.suffix.lower() != ".png":
            raise OutputError("a contact sheet is a .png", path=target.path)
        program = ffmpeg_program(settings.video.ffmpeg)
        note_lost_colors(source.info, reporter)
        settings = drawable(source.picture(), settings, reporter)
        return ContactSheetPlan(target, source, settings, program)


@dataclass(frozen=True, slots=True)
class ContactSheetPlan(TargetPlan):
    """A ``Plan``."""

    source: Source
    settings: Settings
    program: str

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            ExportError: Nothing is heard.
            EncodeError: ffmpeg failed.
        """
        assert track is not None
        found = events_of(track, self.settings)
        if not found:
            raise ExportError(f"{self.source.path}: nothing is heard, so there is nothing to show")
        shown = sorted(found, key=lambda event: -event.peak)[:MOST]
        shown.sort(key=lambda event: event.onset_s)
        if len(found) > len(shown):
            reporter.note(f"the {len(shown)} surest of {len(found)} events are on the sheet")
        families = timeline_of(track, self.settings).family_by_label
        with temporary_folder() as folder, self.target_file.opened() as temporary:
            cells = []
            for n, event in enumerate(shown):
                file = self._picture(event, folder / f"{n}.png")
                cells.append(self._cell(event, file, families.get(event.label)))
                reporter.progress("render", n + 1, len(shown))
            panel = self.settings.panel
            contact_sheet(cells, load_theme(panel.theme), panel.font, temporary)
        return Made(self.target, f"a contact sheet of {len(shown)} events", len(shown), "png")

    def _picture(self, event: TagEvent, file: Path) -> Path:
        """The frame in the middle of an event; that of its onset, where the picture ends before."""
        for at_s in ((event.onset_s + event.offset_s) / 2, event.onset_s, 0.0):
            command = thumbnail_command(
                self.source.read_at(at_s).info, max(0.0, at_s), file, self.program, PICTURE,
                deinterlace=self.settings.video.deinterlace,
            )  # fmt: skip
            run = fed(command, None, (), SILENT)
            check_run(run, self.source, self.target, tolerant=True)
            if file.is_file() and file.stat().st_size:
                break
        else:
            raise ExportError(f"{self.source.path}: has no picture to show")
        return file

    def _cell(self, event: TagEvent, file: Path, family: str | None) -> Cell:
        when = f"{_clock(event.onset_s)} - {_clock(event.offset_s)}"
        color = load_theme(self.settings.panel.theme).bar_color(event.label, family)
        return Cell(file, event.label, when, event.peak, color)


def _clock(seconds: float) -> str:
    minutes, s = divmod(round(10 * seconds) / 10, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{s:04.1f}" if hours else f"{minutes}:{s:04.1f}"
