"""What flags take, and what they refuse."""

import argparse

import pytest

from overlay.commands.batch import _about, _factor, _jobs, _megabytes, _seconds
from overlay.commands.dispatch import parser
from overlay.commands.flags import boolean, clock_time, second, settings_of, share, size


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (boolean, "True", True), (boolean, "false", False),
        (size, "1920x1080", (1920, 1080)), (size, "1x99999", (1, 99999)),
        (second, "0", 0.0), (second, "1e3", 1000.0),
        (clock_time, "83.5", 83.5), (clock_time, "1:23.5", 83.5), (clock_time, "0:59", 59.0),
        (clock_time, "1:01:01.5", 3661.5), (clock_time, "120:00", 7200.0),
        (clock_time, " 2 ", 2.0),
        (share, "0.001", 0.001), (share, "0.999", 0.999),
        (_jobs, "auto", 0), (_jobs, "1", 1), (_jobs, "1024", 1024),
        (_factor, "3x", 3.0), (_factor, "0.1", 0.1), (_factor, "10000x", 10000.0),
        (_megabytes, "100", 100.0), (_megabytes, "1e7", 1e7),
        (_seconds, "0", 0.0), (_seconds, "1000000", 1e6),
    ],
)  # fmt: skip
def test_it_is_taken(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (boolean, "TRUE"), (boolean, "1"),
        (size, "1920"), (size, "0x10"), (size, "10x0"), (size, "100000x1"), (size, "1x100000"),
        (size, "-1x2"), (size, "1.5x2"), (size, "axb"),
        (second, "-1"), (second, "nan"), (second, "inf"), (second, "x"),
        (clock_time, "1:60"), (clock_time, "1:-1"), (clock_time, "1:1:1:1"), (clock_time, "a:1"),
        (clock_time, "123456789:1"), (clock_time, ""),
        (share, "0"), (share, "1"), (share, "nan"), (share, "x"),
        (_jobs, "0"), (_jobs, "1025"), (_jobs, "-1"), (_jobs, "99999"), (_jobs, "x"),
        (_factor, "0.09"), (_factor, "10001"), (_factor, "x"), (_factor, "nan"),
        (_megabytes, "99"), (_megabytes, "1.1e7"), (_megabytes, "x"), (_megabytes, "nan"),
        (_seconds, "-0.1"), (_seconds, "1000001"), (_seconds, "x"),
    ],
)  # fmt: skip
def test_it_is_refused(read, text):
    with pytest.raises(argparse.ArgumentTypeError):
        read(text)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (99.4, "about 99 s"), (100, "about 2 min"), (5999, "about 100 min"), (6000, "about 1.7 h"),
    ],
)  # fmt: skip
def test_lengths_are_told_in_units_that_fit(seconds, said):
    assert _about(seconds) == said


def test_flags_are_written_with_hyphens_or_underscores_and_each_stands_once_in_the_help(capsys):
    read = parser().parse_args
    for spelled in ("--retry-failed", "--retry_failed"):
        assert read(["batch", "in", "-o", "out", spelled]).retry_failed
    assert read(["batch", "in", "-o", "out"]).retry_failed is None
    with pytest.raises(SystemExit):
        read(["batch", "--help"])
    said = capsys.readouterr().out
    assert "--jobs N" in said
    assert "--jobs N, --jobs" not in said


def test_every_flag_of_batch_says_what_it_is_for(capsys):
    batch = next(
        action.choices["batch"] for action in parser()._actions if action.dest == "command"
    )
    bare = [a.option_strings or a.dest for a in batch._actions if not (a.help or a.choices)]
    known = {"--device", "--position", "--smoothing", "--font"}
    assert {name for names in bare for name in names} <= known


def test_what_is_not_given_leaves_the_settings_as_they_are():
    def settings(*flags):
        return settings_of(parser().parse_args(["batch", "in", "-o", "out", *flags]))

    usual = settings()
    assert settings("--allow", "Dog", "Cat").events.allow == ("Dog", "Cat")
    assert settings("--verdicts", "a", "--verdicts", "b").events.verdicts == ("a", "b")
    assert usual.events.allow == usual.events.verdicts == ()
    assert settings("--no-collapse").events.collapse is False
    assert usual.events.collapse is True
