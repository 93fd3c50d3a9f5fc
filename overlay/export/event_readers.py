"""Events that others wrote: labels of Audacity, selection tables of Raven, tables of commas.

What a file is, its first lines say. A table is read by the names of its columns, in any order and
case; those of this program, of DCASE, Raven and BirdNET are known. Where no comma splits the cells,
one in a number is that of its decimals, as programs write it in many countries. To add a format,
write a reader from text to rows, and name it in ``_kind_of``.

Source:
    Audacity manual, "Importing and Exporting Labels". Raven Pro 1.6 User's Manual, appendix on
    selection tables.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from overlay.datatypes import NO_CLASS, TagEvent
from overlay.errors import ExportError, LabelError
from overlay.files import brief, path_error, read_text
from overlay.vocabulary import Vocabulary

_MOST_BYTES = 32 << 20
_MOST_ROWS = 200_000
_MOST_LETTERS = 500
_MOST_S = 366 * 24 * 3600.0
_SHORTEST_S = 0.1
"""A label at a point in time gets this long."""
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{0,12})?(?:e[+-]?\d{1,2})?", re.IGNORECASE)
_AUDACITY = re.compile(r"[\d.,]+\t[\d.,]+(?:\t|\Z)")
_COLUMNS = {
    "onset": ("onset_s", "onset", "begin time (s)", "start (s)", "start_s", "start", "begin"),
    "offset": ("offset_s", "offset", "end time (s)", "end (s)", "end_s", "end", "stop"),
    "label": ("label", "event_label", "annotation", "common name", "species", "class", "name"),
    "score": ("peak", "score", "confidence", "probability"),
}
_ESCAPED = re.compile(r"'[ \n]*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Lane:
    """Events of one origin, to be judged or compared."""

    name: str
    """Where they come from: a file's name, or a model's."""
    events: tuple[TagEvent, ...]
    """By onset; ``NO_CLASS`` where the label is none of the vocabulary's."""
    is_scored: bool = True
    """Whether ``peak`` and ``mean`` say how sure somebody was; else they are 1."""
    length_s: float | None = None
    """Seconds that were heard; ``None`` where nobody says."""


@dataclass(frozen=True, slots=True)
class _Row:
    onset: str
    offset: str
    label: str
    score: str = ""


def read_events(path: str | Path, vocabulary: Vocabulary) -> Lane:
    """Read the events of a text file.

    Args:
        path: Audacity labels, a selection table of Raven, or CSV with a line of column names.
        vocabulary: Whose classes the labels are, as far as it has them, in any case.

    Raises:
        ExportError: The file cannot be read, is of another kind, or a line of it is wrong.
    """
    error = path_error(ExportError, path)
    text = read_text(path, _MOST_BYTES, "the events", error)
    try:
        rows = list(_limited(_kind_of(text)(text)))
        events = _once(_event(row, vocabulary, n) for n, row in enumerate(rows, start=1))
    except (ValueError, csv.Error) as failed:
        raise error(brief(failed)) from failed
    is_scored = bool(rows) and all(_score(row.score) is not None for row in rows)
    return Lane(Path(path).name, tuple(sorted(events, key=lambda e: e.onset_s)), is_scored)


def _once(events: Iterable[TagEvent]) -> list[TagEvent]:
    """Of events of one label and the same edges the first."""
    made: dict[tuple[str, int, int], TagEvent] = {}
    for event in events:
        edges = round(1000 * event.onset_s), round(1000 * event.offset_s)
        made.setdefault((event.label, *edges), event)
    return list(made.values())


def _limited(rows: Iterator[_Row]) -> Iterator[_Row]:
    for number, row in enumerate(rows):
        if number >= _MOST_ROWS:
            raise ValueError(f"more than {_MOST_ROWS} events")
        yield row


def _kind_of(text: str) -> Callable[[str], Iterator[_Row]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    if _AUDACITY.match(first):
        return _audacity
    if "begin time (s)" in first.casefold() and "\t" in first:
        return _raven
    return _commas


def _audacity(text: str) -> Iterator[_Row]:
    """Start, end and label split by tabs; lines with a backslash tell frequencies."""
    for line in text.splitlines():
        if not line.strip() or line.startswith("\\"):
            continue
        onset, offset, *label = line.split("\t", 2) if line.count("\t") else [line, "", ""]
        yield _Row(_point(onset), _point(offset), label[0] if label else "")


def _point(number: str) -> str:
    return number.replace(",", ".")


def _with_points(row: _Row) -> _Row:
    return _Row(_point(row.onset), _point(row.offset), row.label, _point(row.score))


def _raven(text: str) -> Iterator[_Row]:
    """A table of tabs, in which a selection stands once for each view."""
    reader = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    seen = set()
    for row, selection in _rows_of(reader):
        if selection is None or selection not in seen:
            yield _with_points(row)
        seen.add(selection)


def _commas(text: str) -> Iterator[_Row]:
    """A table with a line of names; one line before it may say what made it (``#``)."""
    if text.startswith("#"):
        text = text.partition("\n")[2]
    names = text.partition("\n")[0]
    delimiter = max(",;\t", key=names.count)
    lines = io.StringIO(text, newline="")
    for row, _ in _rows_of(csv.DictReader(lines, delimiter=delimiter, strict=True)):
        yield row if delimiter == "," else _with_points(row)


def _rows_of(reader: csv.DictReader[str]) -> Iterator[tuple[_Row, str | None]]:
    """Each row by the names of its columns, and its number of a selection if it has one."""
    columns = {name.strip().casefold(): name for name in reader.fieldnames or ()}
    chosen = {}
    for field, names in _COLUMNS.items():
        known = next((columns[name] for name in names if name in columns), None)
        if known is not None:
            chosen[field] = known
        elif field != "score":
            raise ValueError(
                f"no column for the {field}: no Audacity labels, no Raven table, and no CSV with "
                "columns such as onset, offset, label"
            )
    for row in reader:
        if None in row:
            raise ValueError("a line has more cells than there are columns")
        yield (
            _Row(**{field: row[name] or "" for field, name in chosen.items()}),
            row.get("Selection"),
        )


def _event(row: _Row, vocabulary: Vocabulary, number: int) -> TagEvent:
    onset, offset = _seconds(row.onset, number), _seconds(row.offset, number)
    if offset < onset:
        raise ValueError(f"event {number} ends at {offset:g} s before it begins at {onset:g} s")
    label = row.label[1:] if _ESCAPED.match(row.label) else row.label
    label = " ".join(label.split())
    if not label or len(label) > _MOST_LETTERS:
        raise ValueError(f"event {number} has no label, or too long a one")
    score = _score(row.score)
    peak = 1.0 if score is None else score
    try:
        index = vocabulary.index_of(label)
        label = vocabulary.names[index]
    except LabelError:
        index = NO_CLASS
    return TagEvent(index, label, onset, max(offset, onset + _SHORTEST_S), peak, peak)


def _seconds(text: str, number: int) -> float:
    if not _NUMBER.fullmatch(text.strip()) or float(text) > _MOST_S:
        raise ValueError(f"event {number}: {text!r:.40} is no time in seconds")
    return float(text)


def _score(text: str) -> float | None:
    """A score from 0 to 1; ``None`` for none, or of another scale."""
    if not _NUMBER.fullmatch(text.strip()) or float(text) > 1:
        return None
    return float(text)
