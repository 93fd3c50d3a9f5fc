import os
import subprocess
import sys
from dataclasses import replace

import av
import numpy as np
import pytest
from inspecting import peak

from overlay.errors import DecodeError, NoAudioStream
from overlay.media.audio import audio_command, stream_audio, timed_samples
from overlay.media.probe import probe

RATE = 32000


def _sound(path, **options):
    return np.concatenate(list(stream_audio(probe(path), RATE, **options)))


def _tone_starts_at(sound):
    return float(np.flatnonzero(np.abs(sound) > 0.05)[0]) / RATE


TONE = "sine=frequency=1000:duration=2:sample_rate=44100"


def test_stereo_is_the_mean_of_its_channels(make_clip):
    mono = make_clip("mono.wav", "-f", "lavfi", "-i", TONE)
    both = make_clip("both.wav", "-i", str(mono), "-af", "pan=stereo|c0=c0|c1=c0")
    left = make_clip("left.wav", "-i", str(mono), "-af", "pan=stereo|c0=c0|c1=0*c0")
    assert peak([_sound(both)]) == pytest.approx(peak([_sound(mono)]), rel=1e-3)
    assert peak([_sound(left)]) == pytest.approx(peak([_sound(mono)]) / 2, rel=1e-3)


def test_surround_does_not_clip(make_clip):
    loud = make_clip("loud.wav", "-f", "lavfi", "-i", TONE + ",volume=8,pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0")  # fmt: skip # noqa: E501
    assert 0.7 < peak([_sound(loud)]) <= 1.001


@pytest.mark.parametrize(
    ("name", "codec", "rate", "tolerance_s"),
    [
        ("length.flac", "flac", 44100, 0), ("length.wav", "pcm_s24le", 48000, 0),
        ("length.opus", "libopus", 48000, 0.001), ("length.m4a", "aac", 22050, 0.1),
        ("length.ogg", "libvorbis", 96000, 0.001), ("length.mp3", "libmp3lame", 11025, 0.2),
        ("length.mka", "alac", 8000, 0.001), ("length.wv", "wavpack", 192000, 0),
    ],
)  # fmt: skip
def test_the_length_is_kept(make_clip, name, codec, rate, tolerance_s):
    """Whatever the rate and the container; a lossy codec may add what its blocks need."""
    clip = make_clip(
        name, "-f", "lavfi", "-i", f"sine=d=61:r={rate}", "-c:a", codec, "-ar", str(rate)
    )
    n_samples = sum(len(block) for block in stream_audio(probe(clip), RATE))
    assert n_samples / RATE == pytest.approx(61, abs=tolerance_s + 2 / RATE)


def test_audio_that_starts_late_begins_with_silence(make_clip):
    """Second t of the sound is second t of the picture, whatever the container."""
    for name in ("late.mp4", "late.mkv", "late.ts"):
        late = make_clip(
            name, "-f", "lavfi", "-i", "testsrc=s=64x64:d=4", "-itsoffset", "1.5", "-f", "lavfi",
            "-i", TONE, "-c:v", "libx264", "-c:a", "aac",
        )  # fmt: skip
        assert _tone_starts_at(_sound(late)) == pytest.approx(1.5, abs=0.05), name


def test_a_gap_stays_a_gap(make_clip):
    gap = make_clip(
        "gap.mkv", "-f", "lavfi", "-i", "sine=d=6:r=44100", "-af",
        "aselect='not(between(t,2,4))'", "-c:a", "pcm_s16le",
    )  # fmt: skip
    sound = _sound(gap)
    assert len(sound) / RATE == pytest.approx(6, abs=0.1)
    assert np.abs(sound[int(2.3 * RATE) : int(3.7 * RATE)]).max() < 1e-3
    assert np.abs(sound[int(4.3 * RATE) :]).max() > 0.05


def test_a_second_track_can_be_chosen(make_clip):
    two = make_clip(
        "two.mkv", "-f", "lavfi", "-i", "anullsrc=d=1", "-f", "lavfi", "-i", TONE, "-map", "0",
        "-map", "1", "-c:a", "pcm_s16le",
    )  # fmt: skip
    assert peak([_sound(two)]) == 0
    assert peak([_sound(two, track=1)]) > 0.1
    with pytest.raises(NoAudioStream, match="no track 2"):
        _sound(two, track=2)


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("cut.mp4", ("libx264", "aac", "-movflags", "+faststart")),
        ("cut.webm", ("libvpx", "libvorbis", "-deadline", "realtime")),
        ("cut.mkv", ("libx264", "flac")),
        ("cut.mxf", ("mpeg2video", "pcm_s16le")),
    ],
)
def test_a_truncated_file_is_said_and_tolerated(make_clip, tmp_path, name, codecs):
    picture, sound, *more = codecs
    whole = make_clip(
        name, "-f", "lavfi", "-i", "testsrc2=s=160x90:d=5", "-f", "lavfi", "-i", "anoisesrc=d=5",
        "-c:v", picture, "-c:a", sound, *more,
    ).read_bytes()  # fmt: skip
    cut = tmp_path / name
    cut.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(DecodeError, match="--tolerant"):
        _sound(cut)
    assert len(_sound(cut, tolerant=True)) > RATE


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("cut.mp3", ("libmp3lame",)), ("cut-vbr.mp3", ("libmp3lame", "-q:a", "9")),
        ("cut.aiff", ("pcm_s16be",)), ("cut.wav", ("pcm_s16le",)), ("cut.flac", ("flac",)),
        ("cut.wv", ("wavpack",)), ("cut.tta", ("tta",)), ("cut.mka", ("aac",)),
    ],
)  # fmt: skip
def test_a_truncated_sound_is_said_and_tolerated(make_clip, tmp_path, name, codec):
    whole = make_clip(name, "-f", "lavfi", "-i", "anoisesrc=d=8", "-c:a", *codec).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(DecodeError, match="--tolerant"):
        _sound(cut)
    assert 3 < len(_sound(cut, tolerant=True)) / RATE < 6


def test_a_length_that_is_a_guess_promises_nothing(make_clip):
    """From the rate of its first seconds this one would be ten seconds longer."""
    clip = make_clip(
        "guess.mp3", "-f", "lavfi", "-i", "sine=d=30", "-f", "lavfi", "-i", "anoisesrc=d=30",
        "-filter_complex", "concat=n=2:v=0:a=1", "-c:a", "libmp3lame", "-b:a", "64k", "-abr", "1",
        "-write_xing", "0",
    )  # fmt: skip
    assert probe(clip).duration_s > 65
    assert len(_sound(clip)) / RATE == pytest.approx(60, abs=0.1)


def test_no_audio_is_said(make_clip):
    with pytest.raises(NoAudioStream, match="no audio"):
        _sound(make_clip("silent.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=0.2"))


def test_a_track_of_which_nothing_decodes_is_said(make_clip, tmp_path):
    """The container is whole; each packet of its sound is noise to the decoder."""
    clip = make_clip("packets.mkv", "-f", "lavfi", "-i", TONE, "-c:a", "aac")
    with av.open(str(clip)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    content = clip.read_bytes()
    for packet in packets:
        content = content.replace(packet, bytes(len(packet)))
    path = tmp_path / "packets.mkv"
    path.write_bytes(content)
    with pytest.raises(DecodeError, match="no audio decodes"):
        _sound(path)


def test_blocks_are_bounded(make_clip):
    """However long a sound is, it never sits in memory at once."""
    long = make_clip("long.flac", "-f", "lavfi", "-i", "anullsrc=d=600:r=8000")
    sizes = [len(block) for block in stream_audio(probe(long), RATE)]
    assert max(sizes) <= 5 * RATE
    assert sum(sizes) == 600 * RATE


def test_stopping_early_leaves_no_process(make_clip):
    long = make_clip("long.flac", "-f", "lavfi", "-i", "anullsrc=d=600:r=8000")
    blocks = stream_audio(probe(long), RATE)
    next(blocks)
    blocks.close()


def test_texts_that_are_no_utf_8_are_passed_over(make_clip, tmp_path):
    """ffmpeg hands them on to who reads its output."""
    clip = make_clip("t.flv", "-f", "lavfi", "-i", TONE, "-metadata", "mark=abcdefgh")
    path = tmp_path / "t.flv"
    path.write_bytes(clip.read_bytes().replace(b"abcdefgh", b"\xed\xec\x80\xff\xfecde"))
    assert peak([_sound(path)]) > 0.05


def test_sound_without_channels_is_no_division_by_zero(make_clip):
    info = probe(make_clip("mono.wav", "-f", "lavfi", "-i", TONE))
    none = replace(info, audio=(replace(info.audio[0], channels=0, mixes=False),))
    assert not any("c0=" in each for each in audio_command(none, RATE))


_AS_NOBODY = """
import os, sys
from overlay.errors import ProbeError
from overlay.media.probe import probe
os.setuid(65534)
try:
    probe(sys.argv[1])
except ProbeError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_file_in_a_folder_that_one_may_not_enter_is_said(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "a.mp4").touch()
    closed.chmod(0)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, closed / "a.mp4"], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "permission is denied" in done.stdout, done.stderr


class _Stopped(KeyboardInterrupt):
    pass


@pytest.mark.parametrize("n_reads", [0, 1, 2])
def test_what_reading_raises_arrives_and_is_not_printed(make_clip, n_reads, capfd):
    """A signal comes while PyAV reads from ffmpeg."""
    nut = make_clip("t.nut", "-f", "lavfi", "-i", "anoisesrc=d=60", "-c:a", "pcm_f32le")

    class Pipe:
        def __init__(self):
            self.file, self.left = nut.open("rb"), n_reads

        def read(self, n_bytes):
            self.left -= 1
            if self.left < 0:
                raise _Stopped
            return self.file.read(n_bytes)

    pipe = Pipe()
    with pipe.file, pytest.raises(_Stopped):
        for _ in timed_samples(pipe):
            pass
    assert capfd.readouterr().err == ""
