"""The file of verdicts: append-only, whole or absent, read as what a stranger wrote."""

import json
import os
import random

import numpy as np
import pytest
from verdicts.saying import MEDIA, entry, verdicts

from overlay.datatypes import TagEvent
from overlay.errors import ExportError, OutputError
from overlay.track import TagTrack
from overlay.verdicts import (
    Verdicts,
    event_id,
    fingerprint_of,
    read_verdicts,
    union,
    verdicts_file,
    verdicts_text,
    write_verdicts,
)

EVERYTHING = verdicts(
    entry(verdict="right", score=0.71, reviewer="Ann"),
    entry(verdict="wrong", relabel="Cat", comment='a "cat"\n</script>\u202e', at=1),
    entry("e2", "edit", onset_s=0, offset_s=3, at=2),
    entry("e3", "add", label="Rain 雨", at=3),
    entry("e4", "merge", others=("e5", "e6"), at=4),
    entry("e4", "undo", undoes="id-x", at=5),
)


def test_what_is_written_is_read_back(tmp_path):
    path = write_verdicts(tmp_path / "v.json", EVERYTHING)
    assert read_verdicts(path) == EVERYTHING
    assert verdicts_text(read_verdicts(path)) == path.read_text(encoding="utf-8")


def test_the_union_is_the_same_in_whatever_order_the_tabs_come():
    entries = list(EVERYTHING.entries)
    for seed in range(20):
        random.Random(seed).shuffle(entries)
        cut = seed % len(entries)
        assert union(entries[cut:], entries[: cut + 2]) == EVERYTHING.entries
    assert EVERYTHING.with_entries(EVERYTHING.entries) == EVERYTHING


def test_entries_stand_in_order_of_time_then_id():
    late, early = entry(at=9, id="a"), entry(at=1, id="z")
    same = entry(at=9, id="A")
    assert verdicts(late, same, early).entries == (early, same, late)


def test_reviewers_are_told_apart():
    both = verdicts(entry(reviewer="Ann"), entry(reviewer="Bo"), entry(reviewer="Ann"))
    assert both.reviewers == ("Ann", "Bo")
    assert len(both.of("Ann").entries) == 2
    assert both.of("Bo").media == MEDIA


def damaged(**changes):
    """The content of a file with one thing in it changed; ``entry__x`` in its first entry."""
    content = json.loads(verdicts_text(EVERYTHING))
    for name, value in changes.items():
        place = content
        *way, last = name.split("__")
        for step in way:
            place = place["entries"][0] if step == "entry" else place[step]
        place[last] = value
    return json.dumps(content)


BAD = [
    "", "[]", "{}", "null", "{", "[" * 100_000, '{"format": ' + "9" * 5000 + "}", "\x00",
    damaged(format="other"), damaged(version=2), damaged(version=None), damaged(media=[]),
    damaged(entries={}), damaged(entries=[1]), damaged(entries=[{}]),
    damaged(media__name=3), damaged(media__duration_s="1"), damaged(media__duration_s=-1),
    damaged(media__fingerprint="f" * 5000), damaged(media__duration_s=10**400),
    damaged(entry__id=""), damaged(entry__id=7), damaged(entry__at="now"),
    damaged(entry__at="2026-11-26T02:00:00.000Z\n"), damaged(entry__at="2026-11-26T02:00:00Z"),
    damaged(entry__at="2026-02-30T02:00:00.000Z"), damaged(entry__at="9999-12-31T23:59:59.999Z"),
    damaged(entry__id="\ud800"), damaged(entry__event="\udfff"), damaged(entry__others=["\ud800"]),
    *(damaged(entry__action=a, entry__onset_s=None, entry__offset_s=None)
      for a in ("add", "edit", "merge")),
    damaged(entry__event=""), damaged(entry__event=["e"]), damaged(entry__action="delete"),
    damaged(entry__action=None), damaged(entry__verdict="yes"), damaged(entry__verdict=True),
    damaged(entry__score=1.5), damaged(entry__score=True), damaged(entry__score="0.5"),
    damaged(entry__score=-0.1), damaged(entry__onset_s=-1), damaged(entry__onset_s=1e30),
    damaged(entry__onset_s=10**400), damaged(entry__onset_s=2.5), damaged(entry__offset_s=None),
    damaged(entry__label={"a": 1}), damaged(entry__label="x" * 5000),
    damaged(entry__comment=["x"]), damaged(entry__others="abc"), damaged(entry__others=[1]),
    damaged(entry__others=["x"] * 1001), damaged(entry__reviewer=5),
    damaged().replace("0.71", "NaN"), damaged().replace("0.71", "Infinity"),
]  # fmt: skip


@pytest.mark.parametrize("content", BAD, ids=lambda text: text[:30])
def test_what_is_no_such_file_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "v.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ExportError) as refused:
        read_verdicts(path)
    said = str(refused.value)
    assert said.startswith(str(path))
    assert len(said) < 400 + len(str(path))
    assert "\n" not in said


def test_what_is_no_regular_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "letters").write_bytes(b"\xff\xfe{}")
    for path in (tmp_path / "pipe", tmp_path / "letters", tmp_path, "/dev/zero", tmp_path / "no"):
        with pytest.raises(ExportError):
            read_verdicts(path)


def test_a_file_of_a_hundred_megabytes_is_refused_unread(tmp_path):
    path = tmp_path / "v.json"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(ExportError, match=r"v\.json.*(large|MB|bytes)"):
        read_verdicts(path)


def test_what_a_later_version_may_add_to_an_entry_is_passed_over(tmp_path):
    path = tmp_path / "v.json"
    path.write_text(damaged(entry__mood="good", more=1), encoding="utf-8")
    assert read_verdicts(path) == EVERYTHING


def test_no_verdict_says_nothing_and_null_is_the_same(tmp_path):
    path = tmp_path / "v.json"
    path.write_text(damaged(entry__verdict=None, entry__comment=None), encoding="utf-8")
    first = read_verdicts(path).entries[0]
    assert (first.verdict, first.comment) == (None, None)


def test_a_file_that_cannot_be_replaced_stays(tmp_path):
    path = write_verdicts(tmp_path / "v.json", EVERYTHING)
    with pytest.raises(OutputError):
        write_verdicts(path, Verdicts(MEDIA), overwrite=False)
    with pytest.raises(OutputError):
        write_verdicts(path, Verdicts(MEDIA), inputs=[path])
    assert read_verdicts(path) == EVERYTHING
    assert [each.name for each in tmp_path.iterdir()] == ["v.json"]


def test_half_letters_are_written_as_marks(tmp_path):
    path = write_verdicts(tmp_path / "v.json", verdicts(entry(comment="\ud800")))
    assert read_verdicts(path).entries[0].comment == "?"


def test_an_event_has_one_name_whenever_it_is_found():
    event = TagEvent(3, "Dog", 1.23449, 2.0, 0.7, 0.5)
    again = TagEvent(9, "Dog", 1.2340001, 2.0, 0.1, 0.1)
    assert event_id(event, "mn04") == event_id(again, "mn04")
    others = {
        event_id(event, "builtin"), event_id(TagEvent(3, "Cat", 1.234, 2.0, 0.7, 0.5), "mn04"),
        event_id(TagEvent(3, "Dog", 1.235, 2.0, 0.7, 0.5), "mn04"), event_id(event, "mn04"),
    }  # fmt: skip
    assert len(others) == 4


def test_a_track_without_a_fingerprint_is_known_by_its_scores():
    def track(value, **facts):
        return TagTrack(np.full((3, 2), value, np.float32), ("a", "b"), 2.0, 0.3, 2.6, **facts)

    assert fingerprint_of(track(0.5, sound="abc")) == "abc"
    assert fingerprint_of(track(0.5)) == fingerprint_of(track(0.5))
    assert fingerprint_of(track(0.5)) != fingerprint_of(track(0.25))


def test_verdicts_lie_beside_their_medium(tmp_path):
    assert verdicts_file(tmp_path / "a.b.mp4") == tmp_path / "a.b.verdicts.json"
