"""The check says each broken rule with its cue, and nothing of captions that are right."""

from fractions import Fraction

import pytest

from overlay.captioning.compliance import broken_rules
from overlay.captioning.styles import language_of, style_named
from overlay.commands import main
from overlay.datatypes import Cue

RIGHT = [Cue(1.0, 2.0, ("[dog barks]",)), Cue(5.0, 7.0, ("[rain falling]", "[wind blowing]"))]


def rules(cues, style="netflix", language="en", rate=None):
    return [(b.number, b.rule) for b in broken_rules(cues, style_named(style, language), rate)]


def test_right_captions_break_nothing():
    assert rules(RIGHT) == []


@pytest.mark.parametrize(
    ("cue", "rule"),
    [
        (Cue(10, 10.8, ("[dog barks]",)), "shortest time"),
        (Cue(10, 17.1, ("[dog barks]",)), "longest time"),
        (Cue(10, 12, ("a", "b", "c")), "lines"),
        (Cue(10, 13, ("a" * 43,)), "length of a line"),
        (Cue(10, 11, ("a word or two more",) * 2), "reading speed"),
        (Cue(10, 12, ("[Dog barks]",)), "case"),
        (Cue(10, 12, ("[MUSIC]",)), "case"),
        (Cue(10, 12, ()), "text"),
        (Cue(6.5, 8, ("[dog barks]",)), "overlap"),
        (Cue(0, 2, ("[dog barks]",)), "order"),
        (Cue(7.02, 9, ("[dog barks]",)), "gap"),
        (Cue(7.3, 9, ("[dog barks]",)), "gap"),
    ],
)
def test_each_broken_rule_is_found(cue, rule):
    assert rule in [name for _, name in rules([*RIGHT, cue])]


def test_names_keep_their_capitals_and_dialogue_its_case():
    assert rules([Cue(1, 3, ("[Anna laughs]",)), Cue(5, 8, ("Dog, come here!",))]) == []


def test_other_styles_have_other_rules():
    assert rules([Cue(1, 2.5, ("[dog barks]",))], "dcmp") == [(1, "shortest time")]
    assert rules([Cue(1, 3, ("[dog barks]",))], "bbc") == [(1, "brackets")]
    assert rules([Cue(1, 3, ("DOG BARKS",)), Cue(3.5, 6, ("OH",))], "bbc") == [(1, "gap")]
    assert rules([Cue(1, 3, ("[music]",))], "youtube") == [(1, "case")]
    assert rules([Cue(1, 3, ("[远处传来一阵又一阵响亮的狗叫声]",))], language="zh") == []
    assert rules([Cue(1, 5, ("狗" * 17,))], language="zh") == [(1, "length of a line")]
    assert language_of([Cue(1, 5, ("狗叫",))]) == "zh"


def test_frames_count_where_their_rate_is_known():
    pair = [Cue(1, 2, ("one",)), Cue(2.05, 4, ("two",))]
    assert rules(pair) == []
    assert rules(pair, rate=Fraction(60)) == [(1, "gap")]  # 3 frames: to be closed
    assert rules(pair, rate=Fraction(24)) == [(1, "gap")]  # hardly more than one frame


def test_the_command_says_what_is_broken(tmp_path, capsys):
    file = tmp_path / "x.srt"
    file.write_text("1\n00:00:01,000 --> 00:00:01,500\n[Dog barks]\n")
    assert main(["captions", "--check", str(file), "--style", "netflix"]) == 6
    printed = capsys.readouterr()
    assert "cue 1, 0:00:01.000: shortest time: 0.500 s, wanted at least 0.833 s" in printed.out
    assert "cue 1, 0:00:01.000: case: Dog, wanted dog" in printed.out
    assert "1 cue does not keep the rules of netflix" in printed.err
    assert main(["captions", "--check", str(file), "--style", "plain"]) == 6
    file.write_text("1\n00:00:01,000 --> 00:00:02,500\n[dog barks]\n")
    assert main(["captions", "--check", str(file)]) == 0
    assert "no cue breaks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("x.srt", b"\x00\x01\x02" * 100, "not a subtitle file"),
        ("x.srt", b"just a letter\n", "not a subtitle file"),
        ("x.ttml", b"<tt xmlns='http://www.w3.org/ns/ttml'><body>", "not a subtitle file"),
        (
            "x.ttml",
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><tt xmlns='http://www.w3.org/ns/ttml'/>",
            "read",
        ),
        (None, b"", "cannot read"),
    ],
)
def test_files_that_are_no_subtitles_get_one_line(tmp_path, capsys, name, content, text):
    file = tmp_path / (name or "missing.srt")
    if name:
        file.write_bytes(content)
    assert main(["captions", "--check", str(file)]) == 6
    printed = capsys.readouterr().err
    assert text in printed
    assert printed.count("\n") == 1
