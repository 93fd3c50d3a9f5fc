"""Every view in every product: burned, alone, as a preview, as an effect, as a player draws it."""

import numpy as np
import pytest
from inspecting import audio_packets, picture_times, pictures
from making import listener
from PIL import Image

from overlay.commands import main
from overlay.detection import detect
from overlay.errors import SettingsError
from overlay.media.probe import probe
from overlay.media.source import open_source
from overlay.moviepy import with_panel
from overlay.products.burned import Burned
from overlay.products.overlay_only import Alone
from overlay.products.panel_feed import make_panel
from overlay.products.soft_tracks import Soft
from overlay.products.still import Still
from overlay.products.table import Table
from overlay.reporting import SILENT
from overlay.settings import VIEWS, PanelSettings, Settings, VideoSettings
from overlay.track import TagTrack

ALL = [*VIEWS, "list+timeline", "chips+ticker", "none"]


def track():
    scores = np.full((30, 3), 0.01, np.float32)
    scores[2:14, 0], scores[8:28, 1], scores[16:30, 2] = 0.8, 0.6, 0.7
    levels = np.full((150, 8), -20, np.float16)
    levels[::3] = -60
    return TagTrack(scores, ("Speech", "Dog", "Rain"), 0.2, 0.1, 3.0, levels=levels)


@pytest.fixture(scope="module")
def gray(make_clip):
    return make_clip(
        "gray-views.mkv", "-f", "lavfi", "-i", "color=0x406080:s=640x360:d=3:r=25", "-f", "lavfi",
        "-i", "sine=d=3", "-colorspace", "bt709", "-color_range", "tv", "-vf",
        "setparams=colorspace=bt709:range=tv", "-c:v", "libx264", "-qp", "0", "-c:a", "aac",
    )  # fmt: skip


def settings_for(view, **video):
    options = {"preset": "ultrafast", "crf": 0} | video
    return Settings(
        panel=PanelSettings(view=view, smoothing="none"), video=VideoSettings(**options)
    )


def expected(source, view, t):
    """What the effect for moviepy makes of a frame."""
    settings = settings_for(view)
    timeline = detect(track(), settings).timeline
    panel = make_panel(timeline, probe(source).video, settings.panel)
    return with_panel(pictures(source, pix_fmt="rgb24")[round(25 * t)], panel, t)


@pytest.mark.parametrize("view", ALL)
def test_the_burned_frames_are_those_of_the_effect(gray, tmp_path, view):
    out = tmp_path / "out.mkv"
    Burned().plan(open_source(gray), settings_for(view), out, SILENT).write(track(), SILENT)
    assert picture_times(out) == picture_times(gray)
    assert audio_packets(out) == audio_packets(gray)
    frames, plain = pictures(out, pix_fmt="rgb24"), pictures(gray, pix_fmt="rgb24")
    for t in (0.4, 1.2, 2.2, 2.92):
        shown, wanted = frames[round(25 * t)].astype(int), expected(gray, view, t)
        difference = np.abs(shown - wanted)
        assert difference.mean() < 2.5, t
        assert np.quantile(difference, 0.99) < 60, t  # chroma at the edges of letters
        changed = (np.abs(wanted.astype(int) - plain[0]) > 40).any()
        assert changed == (view != "none")
        nothing = (wanted == plain[round(25 * t)]).all(axis=2)
        assert np.quantile(difference[nothing], 0.999) <= 6


@pytest.mark.parametrize("view", ["chips+ticker", "timeline", "none"])
@pytest.mark.parametrize("kind", ["frames", "out.webm"])
def test_alone_they_lie_where_they_are_burned(gray, tmp_path, view, kind):
    settings = settings_for(view, overlay_only=True, preset=None, crf=None)
    plan = Alone().plan(open_source(gray), settings, tmp_path / kind, SILENT)
    plan.write(track(), SILENT)
    if kind != "frames":
        assert len(pictures(tmp_path / kind)) == 75
        return
    files = sorted((tmp_path / "frames").iterdir())
    assert len(files) == 75
    with Image.open(files[30]) as picture:
        pixels = np.asarray(picture).astype(float)
    share = pixels[..., 3:] / 255
    plain = pictures(gray, pix_fmt="rgb24")[30]
    mixed = pixels[..., :3] * share + plain * (1 - share)
    assert np.abs(mixed - expected(gray, view, 1.2)).max() <= 2


@pytest.mark.parametrize("view", ALL)
def test_a_preview_is_settled(gray, tmp_path, view):
    file = tmp_path / "still.png"
    plan = Still(2.9).plan(open_source(gray), settings_for(view), file, SILENT)
    plan.write(track(), SILENT)
    shown = pictures(file, pix_fmt="rgb24")[0].astype(int)
    assert (np.abs(shown - shown[2, 2]) > 60).any() == (view != "none")


@pytest.mark.parametrize(("view", "n", "noted"), [
    ("list", 2, False), ("chips", 2, False), ("chips+timeline", 2, True), ("ticker", 1, True),
    ("none", 1, False),
])  # fmt: skip
def test_soft_has_what_players_draw_and_says_what_they_do_not(gray, tmp_path, view, n, noted):
    reporter, _, notes = listener()
    out = tmp_path / "out.mkv"
    settings = settings_for(view, soft=True)
    Soft().plan(open_source(gray), settings, out, reporter).write(track(), reporter)
    assert len(probe(out).subtitles) == n
    assert any("players cannot draw" in note for note in notes) == noted


def test_the_animated_panel_of_what_no_player_draws_is_refused(gray, tmp_path):
    with pytest.raises(SettingsError, match="timeline; they draw list and chips"):
        Table("ass-panel").plan(
            open_source(gray), settings_for("timeline"), tmp_path / "a.ass", SILENT
        )
    assert not list(tmp_path.iterdir())


def test_views_without_room_are_said(make_clip, tmp_path):
    source = make_clip(
        "low.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:d=0.2", "-f", "lavfi", "-i",
        "sine=d=0.2", "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip
    reporter, _, notes = listener()
    settings = settings_for("list+chips+ticker+timeline")
    Burned().plan(open_source(source), settings, tmp_path / "a.mp4", reporter)
    assert any("does not fit on 320x180" in note for note in notes)


def test_the_command_takes_views_and_presets(gray, tmp_path, capsys):
    npz = track().save(tmp_path / "s.npz")
    base = [str(gray), "--tags", str(npz), "--speed", "ultrafast", "-q"]
    assert main([*base, "--view", "chips+timeline", "-o", str(tmp_path / "a.mkv")]) == 0
    assert main([*base, "--preset", "social", "--frame", "9:16", "--fit", "crop", "-o",
                 str(tmp_path / "b.mkv")]) == 0  # fmt: skip
    assert probe(tmp_path / "b.mkv").video.width == 202
    assert main([*base, "--view", "lists", "-o", str(tmp_path / "c.mkv")]) == 5
    assert "view" in capsys.readouterr().err
    assert main([*base, "--view", "timeline", "--strip", "spectrogram", "--span", "5", "--preview",
                 "1", "-o", str(tmp_path / "d.png")]) == 0  # fmt: skip
