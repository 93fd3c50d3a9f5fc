"""Every format is written with awkward labels and read back by a reader of that format."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pysubs2
import pytest
import webvtt
from lxml import etree

import overlay
from overlay.commands import main
from overlay.datatypes import Cue, TagEvent
from overlay.detection import detect
from overlay.errors import ExportError, UnknownFormat
from overlay.export.chapters import chapters_of
from overlay.export.formats import Run, SourceFacts, clock, format_named, formats
from overlay.export.json_events import header
from overlay.media.process import ffmpeg_program
from overlay.resources import resource
from overlay.settings import EventSettings, Settings
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset_labels

AWKWARD = (
    'Comma, "quote"', "Tab\there", "<b>angle</b> & co", "a --> b", "line\nbreak", "狗叫；雨",
    "{\\an8}brace", "back\\slash\\N", "key=value;#", "it's 100 %", '"quoted"', "bell\x07\u2028 end",
    "[br] &amp; &#10;",
)  # fmt: skip
EVENTS = [
    TagEvent(i, label, 2.0 * i + 0.25, 2.0 * i + 1.5, 0.9, 0.5)
    for i, label in enumerate(AWKWARD)
]  # fmt: skip
CUES = [Cue(e.onset_s, e.offset_s, (f"[{' '.join(e.label.split())}]",)) for e in EVENTS]


def content_of(name, run):
    return format_named(name).content(run)


def flat(text):
    """As a format of lines can hold it."""
    return " ".join(text.replace("\x07", " ").split())


@pytest.fixture
def run():
    scores = np.random.default_rng(0).random((70, len(AWKWARD))).astype(np.float32)
    track = TagTrack(scores, AWKWARD, 2.0, 0.3, 21.0, "m", "ab")
    timeline = detect(track).timeline
    return Run(SourceFacts("my clip.mp4"), track, Settings(), EVENTS, CUES, timeline)


@pytest.fixture
def written(run, tmp_path):
    def write(name):
        path = tmp_path / f"x{format_named(name).extension}"
        path.write_bytes(content_of(name, run))
        return path

    return write


@pytest.mark.parametrize("name", formats())
def test_each_format_writes_something_and_nothing(run, name):
    if name == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra parquet)")
    content = content_of(name, run)
    if name != "parquet":
        assert content.endswith(b"\n")
        assert b"\r" not in content
    track = TagTrack(np.zeros((0, 1), np.float32), ("a",), 2.0, 0.3, 0.0)
    empty = Run(SourceFacts("a"), track, timeline=detect(track).timeline)
    assert len(content_of(name, empty)) < len(content)


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


@pytest.mark.parametrize("name", ["srt", "vtt", "ass"])
def test_ffmpeg_takes_nothing_for_markup(written, name):
    """As events that libass would draw: every letter is there, and no command."""
    shown = subprocess.run(
        [ffmpeg_program(), "-v", "error", "-i", str(written(name)), "-f", "ass", "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    texts = [line.split(",", 9)[9] for line in shown.split("\n") if line.startswith("Dialogue")]
    assert len(texts) == len(AWKWARD)
    for text, label in zip(texts, AWKWARD, strict=True):
        assert "\\N" not in text
        assert "\\n" not in text
        assert "{\\" not in text
        plain = text.replace("\\{{}", "{").replace("\u2060", "").strip()
        places = {"<": "\u2039", ">": "\u203a"} if name == "srt" else {}
        braces = {"{": "(", "}": ")"} if name != "vtt" else {}
        assert plain == f"[{flat(label).translate(str.maketrans(places | braces))}]"


def test_ffmpeg_reads_the_chapters(run, written, make_clip, tmp_path):
    clip = make_clip("chapters.mp4", "-f", "lavfi", "-i", "sine=d=21")
    out = tmp_path / "c.mkv"
    command = [ffmpeg_program(), "-v", "error", "-i", str(clip), "-i", str(written("chapters")),
               "-map_metadata", "1", "-c", "copy", str(out)]  # fmt: skip
    subprocess.run(command, check=True)
    with av.open(str(out)) as container:
        chapters = container.chapters()
    titles = [chapter["metadata"]["title"] for chapter in chapters]
    assert titles == [flat(each.title) for each in chapters_of(run)]
    assert len(titles) > 1


def chaptered(*heard, length_s=60.0, labels=("Rain", "Dog", "Silence", "Bell", "a" * 150)):
    """The chapters of label, onset, offset and mean."""
    track = TagTrack(np.zeros((3, len(labels)), np.float32), labels, 2.0, 0.3, length_s)
    events = [TagEvent(labels.index(e[0]), *e[:3], e[3], e[3]) for e in heard]
    run = Run(SourceFacts("a.mp4", duration_s=length_s), track, Settings(), events)
    return [(each.start_s, each.end_s, each.title) for each in chapters_of(run)], run


def test_chapters_are_as_players_and_youtube_take_them():
    found, run = chaptered(
        ("Rain", 3, 22, 0.9), ("Dog", 5, 6, 0.9), ("Dog", 22, 30, 0.8), ("Silence", 30, 44, 0.9),
        ("Rain", 45, 60, 0.5), ("Dog", 55, 60, 0.9),
    )  # fmt: skip
    assert found == [(0, 22, "Rain"), (22, 45, "Dog"), (45, 60, "Rain")]
    youtube = format_named("youtube")
    assert youtube.content(run) == b"0:00 Rain\n0:22 Dog\n0:45 Rain\n"
    assert youtube.lacks(run) == ""


def numbered(run, rate=Fraction(30000, 1001)):
    """The run with numbers of frames asked for."""
    facts = SourceFacts("my clip.mp4", frame_rate=rate)
    return replace(run, source=facts, settings=Settings(events=EventSettings(frames=True)))


def test_events_carry_numbers_of_frames_on_request(run):
    for name in ("json", "csv", "jsonl", "vtt-metadata"):
        assert b"onset_frame" not in content_of(name, run)
        assert b"onset_frame" in content_of(name, numbered(run))
    event = json.loads(content_of("json", numbered(run)))["events"][0]
    assert event["onset_s"] == 0.25  # while frame 7 is shown, and up to 44.96 frames
    assert (event["onset_frame"], event["offset_frame"]) == (7, 45)
    table = content_of("csv", numbered(run)).decode().split("\n", 1)[1]
    rows = list(csv.reader(io.StringIO(table)))
    assert rows[0][-2:] == ["onset_frame", "offset_frame"]
    assert rows[1][-2:] == ["7", "45"]
    on_the_frame = TagEvent(0, "a", 2.0, 3.0, 0.9, 0.9)
    assert numbered(run, Fraction(25)).frames_of(on_the_frame) == (50, 75)


def test_web_players_read_the_events_as_json_in_webvtt(written):
    cues = list(webvtt.read(str(written("vtt-metadata"))))
    assert len(cues) == len(EVENTS)
    for cue, event in zip(cues, EVENTS, strict=True):
        assert json.loads(cue.text)["label"] == event.label
        assert "-->" not in cue.text
        assert cue.start == clock(event.onset_s)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([("Dog", 0, 60)], [(0, 60, "Dog")]),
        ([("Dog", 20, 40)], [(0, 60, "Dog")]),  # the first begins at 0
        ([("Dog", 0, 9), ("Rain", 10, 60)], [(0, 10, "Dog"), (10, 60, "Rain")]),
        ([("Dog", 0, 9), ("Rain", 9.9, 60)], [(0, 60, "Rain")]),  # ten seconds at least
        ([("Dog", 0, 9), ("Rain", 50, 60)], [(0, 50, "Dog"), (50, 60, "Rain")]),
        ([("Dog", 0, 50), ("Rain", 50.1, 60)], [(0, 60, "Dog")]),
        ([("Dog", 0, 10), ("Rain", 15, 16), ("Bell", 16, 60)],
         [(0, 15, "Dog"), (15, 60, "Bell")]),  # what is heard most in it
        ([("Dog", 0, 20), ("Silence", 20, 40), ("Dog", 40, 60)], [(0, 60, "Dog")]),
        ([("a" * 150, 0, 60)], [(0, 60, "a" * 100)]),
    ],
)  # fmt: skip
def test_where_chapters_begin_and_what_they_are_called(heard, expected):
    assert chaptered(*((*each, 0.9) for each in heard))[0] == expected


def test_a_chapter_is_called_by_what_is_heard_long_and_surely():
    assert chaptered(("Dog", 0, 30, 0.4), ("Rain", 0, 30, 0.9))[0] == [(0, 60, "Rain")]
    assert chaptered(("Dog", 0, 30, 0.6), ("Rain", 0, 15, 0.9))[0] == [(0, 60, "Dog")]
    barely = (
        ("Dog", 0, 20.0, 0.5),
        ("Rain", 20.0, 60, 0.5),
    )  # that ends where this begins
    assert chaptered(*barely)[0] == [(0, 20, "Dog"), (20, 60, "Rain")]


def test_chapters_begin_at_the_nearest_millisecond():
    _, run = chaptered(("Dog", 0, 12, 0.9), ("Rain", 12.3457, 60, 0.9))
    lines = content_of("chapters", run).decode().split()
    assert [line for line in lines if line.startswith(("START", "END"))] == [
        "START=0", "END=12346", "START=12346", "END=60000",
    ]  # fmt: skip


def test_chapters_of_one_name_are_one_and_nothing_heard_makes_none():
    rain, run = chaptered(("Rain", 30, 45, 0.9), ("Rain", 46, 60, 0.9))
    assert rain == [(0, 60, "Rain")]
    assert "makes 1" in format_named("youtube").lacks(run)
    assert chaptered()[0] == []
    assert chaptered(("Silence", 0, 60, 0.9))[0] == []
    late, run = chaptered(("Dog", 3690, 3800, 0.9), ("Rain", 0, 3680, 0.9), length_s=4000)
    assert late[-1] == (3690, 4000, "Dog")
    assert format_named("youtube").content(run).endswith(b"1:01:30 Dog\n")


def test_tables_are_read_back_exactly(written, run):
    said, table = written("csv").read_text("utf-8").split("\n", 1)
    assert json.loads(said.removeprefix("# ")) == header(run)
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["label"] for row in rows] == list(AWKWARD)
    assert float(rows[1]["onset_s"]) == 2.25
    hops = list(csv.DictReader(io.StringIO(written("hops").read_text("utf-8"), newline="")))
    assert len(hops) == run.track.n_hops * 10
    assert {row["label"] for row in hops} == set(AWKWARD)  # each is among the ten somewhere
    best = [row for row in hops if row["rank"] == "1"]
    assert [float(row["score"]) for row in best] == pytest.approx(run.track.scores.max(1), abs=1e-4)


def test_parquet_holds_the_hops_and_what_made_them(written, run):
    parquet = pytest.importorskip(
        "pyarrow.parquet", reason="pyarrow is not installed (extra parquet)"
    )
    run = replace(run, settings=Settings(events=EventSettings(hop_top_k=3)))
    table = parquet.read_table(io.BytesIO(content_of("parquet", run)))
    assert table.column_names == ["time_s", "rank", "mid", "label", "score"]
    assert len(table) == run.track.n_hops * 3
    assert set(table["label"].to_pylist()) <= set(AWKWARD)
    best = table["score"].to_numpy()[::3]
    np.testing.assert_array_equal(best, run.track.scores.max(1))
    assert json.loads(table.schema.metadata[b"run"]) == header(run)


def test_parquet_without_pyarrow_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"pip install 'tag-overlay\[parquet\]'"):
        content_of("parquet", run)


def test_the_header_says_what_made_the_events(run, tmp_path):
    special = tmp_path / "thresholds.toml"
    special.write_text('"狗叫；雨" = 0.7')
    settings = EventSettings(
        event_threshold=0.4, deny=("Tab\there",), thresholds_file=str(special), collapse=False
    )
    said = json.loads(json.dumps(header(replace(run, settings=Settings(events=settings)))))
    assert said["program"].startswith("tag-overlay ")
    assert (said["model"], said["model_sha256"]) == ("m", "ab")
    assert (said["window_s"], said["hop_s"], said["duration_s"]) == (2.0, 0.3, 21.0)
    assert {"stay_s", "show_all"} < said["settings"].keys()
    assert said["settings"].items() >= {
        "event_threshold": 0.4, "hysteresis": 0.35, "min_duration_s": 0.2, "max_gap_s": 0.3,
        "collapse": False, "margin": 0.4,
    }.items()  # fmt: skip
    assert (said["settings"]["allow"], said["settings"]["deny"]) == ([], ["Tab\there"])
    assert said["settings"]["thresholds"] == {"狗叫；雨": 0.7}


@pytest.mark.parametrize(("name", "column", "above"), [("audacity", 2, 0), ("raven", 7, 1)])
def test_tab_separated_files_have_a_field_for_each_column(written, name, column, above):
    lines = written(name).read_text("utf-8").split("\n")[above:-1]
    fields = [line.split("\t") for line in lines]
    assert len({len(row) for row in fields}) == 1
    assert [row[column] for row in fields] == [flat(label) for label in AWKWARD]


def test_dcase_is_a_table_of_tabs_with_the_quotes_of_csv(written):
    rows = list(csv.reader(io.StringIO(written("dcase").read_text("utf-8")), delimiter="\t"))
    assert rows[0] == ["filename", "onset", "offset", "event_label"]
    assert [row[3] for row in rows[1:]] == [flat(label) for label in AWKWARD]
    assert rows[1][:3] == ["my clip.mp4", "0.250", "1.500"]


def test_sbv_readers_see_the_cues(written):
    cues = list(webvtt.from_sbv(str(written("sbv"))))
    assert [cue.start for cue in cues][:2] == ["00:00:00.250", "00:00:02.250"]
    shown = [flat(label).replace("<", "\u2039").replace(">", "\u203a") for label in AWKWARD]
    assert [cue.text for cue in cues] == [f"[{text}]" for text in shown]


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


def test_elan_documents_keep_to_the_schema(written, run):
    """The reduced schema and the official one (EAFv3.0.xsd) agreed on these documents."""
    schema = etree.XMLSchema(file=Path(__file__).parent / "data/eaf-used-part.xsd")
    document = etree.parse(written("eaf"))
    schema.assertValid(document)
    media = document.find("HEADER/MEDIA_DESCRIPTOR")
    assert (media.get("MEDIA_URL"), media.get("MIME_TYPE")) == ("./my%20clip.mp4", "video/mp4")
    values = [each.text for each in document.iter("ANNOTATION_VALUE")]
    assert values == [f"{label} 90".replace("\x07", "") for label in AWKWARD]
    empty = replace(run, source=SourceFacts("scores"), events=[])
    schema.assertValid(etree.fromstring(content_of("eaf", empty)))
    document.find("TIER").set("LINGUISTIC_TYPE_REF", "nothing")
    assert not schema.validate(document)


def test_label_studio_regions_have_what_the_importer_asks_for(written):
    (task,) = json.loads(written("labelstudio").read_text("utf-8"))
    assert task["data"] == {"audio": "my clip.mp4"}
    results = task["predictions"][0]["result"]
    assert len({result["id"] for result in results}) == len(EVENTS)
    for result, event in zip(results, EVENTS, strict=True):
        assert (result["from_name"], result["to_name"]) == ("label", "audio")
        assert result["type"] == "labels"
        value = result["value"]
        assert (value["start"], value["end"]) == (event.onset_s, event.offset_s)
        assert value["labels"] == [event.label]
        assert 0 <= result["score"] <= 1


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


def test_json_tells_the_way_to_a_class():
    labels = audioset_labels()
    scores = np.zeros((1, len(labels)), np.float32)
    event = TagEvent(labels.index("Meow"), "Meow", 0.0, 1.0, 0.5, 0.4)
    track = TagTrack(scores, labels, 2.0, 0.3, 0.3)
    written = json.loads(content_of("json", Run(SourceFacts("a.mp4"), track, events=[event])))
    way = ["Animal", "Domestic animals, pets", "Cat", "Meow"]
    assert written["events"][0]["breadcrumb"] == way
