"""A page on which a person judges what was heard."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from overlay.detection import detect
from overlay.errors import ExportError
from overlay.files import is_there
from overlay.media.dynamic_metadata import note_lost_colors
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.lanes import lane_of
from overlay.products.target_plan import Target, TargetPlan, stem_of, target_for
from overlay.reporting import Reporter
from overlay.reviewing.browser_support import why_not
from overlay.reviewing.page import page
from overlay.reviewing.page_data import end_of, review_data
from overlay.reviewing.page_pictures import sound_pictures, thumbnails
from overlay.reviewing.proxy_cache import is_copy_of, proxy_of
from overlay.settings import Settings
from overlay.track import TagTrack
from overlay.verdicts import entry_dict, files_of, read_verdicts, verdicts_file, verdicts_on


@dataclass(frozen=True, slots=True)
class Review:
    """One HTML file, to be opened from the disk beside the medium, or to be served.

    Attributes:
        reviewer: Who judges; may be changed on the page.
        language: ``en`` or ``zh``; the browser's if ``None``.
        proxy: Whether a small copy of the medium lies beside the page: ``always``, ``never``, or
            ``auto``: where browsers cannot play the medium.
        beside: Saved scores, or events of other programs (``read_events``), to be judged in lanes
            of their own.
        served: Whether it is the local server that hands it out, with medium and verdicts.
    """

    reviewer: str = ""
    language: str | None = None
    proxy: str = "auto"
    beside: tuple[Path, ...] = ()
    served: bool = False

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> ReviewPlan:
        """See ``Product.plan``; the target is ``<name>.review.html`` if ``out`` is ``None``.

        Raises:
            NoAudioStream: There is no sound.
            ExportError: The verdicts, or what is to lie beside, cannot be read.
            OutputError: A target is an input, or exists.
        """
        source.sound()
        said = self._said(source, settings)
        inputs = (*self.beside, *files_of(said))
        heard = replace(settings.events, verdicts=())  # a page shows what was judged, too
        settings = replace(settings, events=heard)
        for each in self.beside:
            lane_of(each, settings, source, reporter=reporter)
        note_lost_colors(source.info, reporter)
        target = target_for(source, settings, out, f"{stem_of(source)}.review.html", *inputs)
        why = why_not(source.info, source.audio_track)
        copy = None
        if not self.served and (self.proxy == "always" or (why and self.proxy == "auto")):
            beside = target.path.with_suffix(".mp4")
            again = target.overwrite or is_copy_of(source, beside)
            copy = Target(beside, again, target.inputs).checked()
        return ReviewPlan(target, source, settings, self, said, copy, why or "")

    def _said(self, source: Source, settings: Settings) -> tuple[str, ...]:
        """Files of what was said already: those that are named, or the one beside the medium.

        The server reads it itself.
        """
        beside = verdicts_file(source.path)
        if settings.events.verdicts or self.served or not is_there(beside):
            return settings.events.verdicts
        read_verdicts(beside)
        return (str(beside),)


@dataclass(frozen=True, slots=True)
class ReviewPlan(TargetPlan):
    """A ``Plan``.

    Attributes:
        said: Files of verdicts that there are already.
        copy: Where a copy of the medium goes that browsers play.
        why: Why they cannot play the medium; empty if they can.
    """

    source: Source
    settings: Settings
    asked: Review
    said: tuple[str, ...]
    copy: Target | None
    why: str

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            MediaError: The copy cannot be made.
        """
        assert track is not None
        data = self._data(track, reporter)
        content = f"{len(data['events']['id'])} events to judge"
        if self.copy is not None:
            since = f", since not every browser plays {self.why}" if self.why else ""
            reporter.note(f"{self.copy.path}: a small copy{since}")
            settings = self.settings
            made = proxy_of(self.source, reporter, settings.video.ffmpeg, settings.tagging.threads)
            with self.copy.opened() as temporary:
                shutil.copyfile(made, temporary)
        with self.target_file.opened() as temporary:
            temporary.write_bytes(page(data, self.source.path.name, served=self.asked.served))
        return Made(self.target, content)

    def _data(self, track: TagTrack, reporter: Reporter) -> dict[str, Any]:
        source, end_s = self.source, end_of(track)
        found = detect(track, self.settings)
        middles = [(event.onset_s + event.offset_s) / 2 for event in found.events]
        lanes = [
            lane_of(each, self.settings, source, found.vocabulary) for each in self.asked.beside
        ]
        heard = review_data(track, found, self.settings, lanes)
        return {
            "name": source.path.name,
            "has_picture": source.info.video is not None,
            "reviewer": self.asked.reviewer,
            "language": self.asked.language,
            "from_s": None if source.info.excerpt is None else source.info.excerpt.from_s,
            **self._places(),
            **heard,
            "verdicts": self._entries(heard["fingerprint"], reporter),
            "sound": sound_pictures(source, end_s, self.settings, reporter),
            "thumbs": thumbnails(source, middles, end_s, self.settings, reporter),
        }

    def _places(self) -> dict[str, Any]:
        """Where the page finds the medium, and whom it tells the verdicts."""
        if self.asked.served:
            return {"src": "media", "copy": "copy", "server": "verdicts", "why": self.why}
        shown = self.source.path if self.copy is None else self.copy.path
        return {"src": _address(shown, self.target), "why": self.why if self.copy else ""}

    def _entries(self, fingerprint: str, reporter: Reporter) -> list[dict[str, Any]]:
        if not self.said:
            return []
        try:
            known = verdicts_on(self.said, fingerprint)
        except ExportError:  # the file beside it is not what somebody named
            reporter.note(f"{self.said[0]}: left out, it is of another sound")
            return []
        return [entry_dict(entry) for entry in known.entries] if known else []


def _address(media: Path, page_file: Path) -> str:
    """How the page names the medium: by the way from its own folder."""
    try:
        way = os.path.relpath(media, page_file.parent)
    except ValueError:  # another drive
        return media.absolute().as_uri()
    return quote(os.fsencode(Path(way).as_posix()))
