"""What became of a batch, for people and for programs: one page, and a line of JSON a product."""

from __future__ import annotations

import html
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from overlay.batching.markers import Marker, all_markers
from overlay.batching.thumbnails import kept_picture
from overlay.files import is_there, whole_or_absent, write_bytes
from overlay.resources import resource
from overlay.vocabulary.audioset import audioset

_LONG = 300
"""Letters of a reason; what is longer opens by a click."""
_CHINESE = {
    "Sources": "来源", "Done": "完成", "Failed": "失败", "Length": "总时长",
    "Time of workers": "处理用时", "Nothing has been made yet.": "尚无结果。",
    "× as fast as played": "倍于播放速度", "no longer there": "已不存在",
    "Left out: {} failures of sources that are no longer there.":
        "未列出：{} 个失败，其来源已不存在。",
}  # fmt: skip
_MOST_PICTURES = 2000
"""A page of more would be slow to open."""
_PAGE = """<!doctype html>
<html lang="{lang}"><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
 style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{title} - tag-overlay</title>
<style>
{style}</style>
<h1><bdi>{title}</bdi></h1>
<dl class="totals">{totals}</dl>
<p class="note">{made}</p>
{sections}
</html>
"""


@dataclass(frozen=True, slots=True)
class _Sourced:
    """A source and what became of it."""

    place: str
    markers: list[Marker]
    """One for each kind of product, by kind."""

    @property
    def has_failed(self) -> bool:
        return any(marker.state == "failed" for marker in self.markers)

    @property
    def length_s(self) -> float:
        """Seconds; 0 where nobody knows."""
        return next((m.length_s for m in self.markers if m.length_s), 0.0)

    @property
    def seconds(self) -> float:
        """Wall time that its products took."""
        return sum(marker.seconds for marker in self.markers)


def write_report(out: Path, target: Path, language: str = "en") -> None:
    """One self-contained page of everything below an output, failures first.

    Args:
        out: The output.
        target: The page.
        language: Of the page and of AudioSet's labels, ``en`` or ``zh``; reasons are English.

    Raises:
        OutputError: The page cannot be written.
    """
    sources, n_gone = _sources(out)
    failed = [source for source in sources if source.has_failed]
    done = [source for source in sources if not source.has_failed]
    words = _Words(language)
    page = _Page(out.absolute(), target.absolute().parent, words)
    sections = [
        page.section("failed", words("Failed"), failed),
        page.section("done", words("Done"), done),
        "" if sources else f'<p class="note">{words("Nothing has been made yet.")}</p>',
        _gone(n_gone, words),
    ]
    text = _PAGE.format(
        lang=words.tag,
        title=_text(out.absolute().name),
        style=resource("assets", "report", "report.css").read_text("utf-8"),
        totals=_totals(sources, len(failed), words),
        made=_made(sources),
        sections="\n".join(sections),
    )
    write_bytes(target, text.encode("utf-8", "replace"), overwrite=True)


def _sources(out: Path) -> tuple[list[_Sourced], int]:
    """By place; and how many failures are of sources that are no longer there."""
    found: dict[str, list[Marker]] = {}
    n_gone = 0
    for marker in _standing(out):
        if marker is None:
            n_gone += 1
        else:
            found.setdefault(marker.place, []).append(marker)
    return [
        _Sourced(place, sorted(found[place], key=lambda marker: marker.kind))
        for place in sorted(found)
    ], n_gone


def _standing(out: Path) -> Iterator[Marker | None]:
    """Every marker, ``None`` for a failure whose source is gone: nobody can mend that one."""
    for marker in all_markers(out):
        is_gone = marker.state == "failed" and marker.source and not is_there(marker.source)
        yield None if is_gone else marker


class _Words:
    """What the page says, in a language."""

    def __init__(self, language: str) -> None:
        is_chinese = language == "zh"
        self.tag = "zh-Hans" if is_chinese else "en"
        self._words = _CHINESE if is_chinese else {}
        known = audioset()
        self._labels = dict(zip(known.names, known.in_language(language), strict=True))

    def __call__(self, english: str) -> str:
        return self._words.get(english, english)

    def label(self, label: str) -> str:
        """A label; one's own stays what it is."""
        return self._labels.get(label, label)


def _totals(sources: list[_Sourced], n_failed: int, words: _Words) -> str:
    length_s, seconds = (sum(getattr(s, name) for s in sources) for name in ("length_s", "seconds"))
    cells = [("", "Sources", str(len(sources))), ("", "Done", str(len(sources) - n_failed))]
    cells += [("bad", "Failed", str(n_failed))] if n_failed else []
    cells += [("", "Length", _clock(length_s)), ("", "Time of workers", _clock(seconds))]
    return "".join(
        f'<div class="{css}"><dt>{words(name)}</dt><dd>{value}</dd></div>'
        for css, name, value in cells
    )


def _made(sources: list[_Sourced]) -> str:
    """How many products of each kind there are."""
    kinds = Counter(m.kind for source in sources for m in source.markers if m.state == "done")
    return " · ".join(f"{kinds[kind]} {_text(kind)}" for kind in sorted(kinds))


def _gone(n_gone: int, words: _Words) -> str:
    if not n_gone:
        return ""
    said = words("Left out: {} failures of sources that are no longer there.")
    return f'<p class="note">{said.format(n_gone)}</p>'


class _Page:
    """Rows of sources.

    Args:
        out: The output, absolute.
        base: Folder of the page, absolute.
        words: Its language.
    """

    def __init__(self, out: Path, base: Path, words: _Words) -> None:
        self._out, self._base, self._words = out, base, words
        self._n_pictures = 0

    def section(self, css: str, title: str, sources: list[_Sourced]) -> str:
        if not sources:
            return ""
        rows = "\n".join(map(self._row, sources))
        return (
            f'<section class="{css}"><h2>{title} <b>{len(sources)}</b></h2>\n'
            f'<ol class="sources">\n{rows}\n</ol></section>'
        )

    def _row(self, source: _Sourced) -> str:
        folder, _, name = source.place.rpartition("/")
        above = f'<span class="folder">{_text(folder)}/</span>' if folder else ""
        products = "".join(self._link(m) for m in source.markers if m.state == "done")
        return (
            f"<li>{self._picture(source.place)}"
            f'<div class="name"><bdi>{above}{_text(name)}</bdi>'
            f'<p class="facts">{_facts(source, self._words)}</p>{_reasons(source.markers)}</div>'
            f'<div class="products">{products}</div></li>'
        )

    def _picture(self, place: str) -> str:
        kept = kept_picture(self._out, place) if self._n_pictures < _MOST_PICTURES else None
        if kept is None:
            return '<span class="picture"></span>'
        self._n_pictures += 1
        return f'<img class="picture" src="{kept}" alt="">'

    def _link(self, marker: Marker) -> str:
        target = self._out / marker.target
        if not is_there(target):
            gone = self._words("no longer there")
            return f'<span class="gone" title="{gone}">{_text(marker.kind)}</span>'
        link = Path(os.path.relpath(target, self._base))
        address = quote(link.as_posix().encode("utf-8", "surrogateescape"))
        return f'<a href="{html.escape(address)}">{_text(marker.kind)}</a>'


def _facts(source: _Sourced, words: _Words) -> str:
    said = []
    if source.length_s:
        said.append(_clock(source.length_s))
    if source.length_s and source.seconds:
        times = source.length_s / source.seconds
        said.append(f"{times:.1f}{words('× as fast as played')}")
    if heard := next((m.heard for m in source.markers if m.heard), ()):
        said.append(f'<span class="heard">{_text(", ".join(map(words.label, heard)))}</span>')
    return " · ".join(said)


def _reasons(markers: list[Marker]) -> str:
    """Why products failed, each reason once."""
    kinds: dict[str, list[str]] = {}
    for marker in markers:
        if marker.state == "failed":
            kinds.setdefault(marker.reason, []).append(marker.kind)
    return "".join(_reason(f"{', '.join(failed)}: {reason}") for reason, failed in kinds.items())


def _reason(line: str) -> str:
    if len(line) <= _LONG:
        return f'<p class="reason">{_text(line)}</p>'
    brief, rest = _text(line[:_LONG]), _text(line[_LONG:])
    return f'<details class="reason"><summary>{brief}…</summary>…{rest}</details>'


def _clock(seconds: float) -> str:
    """Seconds as people read them.

    >>> _clock(3.04), _clock(83), _clock(7384)
    ('3.0 s', '1:23', '2:03:04')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"


def _text(text: str) -> str:
    """Text from outside as text of a page."""
    visible = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return html.escape(visible)


def write_lines(out: Path, target: Path) -> None:
    """A line of JSON for each product below an output; no failures of sources that are gone.

    Raises:
        OutputError: The file cannot be written.
    """
    with (
        whole_or_absent(target, overwrite=True) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace") as file,
    ):
        for marker in filter(None, _standing(out)):
            file.write(json.dumps(asdict(marker), ensure_ascii=False) + "\n")
