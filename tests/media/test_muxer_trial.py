"""What a container does with copied streams, found by the plan."""

import sys
from pathlib import Path

import pytest
from inspecting import picture_times
from making import listener, made

from overlay.errors import OutputError
from overlay.media.muxer_trial import check_holds, refusal
from overlay.media.process import ffmpeg_program
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.soft_tracks import Soft
from overlay.settings import Settings

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1")
TONE = ("-f", "lavfi", "-i", "sine=d=1:r=48000")
VVC = ("-c:v", "libvvenc", "-preset", "faster", "-c:a", "aac")
ALONE = r"no other container here can; leave --soft out"
PACKETS = [
    ("vvc.mkv", VVC, Soft(), ".mkv", rf"out of order\); {ALONE}", "no times of decoding in mkv"),
    ("vvc.mkv", VVC, Soft(), ".mp4", rf"out of order\); {ALONE}", "the same"),
    ("raw.mkv", ("-c:v", "rawvideo", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le"), Soft(), ".mov",
     r"none of it can be decoded\); use a name ending in .mkv", "written, and read by nothing"),
    ("ms.mkv", ("-c:v", "mpeg4", "-c:a", "adpcm_ms"), Soft(), ".mov",
     r"no samples\); use a name ending in .mkv, or --audio aac", "refused at the first packet"),
    ("ms.mkv", ("-c:v", "mpeg4", "-c:a", "adpcm_ms"), Burned(), ".mov",
     r"no samples\); use a name ending in .mkv, or --audio aac", "the same where it is drawn on"),
    ("ms.mkv", ("-c:v", "mpeg4", "-c:a", "adpcm_ms"), Burned(), ".mp4", "adpcm_ms", "by the table"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "codecs", "product", "extension", "said", "why"), PACKETS)
def test_what_a_muxer_spoils_or_refuses_late_is_refused_by_the_plan(
    make_clip, tmp_path, name, codecs, product, extension, said, why
):
    source = open_source(make_clip(name, *PICTURE, *TONE, *codecs))
    reporter, steps, _ = listener()
    with pytest.raises(OutputError, match=said):
        product.plan(source, Settings(), tmp_path / f"out{extension}", reporter)
    assert steps == []
    assert list(tmp_path.iterdir()) == [], why


@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".mov"])
def test_frames_whose_container_knows_when_they_are_decoded_are_copied(
    make_clip, tmp_path, extension
):
    source, out = make_clip("vvc.mp4", *PICTURE, *TONE, *VVC), tmp_path / f"out{extension}"
    made(Soft(), source, out)
    assert picture_times(out) == pytest.approx(picture_times(source), abs=2e-3)


def test_sound_that_another_container_takes_is_drawn_beside(make_clip, tmp_path):
    source = make_clip("ms.mkv", *PICTURE, *TONE, "-c:v", "mpeg4", "-c:a", "adpcm_ms")
    for product in (Burned(), Soft()):
        out = tmp_path / f"{type(product).__name__}.mkv"
        made(product, source, out)
        assert open_source(out).info.audio[0].codec == "adpcm_ms"


def test_streams_that_come_later_than_the_trial_are_asked_for_by_their_header(make_clip, tmp_path):
    late = make_clip("late.nut", *PICTURE, "-itsoffset", "9", *TONE, "-map", "0", "-map", "1",
                     "-c:v", "mpeg4", "-c:a", "pcm_u24le")  # fmt: skip
    info = open_source(late).info
    assert info.audio[0].start_s > 8
    assert "pcm_u24le" in refusal(info, (0, 1), ".mkv", ffmpeg_program())
    assert refusal(info, (0,), ".mkv", ffmpeg_program()) == ""
    assert refusal(info, (), ".mkv", ffmpeg_program()) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="counts what was read as Linux does")
@pytest.mark.parametrize("extension", [".mkv", ".mp4"])
def test_a_film_is_not_read_to_its_first_subtitle(make_clip, tmp_path, extension):
    words = tmp_path / "w.srt"
    words.write_text("1\n00:00:07,000 --> 00:00:08,000\nAt last\n")
    film = make_clip(
        "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=9", "-f", "lavfi", "-i",
        "sine=d=9", "-i", str(words), "-c:v", "mjpeg", "-q:v", "1", "-c:a", "aac", "-c:s", "srt",
    )  # fmt: skip
    info = open_source(film).info
    streams = [0, 1, *(info.texts if extension == ".mkv" else ())]
    before = _n_read()
    check_holds(info, streams, tmp_path / f"out{extension}", ffmpeg_program())
    assert _n_read() - before < 0.75 * film.stat().st_size


def _n_read():
    """Bytes that this process has read, and those that it started and that have ended."""
    return int(Path("/proc/self/io").read_text().split()[1])
