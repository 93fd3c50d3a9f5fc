"""Every format is written with awkward labels and read back by a reader of that format."""

import csv
import io
import json
import subprocess
from xml.etree import ElementTree

import av
import numpy as np
import pysubs2
import pytest
import webvtt

import overlay
from overlay.commands import main
from overlay.datatypes import Cue, TagEvent, TagTrack
from overlay.errors import UnknownFormat
from overlay.export.formats import CaptionFormat, Run, format_named, formats
from overlay.media.process import ffmpeg_program
from overlay.resources import resource

AWKWARD = (
    'Comma, "quote"', "Tab\there", "<b>angle</b> & co", "a --> b", "line\nbreak", "狗叫；雨",
    "{\\an8}brace", "back\\slash\\N", "key=value;#", "it's 100 %",
)  # fmt: skip
EVENTS = [
    TagEvent(i, label, 2.0 * i + 0.25, 2.0 * i + 1.5, 0.9, 0.5)
    for i, label in enumerate(AWKWARD)
]  # fmt: skip
CUES = [Cue(e.onset_s, e.offset_s, (f"[{' '.join(e.label.split())}]",)) for e in EVENTS]


def text_of(name, run, events=EVENTS, cues=CUES):
    chosen = format_named(name)
    if isinstance(chosen, CaptionFormat):
        return chosen.write(cues, "en")
    return chosen.write(events, run)


def flat(text):
    return " ".join(text.split())


@pytest.fixture
def run():
    scores = np.random.default_rng(0).random((70, len(AWKWARD))).astype(np.float32)
    return Run("my clip.mp4", TagTrack(scores, AWKWARD, 2.0, 0.3, 21.0, "m", "ab"), {})


@pytest.fixture
def written(run, tmp_path):
    def write(name):
        path = tmp_path / f"x{format_named(name).extension}"
        path.write_text(text_of(name, run), "utf-8", newline="")
        return path

    return write


@pytest.mark.parametrize("name", formats())
def test_each_format_writes_something_and_nothing(run, name):
    text = text_of(name, run)
    assert text.endswith("\n")
    assert "\r" not in text
    empty = Run("a", TagTrack(np.zeros((0, 1), np.float32), ("a",), 2.0, 0.3, 0.0), {})
    text_of(name, empty, [], [])


def test_an_unknown_format_is_said():
    with pytest.raises(UnknownFormat, match="srt"):
        format_named("docx")


@pytest.mark.parametrize("name", ["srt", "ass"])
def test_subtitle_readers_see_the_cues(written, name):
    subtitles = pysubs2.load(str(written(name)))
    assert [(s.start, s.end) for s in subtitles] == [
        (round(e.onset_s * 1000), round(e.offset_s * 1000)) for e in EVENTS
    ]
    assert subtitles[0].plaintext == '[Comma, "quote"]'
    assert subtitles[5].plaintext == "[狗叫；雨]"


def test_webvtt_is_read_with_its_escapes(written):
    cues = list(webvtt.read(str(written("vtt"))))
    assert len(cues) == len(EVENTS)
    assert cues[2].text == "[&lt;b&gt;angle&lt;/b&gt; &amp; co]"
    assert cues[3].text == "[a --&gt; b]"


@pytest.mark.parametrize("name", ["srt", "vtt", "ass"])
def test_ffmpeg_reads_the_captions(written, name):
    with av.open(str(written(name))) as container:
        stream = container.streams.subtitles[0]
        times = [float(p.pts * p.time_base) for p in container.demux(stream) if p.pts is not None]
    assert times == pytest.approx([event.onset_s for event in EVENTS], abs=0.011)


def test_ffmpeg_shows_awkward_ass_text_as_it_is(written):
    shown = subprocess.run(
        [ffmpeg_program(), "-v", "error", "-i", str(written("ass")), "-f", "srt", "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "an8" in shown
    assert "slash" in shown


def test_ffmpeg_reads_the_chapters(written, make_clip, tmp_path):
    clip = make_clip("chapters.mp4", "-f", "lavfi", "-i", "sine=d=21")
    out = tmp_path / "c.mkv"
    command = [ffmpeg_program(), "-v", "error", "-i", str(clip), "-i", str(written("chapters")),
               "-map_metadata", "1", "-c", "copy", str(out)]  # fmt: skip
    subprocess.run(command, check=True)
    with av.open(str(out)) as container:
        chapters = container.chapters()
    assert [chapter["metadata"]["title"] for chapter in chapters] == [flat(a) for a in AWKWARD]


def test_tables_are_read_back_exactly(written, run):
    rows = list(csv.DictReader(io.StringIO(written("csv").read_text("utf-8"))))
    assert [row["label"] for row in rows] == list(AWKWARD)
    assert float(rows[1]["onset_s"]) == 2.25
    hops = list(csv.DictReader(io.StringIO(written("hops").read_text("utf-8"))))
    assert len(hops) == run.track.n_hops * 10
    assert {row["label"] for row in hops} == set(AWKWARD)


@pytest.mark.parametrize(
    ("name", "column", "header"), [("dcase", 3, 1), ("audacity", 2, 0), ("raven", 7, 1)]
)
def test_tab_separated_files_have_a_field_for_each_column(written, name, column, header):
    lines = written(name).read_text("utf-8").splitlines()[header:]
    fields = [line.split("\t") for line in lines]
    assert len({len(row) for row in fields}) == 1
    assert [row[column] for row in fields] == [flat(label) for label in AWKWARD]


def test_rttm_has_ten_fields(written):
    lines = [line.split(" ") for line in written("rttm").read_text("utf-8").splitlines()]
    assert {len(line) for line in lines} == {10}
    assert {line[1] for line in lines} == {"my_clip"}


def test_json_kinds_are_read_back(written):
    tree = json.loads(written("json").read_text("utf-8"))
    assert tree["run"]["model"] == "m"
    assert [event["label"] for event in tree["events"]] == list(AWKWARD)
    lines = [json.loads(line) for line in written("jsonl").read_text("utf-8").splitlines()]
    assert "run" in lines[0]
    assert [line["label"] for line in lines[1:]] == list(AWKWARD)
    task = json.loads(written("labelstudio").read_text("utf-8"))[0]
    assert task["predictions"][0]["result"][0]["value"]["labels"] == [AWKWARD[0]]


def test_xml_kinds_are_well_formed(written):
    eaf = ElementTree.parse(written("eaf")).getroot()
    assert [tier.get("TIER_ID") for tier in eaf.iter("TIER")][2] == AWKWARD[2]
    slots = {slot.get("TIME_SLOT_ID") for slot in eaf.iter("TIME_SLOT")}
    used = {a.get("TIME_SLOT_REF1") for a in eaf.iter("ALIGNABLE_ANNOTATION")}
    assert used <= slots
    ttml = ElementTree.parse(written("ttml")).getroot()
    texts = ["".join(p.itertext()) for p in ttml.iter("{http://www.w3.org/ns/ttml}p")]
    assert texts[2] == "[<b>angle</b> & co]"


def test_the_commands_write_from_media_and_from_tracks(make_clip, tmp_path, capsys):
    source = str(resource("samples", "sounds.mp4"))
    clip = make_clip("export.mp4", "-i", source, "-t", "9", "-c", "copy")
    track = overlay.tag(clip, model="builtin", device="cpu").save(tmp_path / "export.tags.npz")
    plain = ["--style", "plain", "--model", "builtin"]
    assert main(["captions", str(clip), "-o", str(tmp_path), *plain]) == 0
    assert main(["captions", str(track), "--format", "vtt", *plain]) == 0
    assert len(pysubs2.load(str(tmp_path / "export.srt"))) > 0
    assert len(list(webvtt.read(str(tmp_path / "export.vtt")))) > 0
    assert main(["captions", str(track), "--format", "vtt"]) == 3
    assert main(["export", str(track), "--format", "json", "--allow", "Speech"]) == 0
    labels = {e["label"] for e in json.loads((tmp_path / "export.json").read_text())["events"]}
    assert labels <= {"Speech"}
    assert main(["export", str(track), "--format", "docx"]) == 6
    assert main(["export", "--format", "list"]) == 0
    assert "RTTM" in capsys.readouterr().out
    assert main(["export", "--format", "csv"]) == 2
