"""A page on which a person judges what was heard."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from overlay.detection import detect
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.target import Target, stem_of, target_for
from overlay.reporting import Reporter
from overlay.reviewing.data import end_of, review_data
from overlay.reviewing.page import page
from overlay.reviewing.pictures import sound_pictures, thumbnails
from overlay.settings import Settings
from overlay.track import TagTrack


@dataclass(frozen=True, slots=True)
class Review:
    """One HTML file, to be opened from the disk beside the medium.

    Attributes:
        reviewer: Who judges; may be changed on the page.
        language: ``en`` or ``zh``; the browser's if ``None``.
    """

    reviewer: str = ""
    language: str | None = None

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> ReviewPlan:
        """See ``Product.plan``; the target is ``<name>.review.html`` if ``out`` is ``None``.

        Raises:
            NoAudioStream: There is no sound.
            OutputError: The target is an input, or exists.
        """
        source.sound()
        target = target_for(source, settings, out, f"{stem_of(source)}.review.html")
        return ReviewPlan(source, settings, target, self)


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """A ``Plan``."""

    source: Source
    settings: Settings
    target_file: Target
    asked: Review
    needs_track: bool = True

    @property
    def target(self) -> Path:
        """The page."""
        return self.target_file.path

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``."""
        assert track is not None
        data = self._data(track, reporter)
        with self.target_file.opened() as temporary:
            temporary.write_bytes(page(data, self.source.path.name))
        return Made(self.target, f"{len(data['events']['id'])} events to judge")

    def _data(self, track: TagTrack, reporter: Reporter) -> dict[str, Any]:
        source, end_s = self.source, end_of(track)
        found = detect(track, self.settings)
        middles = [(event.onset_s + event.offset_s) / 2 for event in found.events]
        return {
            "name": source.path.name,
            "src": _address(source.path, self.target),
            "has_picture": source.info.video is not None,
            "reviewer": self.asked.reviewer,
            "language": self.asked.language,
            **review_data(track, found, self.settings),
            "sound": sound_pictures(source, end_s, self.settings, reporter),
            "thumbs": thumbnails(source, middles, end_s, reporter),
        }


def _address(media: Path, page_file: Path) -> str:
    """How the page names the medium: by the way from its own folder."""
    try:
        way = os.path.relpath(media, page_file.parent)
    except ValueError:  # another drive
        return media.absolute().as_uri()
    return quote(os.fsencode(Path(way).as_posix()))
