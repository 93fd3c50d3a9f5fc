"""What can be made of every source, by the word that a person writes behind ``--do``."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from overlay.errors import UsageError
from overlay.export.formats import Format
from overlay.files import is_file
from overlay.products.base import Product
from overlay.products.captions import Captions
from overlay.products.review import Review
from overlay.products.scores import Scores
from overlay.products.table import Table, export_formats
from overlay.settings import Settings
from overlay.verdicts import files_of

RENDER, SOFT, PANEL = "render", "soft", "panel"
"""Videos; which one is in the settings."""
EVENTS, CAPTIONS, TAGS, REVIEW = "events", "captions", "tags", "review"
_CODE = {RENDER: 2, SOFT: 1, PANEL: 2, EVENTS: 1, CAPTIONS: 1, TAGS: 1, REVIEW: 1}
"""Version of the code that makes a product: raise it when the result becomes another."""
_HEARD = ("tagging", "panel", "events")
_TABLES = {
    RENDER: (*_HEARD, "video"),
    SOFT: (*_HEARD, "captions", "video"),
    PANEL: (*_HEARD, "video"),
    CAPTIONS: (*_HEARD, "captions"),
    TAGS: ("tagging",),
}
"""Tables of the settings that a product depends on; of a text by what its format holds."""
_CHANGE_NOTHING = frozenset({"cache", "threads", "overwrite", "ffmpeg", "device", "model"})
"""Settings that the result does not depend on; of the model it depends by name and hash."""
_LOOK = frozenset(
    {"view", "strip", "span", "theme", "position", "top_k", "font", "scale", "language"}
)
"""Settings of the panel that only its look depends on."""


def known_kinds() -> tuple[str, ...]:
    """Everything that can be asked for."""
    return (*_CODE, *export_formats())


def check_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds, each once.

    Raises:
        UsageError: One is not known, or there is none.
    """
    for kind in kinds:
        if kind not in known_kinds():
            raise UsageError(f"--do {kind}: not known; known are {', '.join(known_kinds())}")
    if not kinds:
        raise UsageError("--do: name at least one thing to make")
    return tuple(dict.fromkeys(kinds))


def product_of(kind: str) -> Product | None:
    """The product of a kind; ``None`` for the video that the settings ask for."""
    if kind in (RENDER, SOFT, PANEL):
        return None
    if kind == CAPTIONS:
        return Captions()
    if kind == TAGS:
        return Scores()
    if kind == REVIEW:
        return Review()
    return Table("csv" if kind == EVENTS else kind)


def settings_for(kind: str, settings: Settings) -> Settings:
    """The settings with what a kind of video asks for; what lies below the output may go."""
    video = replace(settings.video, soft=kind == SOFT, overlay_only=kind == PANEL, overwrite=True)
    return replace(settings, video=video)


def facts_of(kind: str, settings: Settings, model: Sequence[str]) -> dict[str, Any]:
    """What a product of any source depends on, beside the source itself.

    Args:
        kind: Of product.
        settings: All options.
        model: Name and hash of the tagger.
    """
    own = settings_for(kind, settings)
    facts: dict[str, Any] = {"kind": kind, "code": _CODE.get(kind, 1), "model": list(model)}
    for table in _tables(kind):
        values = asdict(getattr(own, table))
        if values.get("verdicts"):
            values["verdicts"] = [_content(str(each)) for each in files_of(values["verdicts"])]
        unused = _CHANGE_NOTHING | (_unseen(kind) if table == "panel" else frozenset())
        facts[table] = {
            name: _content(value) for name, value in values.items() if name not in unused
        }
    if settings.video.tolerant:  # of damaged files more is heard
        facts["tolerant"] = True
    return facts


def _tables(kind: str) -> tuple[str, ...]:
    if kind in _TABLES:
        return _TABLES[kind]
    return (*_HEARD, "captions") if _held(kind) == "captions" else _HEARD


def _unseen(kind: str) -> frozenset[str]:
    if kind in (RENDER, SOFT, PANEL) or _held(kind) == "panel":
        return frozenset()
    return _LOOK - {"top_k"} if kind == REVIEW else _LOOK  # a page lists the best of a moment


def _held(kind: str) -> str:
    """What a text holds; empty for other kinds."""
    text = format_of(kind)
    return text.holds if text else ""


def format_of(kind: str) -> Format | None:
    """The format of a kind that is a text with one; ``None`` for other kinds."""
    return export_formats().get("csv" if kind == EVENTS else kind)


def _content(value: Any) -> Any:
    """A value; of one that names a file the hash of what is in it."""
    if isinstance(value, str) and is_file(value):  # a pipe or a device is not waited for
        with contextlib.suppress(OSError), Path(value).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return value
