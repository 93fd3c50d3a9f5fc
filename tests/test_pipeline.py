"""The façade: the whole walk by Python, on clips made here with the model that ships."""

from dataclasses import replace

import av
import numpy as np
import pytest
from inspecting import audio_packets, picture_times, pictures
from making import listener

import overlay
from overlay.commands import main
from overlay.datatypes import Excerpt
from overlay.errors import (
    ExportError,
    NoAudioStream,
    NoVideoStream,
    OutputError,
    OverlayError,
    SettingsError,
    UnknownTagger,
)
from overlay.pipeline import plan, strongest_events, top_events
from overlay.products.table import Table
from overlay.resources import resource
from overlay.settings import Settings, TaggingSettings, override
from overlay.verdicts import Entry, Media, Verdicts, event_id, write_verdicts

OWN = {"model": "builtin", "device": "cpu"}


@pytest.fixture(scope="module")
def clip(make_clip):
    """Six seconds of the sample: the sea, and the first birds."""
    source = str(resource("samples", "sounds.mp4"))
    return make_clip("six.mp4", "-i", source, "-t", "6", "-c", "copy")


@pytest.fixture(scope="module")
def track(clip):
    return overlay.tag(clip, **OWN)


def test_a_video_in_the_same_video_with_tags_out(clip, tmp_path):
    reporter, steps, _ = listener()
    options = {**OWN, "preset": "ultrafast", "cache": False}
    done = overlay.render(clip, tmp_path / "out.mp4", reporter=reporter, **options)
    assert done.path == tmp_path / "out.mp4"
    assert picture_times(done.path) == picture_times(clip)
    assert audio_packets(done.path) == audio_packets(clip)
    assert done.n_frames == len(picture_times(clip))
    assert "Waves, surf" in {tag.label for tag in done.track.top_k(10, at_s=2.0)}
    for name in ("tag", "render"):
        seconds = [done_s for step, done_s, _ in steps if step == name]
        assert seconds == sorted(seconds)
        assert seconds[-1] == pytest.approx(6, abs=1)


def test_saved_scores_render_the_same_video(clip, track, tmp_path):
    saved = track.save(tmp_path / "t.npz")
    loaded = overlay.TagTrack.load(saved)
    np.testing.assert_array_equal(loaded.scores, track.scores)
    assert (loaded.model, loaded.model_hash) == (track.model, track.model_hash)
    drawn = []
    for number, scores in enumerate((track, loaded, saved)):
        out = tmp_path / f"{number}.mp4"
        overlay.render(clip, out, track=scores, preset="ultrafast", to_s=3.0)
        drawn.append(pictures(out))
    for other in drawn[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(drawn[0], other, strict=True))


def test_the_same_captions_come_from_a_video_and_from_its_scores(clip, track, tmp_path):
    saved = track.save(tmp_path / "scores")
    options = {"style": "plain"}
    cues = overlay.captions(clip, **OWN, **options)
    assert cues
    assert overlay.captions(saved, **options) == cues
    events, found = overlay.find_events(saved)
    assert events == overlay.find_events(clip, **OWN)[0]
    np.testing.assert_array_equal(found.scores, track.scores)
    path = overlay.export_events(saved, "srt", tmp_path / "c.srt", **options)
    assert path.read_text().count("-->") == len(cues)
    assert overlay.check_captions(path, "plain", video=clip) == []


def test_dialogue_keeps_its_place(clip, track, tmp_path):
    saved, words = track.save(tmp_path / "t.npz"), tmp_path / "words.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:01,000\nHello\n")
    out = overlay.merge_captions(saved, words, style="plain")
    assert out == tmp_path / "words.sounds.srt"
    assert "Hello" in out.read_text()
    with pytest.raises(OverlayError, match="exists"):
        overlay.merge_captions(saved, words)
    with pytest.raises(OverlayError, match="input"):
        overlay.merge_captions(saved, words, words, overwrite=True)


class Stop(Exception):
    """What a caller raises to have enough."""


@pytest.mark.parametrize("step", ["tag", "note"])
def test_a_callback_that_raises_stops_the_work(clip, tmp_path, step):
    def progress(name, done, total):
        if name == step:
            raise Stop

    def note(line):
        if step == "note":
            raise Stop

    copy = tmp_path / "clip.mp4"
    copy.write_bytes(clip.read_bytes())
    with pytest.raises(Stop):
        overlay.render(
            copy, None, reporter=overlay.Reporter(progress, note), language="zh",
            cache=False, device="cpu", model="auto" if step == "note" else "builtin",
        )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize("options", [{}, {"soft": True}, {"overlay_only": True}])
def test_a_callback_that_raises_while_ffmpeg_writes_stops_it(clip, track, tmp_path, options):
    def progress(name, done, total):
        if name == "render":
            raise Stop

    copy = tmp_path / "clip.mp4"
    copy.write_bytes(clip.read_bytes())
    with pytest.raises(Stop):
        overlay.render(copy, track=track, reporter=overlay.Reporter(progress), **options)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_files_without_picture_or_sound_are_said(tmp_path, make_clip):
    sound = make_clip("tone-only.wav", "-f", "lavfi", "-i", "sine=d=2")
    with pytest.raises(NoVideoStream, match="tag-overlay tag"):
        overlay.render(sound, tmp_path / "out.mp4")
    silent = make_clip("silent.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1")
    for call in (overlay.render, lambda path, out, **options: overlay.tag(path)):
        with pytest.raises(NoAudioStream):
            call(silent, tmp_path / "out.mp4")
    with pytest.raises(NoAudioStream, match="allow-silent"):
        overlay.render(silent, tmp_path / "out.mp4")
    with pytest.raises(NoAudioStream):
        overlay.render(silent, tmp_path / "out.mov", overlay_only=True, allow_silent=True)
    assert list(tmp_path.iterdir()) == []
    done = overlay.render(silent, tmp_path / "out.mp4", allow_silent=True)
    assert (done.track, done.encoder) == (None, "copy")
    assert picture_times(done.path) == picture_times(silent)


def test_an_audio_track_that_turns_out_empty_counts_as_none(make_clip, tmp_path):
    hollow = make_clip(
        "hollow.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-f", "lavfi", "-i", "sine=d=1",
        "-af", "aselect=0", "-c:a", "pcm_s16le",
    )  # fmt: skip
    options = {**OWN, "cache": False}
    with pytest.raises(OverlayError):
        overlay.render(hollow, tmp_path / "out.mkv", **options)
    done = overlay.render(hollow, tmp_path / "out.mkv", allow_silent=True, **options)
    assert done.encoder == "copy"


@pytest.mark.parametrize(
    "options",
    [
        {"theme": "Neon"},
        {"font": "nope.ttf"},
        {"encoder": "nope"},
        {"ffmpeg": "/nope"},
        {"thresholds_file": "nope.toml"},
        {"allow": ("Nosuch",)},
        {"soft": True, "theme": "Neon"},
        {"overlay_only": True, "theme": "Neon"},
    ],
)
def test_mistakes_are_found_before_the_sound_is_scored(clip, tmp_path, monkeypatch, options):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    reporter, steps, _ = listener()
    name = "out.mov" if options.get("overlay_only") else "out.mkv"
    with pytest.raises(OverlayError):
        overlay.render(clip, tmp_path / name, reporter=reporter, **OWN, **options)
    assert steps == []
    assert not list(tmp_path.rglob("*.npz"))
    assert not (tmp_path / name).exists()


def test_unknown_options_are_said(clip):
    with pytest.raises(SettingsError, match="on_note"):
        overlay.tag(clip, on_note=print)


def test_every_public_name_is_there():
    for name in overlay.__all__:
        assert getattr(overlay, name).__doc__
    with pytest.raises(AttributeError, match="no_such"):
        overlay.no_such  # noqa: B018


def test_own_labels_are_taught(make_clip, tmp_path):
    for label, sound in (("tone", "sine=f=800:d=1"), ("hiss", "anoisesrc=d=1")):
        (tmp_path / "clips" / label).mkdir(parents=True)
        for number in range(3):
            made = make_clip(f"{label}{number}.wav", "-f", "lavfi", "-i", sound)
            (tmp_path / "clips" / label / made.name).write_bytes(made.read_bytes())
    reporter, steps, _ = listener()
    folder, out = tmp_path / "clips", tmp_path / "own.npz"
    done = overlay.train(folder, out, reporter=reporter, **OWN)
    assert (done.path, done.labels, done.base) == (out, ("hiss", "tone"), "builtin")
    assert done.n_clips == done.n_tested == 6
    assert steps[-1] == ("train", 6, 6)
    found = overlay.tag(folder / "tone" / "tone0.wav", model=str(out), device="cpu")
    assert found.top_k(1)[0].label == "tone"
    with pytest.raises(OverlayError, match="exists"):
        overlay.train(folder, out, **OWN)
    with pytest.raises(OverlayError, match=r"\.npz"):
        overlay.train(folder, tmp_path / "own.bin", **OWN)


def test_chinese_labels_draw_or_stay_english_with_a_word(clip, track, tmp_path):
    reporter, _, notes = listener()
    drawn = []
    for language in ("en", "zh"):
        out = tmp_path / f"{language}.png"
        overlay.preview(clip, 2, out, track=track, language=language, reporter=reporter)
        drawn.append(out.read_bytes())
    stayed = any("Noto Sans CJK" in note for note in notes)
    assert (drawn[0] == drawn[1]) == stayed


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
    reporter, _, said = listener()
    options = {"soft": True, "model": "builtin", "device": "cpu", "event_threshold": 0.99}
    done = overlay.render(source, tmp_path / "soft.mp4", reporter=reporter, **options)
    assert _video_packets(done.path) == _video_packets(source)
    assert any("no sound is worth a caption" in note for note in said)


def test_soft_captions_in_matroska_have_a_style(tmp_path):
    source = resource("samples", "sounds.mp4")
    out = tmp_path / "soft.mkv"
    assert main([str(source), "--soft", "-o", str(out), "--model", "builtin"]) == 0
    assert audio_packets(out) == audio_packets(source)
    assert [data for _, data in _video_packets(out)] == [data for _, data in _video_packets(source)]
    with av.open(str(out)) as container:
        assert b"Style: Sound" in container.streams.subtitles[0].codec_context.extradata


def test_verdicts_on_another_sound_are_refused_before_scoring(clip, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    other = write_verdicts(tmp_path / "v.json", Verdicts(Media("other.mp4", "0" * 64)))
    for product in (overlay.captions, overlay.render, overlay.find_events):
        with pytest.raises(ExportError, match=r"other\.mp4"):
            product(clip, **OWN, verdicts=str(other))
    assert not list(tmp_path.rglob("cache/**/*.npz"))


def test_of_a_folder_of_verdicts_each_medium_gets_its_own(clip, tmp_path):
    """Also a part of it, by its own or by those of the whole; and without any it stays."""
    for name, options in (("whole", {}), ("part", {"to_s": 2.5})):
        found, track = overlay.find_events(clip, **OWN, **options)
        (event, *others) = found
        entry = Entry(name, "2026-11-26T02:00:00.000Z", event_id(event, track.model), "judge",
                      label=event.label, onset_s=event.onset_s, offset_s=event.offset_s,
                      verdict="wrong")  # fmt: skip
        write_verdicts(tmp_path / f"{name}.verdicts.json",
                       Verdicts(Media(name, track.sound), (entry,)))  # fmt: skip
        assert overlay.find_events(clip, **OWN, **options, verdicts=tmp_path)[0] == others
    plain = overlay.find_events(clip, **OWN, to_s=2.0)[0]
    assert overlay.find_events(clip, **OWN, to_s=2.0, verdicts=tmp_path)[0] == plain[1:]
    (tmp_path / "whole.verdicts.json").unlink()
    reporter, _, said = listener()
    found, _ = overlay.find_events(clip, **OWN, to_s=2.0, verdicts=tmp_path, reporter=reporter)
    assert found == plain
    assert any("no verdicts on its sound" in note for note in said)


def test_verdicts_are_never_a_target(clip, tmp_path):
    media = Media("clip", overlay.tag(clip, **OWN).sound)
    said = write_verdicts(tmp_path / "v.json", Verdicts(media))
    with pytest.raises(OutputError, match="input"):
        overlay.export_events(clip, "json", said, **OWN, verdicts=str(said), overwrite=True)


def test_wrong_events_are_in_no_product(clip, tmp_path):
    found, track = overlay.find_events(clip, **OWN)
    entries = [
        Entry(str(n), "2026-11-26T02:00:00.000Z", event_id(event, track.model), "judge",
              label=event.label, onset_s=event.onset_s, offset_s=event.offset_s, verdict="wrong")
        for n, event in enumerate(found)
    ]  # fmt: skip
    assert entries
    said = str(
        write_verdicts(tmp_path / "v.json", Verdicts(Media("c", track.sound), tuple(entries)))
    )
    assert overlay.find_events(clip, **OWN, verdicts=said)[0] == []
    assert overlay.captions(clip, **OWN, style="plain", verdicts=said) == []
    middle = (found[0].onset_s + found[0].offset_s) / 2
    assert overlay.shown(track, middle)
    assert overlay.shown(track, middle, verdicts=said) == []


NOBODY = Settings(tagging=TaggingSettings(model="nobody"))
CALLS = {
    "tag": lambda clip, place, settings: overlay.tag(clip, settings),
    "find_events": lambda clip, place, settings: overlay.find_events(clip, settings),
    "captions": lambda clip, place, settings: overlay.captions(clip, settings),
    "render": lambda clip, place, settings: overlay.render(clip, place / "o.mp4", settings),
    "preview": lambda clip, place, settings: overlay.preview(clip, 1, place / "o.png", settings),
    "review": lambda clip, place, settings: overlay.review(clip, place / "o.html", settings),
    "export_events": lambda clip, place, settings: overlay.export_events(
        clip, "csv", place / "o.csv", settings
    ),
    "merge_captions": lambda clip, place, settings: overlay.merge_captions(
        clip, _words(place), place / "o.srt", settings
    ),
    "plan": lambda clip, place, settings: plan(clip, Table("csv"), place / "o.csv", settings).run(),
}


def _words(place):
    words = place / "words.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:01,000\nHello\n")
    return words


@pytest.mark.parametrize("name", CALLS)
def test_every_call_takes_its_settings(clip, tmp_path, name):
    with pytest.raises(UnknownTagger):
        CALLS[name](clip, tmp_path, NOBODY)


@pytest.mark.parametrize("name", CALLS)
def test_that_there_is_no_sound_is_said_before_a_model_is_loaded(make_clip, tmp_path, name):
    silent = make_clip("silent.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=2")
    with pytest.raises(NoAudioStream):
        CALLS[name](silent, tmp_path, NOBODY)


def test_a_plan_without_settings_or_product_is_a_video_of_the_usual_ones(clip, track, tmp_path):
    job = plan(clip, None, tmp_path / "o.mkv", track=track)
    assert (job.target, job.settings, job.track) == (tmp_path / "o.mkv", Settings(), track)
    assert not job.target.exists()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"allow": ("Nosuch",)}, "Nosuch"),
        ({"deny": ("Nosuch",)}, "Nosuch"),
    ],
)
def test_labels_that_given_scores_do_not_have_are_refused_in_the_plan(
    clip, track, tmp_path, options, match
):
    with pytest.raises(SettingsError, match=match):
        plan(clip, None, tmp_path / "o.mp4", override(Settings(), **options), track=track)


def test_a_label_that_a_verdict_gives_may_be_asked_for_and_no_other(clip, tmp_path):
    (event, *_), track = overlay.find_events(clip, **OWN)
    entry = Entry("a", "2026-11-26T02:00:00.000Z", event_id(event, track.model), "judge",
                  label=event.label, onset_s=event.onset_s, offset_s=event.offset_s,
                  verdict="wrong", relabel="Dragon")  # fmt: skip
    said = write_verdicts(tmp_path / "v.json", Verdicts(Media("c", track.sound), (entry,)))
    found, _ = overlay.find_events(clip, **OWN, verdicts=said, allow=("dragon",))
    assert [(e.label, e.onset_s) for e in found] == [("Dragon", event.onset_s)]
    with pytest.raises(SettingsError, match="Dragon"):
        overlay.find_events(clip, **OWN, allow=("Dragon",))


def test_what_was_chosen_of_a_file_is_said_and_verdicts_only_where_some_are_named(
    make_clip, tmp_path
):
    two = make_clip(
        "two.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-f", "lavfi", "-i", "sine=d=1",
        "-f", "lavfi", "-i", "testsrc2=s=96x96:d=1", "-map", "0", "-map", "1", "-map", "2",
    )  # fmt: skip
    reporter, _, notes = listener()
    overlay.tag(two, reporter=reporter, cache=False, **OWN)
    assert any("--video-track" in note for note in notes)
    assert not any("verdicts" in note for note in notes)


@pytest.mark.parametrize(
    ("video", "is_right"),
    [
        (None, True),  # it is right at some usual rate
        (25, True),  # two frames, as the style wants it
        (60, False),  # nearly five: neither two nor half a second
        ("scores", True),  # which know no rate
    ],
)
def test_captions_are_checked_at_the_frame_rate_of_their_video(
    make_clip, track, tmp_path, video, is_right
):
    subtitles = tmp_path / "c.srt"
    subtitles.write_text(
        "1\n00:00:00,000 --> 00:00:02,000\n[dog barks]\n\n"
        "2\n00:00:02,080 --> 00:00:04,000\n[cat meows]\n"
    )
    if video == "scores":
        video = track.save(tmp_path / "t.npz")
    elif video is not None:
        made = f"testsrc2=s=64x64:r={video}:d=1"
        video = make_clip(f"{video}.mp4", "-f", "lavfi", "-i", made)
    broken = overlay.check_captions(subtitles, "netflix", video=video)
    assert (broken == []) == is_right


def test_captions_are_checked_by_the_language_they_are_in_or_the_one_asked_for(tmp_path):
    subtitles = tmp_path / "c.srt"
    subtitles.write_text(f"1\n00:00:00,000 --> 00:00:05,000\n[{'狗' * 20}]\n", "utf-8")
    assert overlay.check_captions(subtitles, "netflix")
    assert overlay.check_captions(subtitles, "netflix", language="en") == []


def test_the_strongest_are_told_in_the_order_of_their_onsets():
    """At most one a label, or so many of all with the number of the rest."""
    scores = np.zeros((60, 3), np.float32)
    for row, label, score in ((2, 0, 0.6), (12, 1, 0.9), (22, 0, 0.8), (32, 2, 0.4), (42, 1, 0.7)):
        scores[row : row + 5, label] = score
    track = overlay.TagTrack(scores, ("a", "b", "c"), 0.3, 0.3, 18.0)
    settings = override(Settings(), smoothing="none")
    peaks = [(event.label, round(event.peak, 1)) for event in top_events(track, 2, settings)]
    assert peaks == [("b", 0.9), ("a", 0.8)]
    strongest, n_more = strongest_events(track, 3, settings)
    assert [round(event.peak, 1) for event in strongest] == [0.9, 0.8, 0.7]
    assert n_more == 2


def test_a_model_that_has_no_room_is_refused_before_a_clip_is_heard(tmp_path):
    out = tmp_path / "own.npz"
    out.write_text("mine")
    reporter, steps, _ = listener()
    with pytest.raises(OutputError, match="exists"):
        overlay.train(tmp_path / "clips", out, reporter=reporter, **OWN)
    assert (steps, out.read_text()) == ([], "mine")


@pytest.mark.parametrize("named", [True, False], ids=["by its sound", "by its length"])
@pytest.mark.parametrize("of_part", [True, False])
@pytest.mark.parametrize("saved", [True, False])
def test_given_scores_are_drawn_where_they_were_heard(clip, tmp_path, saved, of_part, named):
    """Of the whole sound or of the very part, in memory or in a file."""
    part = {"from_s": 2.0, "to_s": 4.5}
    track = overlay.tag(clip, **OWN, **(part if of_part else {}))
    if not named:
        track = replace(track, sound="")
    reporter, _, notes = listener()
    given = track.save(tmp_path / "t.npz") if saved else track
    job = plan(clip, None, tmp_path / "o.mp4", override(Settings(), **part), track=given,
               reporter=reporter)  # fmt: skip
    assert job.track.duration_s == pytest.approx(2.5, abs=0.01)
    expected = overlay.tag(clip, **OWN).part(Excerpt(2.0, 4.5)) if not of_part else track
    np.testing.assert_array_equal(job.track.scores, expected.scores)
    np.testing.assert_array_equal(job.track.times, expected.times)
    assert notes == []


def test_scores_in_memory_of_another_sound_are_said(clip, track, tmp_path):
    reporter, _, notes = listener()
    other = replace(track, sound="0" * 64)
    plan(clip, None, tmp_path / "o.mp4", track=other, reporter=reporter)
    assert notes == ["track: these scores are of another sound than that of six.mp4"]
