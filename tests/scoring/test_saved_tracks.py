"""Scores that were saved, for a video: of which sound, which part of it, under which names."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from making import listener, two_tags

from overlay.datatypes import Excerpt
from overlay.errors import LabelError, TrackError, UsageError
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.source import open_source
from overlay.scoring.saved_tracks import labels_of, load_track, open_saved
from overlay.track import sound_of_part
from overlay.vocabulary.audioset import audioset_labels


@pytest.fixture(scope="module")
def two_sounds(make_clip):
    """Two audio tracks: six seconds, and two."""
    return make_clip(
        "two.mka", "-f", "lavfi", "-i", "sine=d=6", "-f", "lavfi", "-i", "sine=f=300:d=2",
        "-map", "0", "-map", "1", "-c:a", "pcm_s16le",
    )  # fmt: skip


@pytest.fixture
def demos(tmp_path):
    """Scores as PaddleAudio's demo writes them: twenty windows, as fractions of a length."""
    path = tmp_path / "audioset_tagging_sr_32000.npz"
    scores = np.linspace(0, 1, 20, dtype=np.float32)[:, None] * np.ones(527, np.float32)
    np.savez(path, time=np.arange(20) / 20, scores=scores)
    return path


@pytest.mark.parametrize(
    ("excerpt", "rows", "length_s"),
    [
        (None, range(20), 6.0),
        (Excerpt(3.0), range(7, 17), 3.0),  # centres from 1 + 7 * 0.3 on, up to the end
        (Excerpt(1.5, 3.0), range(2, 7), 1.5),
    ],
)
def test_fractions_are_of_the_whole_sound(two_sounds, demos, excerpt, rows, length_s):
    reporter, _, notes = listener()
    track = load_track(demos, open_source(two_sounds, excerpt=excerpt), reporter=reporter)
    assert track.hop_s == pytest.approx(0.3, abs=0.01)
    np.testing.assert_allclose(track.scores[:, 0], np.array(rows) / 19, atol=1e-6)
    assert track.duration_s == pytest.approx(length_s, abs=0.1)
    assert (track.labels, notes) == (audioset_labels(), [])


def test_fractions_are_of_the_sound_that_is_listened_to(make_clip, demos):
    """Where a container tells a length for each of its tracks."""
    source = make_clip(
        "two.mov", "-f", "lavfi", "-i", "sine=d=6", "-f", "lavfi", "-i", "sine=f=300:d=2",
        "-map", "0", "-map", "1", "-c:a", "pcm_s16le",
    )  # fmt: skip
    for audio_track, hop_s in ((0, 0.3), (1, 0.1)):
        reporter, _, notes = listener()
        opened = open_source(source, audio_track=audio_track)
        track = load_track(demos, opened, reporter=reporter)
        assert (track.hop_s, notes) == (pytest.approx(hop_s), [])


@pytest.mark.parametrize(
    ("length_s", "noted"), [(6.0, False), (6.9, False), (5.1, False), (7.2, True), (4.9, True)]
)
def test_scores_of_another_length_are_of_another_sound(two_sounds, tmp_path, length_s, noted):
    path = replace(two_tags(), duration_s=length_s).save(tmp_path / "t.npz")
    reporter, _, notes = listener()
    assert load_track(path, open_source(two_sounds), reporter=reporter).duration_s == length_s
    assert len(notes) == noted
    if noted:
        assert "t.npz: these scores are of another sound than that of two.mka" in notes[0]


def test_the_fingerprint_tells_more_than_the_length(two_sounds, tmp_path):
    source = open_source(two_sounds)
    own = audio_fingerprint(source.info, 0)
    other = audio_fingerprint(source.info, 1)
    part = Excerpt(1.0, 3.0)
    for sound, excerpt, noted in (
        (own, None, False), (other, None, True), ("0" * 64, None, True),
        (own, part, False), (sound_of_part(own, part), part, False), (other, part, True),
        (sound_of_part(own, part), None, True),
    ):  # fmt: skip
        path = replace(two_tags(), sound=sound).save(tmp_path / "t.npz")
        reporter, _, notes = listener()
        load_track(path, open_source(two_sounds, excerpt=excerpt), reporter=reporter)
        assert bool(notes) == noted, (sound, excerpt)


def test_scores_of_a_part_are_not_cut_again(two_sounds, tmp_path):
    source = open_source(two_sounds, excerpt=(part := Excerpt(1.0, 3.0)))
    own = audio_fingerprint(source.info, 0)
    whole = replace(two_tags(), sound=own)
    of_part = whole.part(part)
    for track in (whole, of_part):
        loaded = load_track(track.save(tmp_path / "t.npz"), source)
        np.testing.assert_allclose(loaded.times, of_part.times)
        assert loaded.sound == of_part.sound


def test_saved_scores_are_a_source_without_media(tmp_path):
    track = replace(two_tags(), media="clip.mp4", frame_rate=Fraction(30000, 1001))
    path = track.save(tmp_path / "scores")  # the content tells, not the name
    source, opened = open_saved(path)
    assert (source.named, source.rate, source.path) == ("clip.mp4", track.frame_rate, path)
    assert source.info.duration_s == track.duration_s
    assert (source.info.video, source.info.audio, opened.n_hops) == (None, (), 200)
    source, opened = open_saved(path, excerpt=Excerpt(10.0, 20.0))
    assert source.info.duration_s == opened.duration_s == 10.0
    with pytest.raises(UsageError, match="ends at 62 s, before --from 62"):
        open_saved(path, excerpt=Excerpt(62.0))


def test_a_name_in_npz_is_a_promise(tmp_path):
    for name in ("x.mp4", "x.npz"):
        (tmp_path / name).write_bytes(b"something else")
    assert open_saved(tmp_path / "x.mp4") is None
    assert open_saved(tmp_path / "none.mp4") is None
    for name in ("x.npz", "none.npz"):
        with pytest.raises(TrackError, match=name):
            open_saved(tmp_path / name)


def test_names_are_the_label_files_else_the_files_own_else_audiosets(tmp_path, demos):
    path, labels = two_tags().save(tmp_path / "t.npz"), tmp_path / "labels.txt"
    labels.write_text("one\ntwo\n")
    assert labels_of(path) == ("Speech", "Dog")
    assert labels_of(path, str(labels)) == ("one", "two")
    assert labels_of(demos) == audioset_labels()
    assert open_saved(path, str(labels))[1].labels == ("one", "two")
    with pytest.raises(LabelError, match=r"none\.txt"):
        labels_of(path, str(tmp_path / "none.txt"))
    labels.write_text("only one\n")
    with pytest.raises(TrackError, match="do not fit 1 labels"):
        open_saved(path, str(labels))
