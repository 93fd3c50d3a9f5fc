"""Where a product goes: its usual name, and what it never replaces."""

from dataclasses import replace
from pathlib import Path

import pytest

from overlay.datatypes import MediaInfo
from overlay.errors import OutputError
from overlay.media.source import Source
from overlay.products.target_plan import (
    PictureFolder,
    Target,
    media_name,
    place,
    stem_of,
    target_for,
)
from overlay.settings import Settings, override


def source_at(path):
    """A source of which nothing but its place counts."""
    return Source(MediaInfo(Path(path), "mov", 0.0, 1.0, None))


@pytest.mark.parametrize(
    ("path", "name", "stem"),
    [
        ("a/clip.mp4", "clip.mp4", "clip"),
        ("clip", "clip", "clip"),
        ("clip.v2.mkv", "clip.v2.mkv", "clip.v2"),
        ("clip.tags.npz", "clip", "clip"),  # saved scores: as the media would be named
        ("clip.mp4.npz", "clip.mp4", "clip.mp4"),
        ("scores", "scores", "scores"),
        (".hidden", ".hidden", ".hidden"),
        ("雨 & wind?.mp4", "雨 & wind?.mp4", "雨 & wind?"),
    ],
)
def test_a_product_is_named_after_the_media(path, name, stem):
    assert (media_name(source_at(path)), stem_of(source_at(path))) == (name, stem)


def test_a_target_is_what_was_asked_for_or_a_file_in_that_folder_or_beside(tmp_path):
    source = tmp_path / "in" / "clip.mp4"
    (tmp_path / "out").mkdir()
    assert place(None, source, "clip.csv") == tmp_path / "in" / "clip.csv"
    assert place(tmp_path / "out", source, "clip.csv") == tmp_path / "out" / "clip.csv"
    assert place(tmp_path / "x.txt", source, "clip.csv") == tmp_path / "x.txt"
    long = place(None, source, "雨" * 200 + ".csv")
    assert len(long.name.encode()) <= 255
    assert long.suffix == ".csv"


NAMED = ("model", "weights", "theme", "font", "label_file", "thresholds_file", "verdicts")


@pytest.mark.parametrize("name", [None, "more", *NAMED])
def test_no_input_is_a_target_whatever_is_said(tmp_path, name):
    """The source, what a product is made of besides, and every file that the settings name."""
    source, other = source_at(tmp_path / "clip.mp4"), tmp_path / "other.bin"
    for each in (source.path, other):
        each.write_bytes(b"mine")
    settings = override(Settings(), overwrite=True)
    if name in NAMED:
        settings = override(settings, **{name: str(other)})
    more = (other,) if name == "more" else ()
    out = source.path if name is None else tmp_path / "." / "other.bin"
    with pytest.raises(OutputError, match="input"):
        target_for(source, settings, out, "x.csv", *more)
    free = target_for(source, override(Settings(), overwrite=True), tmp_path / "free", "x.csv")
    assert (free.path, free.overwrite) == (tmp_path / "free", True)


def test_what_is_there_stays_unless_it_may_be_replaced(tmp_path):
    source, there = source_at(tmp_path / "clip.mp4"), tmp_path / "there.csv"
    there.write_text("old")
    with pytest.raises(OutputError, match="--overwrite"):
        target_for(source, Settings(), there, "x.csv")
    target = target_for(source, override(Settings(), overwrite=True), there, "x.csv")
    with pytest.raises(ZeroDivisionError), target.opened() as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert there.read_text() == "old"
    with target.opened() as temporary:
        temporary.write_text("new")
        assert there.read_text() == "old"
    assert there.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]


def test_a_target_that_appeared_meanwhile_is_not_replaced(tmp_path):
    target = Target(tmp_path / "x.csv", False, ()).checked()
    with pytest.raises(OutputError, match="appeared while we worked"), target.opened() as temporary:
        temporary.write_text("mine")
        target.path.write_text("somebody else's")
    assert target.path.read_text() == "somebody else's"
    with pytest.raises(OutputError, match="folder"):
        Target(tmp_path / "nowhere" / "x.csv", False, ()).checked()


def test_a_folder_of_pictures_appears_whole_and_replaces_nothing_else(tmp_path):
    folder = PictureFolder(tmp_path / "100%", False, (), "%05d.png").checked()
    with folder.opened() as pattern:
        assert pattern.name == "%05d.png"
        written = Path(str(pattern) % 1)  # as ffmpeg reads it
        written.write_bytes(b"picture")
        assert not folder.path.exists()
    assert [path.name for path in folder.path.iterdir()] == ["00001.png"]
    with pytest.raises(OutputError, match="--overwrite"):
        folder.checked()
    replace(folder, overwrite=True).checked()
    (folder.path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt|else"):
        replace(folder, overwrite=True).checked()
