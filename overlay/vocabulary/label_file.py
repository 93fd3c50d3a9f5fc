"""A user's label file: one name a line, in class order."""

from __future__ import annotations

from pathlib import Path

from overlay.errors import LabelError


def read_labels(path: str | Path) -> tuple[str, ...]:
    """Names from a text file, one a line, in class order; empty lines at the end are dropped.

    Raises:
        LabelError: The file cannot be read, is not UTF-8, or holds no name.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise LabelError(f"{path}: cannot read the labels: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelError(f"{path}: not UTF-8 text; save the label file as UTF-8") from error
    labels = tuple(line.strip() for line in text.rstrip().splitlines())
    if not any(labels):
        raise LabelError(f"{path}: no label in it; write one name a line")
    return labels
