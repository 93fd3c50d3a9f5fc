"""How captioners and viewers word AudioSet's classes, in English and Chinese."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from overlay.errors import SettingsError
from overlay.resources import resource

Nature = Literal["sustained", "abrupt", "speech", "music"]

LANGUAGES = ("en", "zh")
"""Languages that the labels of a panel can be shown in; the first is AudioSet's own."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What to call one class, by what it is called for.

    Attributes:
        index: Its place among the classes of its vocabulary.
        name: AudioSet's display name.
        worth: What it tells a viewer: 0 nothing worth a caption, 1 background, 2 normal,
            3 matters to plot or safety.
        nature: ``sustained`` usually goes on, ``abrupt`` is usually one short event; ``speech``
            and ``music`` are set apart, since captions treat them by rules of their own.
        en: English noun phrase, "dog bark", at most 32 characters.
        en_sustained: While it goes on, "dog barking", at most 36 characters.
        en_abrupt: For one short event, "dog barks", at most 36 characters.
        zh: Chinese label, 狗叫声, at most 12 characters, different for each class.
        zh_sustained: While it goes on, 狗在叫, at most 14 characters.
        zh_abrupt: For one short event, 狗叫, at most 14 characters.

    Source:
        assets/captions.tsv and captions_strong.tsv; English without capitals, brackets or full
        stop, as captioners write a sound before they set it (DCMP Captioning Key, Netflix and BBC
        guidelines).
    """

    index: int
    name: str
    worth: int
    nature: Nature
    en: str
    en_sustained: str
    en_abrupt: str
    zh: str
    zh_sustained: str
    zh_abrupt: str


@cache
def wording_table() -> tuple[Wording, ...]:
    """The wording of each of AudioSet's 527 classes, in class order."""
    return _table("captions.tsv")


@cache
def strong_wording_table() -> tuple[Wording, ...]:
    """The wording of the classes that AudioSet Strong has beyond them, in its class order."""
    return _table("captions_strong.tsv")


def _table(name: str) -> tuple[Wording, ...]:
    with resource("assets", name).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple(_wording(row) for row in rows)


def _wording(row: dict[str, str]) -> Wording:
    return Wording(
        index=int(row["index"]),
        name=row["name"],
        worth=int(row["worth"]),
        nature=cast(Nature, row["nature"]),
        en=row["en"],
        en_sustained=row["en_sustained"],
        en_abrupt=row["en_abrupt"],
        zh=row["zh"],
        zh_sustained=row["zh_sustained"],
        zh_abrupt=row["zh_abrupt"],
    )


def check_language(language: str) -> None:
    """Refuse a language that has no labels.

    Raises:
        SettingsError: It is none of ``LANGUAGES``.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise SettingsError(f"no labels in language {language!r}; known are {known}")
