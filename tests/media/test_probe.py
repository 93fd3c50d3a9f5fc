from fractions import Fraction

import pytest

from overlay.datatypes import ColorInfo
from overlay.errors import ProbeError
from overlay.media.probe import probe

PHONE = "mediabunny__rotate-buck-bunny.mp4"


def test_a_phone_video_has_its_displayed_size(shared):
    video = probe(shared / "videos" / PHONE).video
    assert (video.width, video.height, video.rotation) == (1080, 1920, 90)
    assert video.start_s == pytest.approx(1 / 12)


def test_an_upside_down_video_keeps_its_size(shared):
    video = probe(shared / "videos/moviepy__fire2.mp4").video
    assert (video.width, video.height, video.rotation) == (1280, 720, 180)
    assert video.frame_rate == Fraction(750000, 71393)


def test_rates_are_exact(shared):
    assert probe(shared / "videos/ffmpeg-python__in1.mp4").video.frame_rate == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("name", "aspect"),
    [("mediabunny__sar_2x1.mp4", Fraction(2)), ("ffmpeg-normalize__test.mp4", Fraction(4, 3))],
)
def test_pixel_shapes(shared, name, aspect):
    assert probe(shared / "videos" / name).video.sample_aspect == aspect


def test_colour_and_depth(shared):
    video = probe(shared / "videos/torchcodec__h265_10bits.mp4").video
    assert (video.bit_depth, video.color.range, video.color.space) == (10, "tv", None)
    full = probe(shared / "videos/mediabunny__video.mp4").video
    assert (full.color.range, full.color.space) == ("pc", "bt470bg")


def test_the_larger_of_two_pictures_is_shown(shared):
    info = probe(shared / "videos/torchcodec__nasa_13013.mp4")
    assert (info.video.index, info.video.width) == (3, 480)
    assert [audio.index for audio in info.audio] == [1, 4]
    assert info.subtitles == ("mov_text", "mov_text")


def test_alpha_is_seen(shared):
    assert probe(shared / "videos/moviepy__transparent.webm").video.has_alpha


def test_a_cover_picture_is_no_video(make_clip):
    cover = make_clip("cover.png", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1")
    song = make_clip(
        "song.mp3", "-f", "lavfi", "-i", "sine=d=1", "-i", str(cover), "-map", "0", "-map", "1",
        "-c:v", "copy", "-disposition:v", "attached_pic",
    )  # fmt: skip
    info = probe(song)
    assert info.video is None
    assert len(info.covers) == 1


def test_a_file_without_length_is_read(shared):
    info = probe(shared / "videos/moviepy__no_duration.webm")
    assert info.duration_s is None
    assert info.video.width == 1280


@pytest.mark.parametrize(
    "name", ["-v.mp4", "a:b.mp4", "it's 100%d.mp4", "two\nlines.mp4", "声音.mp4"]
)
def test_odd_names(make_clip, tmp_path, monkeypatch, name):
    clip = make_clip("plain.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.2")
    (tmp_path / name).write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert probe(name).video.width == 64


def test_what_is_no_media_is_said(tmp_path, shared):
    text = tmp_path / "text.mp4"
    text.write_text("hello")
    empty = tmp_path / "empty.mp4"
    empty.touch()
    broken = shared / "videos/mp4parse-rust__chunk_out_of_range.mp4"
    for path in (text, empty, broken, tmp_path, tmp_path / "missing.mp4"):
        with pytest.raises(ProbeError, match=str(path)):
            probe(path)


def test_a_playlist_reaches_no_other_file(make_clip, tmp_path):
    secret = make_clip("secret.ts", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.2")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")
    script = tmp_path / "list.ffconcat"
    script.write_text(f"ffconcat version 1.0\nfile '{secret}'\n")
    for path in (playlist, script):
        with pytest.raises(ProbeError):
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
