"""Subtitle files of other people: read as cues, and given more cues with all else left as it is.

pysubs2 reads the files. Cues are added to their text, so that what was there stays to the byte, and
the result is read again and compared with what was read before.
"""

from __future__ import annotations

import html
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pysubs2

from overlay.datatypes import Cue
from overlay.errors import ExportError
from overlay.export import ass, srt, webvtt
from overlay.files import path_error, read_bytes

_KINDS = {
    ".srt": "srt",
    ".vtt": "vtt",
    ".ass": "ass",
    ".ssa": "ssa",
    ".ttml": "ttml",
    ".sbv": "sbv",
}
_MERGEABLE = ("srt", "vtt", "ass", "ssa")
_MAX_BYTES = 1 << 25
_BOM = "\ufeff"
_SBV_TIMES = re.compile(r"^(\d+:\d\d:\d\d)\.(\d{3}),(\d+:\d\d:\d\d)\.(\d{3})$", re.MULTILINE)
_TIMES = re.compile(r"\d[.,]\d+[ \t]*-->[ \t]*\d")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_FIELDS = "Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text".lower()


@dataclass(frozen=True, slots=True)
class Subtitles:
    """A subtitle file."""

    path: Path
    kind: str
    """``srt``, ``vtt``, ``ass``, ``ssa``, ``ttml`` or ``sbv``."""
    encoding: str
    mark: str
    """Byte order mark, or nothing."""
    text: str
    """All of it, with its own line ends; its byte order mark is ``mark``."""
    cues: tuple[Cue, ...]
    """What is shown, in the order of the file; comments and drawings left out."""


def read_subtitles(path: str | Path) -> Subtitles:
    """Read SubRip, WebVTT, ASS, SSA, TTML or SBV, in UTF-8, UTF-16, GB 18030 or one byte a letter.

    Raises:
        ExportError: The file cannot be read, is no text, or holds no subtitles of these kinds.
    """
    path = Path(path)
    data = read_bytes(path, _MAX_BYTES, "the subtitles", path_error(ExportError, path))
    text, encoding = _decoded(data)
    if "\0" in text:
        raise ExportError(f"{path}: not a subtitle file; known are {', '.join(_KINDS)}")
    plain = text.removeprefix(_BOM)
    kind, events = _events(plain, path)
    cues = (_cue(event, kind) for event in events if not (event.is_comment or event.is_drawing))
    mark = text[: len(text) - len(plain)]
    return Subtitles(path, kind, encoding, mark, plain, tuple(cues))


def check_mergeable(subtitles: Subtitles) -> None:
    """Check that cues can be added to a file.

    Raises:
        ExportError: The file is of a kind to which none can be added.
    """
    if subtitles.kind not in _MERGEABLE:
        known = ", ".join(f".{kind}" for kind in _MERGEABLE)
        raise ExportError(f"{subtitles.path}: captions can be added to {known} only")


def with_cues(subtitles: Subtitles, cues: Sequence[Cue]) -> bytes:
    """The content of a subtitle file with more cues in it, each before the first that begins later.

    Nothing else changes but the numbers of a SubRip file that counts its cues.

    Raises:
        ExportError: The file's encoding has no such letters, or its layout is too unusual to be
            sure that nothing else changes.
    """
    check_mergeable(subtitles)
    _, before = _events(subtitles.text, subtitles.path)
    cues = sorted(cues, key=lambda cue: cue.start_s)
    add = _to_events if subtitles.kind in ("ass", "ssa") else _to_blocks
    text = add(subtitles, before, cues)
    _, after = _events(text, subtitles.path)
    kept = iter(after)
    if len(after) != len(before) + len(cues) or not all(event in kept for event in before):
        raise _unusual(subtitles)
    try:
        return (subtitles.mark + text).encode(subtitles.encoding)
    except UnicodeEncodeError as error:
        raise ExportError(
            f"{subtitles.path}: its encoding has no {error.object[error.start]!r}; save it as UTF-8"
        ) from error


def _decoded(data: bytes) -> tuple[str, str]:
    """Text and an encoding that gives the same bytes back; Latin-1 where none is evident."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16-le" if data[0] == 0xFF else "utf-16-be"]
    else:
        candidates = ["utf-8", "gb2312"]
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.encode(encoding) == data:
            return text, "gb18030" if encoding == "gb2312" else encoding
    return data.decode("latin-1"), "latin-1"


def _events(text: str, path: Path) -> tuple[str, list[pysubs2.SSAEvent]]:
    """Kind of the file, and all that pysubs2 finds in it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    kind = _KINDS.get(path.suffix.lower(), "srt")
    if not plain.strip():
        return kind, []
    if _SBV_TIMES.search(plain):
        kind, plain = "sbv", _SBV_TIMES.sub(r"\1,\2 --> \3,\4", plain)
    try:
        if "<!ENTITY" in plain:
            raise ValueError("entities are not read")
        with warnings.catch_warnings(action="ignore"):
            read = pysubs2.SSAFile.from_string(plain, "srt" if kind == "sbv" else None)
    except Exception as error:  # a broken file makes pysubs2 trip over many things
        raise ExportError(
            f"{path}: not a subtitle file that can be read; known are {', '.join(_KINDS)}"
        ) from error
    if kind != "sbv":
        kind = str(read.format)
    if kind not in _KINDS.values():
        raise ExportError(f"{path}: {kind} files are not read; known are {', '.join(_KINDS)}")
    return kind, list(read)


def _cue(event: pysubs2.SSAEvent, kind: str) -> Cue:
    text = event.plaintext
    if kind == "vtt":  # comments and names of cues that pysubs2 takes for text; times of words
        text = html.unescape(re.sub(r"<[^<>]*>", "", text.split("\n\n")[0]))
    lines = tuple(line.strip() for line in text.strip().split("\n"))
    return Cue(event.start / 1000, event.end / 1000, lines if any(lines) else ())


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of a file from the first of one cue up to the next one's."""

    start_s: float
    head: str
    """The first line."""
    rest: str = ""
    is_new: bool = False


def _to_blocks(
    subtitles: Subtitles, events: Sequence[pysubs2.SSAEvent], cues: Sequence[Cue]
) -> str:
    """SubRip and WebVTT: blocks of lines, an empty line between."""
    is_srt, end = subtitles.kind == "srt", _line_end(subtitles.text)
    lines = _LINES.findall(subtitles.text)
    heads = [
        _head(lines, n, numbered=is_srt) for n, line in enumerate(lines) if _TIMES.search(line)
    ]
    text, blocks = _cut(subtitles, lines, heads, events)
    numbers = [block.head.strip() for block in blocks]
    counted = is_srt and numbers == [str(n) for n in range(1, len(blocks) + 1)]
    for n, block in enumerate(_woven(blocks, [_new_block(cue, is_srt, end) for cue in cues]), 1):
        if block.is_new and text and not text.endswith(2 * end):
            text += end if text.endswith(end) else 2 * end
        numbered = counted or (is_srt and block.is_new)
        text += (re.sub(r"\d+", str(n), block.head) if numbered else block.head) + block.rest
    return text


def _new_block(cue: Cue, is_srt: bool, end: str) -> _Block:
    body = f"{srt.block(cue) if is_srt else webvtt.block(cue)}\n".replace("\n", end)
    return _Block(cue.start_s, f"1{end}" if is_srt else "", body, is_new=True)


def _head(lines: Sequence[str], n: int, *, numbered: bool) -> int:
    """The first line of the cue with its times in line ``n``: its number or name, if any."""
    if n == 0 or not lines[n - 1].strip():
        return n
    if numbered:
        return n - 1 if lines[n - 1].strip().isdigit() else n
    return n - 1 if n > 1 and not lines[n - 2].strip() else n


def _to_events(
    subtitles: Subtitles, events: Sequence[pysubs2.SSAEvent], cues: Sequence[Cue]
) -> str:
    """ASS and SSA: a line for each cue in the section of events, styled as most of the others."""
    lines, end = _LINES.findall(subtitles.text), _line_end(subtitles.text)
    titles = [line.strip().lower() for line in lines]
    formats = [n for n, title in enumerate(titles) if re.match("format: *(layer|marked),", title)]
    heads = [n for n, title in enumerate(titles) if title.startswith(("dialogue:", "comment:"))]
    if len(formats) != 1 or not titles[formats[0]].endswith(_FIELDS):
        raise _unusual(subtitles)
    stop = (heads[-1] if heads else formats[0]) + 1
    text, blocks = _cut(subtitles, lines[:stop], heads, events)
    styles = Counter(event.style for event in events if not event.is_comment)
    style = styles.most_common(1)[0][0] if styles else "Default"
    layer = "0" if subtitles.kind == "ass" else "Marked=0"
    for block in _woven(blocks, [_new_line(cue, layer, style, end) for cue in cues]):
        text += ("" if text.endswith(end) else end) + block.head + block.rest
    return text + "".join(lines[stop:])


def _new_line(cue: Cue, layer: str, style: str, end: str) -> _Block:
    times = f"{ass.clock(cue.start_s)},{ass.clock(cue.end_s)}"
    line = f"Dialogue: {layer},{times},{style},,0,0,0,,{ass.text(cue)}{end}"
    return _Block(cue.start_s, line, is_new=True)


def _cut(
    subtitles: Subtitles,
    lines: Sequence[str],
    heads: Sequence[int],
    events: Sequence[pysubs2.SSAEvent],
) -> tuple[str, list[_Block]]:
    """What is before the first cue, and the cues; each has been read as one event."""
    if len(heads) != len(events):
        raise _unusual(subtitles)
    ends = [*heads[1:], len(lines)][: len(heads)]
    blocks = [
        _Block(event.start / 1000, lines[head], "".join(lines[head + 1 : stop]))
        for event, head, stop in zip(events, heads, ends, strict=True)
    ]
    return "".join(lines[: heads[0] if heads else len(lines)]), blocks


def _woven(blocks: Sequence[_Block], new: Sequence[_Block]) -> list[_Block]:
    """Each new block before the first that begins later."""
    woven, waiting = [], list(new)
    for block in blocks:
        while waiting and waiting[0].start_s < block.start_s:
            woven.append(waiting.pop(0))
        woven.append(block)
    return woven + waiting


def _line_end(text: str) -> str:
    """How most lines end."""
    counts = Counter(re.findall(r"\r\n|\r|\n", text))
    return counts.most_common(1)[0][0] if counts else "\n"


def _unusual(subtitles: Subtitles) -> ExportError:
    return ExportError(f"{subtitles.path}: too unusual to add to without changing it")
