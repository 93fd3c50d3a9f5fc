"""The one door: regular files of bounded size, one line for everything else."""

import os
import random

import pytest

from overlay.drawing.theme import load_theme
from overlay.errors import LabelError, SettingsError, ThemeError
from overlay.export.subtitle_files import read_subtitles
from overlay.files import path_error, read_bytes, read_toml
from overlay.files.paths import brief
from overlay.settings import resolve
from overlay.vocabulary import read_labels


def toml(tmp_path, content):
    path = tmp_path / "s.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_toml(path, "the settings", path_error(SettingsError, path))


def test_what_is_no_regular_file_of_bounded_size_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_bytes(bytes(11))
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to("circle")
    said = {
        tmp_path / "pipe": "pipe", tmp_path / "big": "too large", tmp_path / "link": "device",
        tmp_path / "circle": "circle", "/dev/zero": "device", tmp_path: "folder",
        tmp_path / "none": "no such file", tmp_path / ("n" * 300): "too long",
        f"{tmp_path}/a\0b": "NUL", tmp_path / "big" / "x": "no folder",
        "/proc/self/maps": "too large",
    }  # fmt: skip
    for path, reason in said.items():
        with pytest.raises(SettingsError, match=reason):
            read_bytes(path, 10, "it", path_error(SettingsError, path))
    assert read_bytes(tmp_path / "big", 11, "it", SettingsError) == bytes(11)


@pytest.mark.parametrize("bad", ["/dev/zero", "{}/pipe.toml", "{}/\0.toml", "{}/" + "n" * 300])
def test_every_reader_goes_through_the_door(tmp_path, bad):
    os.mkfifo(tmp_path / "pipe.toml")
    path = bad.format(tmp_path)
    with pytest.raises(SettingsError):
        resolve({}, path)
    with pytest.raises(LabelError):
        read_labels(path)
    with pytest.raises(ThemeError):
        load_theme(path)
    with pytest.raises(Exception, match=r"cannot read|pipe or a device"):
        read_subtitles(path)


@pytest.mark.parametrize(
    "content",
    [
        "x = " + "[" * 100_000,
        "x = " + "{a=" * 5000 + "1" + "}" * 5000,
        "x = " + "[" * 60 + "]" * 60,
        ".".join("a" * 300_000) + " = 1",
        "[" + ".".join("a" * 300_000) + "]",
        '"a" . "b" . ' * 40 + "c = 1",
        "x = " + "1" * 5000,
        "x = 0x" + "f" * 100_000,
        "x = -9223372036854775809",
        "x = [1, {y = 0xfffffffffffffffff}]",
        b"\xff\xfe\0\0",
        "x = '\0'",
        "x = 2024-13-01",
        "x = 1\nx = 2",
        "a" * 1_000_000,
    ],
)
def test_hostile_toml_is_refused_at_once(tmp_path, content):
    with pytest.raises(SettingsError) as caught:
        toml(tmp_path, content)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ("{a = ", "}")])
def test_toml_is_read_up_to_its_bounds(tmp_path, begin, end):
    assert toml(tmp_path, f"x = {begin * 31}1{end * 31}")
    with pytest.raises(SettingsError, match="nested too deeply"):
        toml(tmp_path, f"x = {begin * 32}1{end * 32}")
    line = "# " + "x" * 1021 + "\n"
    assert toml(tmp_path, line * 1024) == {}
    with pytest.raises(SettingsError, match="is too large for the settings: more than 1 MiB"):
        toml(tmp_path, line * 1024 + "#")


def test_what_a_foreign_error_says_is_cut():
    assert [len(brief(ValueError("x" * n))) for n in (1, 200, 201, 5000)] == [1, 200, 203, 203]
    assert brief(ValueError()) == "ValueError"


def test_good_toml_is_read(tmp_path):
    text = "# a.b.c\r\n[t]\r\na.b = 9223372036854775807\r\nc = [inf, '.......']\r\n"
    assert toml(tmp_path, b"\xef\xbb\xbf" + text.encode()) == {
        "t": {"a": {"b": 2**63 - 1}, "c": [float("inf"), "......."]}
    }


def test_mutated_settings_are_read_or_refused(tmp_path):
    text = b"[panel]\ntop_k = 7\nthreshold = 0.5\n[events]\nallow = ['Dog', 'Cat']\n"
    chance, path = random.Random(0), tmp_path / "s.toml"
    for _ in range(400):
        content = bytearray(text)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.choice(b"\0\xff[]{}=.\"'9#\n" + text)
        path.write_bytes(content)
        try:
            resolve({}, path)
        except SettingsError as error:
            assert str(path) in str(error)
