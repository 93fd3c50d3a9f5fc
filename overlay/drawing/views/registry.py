"""All views there are, by the name that ``--view`` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from overlay.drawing.views.base import Brief, Piece
from overlay.drawing.views.chips import chipped
from overlay.drawing.views.list_view import listed
from overlay.drawing.views.ticker import ticked
from overlay.drawing.views.timeline import timelined

VIEWS: dict[str, Callable[[Brief], Sequence[Piece]]] = {
    "timeline": timelined,
    "ticker": ticked,
    "list": listed,
    "chips": chipped,
}
"""In the order in which they take their places: first what spans the picture."""


def pieces_of(brief: Brief) -> dict[str, list[Piece]]:
    """The pieces of all the views that are asked for, by view; none overlaps another."""
    wanted = brief.settings.views
    pieces: dict[str, list[Piece]] = {}
    for name, make in VIEWS.items():
        if name in wanted:
            pieces[name] = list(make(brief))
            for piece in pieces[name]:
                if piece.fits:
                    brief = replace(brief, room=brief.room.without(piece.box))
    return pieces
