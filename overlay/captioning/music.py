"""Music named by what plays: "piano music", where all else that is sure is that there is music."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace

from overlay.datatypes import TagEvent
from overlay.vocabulary.wording import Wording

_LEAST_PEAK = 0.3
"""Score from which on an instrument names the music around it: ours."""
_OWN_PEAK = 0.55
"""Score from which on an instrument has a caption of its own instead: ours."""
_COVERED = 0.5
"""Part of the music, or of what is heard of the instrument, that lies in the other: ours."""
_LOOKED_AT = 50
"""Instruments before the end of the music that are looked at: no more play at one time."""

WordingOf = Callable[[TagEvent], Wording | None]


def is_general(wording: Wording | None) -> bool:
    """Whether a class only says that there is music."""
    return wording is not None and wording.en in ("music", "instrumental music")


def named_by_instrument(
    music: TagEvent,
    wording: Wording,
    sounds: Sequence[TagEvent],
    wording_of: WordingOf,
) -> Wording:
    """The wording of general music, with the instrument that is heard in it.

    Args:
        music: The event.
        wording: Of its class.
        sounds: All sounds, by onset.
        wording_of: Of an event's class.
    """
    upto = bisect_left(sounds, music.offset_s, key=lambda event: event.onset_s)
    best: tuple[float, Wording] | None = None
    for event in sounds[max(0, upto - _LOOKED_AT) : upto]:
        plays = wording_of(event)
        if plays is None or plays.nature != "music" or is_general(plays):
            continue
        share = _shared(music, event)
        if share < _COVERED or event.peak < _LEAST_PEAK:
            continue
        if event.peak >= _OWN_PEAK:
            return wording
        if best is None or event.mean > best[0]:
            best = event.mean, plays
    return wording if best is None else _music_of(wording, best[1])


def _shared(a: TagEvent, b: TagEvent) -> float:
    """Their common time as a part of the longer one's."""
    common = min(a.offset_s, b.offset_s) - max(a.onset_s, b.onset_s)
    return common / max(a.offset_s - a.onset_s, b.offset_s - b.onset_s, 1e-9)


def _music_of(wording: Wording, plays: Wording) -> Wording:
    en = plays.en if "music" in plays.en else f"{plays.en} music"
    return replace(
        wording, en=en, en_sustained=f"{en} playing", en_abrupt=f"{en} plays",
        zh=f"{plays.zh}音乐", zh_sustained=f"{plays.zh}音乐播放中", zh_abrupt=f"{plays.zh}音乐响起",
    )  # fmt: skip
