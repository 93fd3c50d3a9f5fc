"""tag, captions, export, parse as a person uses them."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from overlay.commands import main
from overlay.media.probe import probe
from overlay.track import TagTrack

ROOT = Path(__file__).parents[2]


def test_tag_names_its_file_as_it_is_told(clip, tmp_path, capsys):
    assert main(["tag", str(clip), "--model", "builtin"]) == 0
    assert f"wrote {clip.with_name('bird.tags.npz')}" in capsys.readouterr().out
    assert main(["tag", str(clip), "--model", "builtin", "-o", str(tmp_path / "scores")]) == 0
    assert main(["export", str(tmp_path / "scores"), "--format", "json"]) == 0
    assert (tmp_path / "scores.json").exists()
    assert main(["captions", str(tmp_path / "scores"), "--style", "plain"]) == 0
    assert main(["tag", str(clip), "--model", "builtin"]) == 3
    assert "--overwrite" in capsys.readouterr().err


def test_the_demos_commands_work_as_there(clip, tmp_path):
    out = tmp_path / "out"
    arguments = ["tag", "--model", "builtin", "--sample_duration", "2", "--hop_duration", "0.3"]
    for _ in range(2):  # as there, a second time replaces the first
        assert main([*arguments, "--wav", str(clip), "--output_dir", str(out), "-q"]) == 0
    made = out / "audioset_tagging_sr_44100.npz"
    with np.load(made, allow_pickle=False) as file:
        assert file["scores"].shape == (7, 527)
    arguments = f"parse --tagging_file {made} --top_k 10 --smooth True --smooth_size 5".split()
    labels = ROOT / "assets/audioset_labels.txt"
    assert main([*arguments, "--label_file", str(labels), "--output_dir", str(out)]) == 0
    blocks = (out / "audioset_tagging_sr_44100.txt").read_text().strip().split("\n\n")
    assert [len(block.splitlines()) for block in blocks] == [11] * 7


def test_no_input_is_written_over(clip, npz, tmp_path, capsys):
    source = tmp_path / "audioset_tagging_sr_44100.npz"
    source.write_bytes(clip.read_bytes())
    before = source.read_bytes()
    arguments = ["tag", str(source), "--output_dir", str(tmp_path), "--model", "builtin"]
    assert main(arguments) != 0
    assert source.read_bytes() == before
    labels = tmp_path / "t.txt"
    labels.write_text("\n".join(f"label {n}" for n in range(527)))
    before = labels.read_bytes()
    arguments = ["parse", "--tagging_file", str(npz), "--label_file", str(labels)]
    assert main([*arguments, "--output_dir", str(tmp_path)]) != 0
    assert labels.read_bytes() == before
    assert "input" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_said(clip, npz, tmp_path, capsys):
    (tmp_path / "file").touch()
    for arguments in (
        ["tag", str(clip), "--output_dir", str(tmp_path / "file"), "--model", "builtin"],
        ["tag", str(clip), "--output_dir", str(tmp_path / "file/below"), "--model", "builtin"],
        ["parse", "--tagging_file", str(npz), "--output_dir", str(tmp_path / "file/below")],
    ):
        assert main(arguments) in (2, 3, 6)
        printed = capsys.readouterr().err
        assert printed.count("\n") == 1
        assert "unexpected" not in printed


@pytest.mark.parametrize("extension", ["srt", "vtt", "ass", "ttml", "sbv"])
def test_the_extension_says_what_captions_are(npz, tmp_path, capsys, extension):
    beginnings = {
        "srt": "1\n",
        "vtt": "WEBVTT",
        "ass": "[Script Info]",
        "ttml": "<",
        "sbv": "0",
    }
    out = tmp_path / f"x.{extension}"
    assert main(["captions", str(npz), "-o", str(out), "--style", "plain"]) == 0
    assert out.read_text().startswith(beginnings[extension])
    other = "vtt" if extension == "srt" else "srt"
    refused = tmp_path / f"y.{extension}"
    assert main(["captions", str(npz), "-o", str(refused), "--format", other]) == 2
    assert "--format" in capsys.readouterr().err
    assert not refused.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["tag"], 2, "media file"),
        (["captions"], 2, "media file"),
        (["captions", "NPZ", "--merge", "x.srt", "--format", "srt"], 2, "--merge"),
        (["captions", "NPZ", "--allow", "Nosuch"], 5, "Nosuch"),
        (["captions", "NPZ", "--thresholds", "no.toml"], 5, "no.toml"),
        (["captions", "CLIP", "--allow", "Nosuch"], 5, "Nosuch"),
        (["captions", "CLIP", "--thresholds", "no.toml"], 5, "no.toml"),
        (["captions", "CLIP", "--verdicts", "no.json"], 6, "no.json"),
        (["export", "NPZ", "--verdicts", "NPZ", "--format", "csv"], 6, "not UTF-8"),
        (["export", "CLIP", "--format", "nope"], 6, "nope"),
        (["export", "CLIP", "--format", "ass-panel", "--theme", "Neon"], 5, "Neon"),
        (["export", "CLIP", "--format", "csv", "-o", "no/such/x.csv"], 3, "no folder"),
        (["parse", "--tagging_file", "missing.npz"], 6, "missing.npz"),
        (["parse", "--tagging_file", "NPZ", "--top_k", "0"], 2, "top_k"),
        (["cache", "nope"], 2, "nope"),
        (["models", "verify", "cnn99"], 4, "cnn99"),
        (["train", "no-such-folder"], 4, "no-such-folder"),
    ],
)  # fmt: skip
def test_mistakes_are_found_before_the_sound_is_scored(
    clip, npz, tmp_path, monkeypatch, capsys, arguments, code, said
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    known = {"CLIP": str(clip), "NPZ": str(npz)}
    more = ["--model", "builtin"] if arguments[0] in ("captions", "export") else []
    assert main([*[known.get(each, each) for each in arguments], *more]) == code
    assert said in capsys.readouterr().err
    assert not list(tmp_path.rglob("cache/**/*.npz"))
    assert sorted(path.name for path in tmp_path.iterdir()) in (
        ["bird.mp4", "t.npz"], ["bird.mp4", "cache", "t.npz"])  # fmt: skip


def test_a_format_that_cannot_be_written_is_found_before(clip, tmp_path, monkeypatch, capsys):
    """As on a machine without pyarrow: an import of it fails."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main(["export", str(clip), "--format", "parquet", "--model", "builtin"]) == 6
    assert "pyarrow" in capsys.readouterr().err
    assert not list(tmp_path.rglob("cache/**/*.npz"))


def test_scores_of_another_sound_are_said(clip, make_clip, tmp_path, capsys):
    other = make_clip(
        "other-sound.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=2", "-f", "lavfi", "-i",
        "anoisesrc=d=2:seed=1", "-c:a", "aac",
    )  # fmt: skip
    saved = tmp_path / "o.npz"
    assert main(["tag", str(other), "-o", str(saved), "--model", "builtin", "-q"]) == 0
    png = tmp_path / "p.png"
    assert main([str(clip), "--tags", str(saved), "--preview", "1", "-o", str(png)]) == 0
    assert "another sound" in capsys.readouterr().err
    short = TagTrack(np.zeros((1, 2), np.float32), ("a", "b"), 2.0, 0.3, 0.5)
    short.save(tmp_path / "s.npz")
    arguments = ["--tags", str(tmp_path / "s.npz"), "--preview", "1", "-o", str(png)]
    assert main([str(clip), *arguments, "--overwrite"]) == 0
    assert "another sound" in capsys.readouterr().err
    own = clip.with_name("bird.tags.npz")
    assert main(["tag", str(clip), "--model", "builtin", "-q"]) == 0
    assert main([str(clip), "--tags", str(own), "--preview", "1", "-o", str(png),
                 "--overwrite"]) == 0  # fmt: skip
    assert "another sound" not in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes only there")
def test_a_name_that_is_no_text_works(clip, npz, tmp_path):
    odd = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    Path(os.fsdecode(odd)).write_bytes(clip.read_bytes())
    for more in (["--preset", "ultrafast"], ["--overlay-only"], ["--soft", "--overwrite"]):
        assert main([os.fsdecode(odd), "--tags", str(npz), *more]) == 0
    assert main(["tag", os.fsdecode(odd), "--no-cache", "--model", "builtin"]) == 0
    for name in (b"caf\xe9.tagged.mp4", b"caf\xe9.panel.mov"):
        assert Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).stat().st_size > 1000


def test_models_cache_and_doctor_say_what_is_here(capsys):
    assert main(["models"]) == 0
    listed = capsys.readouterr().out
    for text in ("mn04", "0.432", "cnn14", "CC BY 4.0", "builtin"):
        assert text in listed
    assert main(["cache"]) == 0
    assert "score tracks" in capsys.readouterr().out
    assert main(["doctor", "--ffmpeg", "/nope"]) == 0
    said = capsys.readouterr().out
    for text in ("not usable", "paddle", "cache", "Inter-SemiBold.otf"):
        assert text in said


def test_of_two_pictures_one_is_chosen_and_said(make_clip, npz, tmp_path, capsys):
    inputs = [("-f", "lavfi", "-i", f"testsrc2=s={size}:d=1") for size in ("160x120", "320x240")]
    both = make_clip("both.mkv", *inputs[0], *inputs[1], "-map", "0", "-map", "1", "-c:v", "mpeg4")
    out = tmp_path / "out.mp4"
    arguments = [str(both), "--tags", str(npz), "-o", str(out), "--overwrite"]
    for more, width in ((["--video-track", "0"], 160), (["--video-track", "1"], 320)):
        assert main([*arguments, *more]) == 0
        assert probe(out).video.width == width
    assert "there are 2 pictures" not in capsys.readouterr().err
    assert main(arguments) == 0
    assert "there are 2 pictures" in capsys.readouterr().err
    assert main([*arguments, "--video-track", "2"]) == 3


def test_names_for_the_deaf_and_hard_of_hearing(npz, tmp_path):
    assert main(["captions", str(npz), "--style", "plain", "--sdh", "--lang", "zh"]) == 0
    assert npz.with_name("t.zh.sdh.srt").exists()
    for name, wanted in (("talk.srt", "talk.en.sdh.srt"), ("film.en.vtt", "film.en.sdh.vtt")):
        dialogue = tmp_path / name
        times = "00:00:00.000 --> 00:00:01.000\nHi\n"
        head, point = ("WEBVTT\n\n", ".") if name.endswith("vtt") else ("1\n", ",")
        dialogue.write_text(head + times.replace(".", point))
        assert main(["captions", str(npz), "--merge", str(dialogue), "--sdh"]) == 0
        assert dialogue.with_name(wanted).exists()


def test_saved_scores_know_the_film_they_are_of(clip, tmp_path, capsys):
    npz = tmp_path / "scores.npz"
    assert main(["tag", str(clip), "--model", "builtin", "-o", str(npz)]) == 0
    out = tmp_path / "events.json"
    assert main(["export", str(npz), "--format", "json", "--frames", "-o", str(out)]) == 0
    said = json.loads(out.read_text())
    assert said["run"]["source"] == clip.name
    track = TagTrack.load(npz)
    assert (track.media, track.frame_rate) == (clip.name, 25)
    replace(track, media="", frame_rate=None).save(tmp_path / "old.npz")
    capsys.readouterr()
    assert main(["export", str(tmp_path / "old.npz"), "--format", "json", "--frames"]) == 6
    assert "nobody knows its frames" in capsys.readouterr().err
