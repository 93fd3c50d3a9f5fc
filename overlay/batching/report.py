"""What became of a batch, for people and for programs: one page, and a line of JSON a product."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

from overlay.batching.markers import Marker, all_markers
from overlay.batching.thumbnails import kept_picture
from overlay.files import whole_or_absent, write_bytes

_MOST_PICTURES = 2000
"""A page of more would be slow to open."""
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
 style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>tag-overlay: {title}</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif }}
body {{ margin: 2rem auto; max-width: 72rem; padding: 0 1rem }}
h1 {{ font-size: 1.4rem }} table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; vertical-align: top; padding: .4rem .6rem;
 border-bottom: 1px solid #8884 }}
.failed td {{ background: #d0342c22 }} .number {{ text-align: right;
 font-variant-numeric: tabular-nums }} .reason {{ color: #c0392b }}
td:nth-child(2) {{ min-width: 16rem }} bdi {{ overflow-wrap: anywhere }}
img {{ display: block; height: 54px; border-radius: 4px }}
</style>
<h1>{title}</h1>
<p>{totals}</p>
<table><thead><tr><th></th><th>Source</th><th class="number">Length</th>
<th class="number">Speed</th><th>Heard</th><th>Products</th></tr></thead>
<tbody>
{rows}
</tbody></table>
</html>
"""


def write_report(out: Path, target: Path) -> None:
    """One self-contained page of everything below an output, failures first.

    Raises:
        OutputError: The page cannot be written.
    """
    sources: dict[str, list[Marker]] = {}
    for marker in all_markers(out):
        sources.setdefault(marker.place, []).append(marker)
    for markers in sources.values():
        markers.sort(key=lambda marker: marker.kind)
    ordered = sorted(sources.items(), key=lambda item: (not _has_failed(item[1]), item[0]))
    n_failed = sum(_has_failed(markers) for markers in sources.values())
    length_s = sum(_length(markers) or 0.0 for markers in sources.values())
    totals = (
        f"{len(sources)} sources, {length_s / 60:.1f} minutes; "
        f"{len(sources) - n_failed} done, {n_failed} failed"
    )
    base = target.absolute().parent
    rows = [
        _row(out.absolute(), base, place, markers, with_picture=number < _MOST_PICTURES)
        for number, (place, markers) in enumerate(ordered)
    ]
    page = _PAGE.format(title=_text(out.absolute().name), totals=totals, rows="\n".join(rows))
    write_bytes(target, page.encode("utf-8", "replace"), overwrite=True)


def _has_failed(markers: Iterable[Marker]) -> bool:
    return any(marker.state == "failed" for marker in markers)


def _length(markers: Iterable[Marker]) -> float | None:
    return next((m.length_s for m in markers if m.length_s), None)


def _row(out: Path, base: Path, place: str, markers: list[Marker], *, with_picture: bool) -> str:
    picture = kept_picture(out, place) if with_picture else None
    image = f'<img src="{picture}" alt="" loading="lazy">' if picture else ""
    length_s = _length(markers)
    seconds = sum(marker.seconds for marker in markers)
    heard = next((marker.heard for marker in markers if marker.heard), ())
    speed = f"{length_s / seconds:.1f}×" if length_s and seconds else ""
    products = "<br>".join(_product(out, base, marker) for marker in markers)
    css = ' class="failed"' if _has_failed(markers) else ""
    return (
        f"<tr{css}><td>{image}</td><td><bdi>{_text(place)}</bdi></td>"
        f'<td class="number">{f"{length_s:.1f} s" if length_s else ""}</td>'
        f'<td class="number">{speed}</td><td>{_text(", ".join(heard))}</td><td>{products}</td></tr>'
    )


def _product(out: Path, base: Path, marker: Marker) -> str:
    if marker.state == "failed":
        return f'{_text(marker.kind)}: <span class="reason">{_text(marker.reason)}</span>'
    target = out / marker.target
    link = Path(os.path.relpath(target, base))
    address = quote(link.as_posix().encode("utf-8", "surrogateescape"))
    return f'<a href="{html.escape(address)}">{_text(marker.kind)}</a>'


def _text(text: str) -> str:
    """Text from outside as text of a page."""
    visible = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return html.escape(visible)


def write_lines(out: Path, target: Path) -> None:
    """A line of JSON for each product below an output.

    Raises:
        OutputError: The file cannot be written.
    """
    with (
        whole_or_absent(target, overwrite=True) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace") as file,
    ):
        for marker in all_markers(out):
            file.write(json.dumps(asdict(marker), ensure_ascii=False) + "\n")
