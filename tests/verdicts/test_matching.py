"""One file of verdicts is meant for its medium; of several each medium gets its own."""

import pytest
from verdicts.saying import entry

from overlay.datatypes import Excerpt
from overlay.errors import ExportError
from overlay.track import sound_of_part
from overlay.verdicts import Media, Verdicts, files_of, verdicts_on, write_verdicts


def write(path, sound, *entries):
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(write_verdicts(path, Verdicts(Media(path.name, sound)).with_entries(entries)))


def events(found):
    return None if found is None else [each.event for each in found.entries]


def test_a_folder_gives_each_sound_its_own_and_others_none(tmp_path):
    write(tmp_path / "a.verdicts.json", "one", entry("a"))
    write(tmp_path / "below/b.verdicts.json", "two", entry("b"))
    (tmp_path / "notes.json").write_text("no verdicts, and not called so")
    folder = (str(tmp_path),)
    assert events(verdicts_on(folder, "one")) == ["a"]
    assert events(verdicts_on(folder, "two")) == ["b"]
    assert verdicts_on(folder, "three") is None


def test_all_that_is_said_of_a_sound_counts_wherever_it_stands(tmp_path):
    ann = write(tmp_path / "ann/x.verdicts.json", "one", entry("a", at=1))
    bo = write(tmp_path / "bo.json", "one", entry("b", at=0))
    assert events(verdicts_on((str(tmp_path / "ann"), bo), "one")) == ["b", "a"]
    assert events(verdicts_on((ann, bo), "one")) == ["b", "a"]


def test_one_file_is_meant_for_the_medium(tmp_path):
    file = write(tmp_path / "a.verdicts.json", "one", entry("a"))
    assert events(verdicts_on((file,), "one")) == ["a"]
    with pytest.raises(ExportError, match=r"another sound, that of 'a\.verdicts\.json'.*folder"):
        verdicts_on((file,), "two")


def test_of_a_part_its_own_counts_else_that_of_the_whole(tmp_path):
    part, other = Excerpt(2.0, 5.0), Excerpt(2.0, 6.0)
    sound = sound_of_part("one", part)
    whole = write(tmp_path / "a.verdicts.json", "one", entry("a"))
    for paths in ((whole,), (str(tmp_path),)):
        assert events(verdicts_on(paths, sound, part)) == ["a"]
        assert events(verdicts_on(paths, "one", part)) == ["a"]
    assert verdicts_on((str(tmp_path),), sound, other) is None
    for excerpt in (None, other):
        with pytest.raises(ExportError, match="another sound"):
            verdicts_on((whole,), sound, excerpt)
    write(tmp_path / "b.verdicts.json", sound, entry("b"))
    assert events(verdicts_on((str(tmp_path),), sound, part)) == ["b"]


def test_what_is_said_later_is_found(tmp_path):
    file = tmp_path / "a.verdicts.json"
    write(file, "one", entry("a"))
    folder = (str(tmp_path),)
    assert events(verdicts_on(folder, "one")) == ["a"]
    write(tmp_path / "b.verdicts.json", "two", entry("b"))
    assert events(verdicts_on(folder, "two")) == ["b"]


@pytest.mark.parametrize(
    ("content", "said"), [(None, r"no files of verdicts"), ("{", r"a\.verdicts\.json: no file of")]
)
def test_an_empty_folder_and_a_damaged_file_are_said(tmp_path, content, said):
    if content is not None:
        (tmp_path / "a.verdicts.json").write_text(content)
    with pytest.raises(ExportError, match=said):
        verdicts_on((str(tmp_path),), "one")


def test_files_come_by_name_and_links_are_not_followed_into_circles(tmp_path):
    for name in ("b", "a"):
        write(tmp_path / f"{name}.verdicts.json", "one")
    (tmp_path / "round").symlink_to(tmp_path)
    assert [each.name for each in files_of([tmp_path])] == ["a.verdicts.json", "b.verdicts.json"]
