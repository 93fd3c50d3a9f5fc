"""What a caption says of a sound: the wording, in the style's form, case, brackets and lines."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from overlay.captioning.music import is_general, named_by_instrument
from overlay.captioning.styles import CaptionStyle, is_chinese, line_length
from overlay.datatypes import TagEvent
from overlay.vocabulary import Vocabulary
from overlay.vocabulary.audioset import audioset
from overlay.vocabulary.wording import Wording, strong_wording_table, wording_table

SURE = 0.7
"""Peak score from which on a sound is called by its own name: right three times in four, by the
maps of ``calibration``; below it by the name of what it is a kind of."""
_DOES_OTHERWISE = frozenset((
    "Throat clearing", "Finger snapping", "Clapping", "Howl", "Growling", "Whimper (dog)", "Purr",
    "Hiss", "Cowbell", "Crowing, cock-a-doodle-doo", "Squawk", "Mouse", "Rattle", "Beatboxing",
    "Sailboat, sailing ship", "Rowboat, canoe, kayak", "Air brake", "Air horn, truck horn",
    "Reversing beeps", "Ice cream truck, ice cream van", "Train whistle", "Train horn",
    "Bicycle bell", "Telephone dialing, DTMF", "Dial tone", "Busy signal", "Shatter",
))  # fmt: skip
"""Kinds of which the words for what they are a kind of would be false: a rooster that crows does
not cluck, a cat that purrs does not meow. They keep their own."""
_THERE_S = 0.5
"""A sound that is heard this early was there before."""
_AGAIN_S = 30.0
"""A sound that was heard this short a time ago does not start."""
SAME_S = 3.0
"""Seconds between two events up to which they are one sound: a dog that barks again."""
_SHORT_S = {"abrupt": 2.0, "sustained": 1.0, "music": 1.0, "speech": 1.0}
"""A sound up to this long is told as abrupt, "dog barks", a longer one as lasting: ours."""
_UNKNOWN_WORTH = 2
_ELLIPSIS = "…"
_LONGEST = 1000
"""Letters of a label that are looked at; no style has room for as many."""
_TURNS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Letters without a shape that turn the direction of what follows, brackets too."""
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
    is_general: bool = False
    """Whether it only says that there is music: what plays is worth more."""

    @property
    def importance(self) -> float:
        """Worth, then score."""
        return self.worth + self.peak - self.is_general


def mentions_of(
    events: Iterable[TagEvent],
    style: CaptionStyle,
    language: str,
    vocabulary: Vocabulary | None = None,
) -> list[Mention]:
    """A mention for each sound, by onset; repeats of a sound soon after each other are one.

    Args:
        events: What is heard.
        style: The rules.
        language: ``en`` or ``zh``.
        vocabulary: Of the events' classes; ``None``: labels that are AudioSet's are worded as such.
    """
    sounds: list[TagEvent] = []
    last: dict[str, int] = {}
    heard: dict[str, float] = {}
    new: list[bool] = []
    as_tagged = sorted(events, key=lambda event: event.onset_s)
    for event in as_tagged:
        if style.selective:
            event = _backed_off(event, vocabulary)
            wording = _wording(event, vocabulary)
            if wording is not None and wording.nature == "speech":
                continue
            same = last.get(event.label)
            if same is not None and event.onset_s - sounds[same].offset_s <= SAME_S:
                sounds[same] = _joined(sounds[same], event)
                _remember(heard, event, wording)
                continue
        else:
            wording = _wording(event, vocabulary)
        new.append(_is_new(heard, event, wording))
        _remember(heard, event, wording)
        last[event.label] = len(sounds)
        sounds.append(event)
    return [
        _mention(
            event,
            _worded(event, as_tagged, vocabulary),
            style,
            language,
            vocabulary,
            is_new=is_new,
        )
        for event, is_new in zip(sounds, new, strict=True)
    ]


def _is_new(heard: Mapping[str, float], event: TagEvent, wording: Wording | None) -> bool:
    """Whether it may be said to start: it was not there before, nor was another name of it."""
    earlier = [heard[name] for name in _names(event, wording) if name in heard]
    if not earlier:
        return event.onset_s > _THERE_S
    return event.onset_s - max(earlier) > _AGAIN_S


def _remember(heard: dict[str, float], event: TagEvent, wording: Wording | None) -> None:
    names = _names(event, wording)
    if wording is not None and wording.nature == "music":
        names |= {"music"}
    for name in names:
        heard[name] = max(heard.get(name, 0.0), event.offset_s)


def _names(event: TagEvent, wording: Wording | None) -> frozenset[str]:
    """What a sound goes by: another sound with one of these is the same, as far as one hears."""
    if wording is None or wording.nature != "music":
        return _kind(event, wording)
    return frozenset(("music",)) if is_general(wording) else frozenset((event.label,))


def _worded(
    event: TagEvent, as_tagged: Sequence[TagEvent], vocabulary: Vocabulary | None
) -> Wording | None:
    """What to call it; music by the instrument, where that is too unsure for its own caption."""
    wording = _wording(event, vocabulary)
    if wording is None or not is_general(wording):
        return wording
    return named_by_instrument(event, wording, as_tagged, lambda each: _wording(each, vocabulary))


def _backed_off(event: TagEvent, vocabulary: Vocabulary | None) -> TagEvent:
    """The event, or where the tagger is unsure of its kind, an event of what it is a kind of.

    A class above a whole tree ("Animal", "Vehicle") says too little to be backed off to.
    """
    known = vocabulary or audioset()
    if event.peak >= SURE or (vocabulary is None and event.label not in _wordings()):
        return event
    index = event.index if vocabulary is not None else known.index_of(event.label)
    if known.names[index] in _DOES_OTHERWISE:
        return event
    kinds = known.descendants
    for parent in known.parents[index]:
        if not any(kind in kinds for kind in kinds[parent]) and known.wordings[parent]:
            return replace(event, index=parent, label=known.names[parent])
    return event


def _joined(a: TagEvent, b: TagEvent) -> TagEvent:
    end, peak = max(a.offset_s, b.offset_s), max(a.peak, b.peak)
    return TagEvent(a.index, a.label, a.onset_s, end, peak, max(a.mean, b.mean))


@cache
def _wordings() -> dict[str, Wording]:
    return {row.name: row for row in wording_table()}


def _wording(event: TagEvent, vocabulary: Vocabulary | None) -> Wording | None:
    if vocabulary is None:
        return _wordings().get(event.label)
    return vocabulary.wordings[event.index]


def _mention(
    event: TagEvent,
    wording: Wording | None,
    style: CaptionStyle,
    language: str,
    vocabulary: Vocabulary | None,
    *,
    is_new: bool,
) -> Mention:
    renamed = vocabulary is not None and bool(vocabulary.published)
    words = None if renamed else wording  # a user's own names are said as they are
    said = _said(event, words, style, language, is_new=is_new)
    still = _still(event, words, language, _family(event, wording, vocabulary))
    return Mention(
        event.onset_s, event.offset_s, _lines(said, style), _lines(still, style),
        _UNKNOWN_WORTH if wording is None else wording.worth, event.peak, _kind(event, wording),
        is_general=is_general(wording),
    )  # fmt: skip


def _kind(event: TagEvent, wording: Wording | None) -> frozenset[str]:
    if wording is None:
        return frozenset({event.label})
    if wording.nature == "music":
        return frozenset({"music"})
    return frozenset(wording.en.split(" ")) - _ANY_KIND


def _said(
    event: TagEvent, wording: Wording | None, style: CaptionStyle, language: str, *, is_new: bool
) -> str:
    """The sound in words, without brackets; a label that is nobody's is taken as it is."""
    if wording is None:
        return _plain(event.label)
    if style.form == "label":
        return wording.zh if language == "zh" else event.label
    short = event.offset_s - event.onset_s <= _SHORT_S[wording.nature]
    if wording.nature != "abrupt" and not is_new:
        short = False  # "starts" would be wrong
    if style.form == "noun":
        form = ""
    elif style.form == "verb":
        form = "" if wording.nature == "music" else "_abrupt"
    else:
        form = "_abrupt" if short else "_sustained"
    return str(getattr(wording, f"{language}{form}"))


@lru_cache(maxsize=4096)
def _plain(label: str) -> str:
    """A label on one line, without letters that are not seen or turn the line around."""
    letters = (c for c in " ".join(label[:_LONGEST].split()) if c not in _TURNS)
    return "".join(c for c in letters if unicodedata.category(c) not in ("Cc", "Cs"))


def _family(event: TagEvent, wording: Wording | None, vocabulary: Vocabulary | None) -> str:
    if wording is None:
        return ""
    if vocabulary is None:
        return audioset().families[wording.index]
    return vocabulary.families[event.index]


def _still(event: TagEvent, wording: Wording | None, language: str, family: str) -> str:
    """That it goes on: "rain continues", "dog continues barking"; 雨声持续."""
    if wording is None:
        return f"{_plain(event.label)} continues"
    if language == "zh":
        heard = wording.nature != "music" or wording.zh[-1] in "声乐曲歌唱"
        return f"{wording.zh}持续" if heard else f"{wording.zh}声持续"
    does = family in ("animal", "things")
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


@lru_cache(maxsize=4096)
def _lines(text: str, style: CaptionStyle) -> tuple[str, ...]:
    """Cased, in brackets, broken into as few lines as it needs, cut where it needs too many."""
    opening, closing = style.brackets
    longest = int(2 * style.max_line * style.max_lines) + 1  # letters may be half as wide
    text = _cased(text[: longest + 1], style.case)
    whole = _broken(f"{opening}{text}{closing}", style)
    if whole is not None:
        return whole

    def cut(length: int) -> tuple[str, ...] | None:
        return _broken(f"{opening}{text[:length].rstrip()}{_ELLIPSIS}{closing}", style)

    length = bisect_left(range(1, len(text) + 1), True, key=lambda n: cut(n) is None)
    return cut(length) or (f"{opening}{_ELLIPSIS}{closing}",)


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
        text
        for row in (*wording_table(), *strong_wording_table())
        for text in (row.en, row.en_sustained, row.en_abrupt)
    )  # fmt: skip
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    return frozenset(word for word in words if word.islower())
