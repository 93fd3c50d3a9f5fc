"""Files of scores that others made, damaged or hostile: a usable track or one error, in bounds."""

import random
import struct
import warnings
import zipfile
from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest

from overlay.datatypes import Excerpt
from overlay.errors import TrackError
from overlay.files.npz import is_npz, read_arrays
from overlay.scoring import cache
from overlay.scoring.saved_tracks import open_saved
from overlay.track import TagTrack, labels_in
from overlay.vocabulary.audioset import audioset
from overlay.vocabulary.audioset_strong import audioset_strong

LABELS = ("Speech", "Dog", "雨")


def track_of(n_hops=40):
    scores = np.random.default_rng(0).random((n_hops, 3)).astype(np.float32)
    levels = np.zeros((20, 4), np.float16)
    mel = np.random.default_rng(1).integers(0, 256, (30, 64), np.uint8)
    return TagTrack(
        scores, LABELS, 2.0, 0.3, 14.0, "m", "ab", levels, sound="cd", mel=mel,
        mel_times=np.linspace(0, 13, 30),
    )  # fmt: skip


def npz(path, **changed):
    arrays = {
        "scores": np.zeros((4, 3), np.float32), "labels": np.array(LABELS), "window_s": 2.0,
        "hop_s": 0.3, "duration_s": 3.0,
    } | changed  # fmt: skip
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


def npy(descr, shape, data=b"", order=False, version=1):
    header = repr({"descr": descr, "fortran_order": order, "shape": shape}).encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes((version, 0)) + length + header + data


def archive(path, compression=zipfile.ZIP_STORED, **members):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def test_what_is_saved_comes_back_packed_or_not(tmp_path):
    track = track_of()
    for compress in (True, False):
        again = TagTrack.load(track.save(tmp_path / "t", compress=compress))
        np.testing.assert_array_equal(again.scores, track.scores)
        np.testing.assert_array_equal(again.times, track.times)
        np.testing.assert_array_equal(again.mel, track.mel)
        np.testing.assert_array_equal(again.mel_times, track.mel_times)
        assert (again.labels, again.vocabulary, again.sound) == (LABELS, track.vocabulary, "cd")
    assert is_npz(tmp_path / "t")
    assert open_saved(tmp_path / "t")[1].labels == LABELS  # read by content, whatever its name


def test_every_field_comes_back(tmp_path):
    rng = np.random.default_rng(1)
    track = TagTrack(
        rng.random((3, 2), np.float32), ("a", "b"), 0.8, 0.24, 3600.0, "m+n", "ab" * 32,
        rng.normal(0, 9, (7, 8)).astype(np.float16), np.array([1.0, 2.0, 7.5]), np.arange(7.0),
        "own:0f", "cd" * 32, "clip.mp4", Fraction(30000, 1001),
    )  # fmt: skip
    again = TagTrack.load(track.save(tmp_path / "t.npz"))
    for each in fields(TagTrack):
        np.testing.assert_array_equal(getattr(again, each.name), getattr(track, each.name))


def test_names_that_are_no_text_are_marked(tmp_path):
    """A file's name may hold bytes that are no letters; a track that holds them cannot be read."""
    track = replace(track_of(), media="caf\udce9.mp4")
    assert TagTrack.load(track.save(tmp_path / "t.npz")).media == "caf?.mp4"


@pytest.mark.parametrize("name", ["audioset", "audioset-strong"])
def test_a_file_without_a_vocabulary_is_of_the_one_that_its_names_are(tmp_path, name):
    names = {"audioset": audioset, "audioset-strong": audioset_strong}[name]().names
    path = npz(tmp_path / "t.npz", scores=np.zeros((4, len(names)), "f4"), labels=np.array(names))
    assert TagTrack.load(path).vocabulary == name
    renamed = TagTrack.load(path, labels=[str(n) for n in range(len(names))])
    assert (renamed.vocabulary, renamed.labels[1]) == (name, "1")


@pytest.mark.parametrize(
    ("fractions", "n_rows", "window_s", "times"),
    [
        ([0.0, 0.25, 0.5, 0.75], 4, 2.0, [1.0, 3.0, 5.0, 7.0]),
        ([0.0, 0.25, 0.5, 0.75], 4, 1.0, [0.5, 2.5, 4.5, 6.5]),
        ([0.0], 1, 2.0, [1.0]),
        ([0.0, 0.5], 2, 2.0, [1.0, 5.0]),
        ([0.0, 0.5], 3, 2.0, r"'time' \(2,\) does not fit 3 rows"),
        ([], 0, 2.0, "does not fit 0 rows"),
        ([[0.0, 0.5]], 2, 2.0, r"'time' must be"),
        ([0.5, 0.0], 2, 2.0, "hop -4.0 s"),
        ([0.0, np.nan], 2, 2.0, "hop nan s"),
    ],
)
def test_the_demos_fractions_are_of_the_length(tmp_path, fractions, n_rows, window_s, times):
    path = tmp_path / "demo.npz"
    np.savez(path, time=np.array(fractions), scores=np.zeros((n_rows, 3)))
    options = {"labels": LABELS, "duration_s": 8.0, "window_s": window_s}
    if isinstance(times, str):
        with pytest.raises(TrackError, match=times):
            TagTrack.load(path, **options)
    else:
        track = TagTrack.load(path, **options)
        np.testing.assert_allclose(track.times, times)
        assert (track.duration_s, track.window_s) == (8.0, window_s)


def test_scores_are_packed_unless_that_makes_them_look_hostile(tmp_path):
    """Hours of silence pack more than a hundredfold: what unpacks so far is refused when read."""
    scores = np.random.default_rng(0).integers(0, 9, (900, 500)).astype(np.float32) / 9
    real = TagTrack(scores, tuple(map(str, range(500))), 2, 0.3, 300)
    packed = real.save(tmp_path / "packed").stat().st_size
    assert packed < 0.5 * scores.nbytes
    assert real.save(tmp_path / "plain", compress=False).stat().st_size > scores.nbytes
    n_classes, n_rows = 1700, 25_000
    silent = TagTrack(np.zeros((n_rows, n_classes), "f4"), tuple("a" * n_classes), 2, 0.3, 7500)
    path = silent.save(tmp_path / "silent")
    assert path.stat().st_size > silent.scores.nbytes
    assert TagTrack.load(path).n_hops == n_rows


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (np.array(["b", "a"]), ("b", "a")),
        (None, None),
        (np.array("a"), "labels must be"),
        (np.array([["a"]]), "labels must be"),
        (np.arange(2), "'labels' holds int64"),
    ],
)
def test_the_names_in_a_file(tmp_path, labels, found):
    path = npz(tmp_path / "t.npz", labels=labels)
    if isinstance(found, str):
        with pytest.raises(TrackError, match=found):
            labels_in(path)
    else:
        assert labels_in(path) == found


def test_an_existing_file_or_an_input_is_not_replaced_unless_wanted(tmp_path):
    path = track_of().save(tmp_path / "t.npz")
    for options in ({"overwrite": False}, {"inputs": (path,)}):
        with pytest.raises(TrackError, match=r"exists|input"):
            track_of().save(path, **options)


def test_a_part_has_its_part_of_the_sound_s_picture():
    track = track_of()
    part = track.part(Excerpt(4.0, 9.0))
    inside = (track.mel_times >= 4) & (track.mel_times < 9)
    np.testing.assert_array_equal(part.mel, track.mel[inside])
    np.testing.assert_allclose(part.mel_times, track.mel_times[inside] - 4)


def test_older_files_and_the_demos_load(tmp_path):
    demo = tmp_path / "demo.npz"
    np.savez(demo, time=np.arange(5) / 5, scores=np.zeros((5, 527), np.float64))
    track = TagTrack.load(demo, labels=[f"名{i}" for i in range(527)], duration_s=10)
    assert (track.hop_s, track.vocabulary) == (pytest.approx(2), "audioset")
    old = TagTrack.load(npz(tmp_path / "old.npz", scores=np.asfortranarray(np.eye(4, 3))))
    np.testing.assert_array_equal(old.scores, np.eye(4, 3, dtype=np.float32))
    assert old.vocabulary.startswith("own:")
    assert old.mel.size == old.mel_times.size == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"duration_s": np.nan}, {"duration_s": np.inf}, {"duration_s": 1e12}, {"duration_s": -1.0},
        {"hop_s": 1e-9}, {"hop_s": np.nan}, {"hop_s": 1e9}, {"window_s": np.inf}, {"window_s": 0},
        {"hop_s": np.zeros(3)}, {"hop_s": "0.3"}, {"duration_s": None}, {"scores": None},
        {"scores": np.full((4, 3), np.nan)}, {"scores": np.zeros(12)}, {"scores": np.zeros(())},
        {"scores": np.zeros((4, 2))}, {"scores": np.array([["a"] * 3])}, {"labels": None},
        {"labels": np.array(["a"])}, {"labels": np.arange(3)}, {"labels": np.array([["a"] * 3])},
        {"labels": np.array(["\ud800", "b", "c"])}, {"labels": np.array([b"a", b"b", b"c"])},
        {"centers": np.array([0, 2, 1, 3.0])}, {"centers": np.full(4, 1e300)},
        {"centers": np.zeros((2, 2))}, {"centers": np.zeros(3)}, {"level_times": np.zeros(9)},
        {"levels": np.full((2, 2), np.inf)}, {"levels": np.zeros(3)}, {"vocabulary": "other"},
        {"mel": np.zeros(3, np.uint8)}, {"mel": np.zeros((3, 2))}, {"mel_times": np.zeros(2)},
        {"mel": np.zeros((2, 2), np.uint8), "mel_times": np.array([1.0, 0.0])},
        {"vocabulary": "own:../../x"}, {"scores": np.array([[{}]], object)},
        {"scores": np.zeros((4, 3), complex)}, {"scores": np.zeros(4, [("a", "f4")])},
        {"scores": np.zeros((10**9, 0), np.float32)}, {"model": "\udce9"}, {"media": np.arange(3)},
        {"frame_rate": "0"}, {"frame_rate": "25.0"}, {"frame_rate": "-25"}, {"frame_rate": "1/0"},
        {"frame_rate": "9999999999"}, {"frame_rate": "25 "}, {"levels": np.zeros((2, 2), int)},
        {"sound": b"cd"}, {"window_s": True}, {"hop_s": 0.3j}, {"level_times": np.zeros((1, 0))},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(tmp_path, changed):
    path = npz(tmp_path / "t.npz", **changed)
    with pytest.raises(TrackError) as caught:
        TagTrack.load(path)
    assert str(path) in str(caught.value)


def test_claims_are_checked_before_memory_is_taken(tmp_path):
    path = tmp_path / "t.npz"
    zeros = bytes(160 << 20)
    hostile = [
        archive(path, scores=npy("<f4", (10**9, 527))),
        archive(tmp_path / "2", zipfile.ZIP_DEFLATED, scores=npy("<f4", (40 << 20,), zeros)),
        archive(tmp_path / "3", scores=npy("<U0", (10**12,))),
        archive(tmp_path / "4", scores=npy("<f4", (-1, -5), bytes(20))),
        archive(tmp_path / "5", scores=npy("<f4", (True, 5), bytes(20))),
        archive(tmp_path / "6", scores=npy("<f4", tuple([1] * 40), bytes(4))),
        archive(tmp_path / "7", scores=b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 31) + b"{}"),
        archive(tmp_path / "8", scores=npy("<f4", (5,), bytes(16))),
        archive(tmp_path / "9", scores=npy("<f4", (5,), bytes(24))),
        archive(tmp_path / "A", scores=npy("|O", (1,), b"cos\nsystem\n(S'x'\ntR.")),
        archive(tmp_path / "B", zipfile.ZIP_LZMA, scores=npy("<f4", (5,), bytes(20))),
        archive(tmp_path / "C", **{f"m{n}": b"" for n in range(5000)}),
    ]
    for each in hostile:
        with pytest.raises(TrackError):
            TagTrack.load(each)


def test_one_name_twice_is_refused_and_unknown_names_are_not_read(tmp_path):
    twice, path = tmp_path / "twice", npz(tmp_path / "t.npz")
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(twice, "w") as file:
        for _ in range(2):
            file.writestr("scores.npy", npy("<f4", (1,), bytes(4)))
    with pytest.raises(TrackError, match="it holds 'scores' twice"):
        TagTrack.load(twice)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("evil.npy", npy("|O", (1,), b"x"))
    assert TagTrack.load(path).n_hops == 4
    with pytest.raises(TrackError):
        read_arrays(path, "it", TrackError)


def test_an_archive_that_no_npz_is_is_refused_before_its_directory_is_read(tmp_path):
    plain = npz(tmp_path / "t.npz").read_bytes()
    end = len(plain) - 22
    many = archive(tmp_path / "many.npz", **{f"a{n}": b"" for n in range(4097)}).read_bytes()
    for content, said in (
        (plain[:-1], "its end is missing"), (plain + b"\0", "its end is missing"),
        (b"PK\x05\x06", "its end is missing"),
        (plain[:end] + b"PK\x06\x07" + bytes(16) + plain[end:], "it is too large"),
        (many, "its directory claims 4097 arrays"),
        (plain[:-10] + b"\xff\xff\xff\x7f" + plain[-6:], "its directory claims 5 arrays in 214748"),
    ):  # fmt: skip
        (tmp_path / "t.npz").write_bytes(content)
        with pytest.raises(TrackError, match=said):
            TagTrack.load(tmp_path / "t.npz")


@pytest.mark.parametrize("compress", [True, False])
def test_mutated_files_are_read_or_refused(tmp_path, compress):
    good = track_of().save(tmp_path / "good.npz", compress=compress).read_bytes()
    chance, path = random.Random(1), tmp_path / "t.npz"
    n_refused = 0
    for turn in range(600):
        data = bytearray(good)
        if turn % 3 == 0:
            del data[chance.randrange(len(data)) :]
        for _ in range(chance.randint(0 if turn % 3 == 0 else 1, 3)):
            near_end = chance.random() < 0.5  # where the directory is
            low = len(data) * 3 // 4 if near_end else 0
            if len(data) > low:
                data[chance.randrange(low, len(data))] = chance.choice((0, 1, 255, 128, 77))
        path.write_bytes(data)
        try:
            TagTrack.load(path)
        except TrackError as error:
            n_refused += 1
            assert len(str(error)) < 1000
    assert n_refused > 300


def test_a_damaged_cache_entry_is_made_anew_whatever_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache.keep("k", track_of())
    (entry,) = cache.track_folder().iterdir()
    good = entry.read_bytes()
    chance = random.Random(2)
    for _ in range(200):
        data = bytearray(good)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        entry.write_bytes(data)
        known = cache.recall("k")
        assert known is None or known.n_hops
    cache.keep("k", track_of())
    assert cache.recall("k", "cd").n_hops == 40
    assert cache.recall("k", "another sound") is None


def test_memory_is_not_doubled(tmp_path):
    import tracemalloc

    scores = np.random.default_rng(0).random((40_000, 200), np.float32)
    path = TagTrack(scores, tuple(map(str, range(200))), 2, 0.3, 1e4).save(
        tmp_path / "t.npz", compress=False
    )
    tracemalloc.start()
    TagTrack.load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.6 * scores.nbytes


def test_pipes_and_folders_are_no_tracks(tmp_path):
    assert not is_npz(tmp_path)
    assert not is_npz("/dev/zero")
    assert not is_npz(f"{tmp_path}/\0")
    for path in (tmp_path, "/dev/zero", tmp_path / "none.npz", tmp_path / ("n" * 300)):
        with pytest.raises(TrackError):
            TagTrack.load(path)
