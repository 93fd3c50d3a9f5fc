"""Where a product goes: named and refused when it is planned, opened when it is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from overlay.files import (
    check_folder_target,
    check_target,
    fitting,
    is_folder,
    whole_folder_or_absent,
    whole_or_absent,
)
from overlay.media.source import Source
from overlay.settings import Settings
from overlay.verdicts import files_of


@dataclass(frozen=True, slots=True)
class Target:
    """A file that appears as a whole, or not at all.

    Attributes:
        path: What appears.
        overwrite: Whether a file that is there may be replaced.
        inputs: Files that the product is made of; none of them is ever replaced.
    """

    path: Path
    overwrite: bool
    inputs: tuple[Path, ...]

    def checked(self) -> Self:
        """Itself.

        Raises:
            OutputError: It is an input, exists, or has no folder to be in.
        """
        check_target(self.path, *self.inputs, overwrite=self.overwrite)
        return self

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """A temporary path to write to; what is there appears when the block ends well."""
        with whole_or_absent(self.path, overwrite=self.overwrite, inputs=self.inputs) as temporary:
            yield temporary


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """What plans have in common that make one target; to be completed to a ``Plan``.

    Attributes:
        target_file: Where it goes.
    """

    target_file: Target
    needs_track: ClassVar[bool] = True

    @property
    def target(self) -> Path:
        """The file or folder that ``write`` makes."""
        return self.target_file.path


@dataclass(frozen=True, slots=True)
class PictureFolder(Target):
    """A folder of numbered pictures, as ``Target``.

    Attributes:
        pattern: Name of a picture, with one number such as ``%05d`` in it.
    """

    pattern: str

    def checked(self) -> Self:
        """Itself.

        Raises:
            OutputError: It holds anything else than such pictures, or may not be replaced.
        """
        check_folder_target(self.path, self.pattern, overwrite=self.overwrite)
        return self

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """A pattern in a temporary folder, as ffmpeg takes it."""
        with whole_folder_or_absent(self.path, self.pattern, overwrite=self.overwrite) as folder:
            yield Path(str(folder).replace("%", "%%")) / self.pattern


def place(out: Path | None, source: Path, name: str) -> Path:
    """``out``, or a file of this name in it, or beside the source if it is ``None``."""
    if out is None:
        return source.with_name(fitting(name))
    return out / fitting(name) if is_folder(out) else out


def target_for(
    source: Source, settings: Settings, out: Path | None, name: str, *more_inputs: Path
) -> Target:
    """A file that is neither an input nor, unless that is wanted, there already.

    Args:
        source: What the product is made of.
        settings: Says whether to overwrite, and names files that are inputs, too.
        out: Target or folder as the user gave it.
        name: File name where the user gave none.
        more_inputs: Other files that the product is made of.

    Raises:
        OutputError: As ``Target.checked``.
    """
    inputs = source.path, *more_inputs, *_files_of(settings)
    return Target(place(out, source.path, name), settings.video.overwrite, inputs).checked()


def _files_of(settings: Settings) -> Iterator[Path]:
    """The files that the settings name."""
    tagging, panel, events = settings.tagging, settings.panel, settings.events
    for each in (
        tagging.model, tagging.weights, panel.theme, panel.font, panel.label_file,
        events.thresholds_file,
    ):  # fmt: skip
        if each:
            yield Path(each)
    yield from files_of(events.verdicts)


def media_name(source: Source) -> str:
    """Name of the media file; without ``.tags.npz`` where saved scores are all there is."""
    return source.path.name.removesuffix(".npz").removesuffix(".tags")


def stem_of(source: Source) -> str:
    """Name of the media file without its extension."""
    return media_name(source).removesuffix(source.path.suffix)
