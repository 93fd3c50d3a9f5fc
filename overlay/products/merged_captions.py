"""A copy of a subtitle file with captions of the sounds between its dialogue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from overlay.errors import UsageError
from overlay.export.subtitle_files import Subtitles, check_mergeable, read_subtitles, with_cues
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.captions import sdh_name
from overlay.products.events import captions_of, events_of
from overlay.products.table import frame_rate_of, n_captions, note_if_none, note_left_out
from overlay.products.target_plan import TargetPlan, target_for
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.track import TagTrack


@dataclass(frozen=True, slots=True)
class Merged:
    """Subtitles with the sounds added.

    Attributes:
        subtitles: SubRip, WebVTT, ASS or SSA.
        sdh: As for ``Captions``.
    """

    subtitles: Path
    sdh: bool = False

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> MergedPlan:
        """See ``Product.plan``; ``<name>.sounds.<ext>`` beside the subtitles is the usual target.

        Raises:
            ExportError: The subtitles cannot be read or added to.
            OutputError: The target is an input, or exists.
            UsageError: A part is wanted.
        """
        if source.info.excerpt is not None:
            raise UsageError("--merge takes the times of the whole file; leave --from and --to out")
        dialogue = read_subtitles(self.subtitles)
        check_mergeable(dialogue)
        with_cues(dialogue, [])  # its layout may be too unusual
        name = f"{self.subtitles.stem}.sounds{self.subtitles.suffix}"
        if self.sdh:
            name = sdh_name(name, settings)
        beside = self.subtitles.parent if out is None else out
        target = target_for(source, settings, beside, name, self.subtitles)
        return MergedPlan(target, source, settings, dialogue)


@dataclass(frozen=True, slots=True)
class MergedPlan(TargetPlan):
    """A ``Plan``."""

    source: Source
    settings: Settings
    dialogue: Subtitles

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``."""
        assert track is not None
        found, rate = events_of(track, self.settings), frame_rate_of(self.source)
        made = captions_of(
            found, track, self.settings, frame_rate=rate, dialogue=self.dialogue.cues
        )
        if not made.left_out:
            note_if_none(made.cues, self.settings, reporter)
        note_left_out(made, "the dialogue and other captions leave", reporter)
        content = with_cues(self.dialogue, made.cues)
        with self.target_file.opened() as temporary:
            temporary.write_bytes(content)
        said = f"the subtitles with {n_captions(len(made.cues))} of the sounds"
        return Made(self.target, said)
