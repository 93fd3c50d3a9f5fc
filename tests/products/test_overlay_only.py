"""The panel alone: at the times of the source's frames, and right when it is laid over them."""

import subprocess
from itertools import pairwise

import av
import numpy as np
import pytest
from inspecting import picture_times, pictures
from making import PANEL, made, two_tags
from PIL import Image

import overlay
from overlay.commands import main
from overlay.detection import detect
from overlay.errors import DecodeError, OutputError, SettingsError
from overlay.media.alpha_command import ALPHA_ENCODERS
from overlay.media.probe import probe
from overlay.media.process import ffmpeg_program
from overlay.products.burned import Burned
from overlay.products.overlay_only import Alone
from overlay.products.panel_feed import make_panel
from overlay.settings import Settings, VideoSettings
from overlay.track import TagTrack


def alone(source, out, **settings):
    return made(Alone(), source, out, VideoSettings(**settings))


def raw_times(path):
    """As an editing program that starts at 0 sees them."""
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


@pytest.fixture
def gray(make_clip):
    return make_clip(
        "gray-alone.mp4", "-f", "lavfi", "-i", "color=0x808030:s=480x272:d=0.6:r=25", "-pix_fmt",
        "yuv420p", "-c:v", "libx264", "-qp", "0",
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "mediabunny__rotate-buck-bunny.mp4",
        "mp4parse-rust__video_rotation_90.mp4",
        "torchcodec__h265_10bits.mp4",
        "web-platform-tests__RGB_Circles.mov",
        "auto-editor__test_yuv422p.mp4",
        "mediabunny__sar_2x1.mp4",
        "moviepy__no_duration.webm",
    ],
)
def test_there_is_a_picture_at_the_time_of_each_frame(shared, tmp_path, name):
    source = shared / "videos" / name
    info = probe(source)
    done = alone(source, tmp_path / "out.mov", encoder="qtrle")
    after = probe(tmp_path / "out.mov")
    times = picture_times(source, info.video.index)
    assert done.n_frames == len(times)
    assert raw_times(done.path) == pytest.approx(times, abs=6e-5)  # a tick of the time base
    assert (after.video.width, after.video.height) == (info.video.width, info.video.height)
    assert (after.video.rotation, after.video.sample_aspect) == (0, info.video.sample_aspect)
    assert after.video.has_alpha
    assert after.audio == ()


@pytest.mark.parametrize("extension", [".mov", ".webm"])
def test_variable_rates_and_late_pictures_keep_their_times(make_clip, tmp_path, extension):
    source = make_clip(
        "late-vfr.mp4", "-f", "lavfi", "-i", "sine=d=2", "-itsoffset", "0.7", "-f", "lavfi", "-i",
        "testsrc2=s=160x120:r=30:d=2", "-map", "0", "-map", "1", "-vf",
        "select='not(mod(n,3))+lt(random(1),0.4)'", "-fps_mode", "vfr", "-c:a", "aac",
    )  # fmt: skip
    times = picture_times(source)
    assert times[0] > 0.6
    assert len({b - a for a, b in pairwise(times)}) > 1
    alone(source, tmp_path / f"out{extension}")
    tick = 6e-5 if extension == ".mov" else 6e-4  # webm counts in milliseconds
    assert raw_times(tmp_path / f"out{extension}") == pytest.approx(times, abs=tick)


def test_a_picture_that_begins_seconds_late_is_no_damage(shared, tmp_path):
    source = shared / "videos/mediabunny__no-initial-keyframe.ts"
    alone(source, tmp_path / "out.mov", encoder="qtrle")
    assert raw_times(tmp_path / "out.mov") == pytest.approx(picture_times(source), abs=1e-4)
    assert raw_times(tmp_path / "out.mov")[0] > 1


@pytest.mark.parametrize("encoder", ALPHA_ENCODERS)
def test_laid_over_the_source_it_is_the_rendered_video(gray, tmp_path, encoder):
    kinds = ALPHA_ENCODERS[encoder].extensions
    done = alone(gray, tmp_path / f"panel{kinds[0] if kinds else ''}", encoder=encoder)
    made(Burned(), gray, tmp_path / "whole.mp4", VideoSettings(preset="ultrafast", crf=0))
    reader = ["-c:v", "libvpx-vp9"] if encoder == "libvpx-vp9" else []  # the other is blind to it
    panel = done.path if kinds else done.path / "gray-alone-%05d.png"
    rate = [] if kinds else ["-framerate", "25"]
    command = [
        ffmpeg_program(), "-v", "error", "-i", str(gray), *reader, *rate, "-i", str(panel),
        "-filter_complex", "overlay", "-c:v", "libx264", "-qp", "0", str(tmp_path / "laid.mp4"),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    whole, laid = (pictures(tmp_path / f"{n}.mp4", pix_fmt="rgb24") for n in ("whole", "laid"))
    assert len(whole) == len(laid) == 15
    for a, b in zip(whole, laid, strict=True):
        difference = np.abs(a.astype(int) - b)
        assert difference.mean() < 0.5
        assert np.quantile(difference, 0.999) < 25  # chroma at the edges of letters


def test_opacity_is_straight_and_the_rest_is_nothing(gray, tmp_path):
    alone(gray, tmp_path / "frames")
    files = sorted((tmp_path / "frames").iterdir())
    assert [f.name for f in files] == [f"gray-alone-{n:05}.png" for n in range(1, 16)]
    panel = make_panel(detect(two_tags(), Settings(panel=PANEL)).timeline, probe(gray).video, PANEL)
    box, expected = panel.pieces[0].box, panel.rgba(5 / 25)
    with Image.open(files[5]) as picture:
        assert picture.mode == "RGBA"
        pixels = np.asarray(picture).copy()
    inside = pixels[box.y : box.bottom, box.x : box.right].copy()
    assert np.abs(inside.astype(int) - expected).max() <= 1
    pixels[box.y : box.bottom, box.x : box.right] = 0
    assert not pixels.any()


def test_prores_has_sixteen_bits_of_opacity_and_colour_tags(make_clip, tmp_path):
    source = make_clip(
        "hlg.mp4", "-f", "lavfi", "-i", "testsrc2=s=128x96:d=0.2", "-pix_fmt", "yuv420p10le",
        "-c:v", "libx265", "-x265-params", "log-level=none", "-color_primaries", "bt2020",
        "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc", "-color_range", "tv",
    )  # fmt: skip
    alone(source, tmp_path / "out.mov")
    video = probe(tmp_path / "out.mov").video
    assert (video.codec, video.color) == ("prores", probe(source).video.color)
    with av.open(str(tmp_path / "out.mov")) as container:
        assert container.streams.video[0].codec_context.codec_tag == "ap4h"


def test_odd_sizes_stay_odd(make_clip, tmp_path):
    odd = make_clip(
        "odd-alone.webm", "-f", "lavfi", "-i", "testsrc=s=321x241:d=0.2", "-pix_fmt", "yuv420p",
        "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
    )  # fmt: skip
    for name in ("out.mov", "out.webm"):
        alone(odd, tmp_path / name)
        video = probe(tmp_path / name).video
        assert (video.width, video.height) == (321, 241)


def _left(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_of_pictures_appears_whole_or_not_at_all(make_clip, tmp_path):
    whole = make_clip(
        "noisy.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:d=3,noise=alls=60:allf=t", "-c:v",
        "libx264", "-movflags", "+faststart",
    )  # fmt: skip
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])
    with pytest.raises(DecodeError, match="--tolerant"):
        alone(cut, tmp_path / "frames" / "p-%04d.png", tolerant=False)
    assert _left(tmp_path) == ["cut.mp4"]


def test_a_folder_is_replaced_only_if_it_holds_such_pictures(gray, tmp_path):
    out = tmp_path / "50% off" / "p-%03d.png"
    alone(gray, out)
    assert _left(tmp_path / "50% off")[0] == "p-001.png"
    (tmp_path / "50% off" / "p-999.png").touch()
    with pytest.raises(OutputError, match="--overwrite"):
        alone(gray, out)
    alone(gray, out, overwrite=True)
    assert len(_left(tmp_path / "50% off")) == 15
    (tmp_path / "50% off" / "letter.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"holds letter\.txt"):
        alone(gray, out, overwrite=True)
    assert len(_left(tmp_path / "50% off")) == 16
    assert _left(tmp_path) == ["50% off"]


@pytest.mark.parametrize(
    ("name", "encoder", "said"),
    [
        ("o.mp4", "auto", "cannot hold a panel with transparency"),
        ("o.png", "auto", "need a number"),
        ("o-%d-%d.png", "auto", "need a number"),
        ("o.mov", "libvpx-vp9", "goes to .webm"),
        ("o.mov", "png", "goes to a folder"),
        ("no/such/o.mov", "auto", "no folder"),
        ("no/such/folder", "auto", "no folder"),
    ],
)
def test_impossible_targets_are_said(gray, tmp_path, name, encoder, said):
    with pytest.raises(OutputError, match=said):
        alone(gray, tmp_path / name, encoder=encoder)
    assert _left(tmp_path) == []


def test_the_same_command_again_writes_into_no_folder_of_pictures(gray, tmp_path):
    frames = tmp_path / "frames"
    alone(gray, frames)
    before = _left(frames)
    with pytest.raises(OutputError, match="exists"):
        alone(gray, frames)
    assert _left(frames) == before
    alone(gray, frames, overwrite=True)
    assert _left(frames) == before


def test_a_folder_of_other_things_gets_a_file(gray, tmp_path):
    (tmp_path / "letter.txt").touch()
    assert alone(gray, tmp_path).path == tmp_path / "gray-alone.panel.mov"


def test_encoders_without_transparency_are_said(gray, tmp_path):
    with pytest.raises(SettingsError, match="no transparency; known: auto, prores_ks"):
        alone(gray, tmp_path / "o.mov", encoder="libx264")
    with pytest.raises(SettingsError, match="exclude each other"):
        VideoSettings(soft=True, overlay_only=True)


def test_from_saved_scores_by_command_and_by_python(make_clip, tmp_path, capsys):
    clip = make_clip("walk.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:d=1", "-c:v", "libx264")
    scores = np.random.default_rng(0).random((4, 2)).astype(np.float32)
    track = TagTrack(scores, ("Cat", "Dog"), 2.0, 0.3, 1.0)
    saved = track.save(tmp_path / "t.npz")
    arguments = [str(clip), "--overlay-only", "--tags", str(saved)]
    assert main([*arguments, "-o", str(tmp_path)]) == 0
    assert main([*arguments, "-o", str(tmp_path), "--encoder", "png"]) == 0
    assert main([*arguments, "-o", str(tmp_path / "x.mp4")]) == 3
    assert _left(tmp_path) == ["t.npz", "walk.panel", "walk.panel.mov"]
    assert "the panel alone" in capsys.readouterr().out
    done = overlay.render(clip, tmp_path / "p.mov", track=track, overlay_only=True)
    assert (done.encoder, done.n_frames) == ("prores_ks", 25)
