"""Files that end in the middle of something, and files that cannot say where they end."""

import subprocess
from itertools import product

import pytest

from overlay.errors import DecodeError
from overlay.media.audio import stream_sound
from overlay.media.bare_frames import ends_within_frame
from overlay.media.process import ffmpeg_program
from overlay.media.source import open_source
from overlay.media.truncation import ending_notes, has_no_length

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=3")
TONE = ("-f", "lavfi", "-i", "sine=d=3:r=44100")
KINDS = {
    "sound.ogg": ("-c:a", "libvorbis"),
    "sound.opus": ("-c:a", "libopus"),
    "film.ogv": (*PICTURE, "-c:v", "libtheora", "-c:a", "libvorbis"),
    "film.flv": (*PICTURE, "-c:v", "flv1", "-c:a", "libmp3lame"),
    "film.mpg": (*PICTURE, "-r", "25", "-c:v", "mpeg1video", "-c:a", "mp2"),
    "film.vob": (*PICTURE, "-r", "25", "-c:v", "mpeg2video", "-c:a", "ac3", "-f", "dvd"),
    "film.ts": (*PICTURE, "-c:v", "mpeg2video", "-c:a", "mp2"),
    "film.m2ts": (*PICTURE, "-c:v", "libx264", "-c:a", "ac3", "-mpegts_m2ts_mode", "1"),
    "film.avi": (*PICTURE, "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "film.nut": (*PICTURE, "-c:v", "mpeg4", "-c:a", "mp2"),
    "film.mp4": (*PICTURE, "-c:v", "mpeg4", "-c:a", "aac", "-movflags", "+frag_keyframe"),
    "sound.mp2": ("-c:a", "mp2"),
    "slow.mp2": ("-c:a", "mp2", "-ar", "22050", "-b:a", "64k"),
    "sound.mp3": ("-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"),
    "slow.mp3": ("-c:a", "libmp3lame", "-ar", "8000", "-write_xing", "0"),
    "sound.mlp": ("-c:a", "mlp", "-strict", "-2"),
    "sound.thd": ("-c:a", "truehd", "-strict", "-2", "-f", "truehd"),
    "film.wmv": (*PICTURE, "-c:v", "wmv2", "-c:a", "wmav2"),
}
SILENT_KINDS = {"film.mkv": (*PICTURE, "-c:v", "mpeg4", "-c:a", "flac")}


def _made(make_clip, name):
    return make_clip(name, *TONE, *(KINDS | SILENT_KINDS)[name])


@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_ends_in_the_middle_is_said_to(make_clip, tmp_path, name):
    whole = _made(make_clip, name)
    assert open_source(whole).notes == ()
    data = whole.read_bytes()
    for n_bytes in (len(data) * 3 // 5 + 13, len(data) - 7):
        cut = tmp_path / f"{n_bytes}-{name}"
        cut.write_bytes(data[:n_bytes])
        (note,) = open_source(cut).notes
        assert "may be cut" in note


@pytest.mark.parametrize("name", SILENT_KINDS)
def test_of_other_kinds_nothing_is_said_here(make_clip, name):
    """Their readers say it themselves."""
    assert open_source(_made(make_clip, name)).notes == ()


@pytest.mark.parametrize("container", ["ogg", "flv", "mpegts", "asf", "mov"])
@pytest.mark.parametrize("content", [b"", b"OggS", b"\x47" * 40, bytes(4), b"\xff" * 5000])
def test_odd_bytes_and_missing_files_are_no_trouble(tmp_path, container, content):
    odd = tmp_path / "odd"
    odd.write_bytes(content)
    assert len(list(ending_notes(odd, container))) <= 1
    assert list(ending_notes(tmp_path / "none", container)) == []
    assert not has_no_length(tmp_path / "none", "wav")


@pytest.mark.parametrize("tags", [b"", b"APE", b"APE with a header"])
def test_tags_behind_the_last_frame_are_no_beginning_of_one(make_clip, tmp_path, tags):
    data = _made(make_clip, "sound.mp3").read_bytes()
    length = 40 if tags else 0  # of the items and the footer
    header = (
        b"APETAGEX" + bytes([208, 7, 0, 0, length, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x80]) + bytes(8)
    )
    ape = (header * tags.endswith(b"header") + bytes(8) + header) if tags else b""
    ape = ape.replace(b"\x80", b"\0") if tags == b"APE" else ape
    tagged = tmp_path / "tagged.mp3"
    for whole, n_notes in ((data, 0), (data[:-9], 1)):
        tagged.write_bytes(whole + ape + b"TAG" + bytes(125))
        assert len(list(ending_notes(tagged, "mp3"))) == n_notes


def test_every_rate_and_layer_of_mpeg_audio_is_walked(make_clip):
    kinds = {"sound.mp2": ("-c:a", "mp2"), "sound.mp3": ("-write_xing", "0", "-id3v2_version", "0")}
    rates = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
    for (name, more), rate, kbits in product(kinds.items(), rates, (32, 64, 160)):
        data = make_clip(name, *TONE, *more, "-ar", str(rate), "-b:a", f"{kbits}k").read_bytes()
        assert not ends_within_frame(data, "mp3"), (name, rate, kbits)
        assert ends_within_frame(data[:-5], "mp3"), (name, rate, kbits)


def test_frames_of_layer_1_are_walked():
    """No encoder makes them here: 32 kHz, 384 kbit/s, which is 144 slots of 4 bytes."""
    frames = (b"\xff\xff\xc8\xc4" + bytes(572)) * 9
    assert not ends_within_frame(frames, "mp3")
    assert ends_within_frame(frames[:-1], "mp3")
    assert not ends_within_frame(frames + b"no frame begins here", "mp3")


def test_a_wave_that_was_written_to_a_pipe_is_whole(tmp_path):
    """It says that it is 4 GB long; ffmpeg calls its last packet corrupt."""
    command = [ffmpeg_program(), "-v", "error", *TONE, "-f", "wav", "pipe:1"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    size = data.index(b"data") + 4
    assert data[size : size + 4] == b"\xff" * 4
    piped = tmp_path / "piped.wav"
    for claim in (b"\xff\xff\xff\xff", b"\x00\xf0\xff\x7f", bytes(4)):
        piped.write_bytes(data[:size] + claim + data[size + 4 :])
        n_samples = sum(len(b.samples) for b in stream_sound(open_source(piped).info, 16000))
        assert n_samples == pytest.approx(48000, abs=200), claim
    piped.write_bytes(data[:size] + (500_000).to_bytes(4, "little") + data[size + 4 :])
    with pytest.raises(DecodeError, match="damaged"):
        list(stream_sound(open_source(piped).info, 16000))


def test_a_cut_sound_file_of_sun_is_damaged(make_clip, tmp_path):
    data = make_clip("sound.au", *TONE).read_bytes()
    cut = tmp_path / "cut.au"
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(DecodeError, match=r"it ends 1.5 s early; --tolerant"):
        list(stream_sound(open_source(cut).info, 16000))


def test_a_last_page_that_is_whole_but_not_marked_is_said(make_clip, tmp_path):
    """Cut between two pages: every page is whole, and none is the last."""
    data = _made(make_clip, "sound.ogg").read_bytes()
    cut = tmp_path / "cut.ogg"
    cut.write_bytes(data[: data.rindex(b"OggS")])
    (note,) = ending_notes(cut, "ogg")
    assert "without a page that is marked as the last" in note


def test_a_broadcast_claims_no_length(make_clip, tmp_path):
    """Of a stream the header's size is not the file's."""
    data = bytearray(_made(make_clip, "film.wmv").read_bytes())
    at = data.index(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    data[at + 40 : at + 48] = (1 << 40).to_bytes(8, "little")
    stream = tmp_path / "stream.wmv"
    stream.write_bytes(data)
    assert len(list(ending_notes(stream, "asf"))) == 1
    data[at + 88] |= 1
    stream.write_bytes(data)
    assert list(ending_notes(stream, "asf")) == []


def test_the_samples_of_a_wave_are_found_behind_chunks_of_odd_length(tmp_path):
    wave = tmp_path / "odd.wav"
    chunk = b"odd " + (3).to_bytes(4, "little") + b"abc\0"
    wave.write_bytes(b"RIFF\xff\xff\xff\xffWAVE" + chunk + b"data\xff\xff\xff\xff")
    assert has_no_length(wave, "wav")
