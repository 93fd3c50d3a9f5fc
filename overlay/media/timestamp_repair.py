"""Timestamps that cannot be, mended before anything reads them: a part of ``--tolerant``.

Three things are mended, packet by packet, in every run of ffmpeg on the source alike:

    a lone one that leaps by more than ``LEAP_S``, or back, while its neighbours do not: it goes
    into the middle between them
    the first leaps, or the last of the sound: it goes beside its neighbour
    all from somewhere on go back, as where recordings were joined: each follows the one before at
    the distance that was last seen, until the file's own timestamps are ahead again

Containers whose timestamps may jump (``MediaInfo.clock``) are mended by ffmpeg itself.
"""

from __future__ import annotations

from overlay.datatypes import MediaInfo

LEAP_S = 10
"""A packet so far ahead of both its neighbours is not where it says; ffmpeg's own limit
(``dts_delta_threshold``) for containers in which it mends jumps."""

_KNOWN = "not(eq(DTS,NOPTS)+eq(PREV_OUTDTS,NOPTS))*gt(N,0)"
_NEXT_FITS = f"gt(NEXT_DTS,PREV_OUTDTS)*lt(NEXT_DTS-PREV_OUTDTS,{LEAP_S}/TB)"
_LEAPS = f"{_KNOWN}*gt(DTS-PREV_OUTDTS,{LEAP_S}/TB)"
_WRONG = f"{_KNOWN}*lt(DTS,PREV_OUTDTS)+{_LEAPS}*{_NEXT_FITS}"
_WRONG_SOUND = f"{_WRONG}+{_LEAPS}*eq(NEXT_DTS,NOPTS)"
_WRONG_FIRST = f"eq(N,0)*gt(DTS-NEXT_DTS,{LEAP_S}/TB)*gte(NEXT_DTS,0)"
_BETWEEN = f"PREV_OUTDTS+if({_NEXT_FITS},(NEXT_DTS-PREV_OUTDTS)/2,ld(0))"
_RIGHT = f"DTS+0*st(0,if({_KNOWN},DTS-PREV_OUTDTS,0))"
"""``st`` and ``ld`` keep the last distance between two packets that are right."""


def _filter(wrong: str) -> str:
    mended = f"if({_WRONG_FIRST},max(0,NEXT_DTS-1),if({wrong},{_BETWEEN},{_RIGHT}))"
    return f"setts=dts='{mended}':pts='if(eq(PTS,NOPTS),PTS,PTS+{mended}-DTS)'"


def mending_options(info: MediaInfo) -> dict[str, str]:
    """Options of ffmpeg's input that mend the timestamps of picture and sound."""
    if not info.mended or info.clock:
        return {}
    sounds = {f"bsf:{sound.index}": _filter(_WRONG_SOUND) for sound in info.audio}
    return sounds | ({f"bsf:{info.video.index}": _filter(_WRONG)} if info.video else {})
