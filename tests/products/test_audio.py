"""--audio: the sound stays as it is unless another codec is asked for."""

import numpy as np
import pytest
from inspecting import audio_packets, audio_times
from making import listener, made, two_tags

from overlay.datatypes import Excerpt
from overlay.errors import OutputError, SettingsError
from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.media.source import open_source
from overlay.pipeline import plan
from overlay.products.burned import Burned
from overlay.products.soft_tracks import Soft
from overlay.settings import Settings, VideoSettings

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=96x54:r=25:d=2")
SWEEP = ("-f", "lavfi", "-i", "aevalsrc='0.5*sin(2*PI*(200+300*t)*t)':s=44100:d=2")


@pytest.fixture(scope="module")
def vorbis(make_clip):
    """A webm whose sound no mp4 takes as it is."""
    return make_clip(
        "vorbis.webm", *PICTURE, *SWEEP, "-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline",
        "realtime", "-c:a", "libvorbis",
    )  # fmt: skip


def converted_to(audio):
    return VideoSettings(preset="ultrafast", audio=audio)


def test_with_aac_a_vorbis_webm_becomes_an_mp4(vorbis, tmp_path):
    settings = Settings(video=converted_to("aac"))
    reporter, _, notes = listener()
    job = plan(vorbis, None, tmp_path, settings, track=two_tags(), reporter=reporter)
    assert job.target == tmp_path / "vorbis.tagged.mp4"
    assert any("encoded anew as aac: vorbis at 96 kb/s" in note for note in notes)
    job.run()
    (sound,) = probe(job.target).audio
    assert sound.codec == "aac"
    before, after = (np.concatenate(list(stream_audio(probe(p), 16000)))
                     for p in (vorbis, job.target))  # fmt: skip
    shortest = min(len(before), len(after))
    lags = [np.abs(before[800:24000] - after[800 + n : 24000 + n]).mean() for n in range(-99, 99)]
    assert shortest > 31000
    assert min(lags) < 0.05
    assert abs(int(np.argmin(lags)) - 99) <= 16  # a millisecond


def test_copying_stays_the_default(vorbis, tmp_path):
    job = plan(vorbis, None, tmp_path, Settings(), track=two_tags())
    assert job.target.suffix == ".mkv"
    with pytest.raises(OutputError, match=r"mp4 cannot hold vorbis .*--audio aac"):
        plan(vorbis, None, tmp_path / "x.mp4", Settings(), track=two_tags())


def test_a_track_that_is_of_the_codec_already_is_copied(make_clip, tmp_path):
    two = make_clip(
        "two-sounds.mkv", *PICTURE, *SWEEP, *SWEEP, "-map", "0", "-map", "1", "-map", "2",
        "-c:v", "libx264", "-c:a:0", "aac", "-c:a:1", "flac",
    )  # fmt: skip
    reporter, _, notes = listener()
    made(Burned(), two, tmp_path / "a.mp4", converted_to("aac"), reporter=reporter)
    assert [each.codec for each in probe(tmp_path / "a.mp4").audio] == ["aac", "aac"]
    assert audio_packets(tmp_path / "a.mp4")[0] == audio_packets(two)[0]
    assert any("aac: flac at" in note for note in notes)


def test_surround_sound_becomes_opus(make_clip, tmp_path):
    surround = make_clip(
        "surround.mkv", *PICTURE, "-f", "lavfi", "-i", "sine=d=2:r=44100", "-af",
        "pan=5.1(side)|FL=c0|FR=c0|FC=c0|LFE=c0|SL=c0|SR=c0", "-c:v", "libx264", "-c:a", "flac",
    )  # fmt: skip
    made(Burned(), surround, tmp_path / "a.webm", VideoSettings(audio="opus"))
    (sound,) = probe(tmp_path / "a.webm").audio
    assert (sound.codec, sound.channels) == ("opus", 6)
    with pytest.raises(OutputError, match=r"mov cannot hold opus"):
        made(Burned(), surround, tmp_path / "a.mov", converted_to("opus"))


def test_soft_tracks_and_parts_go_with_it(make_clip, vorbis, tmp_path):
    made(Soft(), vorbis, tmp_path / "a.mkv", converted_to("opus"))
    assert probe(tmp_path / "a.mkv").audio[0].codec == "opus"
    part = open_source(vorbis, excerpt=Excerpt(0.5, 1.5))
    made(Burned(), part, tmp_path / "b.mp4", converted_to("aac"))
    assert probe(tmp_path / "b.mp4").audio[0].duration_s == pytest.approx(1.0, abs=0.05)
    assert audio_times(tmp_path / "b.mp4")[0] == pytest.approx(0, abs=0.03)


def test_another_codec_is_refused():
    with pytest.raises(SettingsError, match="audio"):
        VideoSettings(audio="mp3")
