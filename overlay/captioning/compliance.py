"""Whether cues keep the rules of a style, and which they break."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from overlay.captioning.phrasing import is_common
from overlay.captioning.styles import SLACK_S, CaptionStyle, line_length
from overlay.datatypes import Cue

_IN_BRACKETS = re.compile(r"\[([^\[\]]*)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """One rule that one cue breaks."""

    number: int
    """Of the cue, from 1, as they stand in the file."""
    start_s: float
    rule: str
    found: str
    wanted: str

    def __str__(self) -> str:
        """For a person: which cue, when, which rule, what is there and what should be."""
        ms = round(1000 * self.start_s)
        clock = f"{ms // 3600000}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
        return f"cue {self.number}, {clock}: {self.rule}: {self.found}, wanted {self.wanted}"


def broken_rules(
    cues: Sequence[Cue], style: CaptionStyle, frame_rate: Fraction | None = None
) -> list[BrokenRule]:
    """All rules of a style that some cues break, by cue.

    Args:
        cues: As they stand in a file.
        style: The rules.
        frame_rate: Frames a second of the video; without it, what is right at any usual rate is
            right.
    """
    broken = []
    for number, cue in enumerate(cues, start=1):
        following = cues[number] if number < len(cues) else None
        found = (
            *_of_text(cue, style),
            *_of_time(cue, style),
            *_of_gap(cue, following, style, frame_rate),
        )
        broken += [BrokenRule(number, cue.start_s, *each) for each in found]
    return broken


_Found = tuple[str, str, str]
"""Rule, what is there, what is wanted."""


def _of_text(cue: Cue, style: CaptionStyle) -> Iterator[_Found]:
    lines = [line for line in cue.lines if line.strip()]
    if not lines:
        yield "text", "none", "some"
    if len(cue.lines) > style.max_lines:
        yield "lines", str(len(cue.lines)), f"at most {style.max_lines}"
    for line in lines:
        if line_length(line) > style.max_line:
            yield "length of a line", f"{line_length(line):g}", f"at most {style.max_line:g}"
    for sound in _IN_BRACKETS.findall("\n".join(cue.lines)):
        yield from _of_sound(sound, style)


def _of_sound(sound: str, style: CaptionStyle) -> Iterator[_Found]:
    """The case of what stands in brackets."""
    if style.brackets[0] != "[":
        opening, closing = style.brackets
        wanted = f"{opening}…{closing}" if opening else "capitals without brackets"
        yield "brackets", f"[{sound}]", wanted
    elif style.case == "lower":
        wrong = [w for w in re.findall(r"\w+", sound) if w != w.lower() and is_common(w)]
        if wrong:
            yield "case", " ".join(wrong), " ".join(wrong).lower()
    elif style.case == "capital" and sound[:1] != sound[:1].upper():
        yield "case", sound, sound[:1].upper() + sound[1:]


def _of_time(cue: Cue, style: CaptionStyle) -> Iterator[_Found]:
    length = cue.end_s - cue.start_s
    if length < style.min_s - SLACK_S:
        yield "shortest time", f"{length:.3f} s", f"at least {style.min_s:.3g} s"
    elif length < style.reading_s(cue.lines) - SLACK_S:
        yield "reading speed", f"{length:.3f} s", f"at least {style.reading_s(cue.lines):.2f} s"
    if style.max_s is not None and length > style.max_s + SLACK_S:
        yield "longest time", f"{length:.3f} s", f"at most {style.max_s:g} s"


def _of_gap(
    cue: Cue, following: Cue | None, style: CaptionStyle, frame_rate: Fraction | None
) -> Iterator[_Found]:
    if following is None:
        return
    gap = following.start_s - cue.end_s
    if following.start_s < cue.start_s:
        yield "order", f"the next cue begins {-gap:.3f} s earlier", "cues by time"
    elif gap < -SLACK_S:
        yield "overlap", f"the next cue begins {-gap:.3f} s before this ends", "one cue at a time"
    elif not style.gap_is_right(gap, frame_rate):
        least = f"{style.gap_frames} frames" if style.gap_frames else "none"
        wanted = f"{least} or at least {style.closed_s:g} s" if style.closed_s else least
        yield "gap", f"{gap:.3f} s to the next cue", wanted
