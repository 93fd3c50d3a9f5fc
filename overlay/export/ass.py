"""ASS captions in a readable style, at the bottom.

Source:
    libass wiki, "ASS File Format Guide".
"""

from __future__ import annotations

from overlay.datatypes import Cue
from overlay.export.escaping import one_line
from overlay.export.formats import Format, Run, lines_of

_HEADER = """[Script Info]
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 0
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Sound,FONT,&H00FFFFFF,&H00FFFFFF,&H00101010,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,\
80,80,60,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_FONTS = {"en": "Inter Medium,54", "zh": "Noto Sans CJK SC,64"}
"""Name and size; a player that lacks the second may draw Chinese in its Japanese shapes."""
_ESCAPED = str.maketrans({"{": "(", "}": ")", "\\": "\\\u2060"})
"""Players differ in how a brace is escaped; a word joiner makes a backslash no command."""


def escaped(text: str) -> str:
    """One line of text that no player takes for markup."""
    return one_line(text).translate(_ESCAPED)


def clock(seconds: float) -> str:
    """``H:MM:SS.cc``, to the nearest hundredth of a second."""
    cs = round(seconds * 100)
    return f"{cs // 360000}:{cs // 6000 % 60:02}:{cs // 100 % 60:02}.{cs % 100:02}"


def text(cue: Cue) -> str:
    """The lines of a cue, nothing in them taken for a command."""
    return "\\N".join(escaped(line) for line in lines_of(cue))


def _write(run: Run) -> str:
    header = _HEADER.replace("FONT", _FONTS[run.settings.captions.language])
    return header + "".join(
        f"Dialogue: 0,{clock(cue.start_s)},{clock(cue.end_s)},Sound,,0,0,0,,{text(cue)}\n"
        for cue in run.cues
    )


FORMAT = Format("ass", ".ass", "ASS captions with a style", _write, "captions")
