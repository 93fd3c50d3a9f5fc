"""Files that end in the middle of something, and files that cannot say where they end."""

import subprocess
from itertools import product

import pytest

from overlay.errors import DecodeError
from overlay.media.audio import stream_sound
from overlay.media.bare_frames import ends_within_frame
from overlay.media.process import ffmpeg_program
from overlay.media.source import open_source
from overlay.media.truncation import believed, ending_notes

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
    "sound.adx": (),
    "sound.aiff": (),
    "sound.apm": ("-c:a", "adpcm_ima_apm"),
    "sound.ast": (),
    "sound.au": (),
    "sound.kvag": ("-c:a", "adpcm_ima_ssi", "-f", "kvag"),
    "sound.mmf": ("-ar", "8000"),
    "sound.rso": ("-c:a", "pcm_u8", "-ar", "8000"),
    "sound.sox": (),
    "sound.w64": (),
    "sound.wav": (),
    "large.wav": ("-rf64", "always"),
    "sound.wsaud": ("-ar", "22050", "-f", "wsaud"),
    "film.swf": (*PICTURE, "-c:v", "flv1", "-c:a", "mp3"),
    "film.amv": (
        *PICTURE,
        "-s",
        "160x120",
        "-r",
        "25",
        "-ar",
        "22050",
        "-block_size",
        "882",
        "-strict",
        "-1",
    ),
    "sound.caf": (),
    "sound.g723_1": ("-ar", "8000", "-c:a", "g723_1", "-f", "g723_1"),
    "film.roq": (*PICTURE, "-s", "256x256", "-r", "30", "-ar", "22050", "-ac", "2", "-t", "0.3"),
    "film.drc": (*PICTURE, "-c:v", "vc2", "-pix_fmt", "yuv420p"),
    "sound.aac": ("-c:a", "aac"),
    "sound.dts": ("-c:a", "dca", "-strict", "-2"),
    "sound.sbc": ("-c:a", "sbc"),
    "joint.sbc": ("-c:a", "sbc", "-ac", "2", "-b:a", "200k"),
    "sound.msbc": ("-c:a", "sbc", "-msbc", "1", "-ar", "16000", "-f", "sbc"),
    "sound.spdif": ("-c:a", "ac3", "-f", "spdif"),
    "film.dv": (*PICTURE, "-s", "720x576", "-r", "25", "-pix_fmt", "yuv420p", "-ac", "2"),
    "ntsc.dv": (
        *PICTURE,
        "-s",
        "720x480",
        "-r",
        "30000/1001",
        "-pix_fmt",
        "yuv411p",
        "-ac",
        "2",
        "-ar",
        "48000",
    ),
    "film.fits": (*PICTURE, "-pix_fmt", "gray", "-f", "fits"),
    "film.gif": (*PICTURE,),
    "film.mjpeg": (*PICTURE, "-c:v", "mjpeg"),
    "film.y4m": (*PICTURE, "-pix_fmt", "yuv420p"),
    "odd.y4m": (*PICTURE, "-s", "33x21", "-pix_fmt", "yuv422p10", "-strict", "-1"),
    "gray.y4m": (*PICTURE, "-pix_fmt", "gray"),
}
SILENT_KINDS = {"film.mkv": (*PICTURE, "-c:v", "mpeg4", "-c:a", "flac")}


def _made(make_clip, name):
    return make_clip(name, *TONE, *(KINDS | SILENT_KINDS)[name])


@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_ends_in_the_middle_is_said_to(make_clip, tmp_path, name):
    whole = _made(make_clip, name)
    assert open_source(whole).notes == ()
    data = whole.read_bytes()
    for n_bytes in (len(data) * 3 // 5 + 13, len(data) - 9):
        cut = tmp_path / f"{n_bytes}-{name}"
        cut.write_bytes(data[:n_bytes])
        (note,) = open_source(cut).notes
        assert "may be cut" in note


@pytest.mark.parametrize("name", SILENT_KINDS)
def test_of_other_kinds_nothing_is_said_here(make_clip, name):
    """Their readers say it themselves."""
    assert open_source(_made(make_clip, name)).notes == ()


CONTAINERS = (
    "aac", "adx", "aiff", "apm", "asf", "ast", "au", "avi", "caf", "dirac", "dts", "dv", "fits",
    "flv", "g723_1", "gif", "gxf", "jpeg_pipe", "kvag", "mlp", "mmf", "mov", "mp3", "mpeg",
    "mpegts", "mpjpeg", "mxf", "nut", "ogg", "roq", "rso", "sbc", "sox", "spdif", "swf", "w64",
    "wav", "wsaud", "yuv4mpegpipe",
)  # fmt: skip


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    "content", [b"", b"OggS", b"\x47" * 40, bytes(4), b"\xff" * 5000, bytes(40), b"RIFF" * 40]
)
def test_odd_bytes_and_missing_files_are_no_trouble(tmp_path, container, content):
    odd = tmp_path / "odd"
    odd.write_bytes(content)
    assert len(list(ending_notes(odd, container))) <= 1
    assert list(ending_notes(tmp_path / "none", container)) == []
    assert believed(["Packet corrupt"], tmp_path / "none", "wav") == ["Packet corrupt"]


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


PIPED = ("adx", "apm", "ast", "au", "avi", "caf", "kvag", "mmf", "rso", "sox", "swf", "w64", "wav")


@pytest.mark.parametrize("muxer", PIPED)
def test_what_was_written_to_a_pipe_claims_no_length(tmp_path, muxer):
    """Nobody could go back to say it; muxers that refuse to write so are fine, too."""
    more = {"apm": ("-c:a", "adpcm_ima_apm"), "kvag": ("-c:a", "adpcm_ima_ssi"),
            "rso": ("-c:a", "pcm_u8", "-ar", "8000"), "mmf": ("-ar", "8000")}  # fmt: skip
    command = [ffmpeg_program(), "-v", "error", *TONE, *more.get(muxer, ()), "-f", muxer, "pipe:1"]
    data = subprocess.run(command, capture_output=True, check=False).stdout
    piped = tmp_path / "piped"
    piped.write_bytes(data)
    assert list(ending_notes(piped, muxer)) == []


def test_a_length_that_two_bytes_cannot_hold_is_no_claim(make_clip):
    """RSO says 65,535 of all that is longer."""
    long = make_clip("long.rso", *TONE, "-c:a", "pcm_u8", "-ar", "44100")
    assert long.stat().st_size > 100_000
    assert open_source(long).notes == ()


def _with_claim(path, out, at, claim):
    data = path.read_bytes()
    out.write_bytes(data[:at] + claim + data[at + len(claim) :])
    return out


CLAIMS = [
    ("sound.wav", "wav", 4, bytes(4), 0, "a writer that was killed"),
    ("sound.wav", "wav", 4, b"\xff\xff\xff\xff", 0, "a stream"),
    ("sound.wav", "wav", 4, b"\x00\x00\x10\x00", 1, "more than there is"),
    ("sound.au", "au", 8, b"\xff\xff\xff\xff", 0, "a stream"),
    ("sound.au", "au", 8, b"\x00\x10\x00\x00", 1, "more than there is"),
    ("film.swf", "swf", 4, (100 << 20).to_bytes(4, "little"), 0, "ffmpeg writes so to a pipe"),
    ("film.swf", "swf", 4, (99 << 20).to_bytes(4, "little"), 1, "more than there is"),
    ("film.swf", "swf", 0, b"CWS\x06\xff\xff\xff\x0f", 0, "what is compressed claims another one"),
    ("sound.sox", "sox", 8, bytes(8), 0, "a stream"),
    ("sound.adx", "adx", 12, bytes(4), 0, "a stream"),
    ("sound.caf", "caf", 8 + 4, b"\xff" * 8, 0, "a chunk up to the end"),
]


@pytest.mark.parametrize(("name", "container", "at", "claim", "n_notes", "why"), CLAIMS)
def test_what_a_header_claims(make_clip, tmp_path, name, container, at, claim, n_notes, why):
    odd = _with_claim(_made(make_clip, name), tmp_path / "odd", at, claim)
    assert len(list(ending_notes(odd, container))) == n_notes, why


def test_a_header_of_samples_may_be_of_either_byte_order(make_clip, tmp_path):
    data = _made(make_clip, "sound.sox").read_bytes()
    head = data[:4][::-1] + data[4:8][::-1] + data[8:16][::-1]
    for n_bytes, n_notes in ((len(data), 0), (len(data) - 1, 1)):
        (tmp_path / "other.sox").write_bytes((head + data[16:])[:n_bytes])
        assert len(list(ending_notes(tmp_path / "other.sox", "sox"))) == n_notes


def test_a_film_of_a_video_cd_lies_in_riff(make_clip, tmp_path):
    """Sectors of 2,352 bytes behind a header that knows the length."""
    film = _made(make_clip, "film.mpg").read_bytes()
    film += bytes(-len(film) % 2324)
    sectors = b"".join(
        b"\0" + b"\xff" * 10 + bytes(13) + film[at : at + 2324] + bytes(4)
        for at in range(0, len(film), 2324)
    )
    size = (len(sectors) + 36).to_bytes(4, "little")
    header = b"RIFF" + size + b"CDXAfmt " + bytes([16]) + bytes(19) + b"data" + bytes(4)
    disc = tmp_path / "avseq.dat"
    disc.write_bytes(header + sectors)
    assert open_source(disc).info.container == "mpeg"
    assert open_source(disc).notes == ()
    disc.write_bytes((header + sectors)[: len(sectors) // 2])
    (note,) = open_source(disc).notes
    assert "before the length that it claims" in note


def test_a_program_stream_is_not_cut_where_its_end_is_marked(make_clip, tmp_path):
    data = _made(make_clip, "film.mpg").read_bytes()
    for more, n_notes in (
        (b"\0\0\1\xb9", 0), (b"\0\0\1\xba" + bytes(8), 1), (b"\0\0\1", 1), (b"\0\0\1\xe0\0", 1),
    ):  # fmt: skip
        (tmp_path / "film.mpg").write_bytes(data + more)
        assert len(list(ending_notes(tmp_path / "film.mpg", "mpeg"))) == n_notes, more


def test_a_film_of_broadcast_that_lacks_its_footer_is_cut(make_clip, tmp_path):
    data = make_clip("film.mxf", *PICTURE, "-r", "25", "-c:v", "mpeg2video").read_bytes()
    cut = tmp_path / "cut.mxf"
    for n_bytes, n_notes in ((len(data), 0), (len(data) * 3 // 4, 1)):
        cut.write_bytes(data[:n_bytes])
        assert len(list(ending_notes(cut, "mxf"))) == n_notes
    footer = data.index((int.from_bytes(data[44:52], "big")).to_bytes(8, "big"))
    cut.write_bytes(data[:footer] + bytes(8) + data[footer + 8 : -50])
    assert list(ending_notes(cut, "mxf")) == [], "a writer that does not know where it is"


def test_frames_of_g723_1_have_four_lengths(tmp_path):
    frames = bytes([0]) + bytes(23) + bytes([1]) + bytes(19) + bytes([2]) + bytes(3) + bytes([3])
    for n_bytes in range(len(frames) + 1):
        (tmp_path / "frames").write_bytes(frames[:n_bytes])
        whole = n_bytes in (0, 24, 44, 48, 49)
        assert len(list(ending_notes(tmp_path / "frames", "g723_1"))) == (not whole), n_bytes


WHOLE = {
    "sound.adx": (),
    "odd.adx": ("-ac", "2", "-t", "1.234"),
    "sound.wsaud": ("-ar", "22050", "-f", "wsaud"),
    "film.gxf": (*PICTURE, "-s", "720x576", "-r", "25", "-ar", "48000"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_readers_that_ask_for_more_than_a_whole_file_has_say_no_damage(make_clip, tmp_path, name):
    whole = make_clip(name, *TONE, *WHOLE[name])
    source = open_source(whole)
    assert source.notes == ()
    assert sum(len(b.samples) for b in stream_sound(source.info, 16000)) > 16000
    kind = source.info.container
    assert believed(["Packet corrupt (stream = 0).", "x"], whole, kind) == ["x"]
    (tmp_path / name).write_bytes(whole.read_bytes()[:-40])
    assert believed(["Packet corrupt"], tmp_path / name, kind) == ["Packet corrupt"]


def test_pictures_that_are_sent_one_by_one_end_with_a_boundary(tmp_path):
    sent = tmp_path / "sent"
    for ending, n_lines in ((b"\xff\xd9\r\n--ffmpeg\r\n", 0), (b"\xff\xd9\r\n", 1)):
        sent.write_bytes(b"--ffmpeg\r\nContent-type: image/jpeg\r\n\r\n" + ending)
        assert len(believed(["Error during demuxing: no"], sent, "mpjpeg")) == n_lines


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
    assert believed(["Packet corrupt", "Invalid NAL"], wave, "wav") == ["Invalid NAL"]
