"""Captions of what is heard, as a subtitle file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from overlay.errors import UsageError
from overlay.export.formats import formats
from overlay.files import is_folder
from overlay.media.source import Source
from overlay.products.table import Table, TablePlan
from overlay.reporting import Reporter
from overlay.settings import Settings


@dataclass(frozen=True, slots=True)
class Captions:
    """A subtitle file.

    Attributes:
        format_name: ``srt``, ``vtt``, ``ass``, ``ttml``, ``sbv``; ``None`` takes what the target's
            extension says, or ``srt``.
        sdh: Whether the usual name says the language and that it is for the deaf and hard of
            hearing, as players and shops take it: ``<name>.en.sdh.srt``.
    """

    format_name: str | None = None
    sdh: bool = False

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> TablePlan:
        """See ``Product.plan``; the target is ``<name>.<format>`` if ``out`` is ``None``.

        Raises:
            UsageError: The target's extension is that of another format.
            OutputError: The target is an input, or exists.
        """
        said = None if out is None or is_folder(out) else _said_by(out)
        if said and self.format_name and said != self.format_name:
            raise UsageError(f"{out}: would hold {self.format_name}; leave --format out")
        table = Table(self.format_name or said or "srt", marks=_marks(settings) if self.sdh else "")
        return table.plan(source, settings, out, reporter)


def _marks(settings: Settings) -> str:
    return f".{settings.captions.language}.sdh"


def sdh_name(name: str, settings: Settings) -> str:
    """The name of a subtitle file with its language and ``sdh``, each once."""
    path, language = Path(name), settings.captions.language
    stem = path.stem.removesuffix(".sounds").removesuffix(f".{language}")
    return f"{stem}{_marks(settings)}{path.suffix}"


def _said_by(out: Path) -> str | None:
    """The format that a file name tells."""
    kinds = (kind for kind in formats().values() if kind.holds == "captions")
    return next((kind.name for kind in kinds if kind.extension == out.suffix.lower()), None)
