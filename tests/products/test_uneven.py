"""Sources whose frames are not all as the first: sizes, fields, stills; and pictures of no room."""

import struct
from itertools import pairwise

import numpy as np
import pytest
from inspecting import audio_packets, field_orders, picture_times, pictures, side_data
from making import PANEL, listener, made, with_box

from overlay.datatypes import Excerpt
from overlay.errors import EncodeError
from overlay.media.probe import probe
from overlay.media.source import open_source
from overlay.products.animated import Animated
from overlay.products.burned import Burned
from overlay.products.overlay_only import Alone
from overlay.products.panel_feed import make_panel
from overlay.products.soft_tracks import Soft
from overlay.products.still import Still
from overlay.reporting import SILENT
from overlay.settings import Settings, VideoSettings

LOSSLESS = VideoSettings(preset="ultrafast", crf=0)
GRAY = ("-f", "lavfi", "-i")
TONE = ("-f", "lavfi", "-i", "sine=d=2:r=48000")
SIZES = {
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"),
    "h264.ts": ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"),
    "mjpeg.mkv": ("-c:v", "mjpeg", "-strict", "unofficial"),
}


def _joined(make_clip, tmp_path, name, *sizes):
    """Gray pictures of these sizes, half a second each, as one stream; with sound."""
    extension = name.rpartition(".")[2]
    script = tmp_path / "list.txt"
    parts = [
        make_clip(f"{name}-{size}.{extension}", *GRAY, f"color=gray:s={size}:r=10:d=0.5",
                  *SIZES[name], "-pix_fmt", "yuv420p", "-output_ts_offset", f"{n / 2}")
        for n, size in enumerate(sizes)
    ]  # fmt: skip
    script.write_text("".join(f"file '{part}'\n" for part in parts))
    codec = "libopus" if extension == "webm" else "mp2"
    return make_clip(
        f"sizes-{name}", "-f", "concat", "-safe", "0", "-i", str(script), *TONE, "-map", "0",
        "-map", "1", "-c:v", "copy", "-c:a", codec,
    )  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_frames_of_other_sizes_are_fitted_into_the_first(make_clip, tmp_path, name):
    """D1: smaller, larger and upright ones; the panel is on every frame, and no shape changes."""
    source = _joined(make_clip, tmp_path, name, "320x180", "640x360", "90x160")
    reporter, _, notes = listener()
    out = tmp_path / "out.mkv"
    made(Burned(), source, out, LOSSLESS, reporter=reporter)
    frames = [frame[:180].astype(int) for frame in pictures(out)]
    times = picture_times(source)
    assert picture_times(out) == pytest.approx(times, abs=1e-3)
    assert len(frames) == 15
    box = make_panel(_timeline(), probe(source).video, PANEL).pieces[0].box
    for number, frame in enumerate(frames):
        assert frame[box.y : box.bottom, box.x : box.right].std() > 20, number
    gray = frames[2][10, 160]
    for number, left in ((7, 0), (12, 110)):  # the upright picture is 100 wide in the middle
        assert frames[number][10, left + 2 : 318 - left] == pytest.approx(gray, abs=2)
    assert frames[12][10, :108].max() <= 17
    assert frames[12][10, 212:].max() <= 17
    assert any("640x360, 90x160" in note for note in notes)


def test_a_turned_picture_that_changes_its_size_is_refused(make_clip, tmp_path):
    """By the plan: the filters of ffmpeg that turn it take one size."""
    sizes = _joined(make_clip, tmp_path, "h264.ts", "320x180", "640x360")
    turned = make_clip("turned.mp4", "-display_rotation", "90", "-i", str(sizes), "-c", "copy")
    for product, name in ((Burned(), "o.mkv"), (Animated(), "o.gif"), (Still(0.1), "o.png")):
        with pytest.raises(EncodeError, match=r"turned .* \(640x360 from 0.5 s\).*upright first"):
            product.plan(open_source(turned), Settings(), tmp_path / name, SILENT)
    turned = make_clip("whole.mp4", "-display_rotation", "90", "-t", "0.4", "-i", str(sizes),
                       "-c", "copy")  # fmt: skip
    made(Burned(), turned, tmp_path / "out.mkv")


def _timeline():
    from making import two_tags

    from overlay.detection import detect
    from overlay.settings import Settings

    return detect(two_tags(), Settings(panel=PANEL)).timeline


def test_frames_of_other_sizes_leave_the_panel_alone_as_it_is(make_clip, tmp_path):
    source = _joined(make_clip, tmp_path, "h264.ts", "320x180", "640x360", "90x160")
    made(Alone(), source, tmp_path / "out.mov")
    made(Still(1.2), source, tmp_path / "out.png")
    assert len(picture_times(tmp_path / "out.mov")) == 15
    assert pictures(tmp_path / "out.png", pix_fmt="gray")[0].shape == (180, 320)


FIELDS = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=50:d=1")
INTERLACED = {
    "pal.mpg": ("interleave_top", "-c:v", "mpeg2video", "-c:a", "mp2"),
    "h264.mp4": ("interleave_bottom", "-c:v", "libx264", "-x264-params", "bff=1", "-c:a", "aac"),
    "ten.mkv": ("interleave_top", "-pix_fmt", "yuv422p10le", "-c:v", "libx264", "-x264-params",
                "tff=1", "-c:a", "aac"),
    "prores.mov": ("interleave_top", "-c:v", "prores_ks", "-c:a", "aac"),
}  # fmt: skip


def _interlaced(make_clip, name):
    kind, *encoder = INTERLACED[name]
    return make_clip(
        f"fields-{name}", *FIELDS, *TONE, "-vf", f"tinterlace={kind}", "-flags", "+ilme+ildct",
        *encoder,
    )  # fmt: skip


@pytest.mark.parametrize("name", INTERLACED)
@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
def test_fields_stay_in_their_order(make_clip, tmp_path, name, extension):
    """D3."""
    source = _interlaced(make_clip, name)
    reporter, _, notes = listener()
    out = tmp_path / f"out{extension}"
    made(Burned(), source, out, reporter=reporter)
    order = field_orders(source)
    assert order != {"PROGRESSIVE"}
    assert field_orders(out) == order
    assert probe(out).video.fields == ("tff" if order == {"TOPFIRST"} else "bff")
    assert len(picture_times(out)) == len(picture_times(source))
    assert any("interlaced and stays so" in note for note in notes)


def test_fields_can_be_made_whole_pictures(make_clip, tmp_path):
    source = _interlaced(make_clip, "pal.mpg")
    whole = VideoSettings(preset="ultrafast", deinterlace=True)
    reporter, _, notes = listener()
    made(Burned(), source, tmp_path / "out.mp4", whole, reporter=reporter)
    assert field_orders(tmp_path / "out.mp4") == {"PROGRESSIVE"}
    assert picture_times(tmp_path / "out.mp4") == pytest.approx(picture_times(source), abs=1e-4)
    assert notes == []
    assert _combing(tmp_path / "out.mp4") < 0.85 * _combing(source)


def _combing(path):
    """How much more neighbouring lines differ than lines of the same field do."""
    luma = np.stack([frame[:60, :].astype(float) for frame in pictures(path, pix_fmt="gray")])
    near = np.abs(luma[:, 1:-1] - (luma[:, :-2] + luma[:, 2:]) / 2).mean()
    far = np.abs(luma[:, 2:-2] - (luma[:, :-4] + luma[:, 4:]) / 2).mean()
    return near / far


@pytest.mark.parametrize(
    ("size", "encoder"), [("160x122", "libx264"), ("160x120", "libsvtav1"), ("160x120", "libx265")]
)
def test_where_fields_cannot_be_kept_that_is_said(make_clip, tmp_path, size, encoder):
    source = make_clip(
        f"fields-{size}.mpg", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=50:d=0.5", "-vf",
        "tinterlace=interleave_top", "-flags", "+ilme+ildct", "-c:v", "mpeg2video",
    )  # fmt: skip
    reporter, _, notes = listener()
    preset = "12" if encoder == "libsvtav1" else "ultrafast"
    settings = VideoSettings(encoder=encoder, preset=preset)
    made(Burned(), source, tmp_path / "out.mp4", settings, reporter=reporter)
    assert any(encoder in note and "--deinterlace" in note for note in notes)


STILLS = {
    "still.mkv": ("libx264", "aac"),
    "slides.mp4": ("libx264", "aac"),
    "still.ts": ("mpeg2video", "mp2"),
    "slides.webm": ("libvpx", "libopus"),
    "slides.mov": ("mjpeg", "aac"),
}


def _still(make_clip, name):
    """One picture, or one each 3 s for 6 s, under 7 s of sound."""
    video, audio = STILLS[name]
    png = make_clip("one.png", "-f", "lavfi", "-i", "testsrc2=s=320x240", "-frames:v", "1")
    slides = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=1/3:d=6")
    pixels = "yuvj420p" if video == "mjpeg" else "yuv420p"
    rate = ("-r", "25") if video == "mpeg2video" else ()
    return make_clip(
        f"stands-{name}", *(("-i", str(png)) if "still" in name else slides), "-f", "lavfi", "-i",
        "sine=d=7:r=48000", "-map", "0", "-map", "1", "-c:v", video, "-pix_fmt", pixels, *rate,
        "-c:a", audio,
    )  # fmt: skip


@pytest.mark.parametrize("name", STILLS)
@pytest.mark.parametrize("product", [Burned(), Alone()], ids=lambda p: type(p).__name__)
def test_a_still_is_repeated_as_long_as_its_sound_lasts(make_clip, tmp_path, name, product):
    """B5: so that the panel lives."""
    source = _still(make_clip, name)
    reporter, _, notes = listener()
    out = tmp_path / ("out.mov" if isinstance(product, Alone) else "out.mkv")
    made(product, source, out, reporter=reporter)
    times = picture_times(out)
    assert float(times[-1] - times[0]) == pytest.approx(6.96, abs=0.1)
    assert float(max(b - a for a, b in pairwise(times))) < 0.05
    assert any("stands still" in note for note in notes)
    if isinstance(product, Burned):
        assert audio_packets(out) == audio_packets(source)
        first, last = (pictures(out)[n][:240].astype(int) for n in (10, -1))
        box = make_panel(_timeline(), probe(source).video, PANEL).pieces[0].box
        moved = np.abs(first - last)[box.y : box.bottom, box.x : box.right]
        assert moved.max() > 100  # the dog's bar falls


def test_a_still_stays_one_where_nothing_is_encoded(make_clip, tmp_path):
    source = _still(make_clip, "still.mkv")
    made(Soft(), source, tmp_path / "out.mp4")
    assert len(picture_times(tmp_path / "out.mp4")) == 1


@pytest.mark.parametrize(("name", "at_s", "slide"), [("still.mkv", 6.3, 0), ("slides.mp4", 2.9, 0),
                                                     ("slides.mp4", 5.1, 1)])  # fmt: skip
def test_a_still_is_on_the_screen_as_long_as_it_stands(make_clip, tmp_path, name, at_s, slide):
    source = _still(make_clip, name)
    made(Still(at_s), source, tmp_path / "out.png")
    shown = pictures(tmp_path / "out.png", pix_fmt="gray")[0][:100].astype(int)
    off = [np.abs(shown - f[:100]).mean() for f in pictures(source, pix_fmt="gray")]
    assert np.argmin(off) == slide


def test_a_picture_that_moves_after_a_while_is_no_slideshow(make_clip, tmp_path):
    source = make_clip(
        "pause.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=6", *TONE, "-vf",
        "select='eq(n,0)+gt(n,40)'", "-fps_mode", "vfr", "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip
    made(Burned(), source, tmp_path / "out.mkv")
    assert picture_times(tmp_path / "out.mkv") == picture_times(source)


@pytest.mark.parametrize("size", ["2x2", "1x1", "1000x1", "2x1000", "3x90"])
@pytest.mark.parametrize("product", [Burned(), Alone(), Still(0.5)], ids=lambda p: type(p).__name__)
def test_where_no_panel_fits_that_is_said(make_clip, tmp_path, size, product):
    """I12."""
    source = make_clip(
        f"tiny{size}.mkv", "-f", "lavfi", "-i", f"testsrc=s={size}:r=5:d=1,format=gbrp", *TONE,
        "-c:v", "ffv1", "-c:a", "aac",
    )  # fmt: skip
    reporter, _, notes = listener()
    extension = {Burned: ".mkv", Alone: ".mov", Still: ".png"}[type(product)]
    made(product, source, tmp_path / f"out{extension}", reporter=reporter)
    assert any("does not fit" in note for note in notes)
    assert len(picture_times(tmp_path / f"out{extension}")) == (1 if extension == ".png" else 5)


def _boxed(kind, body):
    return struct.pack(">I", 8 + len(body)) + kind + body


def _spherical(data):
    """An mp4 of one H.264 stream whose sample entry says that it is equirectangular.

    Source:
        Google, "Spherical Video V2 RFC": sv3d, svhd, proj, prhd, equi.
    """
    head = _boxed(b"svhd", bytes(4) + b"test\0")
    shape = _boxed(b"proj", _boxed(b"prhd", bytes(16)) + _boxed(b"equi", bytes(20)))
    return with_box(data, _boxed(b"sv3d", head + shape))


@pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("extension", [".mp4", ".mov", ".mkv"])
def test_all_around_stays_all_around(make_clip, tmp_path, product, extension):
    """D4."""
    plain = make_clip(
        "plain360.mp4", "-f", "lavfi", "-i", "testsrc2=s=128x64:r=10:d=1", "-c:v", "libx264",
    )  # fmt: skip
    source = tmp_path / "around.mp4"
    source.write_bytes(_spherical(plain.read_bytes()))
    assert _is_spherical(source)
    made(product, source, tmp_path / f"out{extension}")
    assert _is_spherical(tmp_path / f"out{extension}")


def _is_spherical(path):
    return "spherical" in side_data(path).lower()


def test_a_claimed_second_picture_far_away_is_not_waited_for(make_clip, tmp_path):
    """Repeating is bounded by the sound that is there."""
    source = make_clip(
        "claims.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=1:d=2", *TONE, "-c:v", "libx264",
        "-c:a", "aac", "-bsf:v", "setts=pts=PTS+gt(N\\,0)*90000/TB:dts=DTS+gt(N\\,0)*90000/TB",
    )  # fmt: skip
    assert open_source(source).picture().stands
    made(Burned(), source, tmp_path / "out.mkv")
    assert len(picture_times(tmp_path / "out.mkv")) == 2


WIDE = {"mpeg2.ts": ("mpeg2video", "mp2"), "h264.ts": ("libx264", "aac"),
        "mpeg2.mpg": ("mpeg2video", "mp2")}  # fmt: skip


def _of_two_shapes(make_clip, name):
    """Television that goes from 4:3 to 16:9 after a second: a square, drawn where it is shown."""
    video, audio = WIDE[name]
    extension = name.rpartition(".")[2]
    parts = [
        make_clip(
            f"shape-{number}-{name}", "-f", "lavfi", "-i",
            f"color=gray:s=360x288:r=25:d=1,drawbox=100:64:160:160:white:fill,setdar={shape}",
            "-c:v", video, "-bf", "0", "-g", "10", "-output_ts_offset", str(number), "-f", "mpegts",
        )
        for number, shape in enumerate(("4/3", "16/9"))
    ]  # fmt: skip
    return make_clip(
        f"shapes-{name}", "-f", "mpegts", "-i", "concat:" + "|".join(map(str, parts)), *TONE,
        "-map", "0", "-map", "1", "-c:v", "copy", "-c:a", audio, "-f",
        "mpegts" if extension == "ts" else "mpeg",
    )  # fmt: skip


@pytest.mark.parametrize("name", WIDE)
def test_pixels_that_become_wider_are_fitted_into_the_first(make_clip, tmp_path, name):
    """Wider pixels of as many: the picture is as wide as before, and three quarters as high."""
    source = _of_two_shapes(make_clip, name)
    reporter, _, notes = listener()
    made(Burned(), source, tmp_path / "out.mkv", LOSSLESS, reporter=reporter)
    made(Still(1.6), source, tmp_path / "out.png")
    assert any("pixels change their width" in note for note in notes)
    frames = [frame.astype(int) for frame in pictures(tmp_path / "out.mkv", pix_fmt="gray")]
    before, after = frames[10], frames[40]
    assert (before[:, 180] > 200).sum() == pytest.approx(160, abs=4)
    assert (after[:, 180] > 200).sum() == pytest.approx(120, abs=4)
    assert (after[144] > 200).sum() == pytest.approx(160, abs=4)
    assert after[:32].max() < 30  # black above
    assert len(frames) == len(picture_times(source))
    (still,) = pictures(tmp_path / "out.png", pix_fmt="gray")
    square = still[:, still.shape[1] // 2] > 200
    assert square.sum() == pytest.approx(120, abs=6)


def test_a_part_of_it_counts_from_its_own_start(make_clip, tmp_path):
    source = open_source(_of_two_shapes(make_clip, "mpeg2.ts"), excerpt=Excerpt(0.6, None))
    made(Burned(), source, tmp_path / "part.mkv", LOSSLESS)
    heights = [
        int((frame[:, 180] > 200).sum())
        for frame in pictures(tmp_path / "part.mkv", pix_fmt="gray")
    ]
    assert heights[7] == pytest.approx(160, abs=4)
    assert heights[13] == pytest.approx(120, abs=4)
