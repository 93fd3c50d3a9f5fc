"""What goes beside the picture: its title, language, timecode; tracks of data."""

import subprocess

import pytest
from inspecting import audio_packets, picture_times
from making import listener, made

from overlay.datatypes import Excerpt
from overlay.media.process import ffmpeg_program
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.soft_tracks import Soft

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1")
TONE = ("-f", "lavfi", "-i", "sine=d=1:r=44100")
CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")


def _said(path):
    """How ffmpeg describes a file, without its own stamps."""
    command = [ffmpeg_program(), "-hide_banner", "-i", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr.lower()


@pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("extension", [".mov", ".mp4"])
def test_the_timecode_stays(make_clip, tmp_path, product, extension):
    source = make_clip("timecode.mov", *PICTURE, *TONE, *CODED, "-timecode", "01:02:03:04")
    out = tmp_path / f"out{extension}"
    reporter, _, notes = listener()
    made(product, source, out, reporter=reporter)
    assert "tmcd" in _said(out)
    assert "01:02:03:04" in _said(out)
    assert not any("data" in note for note in notes)


ODD_TIMECODES = [
    ("25", "99:99:99:99", "minutes that are none"),
    ("25", "01:00:00;00", "frames are dropped at 29.97 a second only"),
    ("1000", "01:00:00:00", "no container counts as fast"),
    ("25", "later", "no timecode at all"),
]


@pytest.mark.parametrize(("rate", "timecode", "why"), ODD_TIMECODES)
def test_a_timecode_that_is_none_is_left_out(make_clip, tmp_path, rate, timecode, why):
    source = make_clip(
        "odd.mkv", "-f", "lavfi", "-i", f"testsrc2=s=64x64:r={rate}:d=0.2", *TONE, *CODED,
        "-metadata:s:v", f"timecode={timecode}",
    )  # fmt: skip
    made(Burned(), source, tmp_path / "out.mp4")
    assert timecode not in _said(tmp_path / "out.mp4"), why


def test_a_part_has_no_timecode_of_the_whole(make_clip, tmp_path):
    source = make_clip("timecode.mov", *PICTURE, *TONE, *CODED, "-timecode", "01:02:03:04")
    part = open_source(source, excerpt=Excerpt(0.4, None))
    made(Burned(), part, tmp_path / "out.mov")
    assert "01:02:03:04" not in _said(tmp_path / "out.mov")


def test_what_is_said_of_the_picture_stays_and_of_its_coding_does_not(make_clip, tmp_path):
    said = ("title=A = B; c", "language=fin", "reel_name=A001", "comment=two\nlines", "BPS=7",
            "DURATION=9", "ENCODER=old")  # fmt: skip
    source = make_clip(
        "said.mkv", *PICTURE, *TONE, *CODED,
        *(part for each in said for part in ("-metadata:s:v", each)),
    )  # fmt: skip
    made(Burned(), source, tmp_path / "out.mkv")
    names = dict(open_source(tmp_path / "out.mkv").picture().names)
    lowered = {key.lower(): value for key, value in names.items()}
    assert lowered == {
        "title": "A = B; c", "language": "fin", "reel_name": "A001", "comment": "two\nlines",
    }  # fmt: skip


def test_thousands_of_names_are_bounded(make_clip, tmp_path):
    """They go to ffmpeg as arguments, of which a system takes so many."""
    many = tmp_path / "names.txt"
    tags = "".join(f"name{n}={'x' * 400}\n" for n in range(3000))
    many.write_text(f";FFMETADATA1\n[STREAM]\n{tags}long={'y' * 200_000}\n")
    source = make_clip(
        "names.mkv", *PICTURE, *TONE, "-i", str(many), "-map", "0", "-map", "1",
        "-map_metadata:s:v", "2:s:0", *CODED,
    )  # fmt: skip
    assert 40 < len(open_source(source).picture().names) <= 50
    made(Burned(), source, tmp_path / "out.mkv")
    assert picture_times(tmp_path / "out.mkv") == picture_times(source)


@pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)
def test_tracks_of_data_are_said_to_be_left_out(make_clip, tmp_path, product):
    """Positions, sensors: no container here takes them all."""
    bits = tmp_path / "bits.bin"
    bits.write_bytes(bytes(range(256)) * 8)
    source = make_clip("data.ts", *PICTURE, *TONE, "-f", "data", "-i", str(bits), "-map", "0",
                       "-map", "1", "-map", "2", *CODED, "-c:d", "copy")  # fmt: skip
    reporter, _, notes = listener()
    made(product, source, tmp_path / "out.mkv", reporter=reporter)
    assert any(note.startswith("tracks of data") and note.endswith(": 1") for note in notes)


@pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)
def test_sound_without_keyframes_is_copied(make_clip, tmp_path, product):
    """DFPWM marks no packet as one to begin with; ffmpeg left out all of them."""
    source = make_clip("keyless.mkv", *PICTURE, *TONE, "-c:v", "mpeg4", "-c:a", "dfpwm")
    made(product, source, tmp_path / "out.mkv")
    assert audio_packets(tmp_path / "out.mkv") == audio_packets(source)


@pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
def test_a_text_that_stays_for_hours_is_kept(make_clip, tmp_path, product, extension):
    """In MP4 it was refused once all was rendered: its texts are counted in microseconds."""
    text = tmp_path / "long.srt"
    stands = "00:00:00,500 --> 20:00:00,250"
    text.write_text(f"1\n{stands}\nin a corner\n")
    source = make_clip("long.mkv", *PICTURE, *TONE, "-i", str(text), *CODED, "-c:s", "srt")
    out = tmp_path / f"out{extension}"
    made(product, source, out)
    command = [ffmpeg_program(), "-v", "error", "-i", str(out), "-map", "0:s:0", "-f", "srt", "-"]
    kept = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert stands in kept
    assert "in a corner" in kept
