"""What can be made of a source and its track: the types that all products share.

To add a product, write one file here with a class that keeps ``Product``, and name it in
``overlay.pipeline`` and in a command.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from overlay.media.source import Source
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.track import TagTrack


@dataclass(frozen=True, slots=True)
class Made:
    """What came out.

    Attributes:
        path: The file or folder that was written.
        content: What is in it, for people.
        n_frames: Pictures that were encoded; ``None`` where none were.
        encoder: Name of the video encoder; ``copy`` where nothing was encoded, empty for text.
    """

    path: Path
    content: str
    n_frames: int | None = None
    encoder: str = ""


class Plan(Protocol):
    """A product of one source, all of whose refusals have been made; nothing is written yet."""

    @property
    def target(self) -> Path:
        """The file or folder that ``write`` makes."""
        ...

    @property
    def needs_track(self) -> bool:
        """Whether ``write`` wants a track; not for the copy of a silent video."""
        ...

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """Make the product: whole under its name, or absent.

        Raises:
            OverlayError: As said by the product; no partial file is left.
        """
        ...


class Product(Protocol):
    """One kind of result."""

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> Plan:
        """Find everything that would stop the work before a second is scored.

        Args:
            source: The probed source.
            settings: All options.
            out: Target or folder as the user gave it; ``None`` for the usual name beside.
            reporter: Told what a user should know.

        Raises:
            OverlayError: The product cannot be made.
        """
        ...
