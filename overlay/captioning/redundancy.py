"""Mentions that say less of what another says at that time: "ticking" beside "clock ticking"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from overlay.captioning.phrasing import Mention

_LOOKED_AT = 50
"""Mentions before one that are compared with it: no more sound at one time."""


def without_echoes(mentions: Sequence[Mention]) -> list[Mention]:
    """Each sound once: of two at one time the one whose words hold the other's, for both's time.

    Args:
        mentions: By onset.
    """
    fuller = [(frozenset(_words(mention)), mention) for mention in mentions]
    onsets = [mention.onset_s for mention in mentions]
    for n, (words, mention) in enumerate(fuller):
        upto = bisect_right(onsets, mention.offset_s)
        for other in range(upto - 1, max(-1, upto - 1 - _LOOKED_AT), -1):
            theirs, says_more = fuller[other]
            if words < theirs and _at_one_time(mention, says_more):
                fuller[other] = theirs, _for_both(says_more, mention)
                fuller[n] = frozenset(), mention
                break
    return sorted(
        (mention for words, mention in fuller if words), key=lambda mention: mention.onset_s
    )


def _words(mention: Mention) -> list[str]:
    return re.findall(r"\w+", " ".join(mention.lines).lower()) or ["…"]


def _at_one_time(less: Mention, more: Mention) -> bool:
    """Whether at least half of the shorter one is within the other."""
    shared = min(less.offset_s, more.offset_s) - max(less.onset_s, more.onset_s)
    shorter = min(less.offset_s - less.onset_s, more.offset_s - more.onset_s)
    return shared > 0 and shared >= 0.5 * shorter


def _for_both(more: Mention, less: Mention) -> Mention:
    return replace(
        more, onset_s=min(more.onset_s, less.onset_s), offset_s=max(more.offset_s, less.offset_s),
        peak=max(more.peak, less.peak), worth=max(more.worth, less.worth),
    )  # fmt: skip
