"""What was learnt of labels as pictures: SVG that stands alone, and a page of it.

One small plot a label: the share of right ones against the score with its 90 % band, the verdicts
as ticks (right ones above, wrong ones below), shares of groups of verdicts as dots, and the
threshold with its interval. Colours follow the reader's system; on a page the plots lie as many in
a row as its window holds.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

import numpy as np

from overlay.export.escaping import one_line, xml_text
from overlay.verdicts.learning import POINTS, Curve

_WIDTH, _HEIGHT, _GAP, _COLUMNS = 216, 150, 22, 4
_LEFT, _TOP = 34, 26
_MOST_PLOTS = 200
_LONGEST = 17
_LEAST_IN_DOT, _MOST_DOTS = 5, 6
_STYLE = """
svg { --ink: #1d2230; --dim: #667085; --line: #d5d9e2; --curve: #2563eb; --right: #15803d;
  --wrong: #c2410c; --mark: #7c3aed; --ground: #ffffff; background: var(--ground);
  font: 11px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --ink: #e7eaf1; --dim: #98a2b3; --line: #353b49;
  --curve: #7fb0ff; --right: #4ade80; --wrong: #fb923c; --mark: #c4a1ff; --ground: #14171f; } }
.name { font-weight: 600; fill: var(--ink); } .note { fill: var(--dim); }
.grid { stroke: var(--line); fill: none; } .wanted { stroke: var(--dim); stroke-dasharray: 3 3; }
.band { fill: var(--curve); opacity: .18; } .curve { stroke: var(--curve); fill: none; stroke-width: 2; }
.within { fill: var(--mark); opacity: .13; } .threshold { stroke: var(--mark); stroke-width: 2; }
.right { stroke: var(--right); } .wrong { stroke: var(--wrong); } .dot { fill: var(--ink); }
""".strip()  # noqa: E501
_PAGE_STYLE = """
:root { color-scheme: light dark; } body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem;
  font: 15px/1.5 system-ui, sans-serif; } h1 { font-size: 1.6em; }
.plots { display: flex; flex-wrap: wrap; } .table { overflow-x: auto; }
svg { width: 15.5rem; height: auto; flex: 1 1 11rem; max-width: 17rem; background: none; }
table { border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .8rem; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
""".strip()
COLUMNS = ("label", "verdicts", "right", "threshold", "90 % interval", "precision", "sure", "kept")


def row_of(curve: Curve) -> tuple[str, ...]:
    """What is told of a curve, by ``COLUMNS``."""
    low, high = curve.interval
    return (
        curve.label or "(all labels)", f"{curve.n}", f"{curve.n_right}",
        f"{curve.threshold:.2f}" if curve.is_reached else "never", f"{low:.2f} to {high:.2f}",
        f"{curve.precision:.2f}", f"{100 * curve.sureness:.0f} %",
        f"{100 * curve.kept:.0f} %" if curve.n_right else "–",
    )  # fmt: skip


def curves_page(together: Curve, curves: Sequence[Curve], precision: float) -> str:
    """A page with the plots and the table of them; it fetches nothing and runs nothing."""
    head = "".join(f"<th scope='col'>{name}</th>" for name in COLUMNS)
    rows = "".join(map(_table_row, (together, *curves)))
    plots = "".join(_drawn([each], precision, 1, "") for each in _shown((together, *curves)))
    rules = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Thresholds · tag-overlay</title><style>{_STYLE}\n{_PAGE_STYLE}</style></head>"
        "<body>"
        f"<h1>Thresholds for a precision of {precision:g}</h1>"
        f"<p>From {together.n} verdicts. Blue: how often a label is right at a score, with 90 % of "
        "what is possible. Ticks: verdicts, right ones above, wrong ones below. Violet: the "
        "threshold.</p>"
        f"<div class='plots'>{plots}</div><div class='table'>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></body></html>\n"
    )


def _table_row(curve: Curve) -> str:
    cells = "".join(f"<td dir='auto'>{_text(cell)}</td>" for cell in row_of(curve))
    return f"<tr>{cells}</tr>"


def curves_svg(curves: Sequence[Curve], precision: float) -> str:
    """One SVG of all plots; of very many labels those with most verdicts.

    Args:
        curves: A plot each.
        precision: The share that is wanted, a line in each plot.
    """
    shown = _shown(curves)
    n_columns = max(1, min(_COLUMNS, len(shown)))
    return _drawn(shown, precision, n_columns, f"<style>{_STYLE}</style>")


def _shown(curves: Sequence[Curve]) -> list[Curve]:
    chosen = sorted(curves, key=lambda curve: -curve.n)[:_MOST_PLOTS]
    return [curve for curve in curves if curve in chosen]


def _drawn(shown: Sequence[Curve], precision: float, n_columns: int, style: str) -> str:
    width = n_columns * (_LEFT + _WIDTH) + _GAP
    height = -(-len(shown) // n_columns) * (_TOP + _HEIGHT + _GAP) + _GAP
    plots = "".join(
        f'<g transform="translate({(n % n_columns) * (_LEFT + _WIDTH) + _LEFT} '
        f'{(n // n_columns) * (_TOP + _HEIGHT + _GAP) + _TOP})">'
        f"{''.join(_plot(curve, precision))}</g>\n"
        for n, curve in enumerate(shown)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="How often labels are right at a score">'
        f"{style}\n{plots}</svg>\n"
    )


def _x(score: float) -> str:
    return f"{score * (_WIDTH - _GAP):.1f}"


def _y(share: float) -> str:
    return f"{(1 - share) * _HEIGHT:.1f}"


def _plot(curve: Curve, precision: float) -> Iterator[str]:
    """The elements of one plot, from the back to the front."""
    for share in (0.0, 0.5, 1.0):
        yield _line("grid", 0, share, 1, share)
        yield f'<text class="note" x="-4" y="{_y(share - 0.02)}" text-anchor="end">{share:g}</text>'
        anchor = f'x="{_x(share)}" y="{_HEIGHT + 14}" text-anchor="middle"'
        yield f'<text class="note" {anchor}>{share:g}</text>'
    low, high = curve.interval
    yield (
        f'<rect class="within" x="{_x(low)}" width="{_x(high - low)}" y="0" height="{_HEIGHT}"/>'
    )
    yield _line("wanted", 0, precision, 1, precision)
    likely, least, most = curve.right
    around = [*zip(POINTS, most, strict=True), *zip(POINTS[::-1], least[::-1], strict=True)]
    yield f'<polygon class="band" points="{_points(around)}"/>'
    yield f'<polyline class="curve" points="{_points(zip(POINTS, likely, strict=True))}"/>'
    for score, is_right in zip(curve.scores.tolist(), curve.is_right.tolist(), strict=True):
        ends = (1.0, 0.95) if is_right else (0.0, 0.05)
        yield _line("right" if is_right else "wrong", score, ends[0], score, ends[1])
    for score, share in _dots(curve):
        yield f'<circle class="dot" cx="{_x(score)}" cy="{_y(share)}" r="2.5"/>'
    if curve.is_reached:
        yield _line("threshold", curve.threshold, 0, curve.threshold, 1)
    yield from _title(curve)


def _title(curve: Curve) -> Iterator[str]:
    name = one_line(curve.label) or "all labels"
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    yield f'<text class="name" x="0" y="-8">{_text(short)}<title>{_text(name)}</title></text>'
    said = f"{curve.n_right}/{curve.n} → {row_of(curve)[3]}"
    yield f'<text class="note" x="{_x(1)}" y="-8" text-anchor="end">{said}</text>'


def _dots(curve: Curve) -> list[tuple[float, float]]:
    """Mean score and share of right ones of groups of verdicts of nearly one size."""
    n_dots = min(_MOST_DOTS, curve.n // _LEAST_IN_DOT)
    if n_dots < 2:
        return []
    groups = np.array_split(np.arange(curve.n), n_dots)
    return [(float(curve.scores[g].mean()), float(curve.is_right[g].mean())) for g in groups]


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{_x(x1)}" y1="{_y(y1)}" x2="{_x(x2)}" y2="{_y(y2)}"/>'


def _points(pairs: object) -> str:
    return " ".join(f"{_x(x)},{_y(y)}" for x, y in pairs)  # type: ignore[attr-defined]


def _text(text: str) -> str:
    return html.escape(xml_text(text))
