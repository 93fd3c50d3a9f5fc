from fractions import Fraction

import pytest

from overlay.datatypes import ColorInfo
from overlay.errors import ProbeError
from overlay.media.probe import probe

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x90:d=1")


def turned(make_clip, degrees):
    upright = make_clip("upright.mp4", *PICTURE, "-c:v", "libx264")
    return make_clip(f"turned-{degrees}.mp4", "-display_rotation", str(degrees), "-i", str(upright),
                     "-c", "copy")  # fmt: skip


@pytest.mark.parametrize(
    ("degrees", "size"), [(90, (90, 160)), (-90, (90, 160)), (180, (160, 90)), (0, (160, 90))]
)
def test_a_phone_video_has_its_displayed_size(make_clip, degrees, size):
    video = probe(turned(make_clip, degrees)).video
    assert (video.width, video.height) == size
    assert (video.rotation + degrees) % 360 == 0  # ffmpeg turns against the clock


def test_the_moment_of_the_first_picture_is_kept(make_clip):
    late = make_clip(
        "late-picture.mkv", "-f", "lavfi", "-i", "sine=d=2", "-itsoffset", "0.5", *PICTURE,
        "-map", "1", "-map", "0", "-c:v", "mjpeg", "-c:a", "pcm_s16le",
    )  # fmt: skip
    assert probe(late).video.start_s == pytest.approx(0.52, abs=2e-3)  # on the grid of 25 a second


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "12", "25", "60"])
def test_rates_are_exact(make_clip, rate):
    name = f"rate-{rate.replace('/', '-')}.mp4"
    clip = make_clip(name, "-f", "lavfi", "-i", f"testsrc2=s=64x64:d=1:r={rate}")
    assert probe(clip).video.frame_rate == Fraction(rate)


@pytest.mark.parametrize("aspect", ["2/1", "4/3", "1/2", "1/1"])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_pixel_shapes(make_clip, aspect, container):
    name = f"sar-{aspect.replace('/', '-')}.{container}"
    video = probe(make_clip(name, *PICTURE, "-vf", f"setsar={aspect}", "-c:v", "libx264")).video
    assert video.sample_aspect == Fraction(aspect)
    assert (video.width, video.height) == (160, 90)  # pixels of the picture, not of the screen


@pytest.mark.parametrize(
    ("pix_fmt", "depth", "color_range"),
    [("yuv420p10le", 10, "tv"), ("yuv420p", 8, "pc"), ("yuv422p10le", 10, "pc")],
)
def test_colour_and_depth(make_clip, pix_fmt, depth, color_range):
    clip = make_clip(
        f"depth-{pix_fmt}-{color_range}.mkv", *PICTURE, "-pix_fmt", pix_fmt, "-c:v", "libx264",
        "-color_range", color_range, "-bsf:v",
        f"h264_metadata=video_full_range_flag={int(color_range == 'pc')}",
    )  # fmt: skip
    video = probe(clip).video
    assert (video.bit_depth, video.color.range, video.color.space) == (depth, color_range, None)


def test_the_picture_that_players_show_is_chosen(make_clip):
    two = make_clip(
        "two-sizes.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=1", *PICTURE,
        "-f", "lavfi", "-i", "sine=d=1", "-map", "0", "-map", "1", "-map", "2", "-map", "2",
        "-disposition:v:0", "0", "-disposition:v:1", "default",
    )  # fmt: skip
    info = probe(two)
    assert (info.video.index, info.video.width) == (1, 160)
    assert [audio.index for audio in info.audio] == [2, 3]


def test_what_a_video_carries_beside_picture_and_sound(make_clip, tmp_path):
    text = tmp_path / "talk.srt"
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    for name, codec in (("talk.mp4", "mov_text"), ("talk.mkv", "subrip"), ("ass.mkv", "ass")):
        clip = make_clip(name, *PICTURE, "-i", str(text), "-c:s", codec, "-c:v", "libx264")
        assert probe(clip).subtitles == (codec,), name


def test_alpha_is_seen(make_clip):
    clip = make_clip("alpha.webm", *PICTURE, "-pix_fmt", "yuva420p", "-c:v", "libvpx-vp9")
    assert probe(clip).video.has_alpha
    png = make_clip("alpha.mov", *PICTURE, "-pix_fmt", "rgba", "-c:v", "png")
    assert probe(png).video.has_alpha
    assert not probe(make_clip("opaque.webm", *PICTURE, "-c:v", "libvpx-vp9")).video.has_alpha


def test_a_cover_picture_is_no_video(make_clip):
    cover = make_clip("cover.png", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1")
    song = make_clip(
        "song.mp3", "-f", "lavfi", "-i", "sine=d=1", "-i", str(cover), "-map", "0", "-map", "1",
        "-c:v", "copy", "-disposition:v", "attached_pic",
    )  # fmt: skip
    info = probe(song)
    assert info.video is None
    assert len(info.covers) == 1


def test_a_file_without_length_is_read(make_clip):
    """As a browser records one: written on, and never finished."""
    clip = make_clip("no-length.webm", *PICTURE, "-c:v", "libvpx-vp9", "-live", "1", "-f", "webm")
    info = probe(clip)
    assert info.duration_s is None
    assert info.video.width == 160


@pytest.mark.parametrize(
    "name", ["-v.mp4", "a:b.mp4", "it's 100%d.mp4", "two\nlines.mp4", "声音.mp4"]
)
def test_odd_names(make_clip, tmp_path, monkeypatch, name):
    clip = make_clip("plain.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.2")
    (tmp_path / name).write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert probe(name).video.width == 64


def test_what_is_no_media_is_said(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("hello")
    empty = tmp_path / "empty.mp4"
    empty.touch()
    for path in (text, empty, tmp_path, tmp_path / "missing.mp4"):
        with pytest.raises(ProbeError, match=str(path)):
            probe(path)


@pytest.mark.parametrize("box", [b"stsc", b"stco", b"stsz", b"mdhd", b"hdlr"])
def test_a_box_that_claims_anything_is_one_line_or_a_file(make_clip, tmp_path, box):
    whole = make_clip("plain.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.2").read_bytes()
    at = whole.index(box) + 4
    path = tmp_path / "claims.mp4"
    path.write_bytes(whole[:at] + b"\xff" * 16 + whole[at + 16 :])
    try:
        info = probe(path)
    except ProbeError as error:
        assert "\n" not in str(error)
    else:
        assert info.video is None or info.video.width == 64


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat", "list.mp4", "img%03d.png", "a*.ts"])
@pytest.mark.parametrize(
    "text", ["#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '{}'\n", ""]
)
def test_a_playlist_reaches_no_other_file(make_clip, tmp_path, name, text):
    """I19: whatever it is called; nor does a name that is a pattern, with such files beside it."""
    film = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=0.2")
    secret = make_clip("secret.ts", *film)
    (tmp_path / "a1.ts").write_bytes(secret.read_bytes())
    (tmp_path / "img001.png").write_bytes(
        make_clip("one.png", *film[:3], f"{film[3]},trim=end_frame=1").read_bytes()
    )
    path = tmp_path / name
    with pytest.raises(ProbeError, match="no such file"):
        probe(path)
    path.write_text(text.format(secret))
    with pytest.raises(ProbeError, match="cannot be read as a media file"):
        probe(path)


def test_metadata_that_is_no_utf8_does_not_hinder(make_clip):
    clip = make_clip(
        "latin.mkv", "-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64", "-metadata", "title=caf\udce9",
        "-metadata:s:v", "title=\udcff", "-f", "matroska",
    )  # fmt: skip
    assert b"caf\xe9" in clip.read_bytes()
    assert probe(clip).video.width == 64


def test_colour_is_named_as_ffmpeg_names_it(make_clip):
    clip = make_clip(
        "hdr-tags.mp4", "-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64", "-pix_fmt", "yuv420p10le",
        "-c:v", "libx264", "-color_range", "tv", "-colorspace", "bt2020nc",
        "-color_primaries", "bt2020", "-color_trc", "smpte2084",
        "-bsf:v", "h264_metadata=colour_primaries=9:transfer_characteristics=16:"
        "matrix_coefficients=9:video_full_range_flag=0",
    )  # fmt: skip
    assert probe(clip).video.color == ColorInfo("tv", "bt2020nc", "bt2020", "smpte2084")


def test_numbers_are_plain_fractions_whatever_pyav_gives(make_clip):
    clip = make_clip(
        "ntsc.mp4", "-f", "lavfi", "-i", "testsrc=d=0.5:s=64x64:r=30000/1001", "-vf", "setsar=4/3",
    )  # fmt: skip
    video = probe(clip).video
    numbers = (video.frame_rate, video.time_base, video.sample_aspect)
    assert numbers == (Fraction(30000, 1001), Fraction(1, 30000), Fraction(4, 3))
    assert {type(number) for number in numbers} == {Fraction}


def test_two_pictures_that_nobody_decodes_are_said(make_clip, tmp_path):
    two = make_clip(
        "same-twice.mkv",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=d=1",
        "-map",
        "0",
        "-map",
        "0",
        "-c:v",
        "libx264",
    )
    path = tmp_path / "unknown.mkv"
    path.write_bytes(two.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_NOBODY/KNOWS1"))
    info = probe(path)
    assert info.video is None
    assert not info.notes
