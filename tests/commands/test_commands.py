"""The command line as a person uses it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from inspecting import audio_packets, picture_times

from overlay.commands import main
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset_labels

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clip(make_clip, tmp_path):
    """Two seconds of picture and sound."""
    made = make_clip(
        "bird.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x240:d=2", "-f", "lavfi", "-i",
        "sine=d=2:f=3000", "-c:a", "aac", "-preset", "ultrafast",
    )  # fmt: skip
    path = tmp_path / "bird.mp4"
    path.write_bytes(made.read_bytes())
    return path


@pytest.fixture
def npz(tmp_path):
    """Saved scores, so that these tests need no model."""
    scores = np.random.default_rng(0).random((7, 527), np.float32)
    return TagTrack(scores, audioset_labels(), 2.0, 0.3, 2.0, "mn04").save(tmp_path / "t.npz")


def test_a_video_alone_means_render(clip, npz, capsys):
    assert main([str(clip), "--tags", str(npz), "--preset", "ultrafast"]) == 0
    out = clip.with_name("bird.tagged.mp4")
    assert f"wrote {out}" in capsys.readouterr().out
    assert picture_times(out) == picture_times(clip)
    assert audio_packets(out) == audio_packets(clip)


def test_another_theme_needs_no_model(clip, npz, monkeypatch):
    monkeypatch.setattr("overlay.pipeline.load_tagger", lambda *_: pytest.fail("a model is loaded"))
    arguments = [str(clip), "--tags", str(npz), "--preset", "ultrafast", "--overwrite"]
    pictures = []
    for theme in ("dark", "light"):
        assert main([*arguments, "--theme", theme]) == 0
        pictures.append(clip.with_name("bird.tagged.mp4").read_bytes())
    assert pictures[0] != pictures[1]


def test_a_preview_is_one_png(clip, npz, tmp_path):
    out = tmp_path / "p.png"
    assert main(["render", str(clip), "--tags", str(npz), "--preview", "1", "-o", str(out)]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_parse_writes_the_reference_demos_text(npz, tmp_path, capsys):
    arguments = [
        "parse", "--tagging_file", str(npz), "--top_k", "3", "--smooth", "True", "--smooth_size",
        "5", "--label_file", str(ROOT / "assets/audioset_labels.txt"), "--output_dir",
        str(tmp_path / "out"),
    ]  # fmt: skip
    assert main(arguments) == 0
    text = (tmp_path / "out/t.txt").read_text()
    assert len(text.split("\n\n")) == 8
    assert text.startswith("0.0\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing.mp4"], 3, "missing.mp4"),
        (["."], 3, "not a file"),
        (["CLIP", "--tags", "missing.npz"], 6, "missing.npz"),
        (["CLIP", "--tags", "NPZ", "--theme", "nope"], 5, "nope"),
        (["CLIP", "--tags", "NPZ", "--font", "nope.ttf"], 5, "nope.ttf"),
        (["CLIP", "--tags", "NPZ", "--label-file", "nope.txt"], 5, "nope.txt"),
        (["CLIP", "--tags", "NPZ", "--config", "nope.toml"], 5, "nope.toml"),
        (["CLIP", "--tags", "NPZ", "--top-k", "0"], 5, "top_k"),
        (["CLIP", "--tags", "NPZ", "--encoder", "nope"], 5, "nope"),
        (["CLIP", "--tags", "NPZ", "-o", "CLIP", "--overwrite"], 3, "input itself"),
        (["CLIP", "--tags", "NPZ", "-o", "x.avi"], 3, "unknown kind"),
        (["CLIP", "--tags", "NPZ", "--ffmpeg", "/nope"], 3, "/nope"),
        (["CLIP", "CLIP", "-o", "x.mp4"], 2, "folder"),
        (["CLIP", "--nope"], 2, "--nope"),
        (["CLIP", "--model", "cnn99"], 4, "cnn99"),
        (["tag"], 2, "media file"),
        (["parse", "--tagging_file", "missing.npz"], 6, "missing.npz"),
    ],
)
def test_mistakes_get_one_line_and_their_exit_code(
    clip, npz, monkeypatch, tmp_path, capsys, arguments, code, said
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    known = {"CLIP": str(clip), "NPZ": str(npz)}
    assert main([known.get(argument, argument) for argument in arguments]) == code
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed
    assert sorted(tmp_path.iterdir()) == before


def test_debug_shows_the_traceback(tmp_path, capsys):
    assert main(["render", str(tmp_path / "missing.mp4"), "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_one_bad_file_of_many_does_not_stop_the_rest(clip, npz, tmp_path, capsys):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no video")
    other = tmp_path / "other.mp4"
    other.write_bytes(clip.read_bytes())
    folder = tmp_path / "out"
    folder.mkdir()
    videos = [str(path) for path in (bad, clip, other)]
    assert main([*videos, "--preset", "ultrafast", "-o", str(folder), "--model", "cnn99"]) == 4
    printed = capsys.readouterr().err
    assert printed.count("cnn99") == 2
    assert "bad.mp4" in printed
    assert "3 of 3 files failed" in printed


@pytest.mark.parametrize("name", ["render", "tag", "parse", "models", "doctor"])
def test_every_command_has_its_help(capsys, name):
    assert main([name, "--help"]) == 0
    assert name in capsys.readouterr().out


def test_no_argument_shows_the_help(capsys):
    assert main([]) == 0
    assert "VIDEO" in capsys.readouterr().out


@pytest.mark.parametrize("how", [[str(ROOT / "cli.py")], ["-m", "overlay"]])
def test_other_ways_to_start_it(how):
    done = subprocess.run(
        [sys.executable, *how, "--help"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "render" in done.stdout


def _long_clip(make_clip):
    return make_clip(
        "long.mp4", "-f", "lavfi", "-i", "testsrc2=s=1280x720:d=60", "-f", "lavfi", "-i",
        "sine=d=60", "-c:a", "aac", "-preset", "ultrafast",
    )  # fmt: skip


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_it_leaves_nothing(make_clip, npz, tmp_path, number, code):
    clip = tmp_path / "long.mp4"
    clip.write_bytes(_long_clip(make_clip).read_bytes())
    before = sorted(tmp_path.iterdir())
    command = [sys.executable, "-m", "overlay", "render", str(clip), "--tags", str(npz)]
    process = subprocess.Popen(
        [*command, "--preset", "veryslow"], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        # A suite that runs in the background has Ctrl-C ignored, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not list(tmp_path.glob(".*.part.mp4")) and process.poll() is None:
        time.sleep(0.05)
    children = _children(process.pid)
    process.send_signal(number)
    _, printed = process.communicate(timeout=30)
    assert process.returncode == code
    assert "nothing was kept" in printed
    assert sorted(tmp_path.iterdir()) == before
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []
