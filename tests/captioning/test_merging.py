"""Captions among the dialogue of a file: what was there stays to the byte."""

import re

import pysubs2
import pytest

from overlay.commands import main
from overlay.datatypes import Cue
from overlay.errors import ExportError
from overlay.export.subtitle_files import read_subtitles, with_cues
from overlay.resources import resource
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset_labels

NEW = [
    Cue(0.2, 0.9, ("[dog barks]",)),
    Cue(5.0, 7.0, ("[rain falling]", "[wind blowing]")),
    Cue(50.0, 52.0, ("[siren wailing]",)),
]
SRT = (
    "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i> {\\an8}there\n\n"
    "2\n00:00:02,500 --> 00:00:04,000 X1:10\n- Are you coming?\n- In a minute.\n\n"
    "3\n00:00:10,000 --> 00:00:12,000\nBye -- bye\n"
)
VTT = (
    "WEBVTT - mine\nX: y\n\nSTYLE\n::cue { color: red }\n\nNOTE the start\n\n"
    "intro\n00:01.000 --> 00:02.000 align:left\n<v Bob>Hi &amp; hello\n\nNOTE more --\n\n"
    "00:00:10.000 --> 00:00:12.000\nBye\n"
)
ASS = (
    "[Script Info]\nTitle: x\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Talk,Arial\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Talk,Ann,0,0,0,,{\\i1}Hi, you\\Nthere\n"
    "Comment: 0,0:00:05.00,0:00:05.10,Talk,,0,0,0,,note\n"
    "Dialogue: 9,0:00:10.00,0:00:12.00,Talk,,0,0,0,fx,Bye\n\n[Fonts]\nfontname: x\n"
)
SOURCES = {"x.srt": SRT, "x.vtt": VTT, "x.ass": ASS}


def merged(path, content, cues=NEW):
    path.write_bytes(content)
    return with_cues(read_subtitles(path), cues)


def blocks(content, end=b"\n"):
    """What stands between empty lines, numbers of cues left out."""
    found = re.split(re.escape(2 * end), content.removeprefix(b"\xef\xbb\xbf").strip())
    return [re.sub(rb"^\d+(\r?\n)", b"", block) for block in found]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", SOURCES)
def test_dialogue_stays_to_the_byte(tmp_path, name, end, mark):
    content = mark + SOURCES[name].replace("\n", end).encode()
    out = merged(tmp_path / name, content)
    assert out.startswith(mark)
    assert (b"\r\n" in out) == (end == "\r\n")
    assert out.replace(b"\r\n", b"").count(b"\r") == 0
    if name == "x.ass":
        lines = out.splitlines(keepends=True)
        new = [line for line in lines if b",Talk,,0,0,0,,[" in line]
        assert [line for line in lines if line not in new] == content.splitlines(keepends=True)
    else:
        kept = iter(blocks(out, end.encode()))
        assert all(block in kept for block in blocks(content, end.encode()))
        assert len(blocks(out, end.encode())) == len(blocks(content, end.encode())) + len(NEW)


@pytest.mark.parametrize("name", SOURCES)
def test_readers_see_the_dialogue_and_the_sounds_by_time(tmp_path, name):
    out = tmp_path / f"out-{name}"
    out.write_bytes(merged(tmp_path / name, SOURCES[name].encode()))
    events = [event for event in pysubs2.load(str(out)) if not event.is_comment]
    starts = [event.start for event in events]
    assert starts == sorted(starts)
    texts = [event.plaintext.split("\n\n")[0] for event in events]
    assert "[rain falling]\n[wind blowing]" in texts
    assert texts[0] == "[dog barks]"
    assert texts[-1] == "[siren wailing]"


def test_numbers_go_on_counting_where_the_file_counts(tmp_path):
    out = merged(tmp_path / "x.srt", SRT.encode()).decode()
    assert re.findall(r"^(\d+)$", out, re.MULTILINE) == ["1", "2", "3", "4", "5", "6"]
    odd = merged(tmp_path / "y.srt", SRT.replace("2\n00:", "7\n00:").encode()).decode()
    assert "7\n00:00:02,500" in odd


def test_encodings_stay(tmp_path):
    french = SRT.replace("Hello", "Français").encode("latin-1")
    assert "Français".encode("latin-1") in merged(tmp_path / "x.srt", french)
    wide = b"\xff\xfe" + SRT.encode("utf-16-le")
    assert merged(tmp_path / "y.srt", wide).decode("utf-16").endswith("[siren wailing]\n\n")
    chinese = SRT.replace("Hello", "你好").encode("gb18030")
    out = merged(tmp_path / "z.srt", chinese, [Cue(5, 7, ("[狗在叫]",))])
    assert "[狗在叫]" in out.decode("gb18030")
    with pytest.raises(ExportError, match="UTF-8"):
        merged(tmp_path / "x.srt", french, [Cue(5, 7, ("[狗在叫]",))])


@pytest.mark.parametrize("content", ["", "\ufeff", "WEBVTT\n"])
def test_an_empty_file_takes_cues(tmp_path, content):
    name = "x.vtt" if content.startswith("WEB") else "x.srt"
    out = tmp_path / f"out-{name}"
    out.write_bytes(merged(tmp_path / name, content.encode()))
    assert len(read_subtitles(out).cues) == len(NEW)


def test_arrows_in_the_text_do_not_break_it_and_times_in_it_are_refused(tmp_path):
    arrow = SRT.replace("Bye -- bye", "a --> b")
    assert b"a --> b" in merged(tmp_path / "x.srt", arrow.encode())
    times = SRT.replace("Bye -- bye", "0:00:01,000 and 0:00:02,000")
    with pytest.raises(ExportError, match="too unusual"):
        merged(tmp_path / "x.srt", times.encode())


@pytest.fixture
def track(tmp_path):
    """A siren from 6 to 20 s, and wind all along."""
    import numpy as np

    scores = np.zeros((80, 527), np.float32)
    scores[18:62, audioset_labels().index("Siren")] = 0.9
    saved = TagTrack(scores, audioset_labels(), 2.0, 0.3, 25.0, "mn04")
    return saved.save(tmp_path / "t.npz")


def test_the_command_writes_beside_and_never_over(track, tmp_path, capsys):
    file = tmp_path / "talk.srt"
    file.write_text(SRT)
    command = ["captions", str(track), "--merge", str(file)]
    assert main(command) == 0
    out = tmp_path / "talk.sounds.srt"
    cues = read_subtitles(out).cues
    siren = next(cue for cue in cues if cue.lines == ("[siren wailing]",))
    assert siren.start_s >= 4.08
    assert siren.end_s <= 9.92 or siren.start_s >= 12.08
    assert file.read_text() == SRT
    assert main(command) == 3
    assert main([*command, "-o", str(file), "--overwrite"]) == 3
    assert file.read_text() == SRT
    assert main([*command, "--format", "vtt"]) == 2
    assert main(["captions", "--merge", str(file)]) == 2
    assert main(["captions", str(track), "--merge", str(resource("samples", "sounds.csv"))]) == 6
    assert capsys.readouterr().err.count("Traceback") == 0


def test_what_found_no_room_is_said(track, tmp_path, capsys):
    file = tmp_path / "talk.srt"
    file.write_text("1\n00:00:00,000 --> 00:00:30,000\nOn and on\n")
    assert main(["captions", str(track), "--merge", str(file)]) == 0
    assert re.search(r"no room for 00:00:06\.[45]\d\d \[siren wailing\]", capsys.readouterr().err)
    assert (tmp_path / "talk.sounds.srt").read_bytes() == file.read_bytes()
