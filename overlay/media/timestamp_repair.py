"""Timestamps that cannot be, mended before anything reads them: a part of ``--tolerant``.

Packet by packet, in every run of ffmpeg on the source alike:

    some in a row that lie behind the next, while that one follows the one before them: they go into
    the middle, as far from the next as packets usually are from each other
    the first ones leap, or the last of the sound, or those of the picture behind the end that the
    file claims: they go beside their neighbours
    all from somewhere on go back, as where recordings were joined: each follows the one before at
    the distance that was last seen, until the file's own timestamps are ahead again

and, where ``overlay.media.timestamp_survey`` found it, of a whole stream:

    it begins behind the end of the file: it begins with the others
    sound creeps, its packets lie over each other: each follows the one before

Containers whose timestamps may jump (``MediaInfo.clock``) are mended by ffmpeg itself.
"""

from __future__ import annotations

from overlay.datatypes import MediaInfo, Repair

LEAP_S = 10
"""A packet so far ahead of what comes before is not where it says, unless what follows agrees;
ffmpeg's own limit (``dts_delta_threshold``) for containers in which it mends jumps."""
MOST_STRAYS = 8
"""So many in a row may be wrong; more are a pause that is believed."""
_WRAPPING = ("flv", "live_flv", "asf", "gxf")
"""Containers whose timestamps have 32 bits, enough for 50 days: where the first one leaps, ffmpeg
takes all that follow for those of a clock that began again, days later."""
_WRAP_S = 2**32 / 1000
_PAUSE_S = 1
"""A distance that says nothing of the next one."""

_KNOWN = "not(eq(DTS,NOPTS)+eq(PREV_OUTDTS,NOPTS))*gt(N,0)"
_SINCE = "DTS-PREV_OUTDTS"
_SEEN, _BEFORE, _NUMBER = "ld(0)", "ld(1)", "ld(2)"
"""What a filter keeps: the last usual distance between two packets that are right; the time before
the last leap; how many packets came since then."""
_STEP = f"if({_SEEN},{_SEEN},DURATION)"
_LEAPS = f"{_KNOWN}*gt({_SINCE},if({_STEP},4*{_STEP},{_PAUSE_S}/TB))"
_KEPT = (
    f"st(3,{_LEAPS});st(1,if(eq(N,0),-1,if(ld(3),PREV_OUTDTS,{_BEFORE})));"
    f"st(2,if(ld(3),1,{_NUMBER}+1));"
)
_FEW = f"{_KNOWN}*lte({_NUMBER},{MOST_STRAYS})"
_LONE = f"{_KNOWN}*gt(DTS,NEXT_DTS)*gt(NEXT_DTS,PREV_OUTDTS)"
_STRAY = f"{_FEW}*gt(DTS,NEXT_DTS)*gt(NEXT_DTS,{_BEFORE})"
_WRONG = f"{_KNOWN}*lt(DTS,PREV_OUTDTS)+{_LONE}"
_LAST = f"{_FEW}*gt(DTS-{_BEFORE},{LEAP_S}/TB)*eq(NEXT_DTS,NOPTS)"
_WRONG_FIRST = "eq(N,0)*gt(DTS,NEXT_DTS)*gte(NEXT_DTS,0)"
_NEXT_FITS = f"gt(NEXT_DTS,PREV_OUTDTS)*lt(NEXT_DTS-PREV_OUTDTS,{LEAP_S}/TB)"
_BETWEEN = f"PREV_OUTDTS+if({_NEXT_FITS},(NEXT_DTS-PREV_OUTDTS)/2,{_STEP})"
_HALF = f"(NEXT_DTS-{_BEFORE})/2"
_AHEAD = f"NEXT_DTS-if({_STEP},min({_STEP},{_HALF}),{_HALF})"
_BEHIND = f"{_BEFORE}+{_NUMBER}*{_STEP}"
_USUAL = f"{_KNOWN}*(lt({_SINCE},{_PAUSE_S}/TB)+not({_SEEN}))"
_RIGHT = f"DTS+0*st(0,if({_USUAL},{_SINCE},{_SEEN}))"


def unwrapped(container: str) -> dict[str, str]:
    """Options of a reader of a container: timestamps are taken as they are written."""
    return {"correct_ts_overflow": "0"} if container in _WRAPPING else {}


def unwrapped_s(info: MediaInfo, start_s: float) -> float:
    """Where ffmpeg begins a stream: of 32 bits it takes the upper half for negative numbers."""
    if info.container not in _WRAPPING or start_s < _WRAP_S / 2:
        return start_s
    return start_s - _WRAP_S


def _setts(time: str) -> str:
    return f"setts=dts='{time}':pts='if(eq(PTS,NOPTS),PTS,PTS+({time})-DTS)'"


def _filters(last: str, repair: Repair) -> str:
    """Bitstream filters, one behind the other.

    Each sees the next packet only. Of strays in a row the first filter mends the last, which lies
    before a packet that is right, the second filter the one before, and so on.
    """
    first = f"lt(N,{repair.n_first})" if repair.n_first else _WRONG_FIRST
    usual = f"if({_STRAY},{_AHEAD},if({last},{_BEHIND},if({_WRONG},{_BETWEEN},{_RIGHT})))"
    single = f"{_KEPT}if({first},max(0,NEXT_DTS-max(1,DURATION)),{usual})"
    shift = f"DTS+round({repair.shift_s!r}/TB)"
    step = f"{repair.step_s!r}/TB" if repair.step_s else "PREV_INDURATION"
    following = f"round(st(0,if(gt(N,0),max(DTS,ld(0)+{step}),DTS)))"
    times = [
        *[shift] * bool(repair.shift_s), *[single] * MOST_STRAYS, *[following] * repair.creeps
    ]  # fmt: skip
    return ",".join(map(_setts, times))


def _repair_of(info: MediaInfo, index: int) -> Repair:
    return next((each for each in info.repairs if each.index == index), Repair(index))


def sound_filter(info: MediaInfo, index: int) -> str:
    """Bitstream filters that mend the timestamps of a sound, from its index."""
    return _filters(_LAST, _repair_of(info, index))


def mending_options(info: MediaInfo) -> dict[str, str]:
    """Options of ffmpeg's input that mend the timestamps of picture and sound."""
    if not info.mended or info.clock:
        return {}
    sounds = {f"bsf:{sound.index}": sound_filter(info, sound.index) for sound in info.audio}
    if info.video is None:
        return sounds
    index = info.video.index
    end = "0" if info.duration_s is None else f"{_LAST}*gt(DTS,{info.duration_s!r}/TB)"
    return sounds | {f"bsf:{index}": _filters(end, _repair_of(info, index))}
