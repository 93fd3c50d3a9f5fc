import re
from collections import Counter
from typing import get_args

import pytest

from overlay.resources import resource
from overlay.vocabulary.audioset import audioset_labels
from overlay.vocabulary.audioset_strong import audioset_strong
from overlay.vocabulary.wording import LANGUAGES, Nature, strong_wording_table, wording_table

LONGEST = {
    "en": 32, "en_sustained": 36, "en_abrupt": 36, "zh": 12, "zh_sustained": 14, "zh_abrupt": 14,
}  # fmt: skip
PROPER_NAMES = {
    "African", "Afrobeat", "Asian", "Bollywood", "Carnatic", "Christian", "Christmas", "DJ",
    "French", "Hammond", "Latin", "Middle", "Eastern", "R&B", "TV",
}  # fmt: skip


def test_one_row_a_class_in_audiosets_order():
    assert [wording.index for wording in wording_table()] == list(range(527))
    assert tuple(wording.name for wording in wording_table()) == audioset_labels()


def all_wordings():
    return (*wording_table(), *strong_wording_table())


def test_every_class_of_audioset_strong_has_its_wording():
    known = audioset_strong()
    for name, wording in zip(known.names, known.wordings, strict=True):
        assert wording is not None, name
    for wording in strong_wording_table():
        assert known.names[wording.index] == wording.name
        assert known.wordings[wording.index] is wording


@pytest.mark.parametrize("name", ["captions.tsv", "captions_strong.tsv"])
def test_the_file_is_plain_columns(name):
    text = resource("assets", name).read_bytes().decode("utf-8")
    assert "\r" not in text
    assert '"' not in text
    assert text.endswith("\n")
    assert {line.count("\t") for line in text.splitlines()} == {9}


@pytest.mark.parametrize("field", LONGEST)
def test_every_text_is_short_and_ready_to_set(field):
    letters = "[A-Za-z][A-Za-z&' -]*[A-Za-z]" if field.startswith("en") else "[A-Za-z-一-鿿]+"
    for wording in all_wordings():
        text = getattr(wording, field)
        assert re.fullmatch(letters, text), (wording.name, text)
        assert len(text) <= LONGEST[field], (wording.name, text)
        assert "  " not in text


def test_only_proper_names_have_capitals():
    words = {
        word
        for wording in all_wordings()
        for text in (wording.en, wording.en_sustained, wording.en_abrupt)
        for word in text.split()
    }
    assert {word for word in words if word != word.lower()} == PROPER_NAMES


@pytest.mark.parametrize("field", ["en", "zh"])
def test_no_two_classes_share_a_name(field):
    counts = Counter(getattr(wording, field) for wording in all_wordings())
    assert [text for text, count in counts.items() if count > 1] == []


def test_worth_and_nature_are_in_range():
    assert {wording.worth for wording in all_wordings()} == {0, 1, 2, 3}
    assert {wording.nature for wording in all_wordings()} == set(get_args(Nature))


def test_a_sound_that_goes_on_is_worded_unlike_a_short_event():
    for wording in all_wordings():
        assert re.search(r"ing\b", wording.en_sustained), wording
        assert wording.en_sustained != wording.en_abrupt, wording
        assert wording.zh_sustained != wording.zh_abrupt, wording


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("Bark", (2, "abrupt", "dog bark", "dog barking", "dog barks",
                  "狗吠声", "狗在吠叫", "狗吠了一声")),
        ("Rain", (1, "sustained", "rain", "rain falling", "rain starts to fall",
                  "雨声", "下着雨", "下起雨")),
        ("Violin, fiddle", (2, "music", "violin music", "violin playing", "violin plays",
                            "小提琴", "拉着小提琴", "小提琴声响起")),
        ("Slam", (3, "abrupt", "door slam", "doors slamming", "door slams",
                  "摔门声", "门砰砰作响", "门砰地关上")),
        ("Conversation", (1, "speech", "conversation", "people talking", "people talk",
                          "交谈声", "人们在交谈", "人们交谈")),
        ("Silence", (0, "sustained", "silence", "silence lingering", "silence falls",
                     "寂静", "一片寂静", "安静下来")),
    ],
)  # fmt: skip
def test_rows_checked_by_hand(name, row):
    wording = wording_table()[audioset_labels().index(name)]
    assert row == (
        wording.worth, wording.nature, wording.en, wording.en_sustained, wording.en_abrupt,
        wording.zh, wording.zh_sustained, wording.zh_abrupt,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["Siren", "Scream", "Gunshot", "Explosion", "Crying", "Knock"])
def test_what_matters_to_the_plot_is_worth_most(name):
    worths = {wording.worth for wording in all_wordings() if wording.name.startswith(name)}
    assert worths == {3}


def test_the_languages_are_those_of_the_table():
    assert LANGUAGES == ("en", "zh")
