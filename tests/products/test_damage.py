"""Damage of a source: said in one line, or rendered as far as it goes."""

import av
import numpy as np
import pytest
from inspecting import picture_times
from making import FAST, listener, made

from overlay.errors import DecodeError, MediaError
from overlay.products.burned import Burned
from overlay.settings import VideoSettings

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1.6")
TONE = ("-f", "lavfi", "-i", "sine=d=1.6:r=48000")
TOLERANT = VideoSettings(preset="ultrafast", tolerant=True)
FIRST = {
    "h264.mp4": ("-c:v", "libx264", "-g", "10", "-c:a", "aac"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-g", "10", "-c:a", "libopus"),
    "mjpeg.avi": ("-c:v", "mjpeg", "-c:a", "libmp3lame"),
    "h265.mkv": ("-c:v", "libx265", "-x265-params", "log-level=none:keyint=10", "-c:a", "aac"),
    "mpeg4.mov": ("-c:v", "mpeg4", "-g", "10", "-c:a", "aac"),
    "ffv1.nut": ("-c:v", "ffv1", "-c:a", "flac"),
}


def _with_first_packet(make_clip, tmp_path, name, change):
    """A clip whose first picture packet is another of the same length."""
    clip = make_clip(f"first-{name}", *PICTURE, *TONE, *FIRST[name])
    with av.open(str(clip)) as container:
        packet = bytes(next(p for p in container.demux(video=0) if p.size))
    data = clip.read_bytes()
    assert data.count(packet) == 1
    path = tmp_path / name
    path.write_bytes(data.replace(packet, change(packet)))
    return path


def _noise(packet):
    return bytes(np.random.default_rng(3).integers(0, 256, len(packet), np.uint8))


@pytest.mark.parametrize("name", FIRST)
@pytest.mark.parametrize("change", [_noise, lambda packet: bytes(len(packet))], ids=["noise", "0"])
def test_a_damaged_first_packet_is_said_and_tolerated(make_clip, tmp_path, name, change):
    """B2, I21: the probe passes it over, and the render tells."""
    source = _with_first_packet(make_clip, tmp_path, name, change)
    with pytest.raises(DecodeError, match=r"damaged.*--tolerant") as caught:
        made(Burned(), source, tmp_path / "out.mkv", FAST)
    assert "\n" not in str(caught.value)
    assert " @ 0x" not in str(caught.value)
    made(Burned(), source, tmp_path / "out.mkv", TOLERANT)
    assert len(picture_times(tmp_path / "out.mkv")) >= 25


def test_names_and_titles_that_sound_like_damage_are_none(make_clip, tmp_path):
    """A1, A2: of the file, its folder, its title, its comment, and the target."""
    words = ("-metadata", "title=Truncated dreams", "-metadata",
             "comment=How to fix: No space left on device", "-metadata:s:v", "title=corrupt frame",
             "-metadata:s:a", "title=Invalid data found")  # fmt: skip
    clip = make_clip("named.mp4", *PICTURE, *TONE, "-c:v", "libx264", "-c:a", "aac", *words)
    folder = tmp_path / "partial file, error while decoding"
    folder.mkdir()
    source = folder / "truncated_interview.mp4"
    source.write_bytes(clip.read_bytes())
    reporter, _, notes = listener()
    made(Burned(), source, folder / "truncated.mp4", FAST, reporter=reporter)
    assert picture_times(folder / "truncated.mp4") == picture_times(clip)
    assert not notes


def test_two_streams_one_behind_the_other_are_one_plain_line(make_clip, tmp_path):
    """A4: ``cat a.ts b.ts``."""
    stream = make_clip("joined.ts", *PICTURE, *TONE, "-c:v", "libx264", "-c:a", "aac")
    both = tmp_path / "both.ts"
    both.write_bytes(stream.read_bytes() * 2)
    try:
        made(Burned(), both, tmp_path / "out.mp4", FAST)
    except MediaError as error:
        assert "\n" not in str(error)
        assert " @ 0x" not in str(error)
    made(Burned(), both, tmp_path / "tolerant.mp4", TOLERANT)
    assert len(picture_times(tmp_path / "tolerant.mp4")) == pytest.approx(80, abs=2)


@pytest.mark.parametrize("name", ["h264.mp4", "mjpeg.avi", "mpeg4.mov"])
def test_a_flipped_bit_is_never_silent_where_frames_are_lost(make_clip, tmp_path, name):
    """I21: what comes out without a word has all frames at their times."""
    clip = make_clip(f"first-{name}", *PICTURE, *TONE, *FIRST[name])
    times, rng = picture_times(clip), np.random.default_rng(7)
    for number in range(4):
        data = bytearray(clip.read_bytes())
        data[int(rng.integers(1000, len(data) - 1000))] ^= 1 << int(rng.integers(8))
        source, out = tmp_path / f"{number}-{name}", tmp_path / f"{number}.mkv"
        source.write_bytes(data)
        try:
            made(Burned(), source, out, FAST)
        except MediaError as error:
            assert "\n" not in str(error)
            assert not out.exists()
        else:
            assert picture_times(out) == pytest.approx(times, abs=1e-3)


def test_a_malformed_message_beside_the_pictures_is_no_damage(make_clip, tmp_path):
    """A3: an SEI message that ends early; all frames are decoded."""
    raw = make_clip("plain.h264", *PICTURE, "-c:v", "libx264", "-bf", "0").read_bytes()
    message = b"\0\0\1\x06\x05\xc8" + bytes(range(1, 31)) + b"\x80"
    at = raw.index(b"\0\0\1\x65")
    odd = tmp_path / "odd.h264"
    odd.write_bytes(raw[:at] + message + raw[at:])
    source = make_clip("odd.mp4", "-r", "25", "-i", str(odd), *TONE, "-map",
                       "0", "-map", "1", "-c:v", "copy", "-c:a", "aac")  # fmt: skip
    made(Burned(), source, tmp_path / "out.mp4", FAST)
    assert len(picture_times(tmp_path / "out.mp4")) == 40
