"""What a caption says of a sound: the wording, in the style's form, case, brackets and lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from overlay.captioning.styles import CaptionStyle, is_chinese, line_length
from overlay.datatypes import TagEvent
from overlay.vocabulary.labels import audioset_families
from overlay.vocabulary.wording import Wording, translated_labels, wording_table

SAME_S = 3.0
"""Seconds between two events up to which they are one sound: a dog that barks again."""
_SHORT_S = {"abrupt": 2.0, "sustained": 1.0, "music": 1.0, "speech": 1.0}
"""A sound up to this long is told as abrupt, "dog barks", a longer one as lasting: ours."""
_UNKNOWN_WORTH = 2
_ELLIPSIS = "…"
_ANY_KIND = frozenset(
    ("a", "and", "at", "by", "in", "into", "of", "on", "to", "animal", "electric", "noise")
)
"""Words that tell no kind."""
_PARTICIPLE = re.compile(r"(?!(?:something|string|ring|wing)$)\w+ing")
_PLURAL = re.compile(r"[^aisu]s$|people$|cattle$|children$|feet$|hooves$")


@dataclass(frozen=True, slots=True)
class Mention:
    """A sound that may get a caption."""

    onset_s: float
    offset_s: float
    lines: tuple[str, ...]
    going_on: tuple[str, ...]
    """What a later caption says while it still lasts."""
    worth: int
    """0 (never) to 3 (matters)."""
    peak: float
    """Largest score, in [0, 1]."""
    kind: frozenset[str]
    """Words that tell what kind of sound it is; for music one word, whatever plays."""

    @property
    def importance(self) -> float:
        """Worth, then score."""
        return self.worth + self.peak


def mentions_of(events: Iterable[TagEvent], style: CaptionStyle, language: str) -> list[Mention]:
    """A mention for each sound, by onset; repeats of a sound soon after each other are one."""
    sounds: list[TagEvent] = []
    for event in sorted(events, key=lambda event: event.onset_s):
        if style.selective:
            if _nature(event) == "speech":
                continue
            same = next(
                (i for i in reversed(range(len(sounds))) if _repeats(event, sounds[i])), None
            )
            if same is not None:
                sounds[same] = _joined(sounds[same], event)
                continue
        sounds.append(event)
    return [_mention(event, style, language) for event in sounds]


def _repeats(event: TagEvent, earlier: TagEvent) -> bool:
    return event.label == earlier.label and event.onset_s - earlier.offset_s <= SAME_S


def _joined(a: TagEvent, b: TagEvent) -> TagEvent:
    end, peak = max(a.offset_s, b.offset_s), max(a.peak, b.peak)
    return TagEvent(a.index, a.label, a.onset_s, end, peak, max(a.mean, b.mean))


@cache
def _wordings() -> dict[str, Wording]:
    return {row.name: row for row in wording_table()}


def _nature(event: TagEvent) -> str:
    wording = _wordings().get(event.label)
    return "sustained" if wording is None else wording.nature


def _mention(event: TagEvent, style: CaptionStyle, language: str) -> Mention:
    wording = _wordings().get(event.label)
    said = _said(event, wording, style, language)
    still = _still(event, wording, language)
    return Mention(
        event.onset_s, event.offset_s, _lines(said, style), _lines(still, style),
        _UNKNOWN_WORTH if wording is None else wording.worth, event.peak, _kind(event, wording),
    )  # fmt: skip


def _kind(event: TagEvent, wording: Wording | None) -> frozenset[str]:
    if wording is None:
        return frozenset({event.label})
    if wording.nature == "music":
        return frozenset({"music"})
    return frozenset(wording.en.split(" ")) - _ANY_KIND


def _said(event: TagEvent, wording: Wording | None, style: CaptionStyle, language: str) -> str:
    """The sound in words, without brackets; a label that is nobody's is taken as it is."""
    if wording is None:
        return " ".join(event.label.split())
    if style.form == "label":
        return translated_labels(language)[wording.index]
    short = event.offset_s - event.onset_s <= _SHORT_S[wording.nature]
    if style.form == "noun":
        form = ""
    elif style.form == "verb":
        form = "" if wording.nature == "music" else "_abrupt"
    else:
        form = "_abrupt" if short else "_sustained"
    return str(getattr(wording, f"{language}{form}"))


def _still(event: TagEvent, wording: Wording | None, language: str) -> str:
    """That it goes on: "rain continues", "dog continues barking"; 雨声持续."""
    if wording is None:
        return f"{' '.join(event.label.split())} continues"
    if language == "zh":
        heard = wording.nature != "music" or wording.zh[-1] in "声乐曲歌唱"
        return f"{wording.zh}持续" if heard else f"{wording.zh}声持续"
    does = audioset_families()[wording.name] in ("animal", "things")
    if "music" in wording.en or (wording.nature == "sustained" and not does):
        return f"{wording.en} {_verb(wording.en)}"
    words = wording.en_sustained.split(" ")
    doing = next((n for n, word in enumerate(words) if _PARTICIPLE.fullmatch(word)), 0)
    who = " ".join(words[:doing])
    if not who or who.endswith("ic"):  # "electronic chirping": nobody does it
        return f"{wording.en_sustained} continues"
    return f"{who} {_verb(who)} {' '.join(words[doing:])}"


def _verb(noun: str) -> str:
    head = re.split(" (?:of|on|in|at) ", noun)[0]
    return "continue" if _PLURAL.search(head) else "continues"


def _lines(text: str, style: CaptionStyle) -> tuple[str, ...]:
    """Cased, in brackets, broken into as few lines as it needs, cut where it needs too many."""
    opening, closing = style.brackets
    text = _cased(text, style.case)
    while True:
        lines = _broken(f"{opening}{text}{closing}", style)
        if lines is not None:
            return lines
        text = text.removesuffix(_ELLIPSIS)[:-1].rstrip() + _ELLIPSIS


def _broken(text: str, style: CaptionStyle) -> tuple[str, ...] | None:
    """One line, or the two most even ones; ``None`` if it does not fit."""
    if line_length(text) <= style.max_line:
        return (text,)
    places = range(1, len(text)) if is_chinese(text) else _spaces(text)
    pairs = [(text[:place].rstrip(), text[place:].lstrip()) for place in places]
    fitting = [pair for pair in pairs if max(map(line_length, pair)) <= style.max_line]
    return min(fitting, key=lambda pair: max(map(line_length, pair)), default=None)


def _spaces(text: str) -> Sequence[int]:
    return [place for place, letter in enumerate(text) if letter == " "]


def _cased(text: str, case: str) -> str:
    if case == "upper":
        return text.upper()
    if case == "capital":
        return text[:1].upper() + text[1:]
    if case == "lower":
        return re.sub(r"\w+", lambda word: _lowered(word.group()), text)
    return text


def _lowered(word: str) -> str:
    return word.lower() if is_common(word) else word


def is_common(word: str) -> bool:
    """Whether a word is no name, as far as the wordings tell: they have it in lower case."""
    return word.lower() in _common_words()


@cache
def _common_words() -> frozenset[str]:
    texts = (
        text for row in wording_table() for text in (row.en, row.en_sustained, row.en_abrupt)
    )  # fmt: skip
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    return frozenset(word for word in words if word.islower())
