"""Several files with one command."""

import argparse
import shutil

import pytest

from overlay.commands import main
from overlay.commands.several_files import for_each, output_place
from overlay.errors import BatchError, UsageError
from overlay.track import TagTrack

FAST = ("--preset", "ultrafast", "--model", "builtin")


@pytest.fixture
def clips(clip, tmp_path):
    """Three videos; the second is none."""
    bad, other = tmp_path / "bad.mp4", tmp_path / "other.mp4"
    bad.write_text("no video")
    shutil.copy(clip, other)
    return [clip, bad, other]


def test_one_bad_file_does_not_stop_the_rest(clips, tmp_path, capsys):
    out = tmp_path / "rendered"
    assert main([*map(str, clips), *FAST, "-o", f"{out}/"]) == 3
    printed = capsys.readouterr()
    assert "bad.mp4: cannot be read" in printed.err
    assert "1 of 3 files failed" in printed.err
    assert "3/3 " in printed.err
    assert sorted(path.name for path in out.iterdir()) == ["bird.tagged.mp4", "other.tagged.mp4"]
    assert printed.out.count("wrote ") == 2


def test_an_error_that_nobody_foresaw_does_not_stop_the_rest(tmp_path, capsys):
    """Foreign ones, of any kind, while planning and while working."""
    made = []

    class Job:
        def __init__(self, path):
            self.target = tmp_path / f"{path}.out"

        def run(self, reporter):
            if self.target.name == "late.out":
                raise RecursionError("too\ndeep")
            return self.target

    def plan(path, out, reporter):
        if path == "early":
            raise MemoryError
        return Job(path)

    args = argparse.Namespace(output=None, quiet=False, debug=False)
    with pytest.raises(BatchError, match="2 of 4"):
        for_each(["early", "a", "late", "b"], args, plan, made.append)
    assert [path.name for path in made] == ["a.out", "b.out"]
    printed = capsys.readouterr().err
    assert "unexpected MemoryError" in printed
    assert "too\\ndeep" in printed


@pytest.mark.parametrize("command", ["render", "captions", "tag", "export"])
def test_two_files_with_one_target_are_refused_before_any_work(
    clip, npz, tmp_path, capsys, command
):
    source = npz if command in ("captions", "export") else clip
    first, second = tmp_path / "a" / source.name, tmp_path / "b" / source.name
    for each in (first, second):
        each.parent.mkdir()
        shutil.copy(source, each)
    more = ["--format", "csv"] if command == "export" else []
    out = tmp_path / "out"
    arguments = [command, str(first), str(second), *more, "-o", str(out), "--overwrite"]
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert str(first) in printed
    assert str(second) in printed
    assert not out.exists()
    assert main([command, str(first), str(first), *more]) == 2


def test_no_file_that_is_named_is_a_target(clip, npz, tmp_path, capsys):
    label = tmp_path / "bird.csv"
    label.write_text("\n".join(map(str, range(527))))
    before = label.read_text()
    arguments = ["export", str(clip), "--format", "csv", "--label-file", str(label), "--overwrite"]
    assert main(arguments) != 0
    assert label.read_text() == before
    merged = tmp_path / "bird.srt"
    merged.write_text("1\n00:00:00,100 --> 00:00:01,000\nHello\n")
    arguments = ["captions", str(npz), "--merge", str(merged), "-o", str(merged), "--overwrite"]
    assert main(arguments) != 0
    assert "Hello" in merged.read_text()


def test_a_folder_to_go_to_is_made_and_goes_if_nothing_came(tmp_path):
    with output_place(f"{tmp_path}/a/b/", 1) as place:
        assert place == tmp_path / "a" / "b"
        assert place.is_dir()
    assert not place.exists()
    with output_place(str(tmp_path / "many"), 2) as place:
        (place / "x").touch()
    assert (tmp_path / "many" / "x").exists()
    with output_place(str(tmp_path / "x.mp4"), 1) as place:
        assert not place.exists()
    for output in (str(tmp_path / "x.mp4"), str(tmp_path / "many" / "x")):
        with pytest.raises(UsageError, match="folder"), output_place(output, 2):
            pass


def test_several_score_tracks_go_into_a_folder(clip, tmp_path):
    other = tmp_path / "other.mp4"
    shutil.copy(clip, other)
    out = tmp_path / "npz"
    assert main(["tag", str(clip), str(other), "-o", str(out), "--model", "builtin", "-q"]) == 0
    names = sorted(path.name for path in out.iterdir())
    assert names == ["bird.tags.npz", "other.tags.npz"]
    assert TagTrack.load(out / names[0]).n_hops == 9  # ceil(2 s / 0.24 s)
