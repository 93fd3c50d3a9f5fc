"""The picture side end to end, on real files: everything that must be exact."""

import os
import resource
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from inspecting import audio_packets, audio_times, facts, picture_times, pictures, side_data
from making import FAST, PANEL, listener, made, two_tags

from overlay.detection import detect
from overlay.drawing.yuv_planes import PlanarPanel
from overlay.errors import (
    DecodeError,
    EncodeError,
    MediaError,
    NoVideoStream,
    OutputError,
    SettingsError,
)
from overlay.media.panel_stream import panel_rate
from overlay.media.probe import probe
from overlay.media.process import ffmpeg_program
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.overlay_only import Alone
from overlay.products.panel_feed import make_panel
from overlay.products.soft_tracks import Soft
from overlay.reporting import SILENT
from overlay.settings import Settings, VideoSettings

LOSSLESS = VideoSettings(preset="ultrafast", crf=0)
TONE = ("-f", "lavfi", "-i", "sine=d=2:r=44100")


def composed(source, out, settings=FAST, **options):
    return made(Burned(), source, out, settings, **options)


def panel_for(source, track=None):
    timeline = detect(two_tags() if track is None else track, Settings(panel=PANEL)).timeline
    return make_panel(timeline, probe(source).video, PANEL)


def _recipe(picture, *sound, **more):
    rate = more.get("r", 25)
    inputs = ["-f", "lavfi", "-i", f"testsrc2=s=192x108:r={rate}:d=2", *(TONE if sound else ())]
    return [*inputs, *picture, *sound]


@pytest.fixture(scope="module")
def clip(make_clip):
    """Three seconds of grainy picture and sound, not small."""
    return make_clip(
        "burned.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3,noise=alls=60:allf=t",
        "-f", "lavfi", "-i", "sine=d=3:r=44100", "-c:v", "libx264", "-preset", "fast", "-crf",
        "18", "-movflags", "+faststart",
        "-c:a", "aac",
    )  # fmt: skip


RECIPES = {
    "h264-b-frames.mp4": _recipe(("-c:v", "libx264", "-bf", "3"), "-c:a", "aac"),
    "hevc-10bit.mp4": _recipe(
        ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=none"),
        "-c:a", "aac",
    ),
    "vp9-opus.webm": _recipe(("-c:v", "libvpx-vp9", "-cpu-used", "8"), "-ar", "48000", "-c:a",
                             "libopus"),
    "av1.mkv": _recipe(("-c:v", "libsvtav1", "-preset", "12"), "-c:a", "flac"),
    "mpeg4.avi": _recipe(("-c:v", "mpeg4"), "-c:a", "mp3"),
    "mjpeg.mov": _recipe(("-c:v", "mjpeg", "-pix_fmt", "yuvj422p"), "-c:a", "pcm_s16le"),
    "ts.ts": _recipe(("-c:v", "libx264"), "-c:a", "aac", r="30000/1001"),
    "turned.mp4": _recipe(("-c:v", "libx264",), "-c:a", "aac"),
    "wide-pixels.mp4": _recipe(("-c:v", "libx264", "-vf", "setsar=2"), "-c:a", "aac"),
}  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_times_and_sound_of_every_kind_of_source_are_kept(make_clip, tmp_path, name):
    source = make_clip(name, *RECIPES[name])
    out = Burned().plan(open_source(source), Settings(), tmp_path / ".", SILENT).target
    assert out.parent == tmp_path
    out = tmp_path / f"out{'.mkv' if source.suffix in ('.webm', '.mkv') else out.suffix}"
    composed(source, out)
    assert picture_times(out) == pytest.approx(picture_times(source), abs=1e-4)
    assert audio_packets(out)[0][0] == audio_packets(source)[0][0]
    if source.suffix != ".ts":  # which frames AAC otherwise
        assert audio_packets(out) == audio_packets(source)
    before, after = probe(source).video, probe(out).video
    assert (after.width, after.height) == (before.width, before.height)
    assert after.sample_aspect == before.sample_aspect
    assert after.bit_depth == before.bit_depth


REAL = [
    "auto-editor__mov_text.mp4",
    "ffmpeg-normalize__test.mp4",
    "ffmpeg-python__in1.mp4",
    "learning-area__rabbit320.mp4",
    "learning-area__rabbit320.webm",
    "mediabunny__edts.mp4",
    "mediabunny__rotate-buck-bunny.mp4",
    "mediabunny__sar_2x1.mp4",
    "mediabunny__video.mp4",
    "moviepy__fire2.mp4",
    "moviepy__no_duration.webm",
    "mp4parse-rust__video_rotation_90.mp4",
    "torchcodec__av1_video.mkv",
    "torchcodec__h265_10bits.mp4",
    "torchcodec__nasa_13013.mp4",
    "web-platform-tests__RGB_Circles.mov",
    "web-platform-tests__test.mp4",
    "auto-editor__test_yuv422p.mp4",
    "moviepy__transparent.webm",
]


@pytest.mark.parametrize("name", REAL)
def test_times_sound_and_tags_are_the_sources(shared, tmp_path, name):
    source = shared / "videos" / name
    info = probe(source)
    matroska = source.suffix in (".webm", ".mkv")
    out = tmp_path / f"out{'.mkv' if matroska else '.mp4'}"
    composed(source, out)
    after = probe(out)
    assert picture_times(out) == picture_times(source, info.video.index)
    assert audio_packets(out) == audio_packets(source)
    assert audio_times(out) == pytest.approx(audio_times(source), abs=1e-6)
    assert (after.video.width, after.video.height) == (info.video.width, info.video.height)
    assert after.video.rotation == 0
    assert after.video.sample_aspect == info.video.sample_aspect
    assert after.video.color == info.video.color
    assert after.video.bit_depth == info.video.bit_depth


def test_a_stream_that_starts_without_a_keyframe(shared, tmp_path):
    """What a player can show is kept; the sound is the same behind another framing."""
    source = shared / "videos/mediabunny__no-initial-keyframe.ts"
    out = tmp_path / "out.mp4"
    composed(source, out)
    behind_sound = [
        [float(t) - audio_times(path)[0] for t in picture_times(path)] for path in (source, out)
    ]
    assert behind_sound[1] == pytest.approx(behind_sound[0], abs=1e-4)
    assert audio_packets(out)[0][0] == audio_packets(source)[0][0]


def test_variable_frame_rate_stays_variable(make_clip, tmp_path):
    vfr = make_clip(
        "vfr.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=30:d=3", *TONE, "-vf",
        "select='not(mod(n,3))+lt(random(1),0.4)'", "-fps_mode", "vfr", "-c:a", "aac",
    )  # fmt: skip
    times = picture_times(vfr)
    assert len({b - a for a, b in pairwise(times)}) > 1
    composed(vfr, tmp_path / "out.mp4")
    assert picture_times(tmp_path / "out.mp4") == times


@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "60000/1001"])
def test_ntsc_rates_stay_exact(make_clip, tmp_path, rate):
    source = make_clip(f"r{rate[:2]}.mp4", "-f", "lavfi", "-i", f"testsrc2=s=64x64:r={rate}:d=2")
    composed(source, tmp_path / "out.mp4")
    assert picture_times(tmp_path / "out.mp4") == picture_times(source)
    assert str(probe(tmp_path / "out.mp4").video.frame_rate) == rate


def test_start_offsets_are_kept(make_clip, tmp_path):
    late = make_clip(
        "late-picture.mp4", *TONE, "-itsoffset", "0.7", "-f", "lavfi", "-i",
        "testsrc2=s=64x64:d=2", "-map", "0", "-map", "1", "-c:a", "aac",
    )  # fmt: skip
    composed(late, tmp_path / "out.mp4")
    assert float(picture_times(tmp_path / "out.mp4")[0]) == pytest.approx(0.7, abs=0.03)
    assert picture_times(tmp_path / "out.mp4") == picture_times(late)
    assert audio_times(tmp_path / "out.mp4") == audio_times(late)


def test_chapters_languages_subtitles_and_titles_are_kept(make_clip, tmp_path):
    chapters = tmp_path / "meta.txt"
    chapters.write_text(
        ";FFMETADATA1\ntitle=A walk\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=900\nEND=2000\ntitle=Two\n"
    )
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:01,000\nHello, <i>you</i>\n")
    source = make_clip(
        "rich.mkv", "-f", "lavfi", "-i", "testsrc2=s=128x96:d=2", *TONE, "-i", str(words), "-i",
        str(chapters), "-map", "0", "-map", "1", "-map", "1", "-map", "2", "-map_metadata", "3",
        "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu", "-c:a", "aac",
        "-c:s", "srt",
    )  # fmt: skip
    for name, codec in (("out.mp4", "mov_text"), ("out.mkv", "srt")):
        composed(source, tmp_path / name)
        before, after = facts(source), facts(tmp_path / name)
        assert [c[2]["title"] for c in after["chapters"]] == ["One", "Two"]
        assert after["metadata"]["title"] == "A walk"
        assert after["languages"] == before["languages"]
        assert after["subtitles"] == [codec]
        assert audio_packets(tmp_path / name) == audio_packets(source)


def test_hdr10_metadata_and_depth_are_kept(make_clip, tmp_path):
    display = (
        "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):"
        "max-cll=1000,400:hdr10=1:log-level=none"
    )
    source = make_clip(
        "hdr.mp4", "-f", "lavfi", "-i", "testsrc2=s=128x96:d=1", *TONE, "-pix_fmt", "yuv420p10le",
        "-c:v", "libx265", "-x265-params", display, "-color_primaries", "bt2020", "-color_trc",
        "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv", "-c:a", "aac",
    )  # fmt: skip
    composed(source, tmp_path / "out.mp4")
    before, after = probe(source).video, probe(tmp_path / "out.mp4").video
    assert (after.bit_depth, after.codec, after.color) == (10, "hevc", before.color)
    said = side_data(tmp_path / "out.mp4")
    assert "mastering display" in said.lower()
    assert "MaxCLL=1000, MaxFALL=400" in said


def test_odd_sizes_lose_no_pixel(make_clip, tmp_path):
    odd = make_clip(
        "odd.webm", "-f", "lavfi", "-i", "testsrc=s=321x241:d=0.4", "-pix_fmt", "yuv420p", "-c:v",
        "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
    )  # fmt: skip
    composed(odd, tmp_path / "out.mp4")
    after = probe(tmp_path / "out.mp4").video
    assert (after.width, after.height) == (322, 242)
    composed(odd, tmp_path / "out.webm", VideoSettings(preset="8"))
    assert probe(tmp_path / "out.webm").video.width == 321


@pytest.mark.parametrize(
    ("label", "arguments"),
    [
        ("untagged", ()),
        ("bt601", ("-colorspace", "smpte170m", "-color_range", "tv")),
        ("bt709", ("-colorspace", "bt709", "-color_range", "tv", "-color_primaries", "bt709")),
        ("full", ("-colorspace", "bt709", "-color_range", "pc")),
    ],
)
def test_outside_the_panel_the_picture_is_a_plain_transcodes(make_clip, tmp_path, label, arguments):
    source = make_clip(
        f"plain-{label}.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x240:d=1", "-pix_fmt", "yuv420p",
        *arguments,
    )  # fmt: skip
    composed(source, tmp_path / "out.mp4", LOSSLESS)
    box = _box(source)
    before, after = pictures(source), pictures(tmp_path / "out.mp4")
    for a, b in zip(before, after, strict=True):
        luma_a, luma_b = a[:240].copy(), b[:240].copy()
        assert not np.array_equal(luma_a, luma_b)
        luma_a[box.y : box.bottom, box.x : box.right] = 0
        luma_b[box.y : box.bottom, box.x : box.right] = 0
        np.testing.assert_array_equal(luma_a, luma_b)


def test_outside_the_panel_ten_bits_stay_ten_bits(make_clip, tmp_path):
    source = make_clip(
        "ten.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x240:d=0.5", "-pix_fmt", "yuv420p10le",
        "-c:v", "ffv1",
    )  # fmt: skip
    lossless = VideoSettings(encoder="libx264", preset="ultrafast", crf=0)
    composed(source, tmp_path / "out.mkv", lossless)
    box = _box(source)
    for a, b in zip(pictures(source), pictures(tmp_path / "out.mkv"), strict=True):
        difference = np.abs(a[:240].astype(int) - b[:240])
        difference[box.y : box.bottom, box.x : box.right] = 0
        assert difference.max() <= 4  # x264 has no lossless quality at 10 bits by crf
        assert difference.mean() < 0.2  # a detour through 8 bits would make it 0.75 or more


def _box(source):
    return panel_for(source).pieces[0].box


@pytest.mark.parametrize("space", ["smpte170m", "bt709"])
@pytest.mark.parametrize("full", ["tv", "pc"])
def test_the_panel_has_its_own_colours(make_clip, tmp_path, space, full):
    """No hidden matrix or range conversion between Python and the encoder."""
    source = make_clip(
        f"gray-{space}-{full}.mp4", "-f", "lavfi", "-i", "color=gray:s=640x360:d=0.5", "-pix_fmt",
        "yuv420p", "-vf", f"setparams=range={full}:colorspace={space}", "-color_range", full,
        "-colorspace", space,
    )  # fmt: skip
    composed(source, tmp_path / "out.mp4", LOSSLESS)
    panel = panel_for(source)
    box = panel.pieces[0].box
    tile = panel.rgba(0.0).astype(float)
    background = pictures(source, pix_fmt="rgb24")[0][box.y : box.bottom, box.x : box.right]
    alpha = tile[..., 3:] / 255
    expected = tile[..., :3] * alpha + background * (1 - alpha)
    shown = pictures(tmp_path / "out.mp4", pix_fmt="rgb24")[0]
    difference = np.abs(shown[box.y : box.bottom, box.x : box.right] - expected)
    assert np.median(difference) < 3
    assert difference.mean() < 6  # 4:2:0 chroma blurs the edges of letters and bars


@pytest.mark.parametrize(
    ("rate", "panels"),
    [("30000/1001", "30000/1001"), ("60000/1001", "30000/1001"), ("50", "25"), ("240", "30")],
)
def test_a_panel_picture_serves_so_many_frames_that_30_a_second_are_enough(rate, panels, clip):
    video = probe(clip).video
    assert panel_rate(replace(video, frame_rate=Fraction(rate))) == Fraction(panels)


def test_the_panel_of_a_fast_video_is_the_one_of_its_time(make_clip, tmp_path):
    """Of a frame at 100 a second, the picture of the moment before or after, 1/50 s off at most."""
    source = make_clip("fast.mp4", "-f", "lavfi", "-i", "color=black:s=320x240:r=100:d=2")
    info = probe(source)
    growing = two_tags(np.linspace((0.9, 0.1), (0.95, 0.8), 5, dtype=np.float32))
    composed(source, tmp_path / "out.mp4", LOSSLESS, track=growing)
    box = _box(source)
    made = PlanarPanel(panel_for(source, growing), info.video.color, 8, 240)
    n_pixels = box.width * box.height
    drawn = {}
    for n in range(50):  # 25 a second
        frame = np.frombuffer(made.frame(n / 25), np.uint8).astype(float)
        luma, alpha = frame[:n_pixels], frame[-n_pixels:] / 255
        drawn[n] = (luma * alpha + 16 * (1 - alpha)).reshape(box.height, box.width)
    frames = pictures(tmp_path / "out.mp4")
    for number in range(120, 200, 7):  # the bar has set out
        shown = frames[number][box.y : box.bottom, box.x : box.right].astype(float)
        best = min(drawn, key=lambda n: np.abs(drawn[n] - shown).mean())
        assert abs(best / 25 - number / 100) < 0.021


def test_the_frame_at_second_t_shows_the_tags_of_second_t(make_clip, tmp_path):
    scores = np.full((40, 2), 0.02, np.float32)
    scores[:15, 0], scores[15:, 1] = 0.9, 0.9
    source = make_clip("still.mp4", "-f", "lavfi", "-i", "color=black:s=320x240:r=50:d=10")
    composed(source, tmp_path / "out.mp4", LOSSLESS, track=two_tags(scores, 0.3))
    frames = np.stack([frame[:240].astype(int) for frame in pictures(tmp_path / "out.mp4")])
    distance_to_first = np.abs(frames - frames[0]).mean(axis=(1, 2))
    distance_to_last = np.abs(frames - frames[-1]).mean(axis=(1, 2))
    switch = np.flatnonzero(distance_to_last < distance_to_first)[0] / 50
    assert switch == pytest.approx(0.15 + 14.5 * 0.3, abs=0.2)


@pytest.mark.parametrize(
    ("encoder", "extension", "preset", "codec"),
    [
        ("libx264", ".mp4", "ultrafast", "h264"),
        ("libx265", ".mp4", "ultrafast", "hevc"),
        ("libvpx-vp9", ".mkv", "8", "vp9"),
        ("libsvtav1", ".mp4", "12", "av1"),
    ],
)
def test_each_software_encoder(make_clip, tmp_path, encoder, extension, preset, codec):
    source = make_clip("wide-pixels.mp4", *RECIPES["wide-pixels.mp4"])
    out = tmp_path / f"out{extension}"
    result = composed(source, out, VideoSettings(encoder=encoder, preset=preset))
    assert (result.encoder, probe(out).video.codec) == (encoder, codec)
    assert picture_times(out) == pytest.approx(picture_times(source), abs=6e-4)
    assert probe(out).video.sample_aspect == 2


def test_a_hardware_encoder_that_is_not_there_is_replaced_and_said(clip, tmp_path):
    reporter, _, notes = listener()
    settings = VideoSettings(encoder="h264_nvenc", preset="ultrafast")
    result = composed(clip, tmp_path / "out.mp4", settings, reporter=reporter)
    assert result.encoder == "h264_nvenc" or ("libx264" in notes[0] and result.encoder == "libx264")


def test_quality_is_a_choice(clip, tmp_path):
    source = clip
    for crf in (10, 40):
        composed(source, tmp_path / f"{crf}.mp4", VideoSettings(preset="ultrafast", crf=crf))
    assert (tmp_path / "10.mp4").stat().st_size > 3 * (tmp_path / "40.mp4").stat().st_size


def test_progress_reaches_the_end(clip, tmp_path):
    reporter, steps, _ = listener()
    composed(clip, tmp_path / "o.mp4", reporter=reporter)
    seen = [done for step, done, _ in steps if step == "render"]
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(3, abs=0.3)


# What must never happen to the source, and what must never be left behind


@pytest.fixture
def source(clip, tmp_path):
    path = tmp_path / "in" / "clip.mp4"
    path.parent.mkdir()
    path.write_bytes(clip.read_bytes())
    yield path
    assert path.read_bytes() == clip.read_bytes()


def _left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_file() or p.is_symlink())


def test_the_source_is_never_the_target(source, tmp_path):
    overwrite = VideoSettings(preset="ultrafast", overwrite=True)
    link, hard = tmp_path / "link.mp4", tmp_path / "hard.mp4"
    link.symlink_to(source)
    os.link(source, hard)
    for out in (source, link, hard, tmp_path / "in" / ".." / "in" / "clip.mp4"):
        with pytest.raises(OutputError, match="is the input itself"):
            composed(source, out, overwrite)


def test_an_existing_target_needs_overwrite(source, tmp_path):
    out = tmp_path / "out.mp4"
    out.write_text("precious")
    with pytest.raises(OutputError, match="--overwrite"):
        composed(source, out)
    assert out.read_text() == "precious"
    composed(source, out, VideoSettings(preset="ultrafast", overwrite=True))
    assert probe(out).video


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no/such/folder/o.mp4", "no folder"),
        ("o.txt", "unknown kind"),
        ("o.webm", "cannot hold aac"),
    ],
)
def test_impossible_targets_are_said(source, tmp_path, name, said):
    with pytest.raises(OutputError, match=said):
        composed(source, tmp_path / name)
    assert _left(tmp_path) == []


def test_a_truncated_source_is_said_and_tolerated(source, tmp_path):
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(source.read_bytes()[: source.stat().st_size * 3 // 5])
    with pytest.raises(DecodeError, match="--tolerant"):
        composed(cut, tmp_path / "out.mp4")
    assert _left(tmp_path) == ["cut.mp4"]
    composed(cut, tmp_path / "out.mp4", VideoSettings(preset="ultrafast", tolerant=True))
    assert len(picture_times(tmp_path / "out.mp4")) > 20


def test_damage_in_the_middle_is_said_and_tolerated(source, tmp_path):
    data = bytearray(source.read_bytes())
    data[300_000:310_000] = bytes(np.random.default_rng(0).integers(0, 256, 10_000, np.uint8))
    hurt = tmp_path / "hurt.mp4"
    hurt.write_bytes(data)
    with pytest.raises(DecodeError, match="--tolerant"):
        composed(hurt, tmp_path / "out.mp4")
    assert _left(tmp_path) == ["hurt.mp4"]
    composed(hurt, tmp_path / "out.mp4", VideoSettings(preset="ultrafast", tolerant=True))
    assert len(picture_times(tmp_path / "out.mp4")) > 60


def test_a_dying_ffmpeg_is_said_and_leaves_nothing(source, tmp_path):
    dying = tmp_path / "in" / "dying"
    dying.write_text(
        f'#!/bin/sh\n[ "$1" = -version ] || exec timeout -s KILL 0.3 '
        f'"{ffmpeg_program()}" "$@"\nexec "{ffmpeg_program()}" "$@"\n'
    )
    dying.chmod(0o755)
    with pytest.raises(EncodeError, match=r"ffmpeg (ended with status|was ended by signal)"):
        composed(source, tmp_path / "out.mp4", VideoSettings(preset="placebo", ffmpeg=str(dying)))
    assert _left(tmp_path) == []


def test_a_full_disk_is_said_and_leaves_nothing(source, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=64k tmpfs {small} 2>/dev/null"):
        pytest.skip("cannot mount a small disk here")
    try:
        with pytest.raises(MediaError, match="disk is full"):
            composed(source, small / "out.mp4")
        assert _left(small) == []
    finally:
        os.system(f"umount {small}")


@pytest.mark.parametrize("n_bytes", [1, 1000, 20_000])
@pytest.mark.parametrize("product", [Burned(), Alone(), Soft()], ids=lambda p: type(p).__name__)
def test_a_limit_of_file_size_is_said_and_leaves_nothing(source, tmp_path, product, n_bytes):
    """Ffmpeg hears that it may write no more, instead of being ended by SIGXFSZ."""
    out = tmp_path / ("out.mov" if isinstance(product, Alone) else "out.mkv")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, usual[1]))
    try:
        with pytest.raises(MediaError, match="larger than a file may be here"):
            made(product, source, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert _left(tmp_path) == []


@pytest.mark.parametrize("codec", ["mpeg1video", "mpeg2video", "mpeg4", "h263p", "libx264"])
def test_a_picture_that_its_decoder_makes_up_is_damaged(make_clip, tmp_path, codec):
    """Most decoders conceal what is lost, and report no error."""
    arguments = ("-f", "lavfi", "-i", "testsrc2=s=352x288:r=25:d=2", "-c:v", codec, "-g", "10")
    data = make_clip(f"whole-{codec}.mkv", *arguments).read_bytes()
    clip, middle = tmp_path / "in.mkv", len(data) // 2
    clip.write_bytes(data[:middle] + bytes(range(200)) + data[middle + 200 :])
    with pytest.raises(DecodeError, match=r"is damaged: .*--tolerant"):
        composed(clip, tmp_path / "out.mkv")
    composed(clip, tmp_path / "out.mkv", replace(FAST, tolerant=True))
    assert len(picture_times(tmp_path / "out.mkv")) >= 49


@pytest.mark.parametrize("tolerant", [False, True])
def test_frames_whose_times_go_back_make_no_result(make_clip, tmp_path, tolerant):
    """One bit of a program stream's first DTS moves it by a day: ffmpeg jumps there and back."""
    picture = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2")
    coded = ("-c:v", "mpeg1video", "-c:a", "mp2")
    data = bytearray(make_clip("steady.mpg", *picture, *TONE, *coded).read_bytes())
    dts = data.index(b"\0\0\1\xe0") + 11  # behind the start code, the length and the PTS
    assert data[dts] >> 4 == 0b0001
    data[dts + 1] ^= 0x40
    clip = tmp_path / "in.mpg"
    clip.write_bytes(data)
    said = "49 of 50 frames have timestamps that are over" if tolerant else "timestamps go back"
    with pytest.raises(DecodeError, match=said):
        composed(clip, tmp_path / "out.mkv", replace(FAST, tolerant=tolerant))
    assert _left(tmp_path) == ["in.mpg"]


def test_pictureless_files_and_unknown_encoders_are_said(make_clip, clip, tmp_path):
    with pytest.raises(NoVideoStream, match="tag"):
        composed(make_clip("tone.wav", *TONE), tmp_path / "o.mp4")
    with pytest.raises(SettingsError, match="libx999"):
        composed(clip, tmp_path / "o.mp4", VideoSettings(encoder="libx999"))


@pytest.mark.parametrize(
    "name", ["-o.mp4", "a:b.mp4", "it's 100%d.mp4", "two\nlines.mp4", "声音 🎵.mp4"]
)
def test_odd_names_work_on_both_sides(source, tmp_path, name, monkeypatch):
    (tmp_path / "x").mkdir()
    clip = tmp_path / name
    clip.write_bytes(source.read_bytes())
    monkeypatch.chdir(tmp_path)
    composed(name, Path("x") / name)
    assert len(picture_times(tmp_path / "x" / name)) == 75


@pytest.mark.parametrize("kind", ["late", "jump"])
@pytest.mark.parametrize("product", [Burned(), Alone(), Soft()], ids=lambda p: type(p).__name__)
def test_a_picture_far_away_costs_what_is_there(make_clip, tmp_path, kind, product):
    """It begins a day later, or jumps by a day."""
    test = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2")
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
    jump = "setts=pts='if(gt(N,10),PTS+1E5/TB,PTS)':dts='if(gt(N,10),DTS+1E5/TB,DTS)'"
    recipes = {
        "late": ("-itsoffset", "100000", *test, *TONE, *encode),
        "jump": (*test, *TONE, *encode, "-bsf:v", jump),
    }
    source = make_clip(f"far-{kind}.mkv", *recipes[kind])
    out = tmp_path / ("out.mov" if isinstance(product, Alone) else "out.mkv")
    made(product, source, out)
    assert len(picture_times(out)) == 20
    times = [picture_times(path)[-1] - picture_times(path)[0] for path in (source, out)]
    assert float(times[1]) == pytest.approx(float(times[0]), abs=1)
