"""Tables for people who judge: everything that was found, what was said, what holds."""

import csv
import io
import json

import pytest
from detection.hearing import heard, settings
from verdicts.saying import entry

from overlay.export.formats import SourceFacts, format_named
from overlay.products.events import events_of
from overlay.products.table import content_of
from overlay.reporting import SILENT
from overlay.verdicts import Media, Verdicts, event_id, fingerprint_of, write_verdicts

TRACK = heard([("Dog", 3, 6), ("Rain", 10, 20), ("Siren", 22, 26)])
DOG, RAIN, SIREN = events_of(TRACK, settings())


@pytest.fixture
def text(tmp_path):
    """The content of a format, with verdicts or without."""

    def written(name, *entries):
        media = Media("clip.mp4", fingerprint_of(TRACK))
        path = write_verdicts(tmp_path / "v.json", Verdicts(media).with_entries(entries))
        options = settings(verdicts=(str(path),)) if entries else settings()
        facts = SourceFacts("clip.mp4")
        return content_of(format_named(name), TRACK, facts, options, SILENT).decode()

    return written


def on(event, **facts):
    return entry(event_id(event, TRACK.model), label=event.label, onset_s=event.onset_s,
                 offset_s=event.offset_s, **facts)  # fmt: skip


SAID = (
    on(DOG, verdict="wrong", relabel="Cat", reviewer="=Ann"),
    on(DOG, action="comment", comment="line\nbreak, comma", reviewer="=Ann", at=1),
    on(RAIN, verdict="right"),
    entry(event_id(SIREN, TRACK.model), "edit", label="Siren", onset_s=21.5, offset_s=26),
    entry("new", "add", label="Bell", onset_s=1, offset_s=2),
)


def test_a_row_for_all_that_was_found_and_added(text):
    rows = list(csv.DictReader(io.StringIO(text("review-csv", *SAID), newline="")))
    assert [row["label"] for row in rows] == ["Bell", "Dog", "Rain", "Siren"]
    assert [row["verdict"] for row in rows] == ["right", "wrong", "right", ""]
    assert [row["change"] for row in rows] == ["added", "", "", "moved"]
    dog, siren = rows[1], rows[3]
    assert (dog["relabel"], dog["reviewer"], dog["comment"]) == (
        "Cat",
        "'=Ann",
        "line\nbreak, comma",
    )
    assert dog["event"] == event_id(DOG, TRACK.model)
    assert float(dog["onset_s"]) == pytest.approx(DOG.onset_s, abs=1e-3)
    assert (siren["new_onset_s"], siren["new_offset_s"]) == ("21.500", "26.000")


def test_without_verdicts_every_event_is_open(text):
    rows = list(csv.DictReader(io.StringIO(text("review-csv"), newline="")))
    assert [(row["label"], row["verdict"]) for row in rows] == [
        ("Dog", ""), ("Rain", ""), ("Siren", "")
    ]  # fmt: skip


def test_label_studio_gets_what_was_found_and_what_people_made_of_it(text):
    (task,) = json.loads(text("labelstudio", *SAID))

    def labels(results):
        return [result["value"]["labels"][0] for result in results]

    assert labels(task["predictions"][0]["result"]) == ["Dog", "Rain", "Siren"]
    assert labels(task["annotations"][0]["result"]) == ["Bell", "Cat", "Rain", "Siren"]
    assert "annotations" not in json.loads(text("labelstudio"))[0]


@pytest.mark.parametrize("name", ["audacity", "raven", "csv", "json", "srt"])
def test_other_formats_hold_what_is_heard(text, name):
    made = text(name, *SAID, on(RAIN, verdict="wrong", at=9))
    assert ("Cat" in made or "cat" in made) or name == "srt"
    assert "Dog" not in made
    assert "ain" not in made


def test_the_header_names_the_verdicts(text):
    said = json.loads(text("json", *SAID))["run"]["settings"]
    assert said["verdicts"] == ["v.json"]
    assert "verdicts" not in json.loads(text("json"))["run"]["settings"]
