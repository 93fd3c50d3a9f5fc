"""Bare labels: one cue for each stretch of time in which the same sounds last."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from overlay.captioning.phrasing import Mention
from overlay.captioning.styles import CaptionStyle, hundredths_from
from overlay.datatypes import Cue

_MOST = 16
"""Of more sounds at one time the surest are looked at: no more lines fit anyway."""


@dataclass(slots=True)
class _Stretch:
    """Hundredths of a second, and the sounds in them."""

    start: int
    end: int
    sounds: tuple[Mention, ...]
    """The surest of those that last, best first."""


def stretches_of(
    mentions: Sequence[Mention], style: CaptionStyle, taken: Sequence[tuple[int, int]]
) -> list[Cue]:
    """Cues with the surest sounds of each stretch; one too short to be seen goes to its neighbour.

    Args:
        mentions: The sounds.
        style: The rules.
        taken: Where no cue may stand, in hundredths of a second, by time and apart.
    """
    least = hundredths_from(style.min_s)
    stretches = _without_short(_cut(mentions, taken, least), least)
    cues: list[Cue] = []
    for each in stretches:
        lines = _lines(each.sounds, style.max_lines)
        begin = each.start / 100
        if cues and cues[-1].end_s == begin and cues[-1].lines == lines:
            begin = cues.pop().start_s
        cues.append(Cue(begin, each.end / 100, lines))
    return cues


def _cut(
    mentions: Iterable[Mention], taken: Iterable[tuple[int, int]], least: int
) -> list[_Stretch]:
    """Time cut wherever a sound begins or ends, without what is taken."""
    changes: dict[int, list[Mention | None]] = {}
    for begin, end in taken:
        changes.setdefault(begin, []).append(None)
        changes.setdefault(end, []).append(None)
    for mention in dict.fromkeys(mentions):
        begin = round(100 * mention.onset_s)
        for edge in (begin, max(round(100 * mention.offset_s), begin + least)):
            changes.setdefault(edge, []).append(mention)
    lasting: list[Mention] = []
    is_taken = False
    stretches = []
    for begin, end in pairwise(sorted(changes)):
        for each in changes[begin]:  # a sound's first edge lets it in, its second takes it out
            if each is None:
                is_taken = not is_taken
            else:
                _let_in_or_out(lasting, each)
        if lasting and not is_taken:
            stretches.append(_Stretch(begin, end, tuple(lasting[:_MOST])))
    return stretches


def _let_in_or_out(lasting: list[Mention], each: Mention) -> None:
    place = bisect_left(lasting, _order(each), key=_order)
    if place < len(lasting) and lasting[place] == each:
        del lasting[place]
    else:
        lasting.insert(place, each)


def _order(mention: Mention) -> tuple[float, tuple[str, ...], float, float]:
    return -mention.peak, mention.lines, mention.onset_s, mention.offset_s


def _together(a: _Stretch, b: _Stretch) -> tuple[Mention, ...]:
    return tuple(sorted({*a.sounds, *b.sounds}, key=_order)[:_MOST])


def _without_short(stretches: list[_Stretch], least: int) -> list[_Stretch]:
    """Each short stretch joined with the shorter of those that touch it, or dropped."""
    kept: list[_Stretch] = []
    coming = stretches[::-1]
    while coming:
        each = coming.pop()
        if each.end - each.start >= least:
            kept.append(each)
            continue
        before = kept[-1] if kept and kept[-1].end == each.start else None
        behind = coming[-1] if coming and coming[-1].start == each.end else None
        sizes = [(s.end - s.start, s is behind) for s in (before, behind) if s is not None]
        if not sizes:
            continue
        if min(sizes)[1]:
            behind = coming.pop()
            coming.append(_Stretch(each.start, behind.end, _together(each, behind)))
        else:
            before = kept.pop()
            coming.append(_Stretch(before.start, each.end, _together(before, each)))
    return kept


def _lines(sounds: Iterable[Mention], max_lines: int) -> tuple[str, ...]:
    """The surest, as many as fit."""
    lines: tuple[str, ...] = ()
    for sound in sounds:
        if sound.lines[0] not in lines and len(lines) + len(sound.lines) <= max_lines:
            lines += sound.lines
    return lines
