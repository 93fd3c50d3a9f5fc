"""The rules of caption styles: published numbers where there are any, and our choices beside them.

A style holds for one language. What a field says of its source is for English; Chinese differs in
length of a line, reading speed and brackets only.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from overlay.datatypes import Cue

USUAL_RATES = (Fraction(24000, 1001), Fraction(60))
"""Slowest and fastest frame rate to expect where none is known."""
_ASSUMED_RATE = Fraction(25)
SLACK_S = 0.001
"""Rounding that breaks no rule."""


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """How captions of one style look and when they stand."""

    name: str
    case: str
    """``lower`` (proper nouns aside), ``upper``, ``capital`` (first letter), or ``label``: any."""
    form: str
    """``timed``: "dog barking" while it lasts, "dog barks" when it is short; ``verb``: always "dog
    barks"; ``noun``: what it is; ``label``: the tagger's own name for it."""
    brackets: tuple[str, str] = ("[", "]")
    """Around each sound."""
    max_line: float = 42
    """Longest line; see ``line_length``."""
    max_lines: int = 2
    min_s: float = 1.0
    """Shortest time that a cue stands."""
    max_s: float | None = 7.0
    """Longest time that a cue stands; ``None``: as long as its sound."""
    gap_frames: int = 0
    """Frames between two cues."""
    closed_s: float = 0.0
    """A gap is ``gap_frames``, or at least this long: cues nearer to each other are chained."""
    max_rate: float | None = None
    """Characters a second that can be read."""
    word_s: float | None = None
    """Seconds to read one word."""
    late_frames: int = 3
    """Frames after its sound that a cue may come; it never comes before."""
    selective: bool = True
    """Whether speech is left to the dialogue's subtitles, and what is worth little is left out."""

    def gap_cs(self, frame_rate: Fraction | None) -> int:
        """Hundredths of a second between two cues; the frame rate is 25 where it is unknown."""
        return hundredths_from(Fraction(self.gap_frames) / (frame_rate or _ASSUMED_RATE))

    def late_cs(self, frame_rate: Fraction | None) -> int:
        """Hundredths of a second after its sound that a cue may come."""
        return int(100 * self.late_frames / (frame_rate or _ASSUMED_RATE))

    def reading_s(self, lines: Iterable[str]) -> float:
        """Shortest time for these lines: to be seen at all, and to be read.

        max(min_s, characters / max_rate, words * word_s)
        """
        lines = tuple(lines)
        times = [self.min_s]
        if self.max_rate is not None:
            times.append(sum(map(line_length, lines)) / self.max_rate)
        if self.word_s is not None:
            times.append(sum(map(n_words, lines)) * self.word_s)
        return max(times)

    def gap_is_right(self, gap_s: float, frame_rate: Fraction | None) -> bool:
        """Whether cues may stand so far apart; at an unknown rate, whether at any usual one."""
        slowest, fastest = (frame_rate, frame_rate) if frame_rate else USUAL_RATES
        least, more = self.gap_frames / fastest, (self.gap_frames + 1) / slowest
        closed = gap_s < more - SLACK_S
        return gap_s >= least - SLACK_S and (closed or gap_s >= self.closed_s - SLACK_S)


def line_length(text: str) -> float:
    """Characters of a line; beside Chinese, Latin letters and digits are half as wide.

    >>> line_length("[dog barks]"), line_length("[狗叫声]")
    (11, 4.0)
    """
    if not is_chinese(text):
        return len(text)
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.5 for c in text)


def n_words(text: str) -> int:
    """Words of a line; in Chinese two characters count as one."""
    if is_chinese(text):
        return math.ceil(line_length(text) / 2)
    return len(text.split())


def is_chinese(text: str) -> bool:
    """Whether there is a Han character in it."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def hundredths_from(seconds: Fraction | float) -> int:
    """The first whole hundredth of a second that is not earlier."""
    return math.ceil(100 * seconds - 1e-6)


def style_named(name: str, language: str) -> CaptionStyle:
    """A style's rules in a language; names are those of ``CaptionSettings``."""
    style = _STYLES[name]
    return replace(style, **_CHINESE[name]) if language == "zh" else style


def language_of(cues: Iterable[Cue]) -> str:
    """``zh`` if most lines have Han characters, else ``en``."""
    lines = [line for cue in cues for line in cue.lines]
    return "zh" if 2 * sum(map(is_chinese, lines)) > len(lines) else "en"


_NETFLIX = CaptionStyle(
    "netflix", case="lower", form="timed", max_line=42, min_s=5 / 6, max_s=7, gap_frames=2,
    closed_s=0.5, max_rate=20, late_frames=3,
)  # fmt: skip
"""Published: lower case in brackets, proper nouns aside; 42 characters, 2 lines; 5/6 s to 7 s; 2
frames between cues, and gaps below half a second (3 to 11 frames at 24) closed to that; 20
characters a second for adults; in-time on the sound or, if necessary, within 3 frames. Ours: never
early.

Source:
    Netflix Partner Help Center: "Timed Text Style Guide: General Requirements", "Timed Text Style
    Guide: Subtitle Timing Guidelines", "English (USA) Timed Text Style Guide".
"""

_DCMP = CaptionStyle(
    "dcmp", case="lower", form="timed", max_line=32, min_s=2, max_s=6, word_s=60 / 225
)
"""Published: lower case in brackets, the source named; present participle for a sustained sound,
third person for an abrupt one, never the past tense; 32 characters, 2 lines preferred; at least 2
s, at most 225 words a minute; a sound that goes on "continues". Ours: at most 6 s, 3 frames of
delay, gaps as they come.

Source:
    Described and Captioned Media Program: "Captioning Key", "Sound Effects"; "Captioning Guidelines
    for the DCMP".
"""

_BBC = CaptionStyle(
    "bbc", case="upper", form="verb", brackets=("", ""), max_line=37, min_s=1, max_s=7, closed_s=1,
    word_s=0.3,
)  # fmt: skip
"""Published: capitals without brackets, subject and active finite verb ("GEESE HONK"), short; 37
characters (of teletext; else 68 % of the width), 2 lines; 0.3 s a word; gaps closed or at least 1
s. Ours: at least 1 s, since labels need extra time; at most 7 s; 3 frames of delay (for speech 1.5
s are published).

Source:
    BBC Subtitle Guidelines, "Line length", "Timing", "Gaps", "Sound effects".
"""

_YOUTUBE = CaptionStyle("youtube", case="capital", form="noun")
"""Published, by example only: what is heard, in square brackets, "[Music]", "[Applause]",
"[Laughter]". Ours: all numbers, since none are published.

Source:
    Google Research, "Adding Sound Effect Information to YouTube Captions", 2017; YouTube Help, "Add
    subtitles & captions".
"""

_PLAIN = CaptionStyle("plain", case="label", form="label", min_s=0.7, max_s=None, selective=False)
"""Nobody's rules: every event's label in brackets for as long as it lasts."""

_STYLES = {style.name: style for style in (_NETFLIX, _DCMP, _BBC, _YOUTUBE, _PLAIN)}

_CHINESE: dict[str, dict[str, Any]] = {
    "netflix": {"max_line": 16, "max_rate": 9},
    "dcmp": {"max_line": 16},
    "bbc": {"max_line": 16, "brackets": ("（", "）")},
    "youtube": {"max_line": 16},
    "plain": {"max_line": 16},
}
"""Published: 16 characters a line, 9 a second (Netflix, "Simplified Chinese (PRC) Timed Text Style
Guide"). Ours: the same line for all, and full-width brackets where English has capitals."""
