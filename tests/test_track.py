"""The hinge: what a track holds, what it refuses, what a part of it is."""

import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from overlay.datatypes import Excerpt, Tag
from overlay.errors import TrackError
from overlay.track import ScoreBlock, TagTrack, sound_of_part

LABELS = ("Dog", "猫", "a, b")


def _track():
    scores = np.random.default_rng(0).random((10, 3), np.float32)
    return TagTrack(scores, LABELS, 2.0, 0.3, 4.1, "mn04", "ab" * 32)


def test_a_time_is_the_centre_of_its_window():
    np.testing.assert_allclose(_track().times[:3], [1.0, 1.3, 1.6])


def test_top_k_at_a_second_takes_the_nearest_centre():
    track = _track()
    best = track.top_k(2, at_s=1.4)
    assert [tag.index for tag in best] == np.argsort(-track.scores[1])[:2].tolist()
    assert best[0].score >= best[1].score
    assert track.top_k(99)[0].label in LABELS
    assert len(track.top_k(99)) == 3


def test_a_saved_track_comes_back_and_nothing_else_stays(tmp_path):
    path = _track().save(tmp_path / "x.npz")
    again = TagTrack.load(path)
    np.testing.assert_array_equal(again.scores, _track().scores)
    assert (again.labels, again.window_s, again.hop_s) == (LABELS, 2.0, 0.3)
    assert (again.model, again.model_hash, again.duration_s) == ("mn04", "ab" * 32, 4.1)
    assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]


def test_paddleaudios_script_can_read_it(tmp_path):
    path = _track().save(tmp_path / "x.npz")
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_allclose(file["time"], np.arange(10) * 0.3 / 4.1)
        assert file["scores"].shape == (10, 3)


def test_paddleaudios_npz_can_be_drawn(tmp_path):
    path = tmp_path / "audioset_tagging_sr_44100.npz"
    np.savez(path, time=np.arange(0, 1, 0.03), scores=np.zeros((34, 3), np.float32))
    track = TagTrack.load(path, labels=LABELS, duration_s=10)
    assert track.hop_s == pytest.approx(0.3)
    with pytest.raises(TrackError, match="length"):
        TagTrack.load(path, labels=LABELS)


class _Evil:
    def __reduce__(self):
        return print, ("pickle was executed",)


def test_what_is_no_track_is_said_and_no_pickle_runs(tmp_path, capsys):
    text = tmp_path / "text.npz"
    text.write_text("hello")
    evil = tmp_path / "evil.npz"
    evil.write_bytes(pickle.dumps(_Evil()))
    objects = tmp_path / "objects.npz"
    np.savez(objects, scores=np.array([_Evil()], dtype=object))
    other = tmp_path / "other.npz"
    np.savez(other, something=np.zeros(3))
    archive = tmp_path / "archive.npz"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("scores.npy", b"not an array")
    shape = tmp_path / "shape.npz"
    np.savez(
        shape, scores=np.zeros((2, 2, 2)), labels=np.array(["a"]), hop_s=1, window_s=1, duration_s=1
    )
    for path in (text, evil, objects, other, archive, shape, tmp_path, tmp_path / "missing.npz"):
        with pytest.raises(TrackError, match=str(path)):
            TagTrack.load(path)
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "scores", [np.zeros(3), np.zeros((2, 4)), np.full((2, 3), 1.5), np.full((2, 3), np.nan)]
)
def test_wrong_scores_are_a_programmers_mistake(scores):
    with pytest.raises(ValueError, match="scores"):
        TagTrack(scores, LABELS, 2.0, 0.3, 4.1)


BASE = TagTrack(np.full((4, 3), 0.5, np.float32), LABELS, 2.0, 0.3, 3.0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"labels": ("a", "b")}, r"scores \(4, 3\) do not fit 2 labels"),
        ({"scores": np.full((4, 3), -0.01, np.float32)}, r"in \[0, 1\]"),
        ({"window_s": 0.0}, "window 0.0 s"),
        ({"window_s": 3600.1}, "window 3600.1 s"),
        ({"hop_s": 0.0009}, "hop 0.0009 s"),
        ({"hop_s": 3601.0}, "hop 3601.0 s"),
        ({"hop_s": float("nan")}, "hop nan s"),
        ({"duration_s": -0.1}, "duration of -0.1 s"),
        ({"duration_s": 366 * 86400.5}, "duration of"),
        ({"levels": np.zeros(5, np.float16)}, r"levels \(5,\)"),
        ({"levels": np.full((5, 8), np.nan, np.float16)}, "levels"),
        ({"times": np.zeros(3)}, r"times \(3,\) do not fit 4 rows"),
        ({"times": np.array([0.0, 2.0, 1.0, 3.0])}, "times must rise"),
        ({"times": np.array([0.0, 1.0, 2.0, np.nan])}, "times must rise"),
        ({"times": np.array([0.0, 1.0, 2.0, 366 * 86401.0])}, "times must rise"),
        ({"level_times": np.zeros(2)}, r"level \(2,\) do not fit 0 rows"),
        ({"vocabulary": "audioset2"}, "unknown vocabulary 'audioset2'"),
        ({"vocabulary": "own:"}, "unknown vocabulary"),
        ({"vocabulary": "own:" + "a" * 65}, "unknown vocabulary"),
    ],
)
def test_a_track_that_makes_no_sense_cannot_be_made(changed, said):
    with pytest.raises(ValueError, match=said):
        replace(BASE, **{"times": np.empty(0), **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"window_s": 3600.0, "hop_s": 3600.0},
        {"window_s": 1e-9, "hop_s": 1e-3},
        {"duration_s": 0.0},
        {"duration_s": 366 * 86400.0},
        {"times": np.array([0.0, 0.0, 1.0, 366 * 86400.0])},  # a gap; two rows of one moment
        {"vocabulary": "own:" + "0f" * 32},
        {"vocabulary": "audioset-strong"},
    ],
)
def test_the_bounds_of_a_track_belong_to_it(changed):
    made = replace(BASE, **{"times": np.empty(0), **changed})
    for name, value in changed.items():
        np.testing.assert_array_equal(getattr(made, name), value)


def test_what_is_left_out_is_derived():
    levels = np.zeros((3, 8), np.float16)
    track = TagTrack(np.zeros((2, 2)), ("Speech", "mine"), 1.0, 0.25, 2.0, levels=levels)
    np.testing.assert_allclose(track.times, [0.5, 0.75])
    np.testing.assert_allclose(track.level_times, [0.0, 0.02, 0.04])
    assert track.times.dtype == track.level_times.dtype == np.float64
    assert track.scores.dtype == np.float32
    assert (track.n_hops, track.n_classes) == (2, 2)
    assert (track.model, track.model_hash, track.sound, track.media) == ("unknown", "", "", "")
    assert (track.frame_rate, TagTrack(track.scores, ("a", "b"), 1, 1, 1).levels.shape) == (
        None, (0, 0),
    )  # fmt: skip


def test_nobody_can_change_what_is_in_a_track():
    scores, times = np.full((2, 1), 0.25, np.float32), np.array([1.0, 2.0])
    track = TagTrack(scores, ("a",), 2.0, 0.3, 3.0, times=times)
    scores[:], times[:] = 9.0, -1.0
    assert (track.scores.max(), track.times.tolist()) == (0.25, [1.0, 2.0])
    for array in (track.scores, track.times, track.level_times):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.5
    assert replace(track, model="m").scores is track.scores  # hours of scores are held once


def test_equally_good_tags_come_in_the_order_of_the_classes():
    scores = np.array([[0.5, 0.9, 0.5], [0.1, 0.1, 0.1]], np.float32)
    track = TagTrack(scores, ("a", "b", "c"), 2.0, 0.3, 2.3)
    assert [tag.label for tag in track.top_k(3, at_s=0.0)] == ["b", "a", "c"]
    assert [tag.index for tag in track.top_k(2, at_s=99.0)] == [0, 1]
    assert track.top_k(1) == [Tag(1, "b", pytest.approx(0.5))]  # the mean of all rows
    assert track.top_k(0) == []


def test_an_empty_track_has_no_tags_and_can_be_cut():
    track = TagTrack(np.zeros((0, 3), np.float32), LABELS, 2.0, 0.3, 5.0)
    assert (track.top_k(3), track.top_k(3, at_s=1.0)) == ([], [])
    assert (track.part(Excerpt(1.0, 2.0)).n_hops, track.part(Excerpt(1.0, 2.0)).duration_s) == (
        0, 1.0,
    )  # fmt: skip


def ten_rows(**facts):
    """A row at each half second of five, which names itself, and two levels a second."""
    scores = np.linspace(0, 0.9, 10, dtype=np.float32)[:, None]
    levels = np.arange(10, dtype=np.float16)[:, None]
    times = np.arange(10) / 2
    return TagTrack(
        scores, ("a",), 1.0, 0.5, 5.0, levels=levels, times=times, level_times=times, **facts
    )


@pytest.mark.parametrize(
    ("from_s", "to_s", "rows", "length_s"),
    [
        (0.0, None, range(10), 5.0),
        (1.0, None, range(2, 10), 4.0),  # the part is half-open: a row at its start is in it
        (1.0, 2.0, (2, 3), 1.0),  # and one at its end is not
        (0.9, 2.1, (2, 3, 4), 1.2),
        (3.0, 99.0, range(6, 10), 2.0),  # the sound ends before the part does
        (1.1, 1.2, (2,), 0.1),  # shorter than a hop: the row nearest to its start
        (1.4, 1.45, (3,), 0.05),
        (7.0, 8.0, (9,), 0.0),  # behind the sound
    ],
)
def test_a_part_has_the_rows_in_it_and_times_of_its_own(from_s, to_s, rows, length_s):
    part = ten_rows().part(Excerpt(from_s, to_s))
    np.testing.assert_allclose(part.scores[:, 0], [0.1 * row for row in rows], atol=1e-6)
    np.testing.assert_allclose(part.times, [row / 2 - from_s for row in rows])
    assert part.duration_s == pytest.approx(length_s)
    inside = [row for row in range(10) if from_s <= row / 2 < min(5.0, to_s or 5.0)]
    np.testing.assert_allclose(part.levels[:, 0], inside)
    np.testing.assert_allclose(part.level_times, [row / 2 - from_s for row in inside])


def test_a_part_is_another_sound_than_the_whole():
    whole, excerpt = ten_rows(sound="ab" * 32, model="m"), Excerpt(1.0, 2.0)
    part = whole.part(excerpt)
    assert part.sound == sound_of_part(whole.sound, excerpt) != whole.sound
    assert len(part.sound) == 64
    assert part.sound != whole.part(Excerpt(1.0, 2.5)).sound != whole.part(Excerpt(1.0)).sound
    assert (part.model, part.labels, part.hop_s) == ("m", ("a",), 0.5)
    assert ten_rows().part(excerpt).sound == ""  # nobody knows that of the whole
    assert sound_of_part("cd", None) == "cd"


@pytest.mark.parametrize(
    ("n_times", "shape"), [(2, (3, 1)), (3, (3,)), (1, (1, 1, 1)), (0, (1, 2))]
)
def test_a_block_of_scores_has_a_time_a_row(n_times, shape):
    with pytest.raises(ValueError, match="do not fit"):
        ScoreBlock(np.zeros(n_times), np.zeros(shape, np.float32), 1.0)
    assert ScoreBlock(np.zeros(2), np.zeros((2, 5), np.float32), 1.0).heard_s == 1.0


def test_columns_of_the_sound_s_picture_are_even_unless_said():
    track = TagTrack(np.zeros((2, 1), np.float32), ("a",), 2, 0.3, 3, mel=np.zeros((4, 8), "u1"))
    np.testing.assert_allclose(track.mel_times, [0, 0.08, 0.16, 0.24])
