"""Scores that are remembered: found again, never wrong, never in the way."""

import os
import subprocess
import sys

import numpy as np
import pytest

import overlay
from overlay.commands import main
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.probe import probe
from overlay.reporting import Reporter
from overlay.resources import resource
from overlay.scoring import cache
from overlay.track import TagTrack


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    return cache.track_folder()


@pytest.fixture
def tagged():
    """Tags with the built-in model, and tells whether the sound was scored for it."""

    def tag(path, **options):
        told, notes = [], []
        reporter = Reporter(lambda *step: told.append(step), notes.append)
        track = overlay.tag(path, model="builtin", device="cpu", reporter=reporter, **options)
        assert told[0][:2] == ("tag", 0)
        assert told[-1][1] == pytest.approx(told[-1][2], abs=0.1)  # no bar is left half way
        return track, not any("in the cache" in note for note in notes)

    return tag


def track_of(n_hops=3):
    scores = np.random.default_rng(0).random((n_hops, 2)).astype(np.float32)
    return TagTrack(scores, ("a", "b"), 2.0, 0.3, 1.0, "m", "h")


@pytest.fixture(scope="module")
def clip(make_clip):
    source = str(resource("samples", "sounds.mp4"))
    return make_clip("cache.mp4", "-i", source, "-t", "3", "-c", "copy")


def test_the_same_sound_is_scored_once(clip, tagged, make_clip, tmp_path):
    first, was_scored = tagged(clip)
    assert was_scored
    again, was_scored = tagged(clip)
    assert not was_scored
    np.testing.assert_array_equal(first.scores, again.scores)
    assert (again.labels, again.model_hash) == (first.labels, first.model_hash)
    notes = []
    overlay.tag(clip, model="builtin", reporter=Reporter(on_note=notes.append))
    assert "--no-cache" in notes[0]
    picture = make_clip("other-picture.mp4", "-i", str(clip), "-c:a", "copy", "-vf", "negate")
    assert not tagged(picture)[1]
    steps, notes = [], []
    reporter = Reporter(lambda step, done, total: steps.append((step, done > 0)), notes.append)
    overlay.render(
        clip, tmp_path / "o.mp4", model="builtin", theme="light", top_k=2, reporter=reporter
    )
    assert any("in the cache" in note for note in notes)
    assert ("render", True) in steps


@pytest.mark.parametrize("options", [{"hop_duration": 0.5}, {"sample_duration": 1.0}])
def test_other_windows_are_scored_anew(clip, tagged, options):
    assert tagged(clip, windows="isolated")[1]
    assert tagged(clip, windows="isolated", **options)[1]


def test_no_cache_neither_takes_nor_keeps(clip, tagged, own_folder):
    assert tagged(clip, cache=False)[1]
    assert not list(own_folder.glob("*"))
    assert tagged(clip)[1]
    assert tagged(clip, cache=False)[1]


def test_the_fingerprint_is_that_of_the_sound(clip, make_clip):
    a = audio_fingerprint(probe(clip))
    other = make_clip("louder.mp4", "-i", str(clip), "-c:v", "copy", "-af", "volume=0.9")
    later = make_clip("later.mp4", "-i", str(clip), "-itsoffset", "0.5", "-i", str(clip),
                      "-map", "0:v", "-map", "1:a", "-c", "copy")  # fmt: skip
    assert len({a, audio_fingerprint(probe(other)), audio_fingerprint(probe(later))}) == 3


def test_damaged_tracks_are_made_anew(own_folder):
    cache.keep("k", track_of())
    assert cache.recall("k").n_hops == 3
    (own_folder / "k.npz").write_bytes(b"PK damaged")
    assert cache.recall("k") is None
    assert list(own_folder.iterdir()) == []


def test_the_tracks_used_last_stay(own_folder, monkeypatch):
    for number, name in enumerate("abc"):
        cache.keep(name, track_of(13_000))
        os.utime(own_folder / f"{name}.npz", (number, number))
    cache.recall("a")
    monkeypatch.setenv(cache.LIMIT_VARIABLE, "1")
    cache.keep("d", track_of(13_000))  # 0.3 MB each
    assert {path.stem for path in own_folder.iterdir()} == {"a", "c", "d"}


def test_what_a_killed_process_left_half_written_goes(own_folder, monkeypatch):
    cache.keep("k", track_of())
    left = own_folder / ".tag-overlay-0123456789ab.part.npz"
    left.write_bytes(bytes(2_000_000))
    assert cache.size()[0] == 1
    monkeypatch.setenv(cache.LIMIT_VARIABLE, "1")
    cache.keep("l", track_of())
    assert {path.name for path in own_folder.iterdir()} == {"k.npz", "l.npz"}
    left.touch()
    assert cache.size()[0] == 2
    assert cache.clear() == 2
    assert list(own_folder.iterdir()) == []


_CROWD = """
import sys
import numpy as np
from overlay.reporting import Reporter
from overlay.scoring import cache
from overlay.track import TagTrack

seed, folder = int(sys.argv[1]), cache.track_folder()
rng, n_recalled = np.random.default_rng(seed), 0
for _ in range(60):
    n = int(rng.integers(8))
    rows = np.full((500 + n, 100), n / 10, np.float32)
    known = cache.recall(f"key {n}")
    n_recalled += known is not None
    assert known is None or np.array_equal(known.scores, rows)
    cache.keep(f"key {n}", TagTrack(rows, tuple(map(str, range(100))), 2.0, 0.3, 1.0))
    if rng.random() < 0.1:
        (folder / f"key {n}.npz").write_bytes(b"PK damaged")
print(n_recalled)
"""


def test_processes_share_the_cache_without_harm(own_folder):
    environment = os.environ | {cache.LIMIT_VARIABLE: "1"}  # room for five of eight
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", _CROWD, str(seed)], env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        for seed in range(3)
    ]  # fmt: skip
    for process in crowd:
        said, complaint = process.communicate()
        assert process.returncode == 0, complaint
        assert int(said) > 0
    assert cache.size()[1] <= 1_000_000
    assert not list(own_folder.glob(".*.part"))


def test_a_cache_that_cannot_be_written_is_done_without(own_folder):
    own_folder.parent.mkdir(parents=True)
    own_folder.write_text("no folder")
    cache.keep("k", track_of())
    assert cache.recall("k") is None
    assert cache.size() == (0, 0)


def test_the_command_shows_and_clears(capsys):
    cache.keep("k", track_of())
    assert main(["cache"]) == 0
    assert capsys.readouterr().out.startswith("1 score tracks")
    assert main(["cache", "clear"]) == 0
    assert main(["cache", "show"]) == 0
    assert "0 score tracks" in capsys.readouterr().out
