"""Another shape of the picture: pixels, times and sound are the source's."""

from fractions import Fraction

import numpy as np
import pytest
from inspecting import audio_packets, picture_times, pictures
from making import PANEL, two_tags

from overlay.datatypes import Box
from overlay.errors import SettingsError
from overlay.media.probe import probe
from overlay.media.reframing import reframing
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.still import Still
from overlay.reporting import SILENT
from overlay.settings import PanelSettings, Settings, VideoSettings

NOTHING = PanelSettings(view="none")


@pytest.fixture(scope="module")
def clip(make_clip):
    """Red, with a green square in the middle, at uneven times."""
    return make_clip(
        "shape.mkv", "-f", "lavfi", "-i",
        "color=red:s=320x180:r=25:d=2,drawbox=110:40:100:100:lime:fill,setsar=1", "-f", "lavfi",
        "-i", "sine=d=2:r=44100", "-vf", "select='not(eq(mod(n,3),1))'", "-fps_mode", "vfr",
        "-c:v", "libx264", "-qp", "0", "-c:a", "aac",
    )  # fmt: skip


def rendered(source, out, panel=NOTHING, **video):
    options = Settings(panel=panel, video=VideoSettings(preset="ultrafast", crf=0, **video))
    Burned().plan(open_source(source), options, out, SILENT).write(two_tags(), SILENT)
    return pictures(out, pix_fmt="rgb24")


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("frame", ["9:16", "1:1", "4:5", "21:9"])
def test_times_and_sound_are_the_sources_and_the_shape_is_the_asked_for(clip, tmp_path, frame, fit):
    out = tmp_path / "out.mkv"
    first = rendered(clip, out, PANEL, frame=frame, fit=fit)[0]
    assert picture_times(out) == picture_times(clip)
    assert audio_packets(out) == audio_packets(clip)
    video, (w, h) = probe(out).video, map(int, frame.split(":"))
    assert video.width * video.sample_aspect / video.height == pytest.approx(w / h, rel=0.02)
    assert first.shape[0] % 2 == first.shape[1] % 2 == 0


def test_a_crop_keeps_the_middle_in_its_own_pixels(clip, tmp_path):
    first = rendered(clip, tmp_path / "out.mkv", frame="1:1", fit="crop")[0].astype(int)
    assert first.shape == (180, 180, 3)
    whole = pictures(clip, pix_fmt="rgb24")[0].astype(int)
    assert np.abs(first - whole[:, 70:250]).max() <= 2


def test_padding_keeps_all_of_it_on_black(clip, tmp_path):
    first = rendered(clip, tmp_path / "out.mkv", frame="1:1")[0].astype(int)
    assert first.shape == (180, 180, 3)
    assert first[:30].max() < 12
    assert first[-30:].max() < 12
    assert first[90, 5, 0] > 200  # red up to the sides
    assert first[90, 90, 1] > 200  # and green in the middle
    green = (first[..., 1] > 150) & (first[..., 0] < 100)
    columns, rows = np.flatnonzero(green.any(axis=0)), np.flatnonzero(green.any(axis=1))
    assert len(columns) == pytest.approx(len(rows), abs=2)  # nothing is stretched


def test_the_panel_lies_on_the_new_picture(clip, tmp_path):
    plain = rendered(clip, tmp_path / "a.mkv", frame="9:16", fit="crop")
    tagged = rendered(clip, tmp_path / "b.mkv", PANEL, frame="9:16", fit="crop")
    changed = np.abs(plain[10].astype(int) - tagged[10]).max(axis=(0, 2)) > 30
    assert len(changed) == plain[0].shape[1] == 102
    assert changed.any()


def test_a_preview_has_the_shape_too(clip, tmp_path):
    options = Settings(panel=PANEL, video=VideoSettings(frame="1:1", fit="crop"))
    plan = Still(1.0).plan(open_source(clip), options, tmp_path / "a.png", SILENT)
    plan.write(two_tags(), SILENT)
    assert pictures(tmp_path / "a.png")[0].shape[:2] == (180, 180)


def test_wide_pixels_count_as_they_are_shown(make_clip, tmp_path):
    source = make_clip(
        "wide-shape.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x180:r=25:d=0.4,setsar=2", "-f",
        "lavfi", "-i", "sine=d=0.4", "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip
    for fit, size in (("crop", (90, 180)), ("pad", (180, 180))):
        out = tmp_path / f"{fit}.mp4"
        rendered(source, out, frame="1:1", fit=fit)
        video = probe(out).video
        assert (video.width, video.height) == size
        assert video.width * video.sample_aspect == 180


def test_a_picture_that_has_the_shape_stays_as_it_is(clip):
    video = probe(clip).video
    assert reframing(video, Fraction(16, 9), "crop") is None
    shape = reframing(video, Fraction(1), "crop")
    assert (shape.part, shape.size) == (Box(70, 0, 180, 180), (180, 180))


@pytest.mark.parametrize("frame", ["9x16", "0:1", "1:0", "1:9", "9:16:1", "", "a:b", "9:16\n"])
def test_what_is_no_shape_is_refused(frame):
    with pytest.raises(SettingsError, match="frame"):
        VideoSettings(frame=frame)


@pytest.mark.parametrize("other", ["soft", "overlay_only"])
def test_what_keeps_the_picture_takes_no_shape(other):
    with pytest.raises(SettingsError, match="frame is for"):
        VideoSettings(frame="1:1", **{other: True})
