"""Events of other programs: read by what the file says, bounded, one line for what is wrong."""

import os
import random

import pytest
from detection.hearing import heard, settings
from export.test_hostile import EVENTS, LABELS, a_run

from overlay.datatypes import NO_CLASS, TagEvent
from overlay.errors import ExportError
from overlay.export.event_readers import read_events
from overlay.export.formats import Run, SourceFacts, format_named
from overlay.products.events import events_of
from overlay.vocabulary import vocabulary_named
from overlay.vocabulary.audioset import audioset

RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tAnnotation\n"
    "1\tWaveform 1\t1\t1.5\t2.0\t0\tDog\n1\tSpectrogram 1\t1\t1.5\t2.0\t0\tDog\n"
    '2\tSpectrogram 1\t1\t4\t5.5\t0\tsays "hi"\n'
)
BIRDNET = (
    "Start (s),End (s),Scientific name,Common name,Confidence\n"
    "0,3.0,Turdus merula,Eurasian Blackbird,0.83\n3.0,6.0,Turdus merula,Eurasian Blackbird,0.4\n"
)


@pytest.fixture
def read(tmp_path):
    def reading(text, vocabulary=None):
        path = tmp_path / "labels.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_events(path, vocabulary or audioset())

    return reading


def told(lane):
    return [(e.label, e.onset_s, e.offset_s) for e in lane.events]


def test_audacity_labels(read):
    lane = read("4.25\t5.5\tdog\n\\\t100.0\t8000.0\n1,5\t2,0\tMy own\n\n7\t7\tRain\n")
    assert told(lane) == [("My own", 1.5, 2.0), ("Dog", 4.25, 5.5), ("Rain", 7.0, 7.1)]
    assert [e.index for e in lane.events] == [
        NO_CLASS, audioset().index_of("Dog"), audioset().index_of("Rain")
    ]  # fmt: skip
    assert (lane.name, lane.is_scored) == ("labels.txt", False)


def test_what_stands_twice_is_one(read):
    assert told(read("1\t2\tDog\n1\t2\tdog\n1\t2\tCat\n")) == [("Dog", 1, 2), ("Cat", 1, 2)]


def test_raven_tables_have_a_selection_once(read):
    assert told(read(RAVEN)) == [("Dog", 1.5, 2.0), ('says "hi"', 4.0, 5.5)]


def test_birdnet_tables_have_scores(read):
    lane = read(BIRDNET)
    assert told(lane)[0] == ("Eurasian Blackbird", 0.0, 3.0)
    assert [e.peak for e in lane.events] == [0.83, 0.4]
    assert lane.is_scored


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_known_by_their_names_in_any_order(read, delimiter):
    rows = [("End", "other", "LABEL", "Start"), ("2", "x", "Dog", "1"), ("4.5", "", "Cat", "3")]
    lane = read("\r\n".join(delimiter.join(row) for row in rows))
    assert told(lane) == [("Dog", 1.0, 2.0), ("Cat", 3.0, 4.5)]


@pytest.mark.parametrize(
    "text",
    [
        "1,5\t2,25\tDog\n",
        "onset;offset;label;score\n1,5;2,25;Dog;0,5\n",
        "Selection\tBegin Time (s)\tEnd Time (s)\tAnnotation\n1\t1,5\t2,25\tDog\n",
        "\ufeffonset;offset;label\r\n1,5;2,25;dog\r\n\r\n",
    ],
    ids=["audacity", "csv", "raven", "bom"],
)
def test_commas_of_decimals_are_known_where_none_splits_cells(read, text):
    assert told(read(text)) == [("Dog", 1.5, 2.25)]
    if "score" in text:
        assert read(text).events[0].peak == 0.5


@pytest.mark.parametrize("number", ['"1,5"', '"1,234"'])
def test_commas_in_numbers_of_a_table_of_commas_are_not_guessed_at(read, number):
    with pytest.raises(ExportError, match="no time in seconds"):
        read(f"onset,offset,label\n{number},2000,Dog\n")


def test_scores_of_another_scale_are_none(read):
    lane = read("onset,offset,label,score\n1,2,Dog,87\n2,3,Dog,0.5\n")
    assert not lane.is_scored
    assert [e.peak for e in lane.events] == [1.0, 0.5]


@pytest.mark.parametrize("name", ["audacity", "raven", "csv", "dcase", "review-csv"])
def test_what_this_program_writes_is_read_back(read, name):
    track = heard([("Dog", 3, 6), ("Rain", 10, 20)])
    events = events_of(track, settings())
    text = format_named(name).content(Run(SourceFacts("a.wav"), track, events=events))
    lane = read(text)
    assert told(lane) == [
        (e.label, pytest.approx(e.onset_s, abs=1e-3), pytest.approx(e.offset_s, abs=1e-3))
        for e in events
    ]
    assert [e.index for e in lane.events] == [e.index for e in events]
    assert lane.is_scored == (name in ("raven", "csv", "review-csv"))


@pytest.mark.parametrize("name", ["audacity", "raven", "csv"])
def test_hostile_labels_come_back_as_what_they_are(read, name):
    run = a_run()
    used = [e for e in EVENTS if e.label.split() and len(e.label) < 400]
    used = [e for e in used if e.label.strip("\x00\x01\ufeff \n")]
    text = format_named(name).content(Run(run.source, run.track, events=used))
    lane = read(text, vocabulary_named("own:1", LABELS))
    assert len(lane.events) == len(used)
    assert [e.onset_s for e in lane.events] == pytest.approx([e.onset_s for e in used])


HEAD = "onset,offset,label\n"
BAD = {
    "": "no column", "hello": "no column", "a,b\n1,2": "no column for the onset",
    "onset,offset\n1,2": "no column for the label", HEAD + "1,2,Dog,4\n": "more cells",
    HEAD + "2,1,Dog\n": "before it begins", HEAD + "-1,1,Dog\n": "no time",
    HEAD + "nan,1,Dog\n": "no time", HEAD + "1e99,1,Dog\n": "no time",
    HEAD + "1,99999999999,Dog\n": "no time", HEAD + "1,2,\n": "no label",
    HEAD + "1\n": "no time", HEAD + "1,2," + "x" * 501: "no label",
    "1\t2\tDog\n3\tx\tDog\n": "event 2", "1\t2\tDog\nonly\n": "event 2", "1.0\t2.0": "no label",
    HEAD + '1,2,"' + "x" * 200_000: "field", "1\t2.5.5\tDog": "no time",
    b"\xff\xfe1\t2\tDog": "UTF-8", b"PK\x03\x04": "no column", b"\x00" * 50: "no column",
    "1\t1\tx\n" * 200_001: "more than 200000",
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD.items(), ids=lambda value: str(value)[:20])
def test_what_is_wrong_is_said_in_one_line(read, text, said):
    with pytest.raises(ExportError, match=said) as refused:
        read(text)
    assert "labels.txt: " in str(refused.value)
    assert len(str(refused.value)) < 600


def test_what_is_no_regular_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/zero", tmp_path / "none"):
        with pytest.raises(ExportError):
            read_events(path, audioset())


def test_damage_is_refused_or_read_and_nothing_else(read):
    rng = random.Random(0)
    good = (RAVEN, BIRDNET, "1.5\t2\tDog\n3\t4\tCat\n")
    for turn in range(300):
        text = bytearray(good[turn % 3].encode())
        for _ in range(rng.randrange(1, 4)):
            text[rng.randrange(len(text))] = rng.randrange(256)
        try:
            lane = read(bytes(text))
        except ExportError:
            continue
        assert all(isinstance(e, TagEvent) and 0 <= e.onset_s < e.offset_s for e in lane.events)
