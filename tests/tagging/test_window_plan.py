"""Which stretches of a sound are heard together, whatever the blocks that it comes in."""

import numpy as np
import pytest
from making import from_zero

from overlay.datatypes import SoundBlock
from overlay.tagging.frame_tagger import FrameTagger
from overlay.tagging.tagger import WindowTagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_blending import Blend
from overlay.tagging.window_plan import Windows

RATE = 1000


class Loudness(WindowTagger):
    """Two classes: how loud a window is, and how soft."""

    name, labels, sample_rate, model_hash = "loudness", ("loud", "soft"), RATE, "0" * 64

    def score(self, segment, window_length, hop_length):
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        loud = np.abs(windows).mean(axis=1)
        return np.stack([loud, 1 - loud], axis=1).astype(np.float32)


class LoudFrames(FrameTagger):
    """The same, for every 10 ms of a stretch of two seconds."""

    name, labels, sample_rate, model_hash = "frames", ("loud", "soft"), RATE, "0" * 64
    frame_s, stretch_s, n_joined = 0.01, 2.0, 4

    def __init__(self):
        self.stretches = []

    def score_frames(self, stretch):
        self.stretches.append(len(stretch))
        n = -(-len(stretch) // 10)
        loud = np.abs(np.pad(stretch, (0, n * 10 - len(stretch)))).reshape(n, 10).mean(axis=1)
        return np.stack([loud, 1 - loud], axis=1).astype(np.float32)


def steps(seconds, on=(3.0, 5.0)):
    signal = np.zeros(round(seconds * RATE), np.float32)
    signal[round(on[0] * RATE) : round(on[1] * RATE)] = 1.0
    return signal


def in_blocks(signal, size):
    return from_zero([signal[i : i + size] for i in range(0, len(signal), size)], RATE)


WAYS = {
    "isolated": (Loudness, Windows(2.0, 0.3)),
    "context": (Loudness, Windows(2.0, 0.3, "context")),
    "frames": (LoudFrames, Windows()),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seconds", [0.004, 0.5, 1.99, 2.0, 2.01, 4.9, 12.34, 70.0])
def test_the_blocks_do_not_matter(way, seconds):
    make, windows = WAYS[way]
    whole = score_stream(in_blocks(steps(seconds), 10**6), make(), windows)
    assert whole.duration_s == pytest.approx(seconds)
    assert whole.n_hops > 0
    for size in (7, 1000, 3333):
        again = score_stream(in_blocks(steps(seconds), size), make(), windows)
        np.testing.assert_allclose(again.times, whole.times)
        np.testing.assert_allclose(again.scores, whole.scores, atol=1e-6)


def test_the_shortest_windows_make_rows_all_the_same():
    track = score_stream(in_blocks(steps(8.0), 500), Loudness(), Windows(0.1, 0.05, "context"))
    assert track.n_hops == 160
    assert track.scores[70, 0] > 0.9


@pytest.mark.parametrize("way", ["context", "frames"])
def test_a_row_speaks_of_its_own_moment(way):
    make, windows = WAYS[way]
    track = score_stream(in_blocks(steps(12.0), 500), make(), windows)
    row_s = np.diff(track.times)[0]
    np.testing.assert_allclose(track.times, (np.arange(track.n_hops) + 0.5) * row_s)
    assert track.times[-1] < 12.0 + row_s
    loud = track.scores[:, 0]
    middle = track.times[np.flatnonzero(loud > loud.max() / 2)]
    assert middle.min() == pytest.approx(3.0, abs=0.6)
    assert middle.max() == pytest.approx(5.0, abs=0.6)


@pytest.mark.parametrize("way", WAYS)
def test_a_gap_begins_anew_and_has_no_rows(way):
    make, windows = WAYS[way]
    first, second = steps(6.0), steps(4.0, (0.0, 4.0))
    sound = [SoundBlock(0.0, first), SoundBlock(7206.0, second)]
    track = score_stream(sound, make(), windows)
    alone = score_stream([SoundBlock(0.0, first)], make(), windows)
    behind = score_stream([SoundBlock(0.0, second)], make(), windows)
    np.testing.assert_allclose(track.times[: alone.n_hops], alone.times)
    np.testing.assert_allclose(track.times[alone.n_hops :], behind.times + 7206.0)
    np.testing.assert_allclose(track.scores[alone.n_hops :], behind.scores, atol=1e-6)
    assert track.duration_s == pytest.approx(7210.0)
    assert len(track.level_times) == len(track.levels) < 20 * 60


def test_a_short_sound_is_heard_unpadded_by_frames():
    tagger = LoudFrames()
    score_stream(in_blocks(steps(1.2, (0.0, 1.2)), 100), tagger, Windows())
    assert tagger.stretches == [1200]


def test_the_last_stretch_ends_with_the_sound():
    tagger = LoudFrames()
    track = score_stream(in_blocks(steps(5.5, (5.0, 5.5)), 100), tagger, Windows())
    assert set(tagger.stretches) == {2000}
    assert track.scores[-3:, 0] == pytest.approx(1.0)


def test_a_blend_weighs_what_is_said():
    blend = Blend()
    blend.add(0, np.array([1, 1], np.float32), np.array([0.2], np.float32))
    blend.add(1, np.array([3, 1], np.float32), np.array([[0.6], [0.8]], np.float32))
    np.testing.assert_allclose(blend.take(1), [[0.2]])
    blend.add(0, np.array([9, 9], np.float32), np.array([0.5], np.float32))
    np.testing.assert_allclose(blend.take(3)[0], (0.2 + 3 * 0.6 + 9 * 0.5) / 13, rtol=1e-6)
    assert blend.take(3) is None
