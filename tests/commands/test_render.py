"""``tag-overlay VIDEO`` as a person uses it."""

import argparse

import pytest
from inspecting import audio_packets, picture_times

from overlay.commands import flags, main
from overlay.media.probe import probe


def test_a_video_alone_means_render(clip, npz, capsys):
    assert main([str(clip), "--tags", str(npz), "--preset", "ultrafast"]) == 0
    out = clip.with_name("bird.tagged.mp4")
    assert f"wrote {out}" in capsys.readouterr().out
    assert picture_times(out) == picture_times(clip)
    assert audio_packets(out) == audio_packets(clip)


def test_another_theme_needs_no_model(clip, npz):
    arguments = [str(clip), "--tags", str(npz), "--preset", "ultrafast", "--overwrite"]
    arguments += ["--weights", "no/such/weights"]  # which nobody asks for
    pictures = []
    for theme in ("dark", "light"):
        assert main([*arguments, "--theme", theme]) == 0
        pictures.append(clip.with_name("bird.tagged.mp4").read_bytes())
    assert pictures[0] != pictures[1]


def test_a_preview_is_one_png(clip, npz, tmp_path):
    out = tmp_path / "p.png"
    assert main(["render", str(clip), "--tags", str(npz), "--preview", "1", "-o", str(out)]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")


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
        (["CLIP", "CLIP2", "-o", "x.mp4"], 2, "folder"),
        (["CLIP", "--nope"], 2, "--nope"),
        (["CLIP", "--model", "cnn99"], 4, "cnn99"),
        (["CLIP", "--tags", "NPZ", "--theme", "Neon"], 5, "Neon"),
        (["CLIP", "--preview", "nan"], 2, "nan"),
        (["CLIP", "--preview", "-1"], 2, "--preview"),
        (["CLIP", "--preview", "99"], 2, "no frame"),
        (["CLIP", "CLIP"], 2, "both"),
        (["CLIP", "--tags", "NPZ", "--preview", "1", "-o", "NPZ", "--overwrite"], 2, "is an input"),
    ],
)
def test_mistakes_get_one_line_and_their_exit_code(
    clip, npz, monkeypatch, tmp_path, capsys, arguments, code, said
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    known = {"CLIP": str(clip), "NPZ": str(npz), "CLIP2": "other.mp4"}
    assert main([known.get(argument, argument) for argument in arguments]) == code
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed
    assert sorted(tmp_path.iterdir()) == before


def test_debug_shows_the_traceback(tmp_path, capsys):
    assert main(["render", str(tmp_path / "missing.mp4"), "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--theme", "Neon"], "Neon"),
        (["--config", "CONFIG"], "no-such"),
        (["--soft", "-o", "OUT.mkv", "--theme", "Neon"], "Neon"),
        (["--preview", "1", "-o", "THERE.png"], "exists"),
        (["--preview", "77"], "no frame"),
        (["--encoder", "nope"], "nope"),
        (["--label-file", "CONFIG"], "CONFIG"),
    ],
)
def test_what_can_be_refused_is_refused_before_a_second_is_scored(
    clip, tmp_path, monkeypatch, capsys, more, said
):
    """Nothing is scored: nothing is in the cache afterwards."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "THERE.png").touch()
    (tmp_path / "CONFIG").write_text('[events]\nthresholds_file = "no-such.toml"\n')
    known = {"CONFIG": tmp_path / "CONFIG", "OUT.mkv": tmp_path / "o.mkv"}
    known["THERE.png"] = tmp_path / "THERE.png"
    arguments = [str(known.get(argument, argument)) for argument in more]
    assert main([str(clip), "--model", "builtin", *arguments]) != 0
    assert said in capsys.readouterr().err
    assert not list(tmp_path.rglob("cache/**/*.npz"))


def test_a_silent_video_is_copied_if_that_is_wanted(make_clip, tmp_path, capsys):
    clip = make_clip("mute.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1")
    out = tmp_path / "o.mp4"
    assert main([str(clip), "-o", str(out)]) == 3
    assert "--allow-silent" in capsys.readouterr().err
    assert main([str(clip), "-o", str(out), "--allow-silent"]) == 0
    assert picture_times(out) == picture_times(clip)
    assert "a copy of the video" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "seconds"), [("83.5", 83.5), ("1:23.5", 83.5), ("0:01:23.5", 83.5), ("0", 0.0)]
)
def test_times_are_taken_as_people_write_them(text, seconds):
    assert flags.clock_time(text) == seconds


@pytest.mark.parametrize("text", ["", "1:", "1:60", "-1", "1:-2", "nan", "1:2:3:4", "a:1", "1.5:2"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match=r"time|second"):
        flags.clock_time(text)


def test_a_part_is_rendered(clip, tmp_path, capsys):
    out = tmp_path / "part.mp4"
    wanted = ("--from", "0:00.5", "--to", "1.5", "--model", "builtin", "-o", str(out))
    assert main([str(clip), *wanted, "--preset", "ultrafast"]) == 0
    assert probe(out).duration_s == pytest.approx(1.0, abs=0.1)
    capsys.readouterr()
    assert main([str(clip), "--from", "1", "--to", "0.5"]) == 5
    assert "--to must lie behind --from" in capsys.readouterr().err
