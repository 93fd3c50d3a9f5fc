"""Moving pictures: GIF and WebP, small enough, with the tags on them."""

import numpy as np
import pytest
from making import FAST, PANEL, listener, made, two_tags
from PIL import Image

from overlay.datatypes import Excerpt
from overlay.errors import EncodeError, NoAudioStream, OutputError, SettingsError, UsageError
from overlay.media.source import open_source
from overlay.pipeline import plan
from overlay.products.animated import Animated
from overlay.products.burned import Burned
from overlay.reporting import SILENT
from overlay.settings import Settings, VideoSettings, override


@pytest.fixture(scope="module")
def clip(make_clip):
    """A second of a busy picture, wider than a moving picture is."""
    return make_clip(
        "moving.mp4", "-f", "lavfi", "-i", "testsrc2=s=720x404:r=25:d=1.2", "-f", "lavfi", "-i",
        "sine=d=1.2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_a_moving_picture_plays_for_ever_as_long_as_its_source(clip, tmp_path, kind):
    out = tmp_path / f"a.{kind}"
    done = made(Animated(), clip, out)
    with Image.open(out) as moving:
        assert moving.format == kind.upper()
        assert moving.info["loop"] == 0
        assert moving.size == (640, 360)
        lengths = []
        for n in range(moving.n_frames):
            moving.seek(n)
            moving.load()
            lengths.append(moving.info["duration"])
    assert sum(lengths) == pytest.approx(1200, abs=90)
    assert "1.2 s, 640x360, 12.5 pictures a second" in done.content


def test_the_tags_are_on_it(clip, tmp_path):
    made(Animated(), clip, tmp_path / "tags.gif")
    nothing = two_tags(np.zeros((10, 2), np.float32))
    made(Animated(), clip, tmp_path / "none.gif", track=nothing)
    shown = []
    for name in ("tags", "none"):
        with Image.open(tmp_path / f"{name}.gif") as moving:
            moving.seek(12)
            shown.append(np.asarray(moving.convert("RGB")).astype(int))
    differs = np.abs(shown[0] - shown[1]).max(axis=2) > 60
    assert differs[200:, :320].mean() > 0.02  # where the panel is
    assert differs[:150].mean() < 0.002


@pytest.mark.parametrize(
    ("kind", "fit", "size"), [("gif", "crop", (228, 404)), ("webp", "pad", (360, 640))]
)
def test_it_takes_another_shape(clip, tmp_path, kind, fit, size):
    out = tmp_path / f"a.{kind}"
    made(Animated(), clip, out, VideoSettings(frame="9:16", fit=fit))
    with Image.open(out) as moving:
        assert moving.size == size
        moving.seek(5)
        shown = np.asarray(moving.convert("RGB")).astype(int)
    assert (shown[:60].max() < 40) == (fit == "pad")  # black above
    nothing = tmp_path / f"b.{kind}"
    made(Animated(), clip, nothing, VideoSettings(frame="9:16", fit=fit),
         track=two_tags(np.zeros((10, 2), np.float32)))  # fmt: skip
    with Image.open(nothing) as moving:
        moving.seek(5)
        plain = np.asarray(moving.convert("RGB")).astype(int)
    assert (np.abs(shown - plain).max(axis=2) > 60).mean() > 0.005  # the panel fits into it


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_it_becomes_small_enough(clip, tmp_path, kind):
    out = tmp_path / f"a.{kind}"
    small = VideoSettings(max_mb=0.1)
    done = made(Animated(), clip, out, small)
    assert out.stat().st_size <= 100_000
    with Image.open(out) as moving:
        assert max(moving.size) < 640
        assert f"{moving.size[0]}x{moving.size[1]}" in done.content


def test_what_cannot_become_small_enough_leaves_nothing(make_clip, tmp_path):
    noise = make_clip(
        "noise.mp4", "-f", "lavfi", "-i", "nullsrc=s=320x180:r=25:d=2,geq=random(1)*255:128:128",
        "-f", "lavfi", "-i", "sine=d=2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip
    with pytest.raises(EncodeError, match="shorter part"):
        made(Animated(), noise, tmp_path / "a.gif", VideoSettings(max_mb=0.06))
    assert not list(tmp_path.iterdir())


def test_a_part_of_a_long_film(make_clip, tmp_path):
    long = make_clip(
        "long.mp4", "-f", "lavfi", "-i", "testsrc=s=160x90:r=5:d=90", "-f", "lavfi", "-i",
        "sine=d=90", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip
    with pytest.raises(UsageError, match=r"90 s are too long for a gif.*--from"):
        made(Animated(), long, tmp_path / "a.gif")
    done = made(Animated(), open_source(long, excerpt=Excerpt(20, 22)), tmp_path / "a.gif")
    assert 22 <= done.n_frames <= 25


def test_the_name_or_the_flag_asks_for_it(clip, tmp_path):
    settings = Settings(video=FAST, panel=PANEL)
    by_name = plan(clip, None, tmp_path / "x.WEBP", settings, track=two_tags())
    assert by_name.target.suffix == ".WEBP"
    by_flag = plan(clip, None, None, override(settings, gif=True), track=two_tags())
    assert by_flag.target == clip.with_name("moving.tagged.gif")
    with pytest.raises(OutputError, match=r"\.gif or \.webp"):
        Animated().plan(open_source(clip), settings, tmp_path / "x.png", SILENT)
    with pytest.raises(OutputError, match="unknown kind"):
        Burned().plan(open_source(clip), settings, tmp_path / "x.gif", SILENT)
    with pytest.raises(SettingsError, match="exclude each other"):
        VideoSettings(gif=True, soft=True)


def test_a_silent_film_has_no_tags_to_show(make_clip, tmp_path):
    silent = make_clip("silent.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1")
    with pytest.raises(NoAudioStream):
        plan(silent, None, tmp_path / "a.gif", override(Settings(), allow_silent=True))


def test_progress_is_told(clip, tmp_path):
    reporter, steps, _ = listener()
    made(Animated(), clip, tmp_path / "a.gif", reporter=reporter)
    assert {step for step, *_ in steps} == {"render"}
    assert steps[-1][1] == pytest.approx(1.2, abs=0.2)
