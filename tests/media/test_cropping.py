"""Pictures of which the container cuts something off."""

import struct
import subprocess

import numpy as np
import pytest
from av.video.frame import VideoFrame
from inspecting import picture_times, pictures
from making import made, with_box

from overlay.media.cropping import croppings
from overlay.media.frame_command import thumbnail_command
from overlay.media.probe import probe
from overlay.media.process import ffmpeg_program
from overlay.media.thumbnails import _without, glimpses
from overlay.products.burned import Burned
from overlay.products.overlay_only import Alone
from overlay.products.still import Still
from overlay.settings import VideoSettings

LOSSLESS = VideoSettings(preset="ultrafast", crf=0)


@pytest.fixture
def plain(make_clip):
    """White in the middle, and gray around it."""
    return make_clip(
        "plain.mp4", "-f", "lavfi", "-i",
        "color=gray:s=320x240:r=10:d=1,drawbox=40:20:240:200:white:fill", "-f", "lavfi", "-i",
        "sine=d=1", "-c:v", "libx264", "-crf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac",
    )  # fmt: skip


def _with_aperture(path, out, width, height):
    """The middle of the picture is what is to be shown (ISO 14496-12, 12.1.4)."""
    box = struct.pack(">I4s8I", 40, b"clap", width, 1, height, 1, 0, 1, 0, 1)
    out.write_bytes(with_box(path.read_bytes(), box))
    return out


def _cut(make_clip, plain, tmp_path, name):
    source = _with_aperture(plain, tmp_path / "cut.mp4", 240, 200)
    turned = ("-display_rotation", "90") if "turned" in name else ()
    if name == "cut.mp4":
        return source
    return make_clip(name, *turned, "-i", str(source), "-c", "copy")


@pytest.mark.parametrize("prefix", [b"", struct.pack(">I4sQ", 1, b"free", 24) + bytes(8)])
def test_what_is_cut_off_may_be_more_on_one_side(plain, tmp_path, prefix):
    """The middle of what is shown lies 20 to the right and 5 above; a box of 64 bits is first."""
    box = struct.pack(">I4s6Iii", 40, b"clap", 240, 1, 200, 1, 20, 1, -5, 1)
    odd = tmp_path / "odd.mp4"
    odd.write_bytes(prefix + with_box(plain.read_bytes(), box))
    assert croppings(odd, "mov,mp4,m4a,3gp,3g2,mj2") == {0: (60, 20, 15, 25)}


def test_without_an_ffmpeg_to_ask_nothing_is_known_to_be_cut(plain, tmp_path, monkeypatch):
    source = _with_aperture(plain, tmp_path / "cut.mp4", 240, 200)
    monkeypatch.setenv("TAG_OVERLAY_FFMPEG", "/nowhere/ffmpeg")
    assert croppings(source, "mov,mp4") == {}


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "turned.mp4"])
def test_what_the_container_cuts_off_is_in_no_result(make_clip, plain, tmp_path, name):
    source = _cut(make_clip, plain, tmp_path, name)
    width, height = (200, 240) if name == "turned.mp4" else (240, 200)
    video = probe(source).video
    assert (video.width, video.height) == (width, height)
    for product, out in ((Burned(), "out.mkv"), (Alone(), "out.mov"), (Still(0.5), "out.png")):
        made(product, source, tmp_path / out, LOSSLESS)
        frames = pictures(tmp_path / out, pix_fmt="gray")
        assert frames[0].shape == (height, width), out
        if out != "out.mov":
            assert frames[0][: height // 4].min() > 225, out
    assert picture_times(tmp_path / "out.mkv") == pytest.approx(picture_times(source), abs=1e-3)


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "turned.mp4"])
def test_small_pictures_of_moments_do_not_show_it(make_clip, plain, tmp_path, name):
    """Those of the review page, of a batch's report, and of a contact sheet."""
    source = _cut(make_clip, plain, tmp_path, name)
    (picture,) = glimpses(probe(source), [0.5], 120, ffmpeg_program())
    assert picture.shape == ((120, 100, 3) if name == "turned.mp4" else (120, 144, 3))
    file = tmp_path / "sheet.png"
    command = thumbnail_command(probe(source), 0.5, file, ffmpeg_program(), (240, 240))
    subprocess.run(command, check=True, capture_output=True)
    for shown in (picture, *pictures(file, pix_fmt="rgb24")):
        assert shown.min() > 225


def test_a_smaller_frame_than_what_is_cut_off_is_shown_whole():
    grey = VideoFrame.from_ndarray(np.full((20, 30, 3), 128, np.uint8))
    assert _without(grey, (40, 0, 0, 0)) is grey
    assert _without(grey, (10, 5, 2, 4)).to_ndarray().shape == (14, 15, 3)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (999, 999), (321, 240), (320, 240)])
def test_an_aperture_that_is_none_cuts_nothing(plain, tmp_path, width, height):
    source = _with_aperture(plain, tmp_path / "odd.mp4", width, height)
    video = probe(source).video
    assert (video.width, video.height) == (320, 240)
    made(Burned(), source, tmp_path / "out.mkv")
    assert pictures(tmp_path / "out.mkv", pix_fmt="gray")[0].shape == (240, 320)


def test_ffmpeg_is_not_asked_where_nothing_is_cut(plain, tmp_path, monkeypatch):
    monkeypatch.setenv("TAG_OVERLAY_FFMPEG", "/nowhere/ffmpeg")
    assert croppings(plain, "mov,mp4") == {}
    assert croppings(tmp_path / "none", "mov,mp4") == {}
    assert croppings(plain, "mpegts") == {}


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0\1moov", b"\0\0\0\0mdat", b"\0\0\0\3free" * 9, b"\xff" * 40],
    ids=["empty", "short", "no length", "a length of 3", "huge"],
)  # fmt: skip
def test_boxes_of_odd_lengths_end_the_search(tmp_path, content):
    odd = tmp_path / "odd.mp4"
    odd.write_bytes(content + b"clap")
    assert croppings(odd, "mov,mp4") == {}
