"""The whole walk on real files, by Python and by the command line."""

import av
import numpy as np
import pytest
from inspecting import audio_packets, picture_times, pictures

import overlay
from overlay.commands import main
from overlay.errors import NoAudioStream, NoVideoStream, OverlayError
from overlay.resources import resource
from overlay.vocabulary.audioset import audioset_labels

pytestmark = [pytest.mark.weights, pytest.mark.usefixtures("shared")]


def test_a_video_in_the_same_video_with_tags_out(tmp_path):
    source = resource("samples", "sounds.mp4")
    steps = []
    done = overlay.render(
        source, tmp_path / "out.mp4", preset="ultrafast", device="cpu",
        on_progress=lambda step, done_s, total_s: steps.append((step, done_s, total_s)),
    )  # fmt: skip
    assert done.path == tmp_path / "out.mp4"
    assert picture_times(done.path) == picture_times(source)
    assert audio_packets(done.path) == audio_packets(source)
    assert done.track.top_k(1, at_s=2.0)[0].label == "Speech"
    for name in ("tag", "render"):
        seconds = [done_s for step, done_s, _ in steps if step == name]
        assert seconds == sorted(seconds)
        assert seconds[-1] == pytest.approx(40, abs=1)


def test_the_demos_commands_work_as_there(shared, tmp_path):
    wav = sorted((shared / "audio/esc_dev").glob("*.flac"))[0]
    arguments = ["tag", "--device", "cpu", "--sample_duration", "2", "--hop_duration", "0.3"]
    assert main([*arguments, "--wav", str(wav), "--output_dir", str(tmp_path), "-q"]) == 0
    made = tmp_path / "audioset_tagging_sr_44100.npz"
    with np.load(made, allow_pickle=False) as file:
        assert file["scores"].shape == (17, 527)
        np.testing.assert_allclose(file["time"], np.arange(17) * 0.3 / 5, atol=1e-9)
    labels = resource("assets", "audioset_labels.txt")
    arguments = f"parse --tagging_file {made} --top_k 10 --smooth True --smooth_size 5".split()
    assert main([*arguments, "--label_file", str(labels), "--output_dir", str(tmp_path)]) == 0
    text = (tmp_path / "audioset_tagging_sr_44100.txt").read_text()
    blocks = text.strip().split("\n\n")
    assert len(blocks) == 17
    assert all(len(block.splitlines()) == 11 for block in blocks)
    label, _, score = blocks[0].splitlines()[1].rpartition(": ")
    assert label in audioset_labels()
    assert 0 <= float(score) <= 1


def test_saved_scores_render_the_same_video(shared, tmp_path):
    source = shared / "videos/mediabunny__video.mp4"
    track = overlay.tag(source, device="cpu")
    track.save(tmp_path / "t.npz")
    loaded = overlay.TagTrack.load(tmp_path / "t.npz")
    np.testing.assert_array_equal(loaded.scores, track.scores)
    assert (loaded.model, loaded.model_hash) == (track.model, track.model_hash)
    paths = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for path, scores in zip(paths, (track, loaded), strict=True):
        overlay.render(source, path, track=scores, preset="ultrafast")
    a, b = (pictures(path) for path in paths)
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_chinese_labels_draw(shared, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(f"声音{i}" for i in range(527)), encoding="utf-8")
    source = shared / "videos/mediabunny__video.mp4"
    out = tmp_path / "p.png"
    overlay.preview(source, 1.0, out, label_file=str(labels), device="cpu")
    assert out.stat().st_size > 1000


def test_files_without_picture_or_sound_are_said(shared, tmp_path, make_clip):
    sound = sorted((shared / "audio/esc_dev").glob("*.flac"))[0]
    with pytest.raises(NoVideoStream, match="tag-overlay tag"):
        overlay.render(sound, tmp_path / "out.mp4")
    silent = make_clip("silent.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1")
    with pytest.raises(NoAudioStream, match="allow-silent"):
        overlay.render(silent, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []
    done = overlay.render(silent, tmp_path / "out.mp4", allow_silent=True)
    assert picture_times(done.path) == picture_times(silent)


@pytest.mark.parametrize(
    "options",
    [{"theme": "nope"}, {"font": "nope.ttf"}, {"encoder": "nope"}, {"ffmpeg": "/nope"}],
)
def test_mistakes_are_found_before_the_sound_is_scored(tmp_path, monkeypatch, options):
    monkeypatch.setattr("overlay.pipeline.load_tagger", lambda *_: pytest.fail("too late"))
    with pytest.raises(OverlayError):
        overlay.render(resource("samples", "sounds.mp4"), tmp_path / "out.mp4", **options)


def test_models_and_doctor_say_what_is_here(capsys, monkeypatch):
    assert main(["models"]) == 0
    listed = capsys.readouterr().out
    for text in ("mn04", "0.432", "cnn14", "0.431", "CC BY 4.0", "MIT", "mn04_as_mAP_432.pt"):
        assert text in listed
    assert main(["models", "verify", "mn04"]) == 0
    assert "899a8c6217063f69" in capsys.readouterr().out
    assert main(["models", "fetch", "mn04"]) == 0
    assert main(["models", "verify", "builtin"]) == 0
    assert "hash and shapes" in capsys.readouterr().out
    assert main(["models", "verify", "cnn99"]) == 4
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for text in ("ffmpeg version", "libx264", "works", "paddle", "cache", "Inter-SemiBold.otf"):
        assert text in said
    assert main(["doctor", "--ffmpeg", "/nope"]) == 0
    assert "not usable" in capsys.readouterr().out


def _video_packets(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base = stream.time_base
        return [(p.pts * base, bytes(p)) for p in container.demux(stream) if p.size]


@pytest.mark.parametrize("extension", [".mp4", ".mov"])
def test_soft_captions_leave_every_packet_as_it_is(tmp_path, extension):
    source = resource("samples", "sounds.mp4")
    options = {"soft": True, "model": "builtin", "device": "cpu"}
    done = overlay.render(source, tmp_path / f"soft{extension}", **options)
    assert done.encoder == "copy"
    assert _video_packets(done.path) == _video_packets(source)
    assert audio_packets(done.path) == audio_packets(source)
    with av.open(str(done.path)) as container:
        stream = container.streams.subtitles[0]
        times = [float(p.pts * p.time_base) for p in container.demux(stream) if p.size > 2]
    cues = overlay.captions(source, model="builtin", device="cpu")
    assert times == pytest.approx([cue.start_s for cue in cues], abs=0.01)


def test_soft_without_a_sound_worth_a_caption_is_a_copy(tmp_path):
    source = resource("samples", "sounds.mp4")
    said = []
    options = {"soft": True, "model": "builtin", "device": "cpu", "event_threshold": 0.99}
    done = overlay.render(source, tmp_path / "soft.mp4", on_note=said.append, **options)
    assert _video_packets(done.path) == _video_packets(source)
    assert any("no sound is worth a caption" in note for note in said)


def test_chinese_without_a_font_for_it_stays_english(tmp_path, monkeypatch):
    source, said = resource("samples", "sounds.mp4"), []
    pictures = []
    for n, language in enumerate(("en", "zh", "zh")):
        monkeypatch.setattr("overlay.pipeline.can_draw", lambda text, font, n=n: n != 1)
        out = tmp_path / f"{n}.png"
        overlay.preview(
            source, 9.5, out, on_note=said.append, language=language, model="builtin", device="cpu"
        )
        pictures.append(out.read_bytes())
    assert pictures[0] == pictures[1]
    assert pictures[1] != pictures[2]
    assert any("Noto Sans CJK" in note for note in said)


def test_soft_captions_in_matroska_have_a_style(tmp_path):
    source = resource("samples", "sounds.mp4")
    out = tmp_path / "soft.mkv"
    assert main([str(source), "--soft", "-o", str(out), "--model", "builtin"]) == 0
    assert audio_packets(out) == audio_packets(source)
    assert [data for _, data in _video_packets(out)] == [data for _, data in _video_packets(source)]
    with av.open(str(out)) as container:
        assert b"Style: Sound" in container.streams.subtitles[0].codec_context.extradata
