"""A user's label file: one name a line, in class order."""

from __future__ import annotations

from pathlib import Path

from overlay.errors import LabelError
from overlay.files import path_error, read_text

_MOST_BYTES = 1 << 25


def read_labels(path: str | Path) -> tuple[str, ...]:
    """Names from a text file, one a line, in class order; empty lines at the end are dropped.

    Raises:
        LabelError: The file cannot be read, is not UTF-8, or holds no name.
    """
    text = read_text(path, _MOST_BYTES, "the labels", path_error(LabelError, path))
    labels = tuple(line.strip() for line in text.rstrip().splitlines())
    if not any(labels):
        raise LabelError(f"{path}: no label in it; write one name a line")
    return labels
