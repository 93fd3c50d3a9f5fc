"""The video as it is, with captions of its sounds as a subtitle track; in mkv the panel, too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from overlay.export.ass_panel import panel_fonts, playable
from overlay.export.formats import Format, format_named
from overlay.files import temporary_folder
from overlay.media.copy_command import TextTrack
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.stream_copy import Copied, CopiedPlan
from overlay.products.table import facts_of, n_captions, rehearsed, run_of
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.track import TagTrack

ISO_639_2 = {"en": "eng", "zh": "zho"}
"""Languages as containers call them."""
_PANEL_TOO = " and the panel as a second subtitle track"


class Soft:
    """Everything copied, and what is heard as text tracks."""

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> SoftPlan:
        """See ``Product.plan``; the target is ``<name>.tagged.<ext>`` if ``out`` is ``None``.

        Raises:
            NoVideoStream: There is no picture.
            OutputError: The target is an input, exists, or cannot hold the streams.
            SettingsError: The theme or the font of the animated panel cannot be used.
        """
        copy = Copied().plan(source, settings, out, reporter)
        source.picture()
        kinds = _kinds(copy.target.suffix.lower(), settings, reporter)
        for kind in kinds.values():
            rehearsed(kind, facts_of(source), settings)
        return SoftPlan(copy, kinds)


def _kinds(extension: str, settings: Settings, reporter: Reporter) -> dict[str, Format]:
    """What each text track is, by its title."""
    captions = {".mkv": "ass", ".webm": "vtt"}.get(extension, "srt")
    kinds = {"Sounds": format_named(captions)}
    if extension != ".mkv":
        return kinds
    views, played = settings.panel.views, playable(settings.panel)
    if left := [name for name in views if name not in played]:
        reporter.note(
            f"players cannot draw {' and '.join(left)}, so no track has it; a render does"
        )
    if played:
        kinds["Sound tags, animated"] = format_named("ass-panel")
    return kinds


@dataclass(frozen=True, slots=True)
class SoftPlan:
    """A ``Plan``."""

    copy: CopiedPlan
    kinds: dict[str, Format]
    needs_track: bool = True

    @property
    def target(self) -> Path:
        """The video."""
        return self.copy.target

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            DecodeError: The source is damaged and ``tolerant`` is off.
            EncodeError: ffmpeg failed, or the result is not what it should be.
        """
        assert track is not None
        facts = facts_of(self.copy.source)
        with temporary_folder() as folder:
            tracks, n_cues = [], 0
            for title, kind in self.kinds.items():
                file = folder / f"{title}{kind.extension}"
                run = run_of(kind, track, facts, self.copy.settings, reporter)
                file.write_bytes(kind.content(run))
                n_cues += len(run.cues)
                if not file.stat().st_size:
                    continue  # ffmpeg reads no empty one
                captions = kind.holds == "captions"
                language = self.copy.settings.captions.language if captions else self._labels()
                tracks.append(TextTrack(file, title, ISO_639_2[language], captions))
            content = f"the video as it is, with {n_captions(n_cues)} of its sounds"
            content += _PANEL_TOO if len(tracks) > 1 else ""
            fonts = panel_fonts(self.copy.settings.panel)
            return self.copy.write_with(tracks, fonts, track, reporter, content)

    def _labels(self) -> str:
        return self.copy.settings.panel.language
