"""Labels of a user's own."""

from __future__ import annotations

import hashlib
from functools import cache

from overlay.vocabulary.audioset import audioset
from overlay.vocabulary.base import Vocabulary

OWN = "own:"


def own_id(names: tuple[str, ...]) -> str:
    """``own:`` and a hash of the names."""
    return OWN + hashlib.sha256("\n".join(names).encode("utf-8", "replace")).hexdigest()[:16]


def own_vocabulary(names: tuple[str, ...]) -> Vocabulary:
    """Names of a user's own; one that is AudioSet's has its id, family and wording.

    They are no kinds of each other, whatever they are called.
    """
    known, place_of = audioset(), _place_of_name()
    places = [place_of.get(name) for name in names]
    return Vocabulary(
        own_id(names),
        names,
        tuple("" if place is None else known.mids[place] for place in places),
        tuple("" if place is None else known.families[place] for place in places),
        ((),) * len(names),
        tuple(None if place is None else known.wordings[place] for place in places),
        frozenset(n for n, place in enumerate(places) if place in known.say_nothing),
        frozenset(n for n, place in enumerate(places) if place in known.under_others),
    )


@cache
def _place_of_name() -> dict[str, int]:
    return {name: place for place, name in enumerate(audioset().names)}
