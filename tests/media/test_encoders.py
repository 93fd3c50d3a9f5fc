"""Encoders: one set of names for speed, quality by each one's own scale."""

import pytest

from overlay.errors import SettingsError
from overlay.media.encoders import ENCODERS, SPEEDS, check_speed, choose_encoder, trial

SOFTWARE = [name for name, encoder in ENCODERS.items() if not encoder.hardware]


@pytest.mark.parametrize("name", ENCODERS)
def test_every_encoder_has_a_speed_for_each_name_and_none_is_slower_than_the_next(name):
    own = ENCODERS[name].speeds
    assert len(own) == len(SPEEDS)
    order = list(dict.fromkeys(own))
    assert [own.index(speed) for speed in own] == sorted(own.index(speed) for speed in own)
    assert len(order) > 4


@pytest.mark.parametrize("name", SOFTWARE)
@pytest.mark.parametrize("speed", ["ultrafast", "medium"])
def test_software_encoders_take_the_common_names(name, speed):
    assert trial(ENCODERS[name], speed=speed) is None


@pytest.mark.parametrize(
    ("name", "speed", "flag", "value"),
    [
        ("libx264", None, "preset", "veryfast"), ("libx264", "slow", "preset", "slow"),
        ("libx264", "placebo", "preset", "placebo"), ("libvpx-vp9", None, "cpu-used", "4"),
        ("libvpx-vp9", "ultrafast", "cpu-used", "5"), ("libvpx-vp9", "2", "cpu-used", "2"),
        ("libsvtav1", "veryslow", "preset", "3"), ("h264_nvenc", "medium", "preset", "p4"),
        ("hevc_qsv", "ultrafast", "preset", "veryfast"),
    ],
)  # fmt: skip
def test_a_speed_is_said_in_the_encoders_words(name, speed, flag, value):
    assert ENCODERS[name].options(None, speed)[flag] == value


@pytest.mark.parametrize(
    ("crf", "coarser", "expected"), [(None, 0, 31), (None, 3, 34), (None, -1, 30), (12, 3, 12)]
)
def test_what_is_coarser_counts_from_what_is_usual(crf, coarser, expected):
    assert ENCODERS["libvpx-vp9"].options(crf, None, coarser=coarser)["crf"] == expected


@pytest.mark.parametrize(
    ("name", "speed"), [("libx264", "p4"), ("libvpx-vp9", "quick"), ("libsvtav1", "99")]
)
def test_a_speed_that_an_encoder_does_not_know_is_refused(name, speed):
    with pytest.raises(SettingsError, match=rf"{name} knows no speed .{speed}.*ultrafast"):
        check_speed(ENCODERS[name], speed)


@pytest.mark.parametrize(
    ("name", "speed"), [("libx264", None), ("libvpx-vp9", "3"), ("libx265", "placebo")]
)
def test_a_speed_of_its_own_is_taken(name, speed):
    check_speed(ENCODERS[name], speed)


@pytest.mark.parametrize(
    ("extension", "bits", "fields", "expected"),
    [
        (".mp4", 8, "", "libx264"), (".mkv", 10, "", "libx265"), (".mkv", 10, "tff", "libx264"),
        (".webm", 8, "", "libvpx-vp9"), (".webm", 10, "", "libvpx-vp9"),
    ],
)  # fmt: skip
def test_auto_takes_what_fits_the_file(extension, bits, fields, expected):
    assert choose_encoder("auto", extension, bits, fields=fields).name == expected


def test_hardware_that_is_not_there_is_done_without_and_said():
    notes = []
    chosen = choose_encoder("hevc_qsv", ".mp4", 8, on_note=notes.append)
    if chosen.name == "hevc_qsv":
        pytest.skip("there is such hardware here")
    assert chosen.name == "libx265"
    assert len(notes) == 1
    assert "hevc_qsv does not work here" in notes[0]


def test_an_unknown_encoder_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match=r"unknown encoder 'x264'.*libx264"):
        choose_encoder("x264", ".mp4", 8)
