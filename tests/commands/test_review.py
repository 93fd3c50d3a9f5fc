"""``tag-overlay review``: pages of files, and folders that are served until a signal comes."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from judging import heard

from overlay.commands import main

PROGRAM = Path(__file__).parents[2] / "cli.py"


@pytest.fixture
def scored(make_clip, tmp_path):
    """A clip, and the file of its scores."""
    clip = tmp_path / "clip.mp4"
    made = make_clip(
        "20s.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=5:d=20", "-f", "lavfi", "-i",
        "sine=d=20", "-pix_fmt", "yuv420p",
    )  # fmt: skip
    clip.write_bytes(made.read_bytes())
    return str(clip), str(heard().save(tmp_path / "scores.npz"))


def test_page_lies_beside_the_file(scored, capsys):
    clip, scores = scored
    assert main(["review", clip, "--tags", scores, "--reviewer", "Ann"]) == 0
    page = Path(clip).with_name("clip.review.html")
    assert page.is_file() and f"wrote {page}" in capsys.readouterr().out
    before = page.read_bytes()
    assert main(["review", clip, "--tags", scores]) == 3
    assert "exists" in capsys.readouterr().err and page.read_bytes() == before
    assert main(["review", clip, "--tags", scores, "--overwrite", "-q"]) == 0


def test_copy_that_was_asked_for_lies_beside_the_page(scored, tmp_path):
    clip, scores = scored
    out = tmp_path / "out"
    out.mkdir()
    assert main(["review", clip, "--tags", scores, "--proxy", "always", "-o", str(out)]) == 0
    assert sorted(file.name for file in out.iterdir()) == ["clip.review.html", "clip.review.mp4"]
    assert '"src":"clip.review.mp4"' in (out / "clip.review.html").read_text()


def test_a_review_that_was_killed_behind_its_copy_goes_on(scored, tmp_path, capsys):
    """It takes its own copy again, and nobody else's file."""
    clip, scores = scored
    command = ["review", clip, "--tags", scores, "--proxy", "always"]
    assert main(command) == 0
    page, copy = (Path(clip).with_name(f"clip.review.{kind}") for kind in ("html", "mp4"))
    page.unlink()
    assert main(command) == 0
    page.unlink()
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")
    capsys.readouterr()
    assert main(command) == 3
    assert "clip.review.mp4: exists" in capsys.readouterr().err and not page.exists()


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["b.mp4", "--tags", "x.npz"], "--tags and --beside go with one file", 2),
        (["--serve", "-o", "x"], "writes no page", 2),
        (["--serve", "--port", "70000"], "there is no port", 2),
        (["--verdicts", "nowhere.json"], "there is no such file", 6),
    ],
)
def test_what_does_not_go_together_is_said(arguments, said, code, scored, capsys):
    assert main(["review", scored[0], *arguments]) == code
    assert said in capsys.readouterr().err


def test_folder_without_media_is_said(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("x")
    assert main(["review", str(tmp_path), "--serve"]) == 2
    assert "no media files" in capsys.readouterr().err
    (tmp_path / "broken.mp4").write_bytes(b"x" * 100)
    assert main(["review", str(tmp_path), "--serve"]) == 3
    assert "broken.mp4" in capsys.readouterr().err


def test_a_folder_of_many_is_served_before_all_of_it_is_looked_at(scored, tmp_path):
    clip = Path(scored[0])
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "0.mp4").write_bytes(clip.read_bytes())
    for number in range(1, 300):
        (folder / f"{number}.mp4").write_bytes(b"no film")
    command = [sys.executable, str(PROGRAM), "review", str(folder), "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as served:
        try:
            line = served.stdout.readline().decode()
            link = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
            with urllib.request.urlopen(link, timeout=30) as answer:
                rows = answer.read().count(b"<li>")
        finally:
            served.send_signal(signal.SIGINT)
            _, said = served.communicate(timeout=30)
    assert rows == 300 and said.count(b"cannot be read") < 299


def test_damaged_verdicts_beside_the_file_are_refused_before_scoring(scored, capsys):
    clip, scores = scored
    Path(clip).with_name("clip.verdicts.json").write_text("{")
    assert main(["review", clip, "--tags", scores]) == 6
    assert "no file of verdicts" in capsys.readouterr().err
    assert not Path(clip).with_name("clip.review.html").exists()


def test_verdicts_of_another_sound_are_left_out_and_said(scored, capsys):
    clip, scores = scored
    media = {"name": "other.mp4", "fingerprint": "0ther"}
    content = {"format": "tag-overlay verdicts", "version": 1, "media": media, "entries": []}
    Path(clip).with_name("clip.verdicts.json").write_text(json.dumps(content))
    assert main(["review", clip, "--tags", scores]) == 0
    assert "clip.verdicts.json: left out, it is of another sound" in capsys.readouterr().err


def test_served_until_a_signal_comes(scored):
    clip, scores = scored
    command = [sys.executable, str(PROGRAM), "review", clip, "--tags", scores, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as served:
        try:
            line = served.stdout.readline().decode()
            link = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
            with urllib.request.urlopen(link, timeout=30) as answer:
                assert b"clip.mp4" in answer.read()
        finally:
            served.send_signal(signal.SIGINT)
            _, said = served.communicate(timeout=30)
    assert served.returncode == 130 and b"Traceback" not in said
    assert sorted(file.name for file in Path(clip).parent.iterdir()) == ["clip.mp4", "scores.npz"]
