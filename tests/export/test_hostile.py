"""Every format, given labels, names of files and models that try to be its syntax.

Each is read back by a reader of that format where there is one: there are as many entries as were
written, at the same times, and every text is what was given, as far as the format can hold it.
"""

import csv
import io
import json
import re
import unicodedata
from dataclasses import replace

import numpy as np
import pysubs2
import pytest
import webvtt
from lxml import etree

from overlay.datatypes import Cue, TagEvent, TagTimeline
from overlay.export import ass_panel
from overlay.export.escaping import one_line, table_cell
from overlay.export.formats import Run, SourceFacts, format_named, formats
from overlay.settings import PanelSettings, Settings
from overlay.track import TagTrack

HOSTILE = (
    "two\nlines", "carriage\rreturn", "\r\n\r\n00:00:01,000 --> 00:00:02,000", "-->",
    "{\\an8}top", "{\\p1}m 0 0 l 9 9", "\\N\\n\\h", "back\\", "]]>", "<![CDATA[x", "<!-- x",
    "&amp;",
    "<script>alert(1)</script>", "<b>", "tab\tone\ttwo", '"', '""', "'", ",", ";", "=1+1", "+1",
    "-1", "@SUM(A1)", "=HYPERLINK(\"x\")", " =1", "\t=1", "turn\u202eover", "\u2066iso\u2069late",
    "\x1b[31mred\x1b]0;title\x07", "nul\x00byte", "del\x7f\x85\x9b31m", "line\u2028and\u2029para",
    "\ufeffmark", "\ufffe\uffff", "", " ", "\n", "\x01", "1", "#comment",
    "[Events]", "Dialogue: 0,0:00:00.00,0:00:09.00,L,,0,0,0,,x", "NOTE x", "STYLE", "WEBVTT",
    "0:00:01.000,0:00:02.000", "a" * 5000, "é\u0301" * 500, "\u0300" * 300, "狗" * 2000,
    "[CHAPTER]", "a=b;c#d\\e", "SPEAKER a 1 0 0 <NA>", "%s%n{0}", "👩\u200d👩\u200d👧", "🇩🇪",
)  # fmt: skip
LABELS = tuple(dict.fromkeys(HOSTILE))
EVENTS = [
    TagEvent(i, label, 2.0 * i + 0.25, 2.0 * i + 1.5, 0.9, 0.5) for i, label in enumerate(LABELS)
]
CUES = [Cue(e.onset_s, e.offset_s, (e.label, "below")) for e in EVENTS]
TIMES_MS = [(round(1000 * e.onset_s), round(1000 * e.offset_s)) for e in EVENTS]
SOURCE = "=évil\n\u202e\x1b[2J,\"'<&>\udcff.mp4"
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
LINE_FORMATS = sorted(set(formats()) - {"parquet"})


def a_run(labels=LABELS):
    n = len(labels)
    scores = np.full((2 * n + 4, n), 0.01, np.float32)
    scores[np.arange(2 * n), np.repeat(np.arange(n), 2)] = 0.9
    model = 'mo\ndel\x00\u202e]]>"<'
    track = TagTrack(scores, labels, 2.0, 1.0, 2.0 * n + 8, model)
    classes = np.where(scores.max(axis=1) > 0.5, scores.argmax(axis=1), -1)[:, None]
    timeline = TagTimeline(track.times, scores, classes.astype(np.int32), labels)
    source = SourceFacts(SOURCE, (640, 360), None, track.duration_s)
    return Run(source, track, Settings(), EVENTS, CUES, timeline)


@pytest.fixture(scope="module")
def run():
    return a_run()


def text_of(name, run):
    return format_named(name).content(run).decode()


@pytest.mark.parametrize("name", LINE_FORMATS)
def test_no_control_characters_and_no_turns_of_writing(run, name):
    text = text_of(name, run)
    assert TURNS.search(text) is None
    control = {c for c in text if unicodedata.category(c) == "Cc"} - {"\n", "\t"}
    if name in (
        "csv",
        "hops",
        "review-csv",
    ):  # a quoted cell holds them, a terminal's escape is no syntax of CSV
        control -= {"\x1b", "\x07", "\x7f", "\x85", "\x9b", "\x01"}
    if name == "eaf":  # XML 1.0 holds these as they are
        control -= {"\x7f", "\x85", "\x9b"}
    assert not control


@pytest.mark.parametrize("name", ["srt", "ass"])
def test_subtitles(run, name):
    cues = pysubs2.SSAFile.from_string(text_of(name, run), format_=name)
    assert [(cue.start, cue.end) for cue in cues] == TIMES_MS
    braces = str.maketrans({"{": "(", "}": ")"})
    angles = str.maketrans({"<": "\u2039", ">": "\u203a"} if name == "srt" else {})
    for cue, label in zip(cues, LABELS, strict=True):
        plain = cue.plaintext.replace("\u2060", "")
        first = one_line(label).translate(braces).translate(angles)
        assert plain.split("\n") == [line for line in (first, "below") if line]
        assert "{" not in cue.text


def test_webvtt(run, tmp_path):
    (tmp_path / "x.vtt").write_text(text_of("vtt", run), "utf-8")
    cues = list(webvtt.read(str(tmp_path / "x.vtt")))
    assert len(cues) == len(LABELS)
    for cue, label in zip(cues, LABELS, strict=True):
        lines = cue.raw_text.split("\n")
        assert "-->" not in cue.raw_text
        assert lines[1:] == ["below"] or not one_line(label)
        assert re.search("<[^<>]*>", cue.raw_text) is None


def test_sbv(run, tmp_path):
    (tmp_path / "x.sbv").write_text(text_of("sbv", run), "utf-8")
    cues = list(webvtt.from_sbv(str(tmp_path / "x.sbv")))
    assert len(cues) == len(LABELS)


@pytest.mark.parametrize(("name", "tag"), [("ttml", "{http://www.w3.org/ns/ttml}p"), ("eaf", None)])
def test_xml(run, name, tag):
    root = etree.fromstring(format_named(name).content(run))
    if tag:
        assert len(list(root.iter(tag))) == len(LABELS)
        assert all("".join(p.itertext()) for p in root.iter(tag))
        return
    names = [tier.get("TIER_ID") for tier in root.iter("TIER")]
    assert len(set(names)) == len(names) == len(LABELS)
    assert len(list(root.iter("ANNOTATION_VALUE"))) == len(LABELS)
    assert "\n" not in root.get("AUTHOR")
    assert root.get("AUTHOR").startswith("mo del")


@pytest.mark.parametrize("name", ["json", "jsonl", "labelstudio"])
def test_json_holds_every_label_as_it_is(run, name):
    text = text_of(name, run)
    if name == "jsonl":
        events = [json.loads(line) for line in text.splitlines()][1:]
        labels = [event["label"] for event in events]
    elif name == "json":
        labels = [event["label"] for event in json.loads(text)["events"]]
    else:
        results = json.loads(text)[0]["predictions"][0]["result"]
        labels = [result["value"]["labels"][0] for result in results]
    assert labels == list(LABELS)


@pytest.mark.parametrize(("name", "delimiter"), [
    ("csv", ","), ("hops", ","), ("dcase", "\t"), ("review-csv", ","),
])  # fmt: skip
def test_tables_have_their_columns_and_no_formulas(run, name, delimiter):
    text = text_of(name, run)
    if name == "csv":
        said, text = text.split("\n", 1)
        assert json.loads(said.removeprefix("# "))["source"] == SOURCE
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert len({len(row) for row in rows}) == 1
    assert len(rows) - 1 == (run.track.n_hops * 10 if name == "hops" else len(LABELS))
    for row in rows[1:]:
        assert all(not cell.strip().startswith(("=", "+", "-", "@")) for cell in row)


def test_what_a_spreadsheet_would_reckon_gets_an_apostrophe_and_nothing_else_does():
    assert [table_cell(t) for t in ("=1", "+1", "-1", "@a", "\t=1", " =1")] == [
        "'=1", "'+1", "'-1", "'@a", "'\t=1", "' =1"
    ]  # fmt: skip
    for label in ("Dog", "a=b", "Baby cry, infant cry", "狗", 'say "hi"', "two\nlines"):
        assert table_cell(label) == label


@pytest.mark.parametrize(("name", "separator", "n_fields"), [
    ("audacity", "\t", 3), ("raven", "\t", 9), ("rttm", " ", 10), ("dcase", "\t", 4),
])  # fmt: skip
def test_lines_have_as_many_fields_as_they_should(run, name, separator, n_fields):
    lines = text_of(name, run).split("\n")
    assert lines.pop() == ""
    assert {len(line.split(separator)) for line in lines} == {n_fields}
    assert len(lines) - len(LABELS) in (0, 1)


def test_chapters(run):
    text = text_of("chapters", run)
    titles = re.findall("^title=(.*)$", text, re.MULTILINE)
    assert 1 < len(titles) <= len(LABELS)
    assert len(titles) == text.count("\n[CHAPTER]\n")
    for title in titles:
        assert re.search(r"(?<!\\)(?:\\\\)*[=;#]", title) is None


def test_the_panel_as_ass(run):
    text = text_of("ass-panel", run)
    script = pysubs2.SSAFile.from_string(text, format_="ass")
    head, events = text.split("[Events]\n", 1)
    assert len(events.splitlines()) - 1 == len(script)
    labels = {line.text.split("}", 1)[1] for line in script if line.style == "L"}
    assert labels
    assert not any("{" in label or "}" in label for label in labels)
    assert "\n[Fonts]" not in head


def test_a_font_may_be_called_anything(tmp_path):
    """F5: a name with line breaks would be lines of the script."""
    from fontTools.ttLib import TTFont

    from overlay.resources import resource

    font = TTFont(resource("fonts", "Inter-Medium.otf"))
    evil = "@Bad,Font\n[Events]\nDialogue: 0,0:00:00.00,9:00:00.00,L,,0,0,0,,owned"
    for record in font["name"].names:
        record.string = evil
    font.save(tmp_path / "evil.otf")
    run = a_run(("Dog",))
    run = replace(run, settings=Settings(panel=PanelSettings(font=str(tmp_path / "evil.otf"))))
    text = text_of("ass-panel", run)
    assert text.count("[Events]\nFormat") == 1
    assert "owned\n" not in text
    styles = [line for line in text.splitlines() if line.startswith("Style:")]
    assert {len(line.split(",")) for line in styles} == {23}
    assert ass_panel.FORMAT.holds == "panel"


def test_a_file_name_that_is_no_utf8(run):
    for name in LINE_FORMATS:
        format_named(name).content(run).decode("utf-8")


@pytest.mark.parametrize("name", LINE_FORMATS)
def test_thousands_of_events_of_long_labels(name):
    """No loop is quadratic in the letters of a label or in the number of events."""
    n = 3000
    labels = ("x" * 3000, "Dog")
    events = [TagEvent(i % 2, labels[i % 2], 0.5, 1.0 + i, 0.5, 0.5) for i in range(n)]
    cues = [Cue(float(i), i + 0.5, ("y" * 3000,)) for i in range(n // 10)]
    track = TagTrack(np.full((20, 2), 0.5, np.float32), labels, 2.0, 0.3, 6.0)
    timeline = TagTimeline(track.times, track.scores, np.zeros((20, 1), np.int32), labels)
    run = Run(SourceFacts("a.mp4"), track, Settings(), events, cues, timeline)
    least = 5 if name in ("chapters", "youtube") else 500  # neighbours of one name are one
    assert len(format_named(name).content(run)) > least
