"""A tagger of windows and the built-in one hear the same features and answer together."""

import numpy as np
import pytest
from making import from_zero
from tagging_checkpoints import golden_weight, write_paddle

from overlay.datatypes import SoundBlock
from overlay.errors import TaggerError
from overlay.settings import TaggingSettings
from overlay.tagging.builtin_tagger import MomentTagger
from overlay.tagging.ensemble import Fine, MelTagger, TogetherTagger, agreed
from overlay.tagging.frame_tagger import FrameTagger
from overlay.tagging.frontends import MelFrontEnd, MelStream
from overlay.tagging.half_rate import Halver
from overlay.tagging.registry import load_tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.weights.auto_choice import takes_fine
from overlay.tagging.window_plan import Windows
from overlay.vocabulary.audioset import audioset, audioset_labels
from overlay.vocabulary.audioset_strong import audioset_strong, fine_of_audioset

pytestmark = pytest.mark.usefixtures("own_cache")

RATE = 32000
LOUD = 7


class Loudness(MelTagger):
    """How loud a window is, as the score of one class."""

    name, labels, sample_rate, model_hash = "loudness", audioset_labels(), RATE, "0" * 64
    best_way = "together"

    def score_mel(self, mel, window_length, hop_length):
        windows = np.lib.stride_tricks.sliding_window_view(mel, window_length, axis=0)
        scores = np.full((len(windows[::hop_length]), 527), 0.01, np.float32)
        scores[:, LOUD] = np.clip((windows[::hop_length].mean(axis=(1, 2)) + 1.5) / 3, 0, 1)
        return scores

    def score(self, segment, window_length, hop_length):
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        return np.stack([self.score_mel(MelFrontEnd().features(w[None])[0, 0].T, 200, 200)[0]
                         for w in windows])  # fmt: skip


def built_in(**options):
    return load_tagger(TaggingSettings(model="builtin", device="cpu", **options))


@pytest.fixture(scope="module")
def together():
    moments = built_in()
    assert isinstance(moments, MomentTagger)
    return TogetherTagger(Loudness(), moments)


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)


def in_blocks(signal, size):
    return from_zero([signal[i : i + size] for i in range(0, len(signal), size)], RATE)


@pytest.mark.parametrize("n_samples", [2048, 32123])
@pytest.mark.parametrize("size", [500, 10**6])
def test_a_stream_of_features_equals_those_of_the_whole(n_samples, size):
    signal = noise(2.0)[:n_samples]
    stream = MelStream(MelFrontEnd())
    parts = [stream.push(signal[i : i + size]) for i in range(0, n_samples, size)]
    made = np.concatenate([*parts, stream.end()])
    np.testing.assert_allclose(made, MelFrontEnd().features(signal[None])[0, 0].T, atol=2e-4)


@pytest.mark.parametrize("n_samples", [1, 700])
def test_a_very_short_sound_is_padded_with_silence(n_samples):
    stream = MelStream(MelFrontEnd())
    frames = np.concatenate([stream.push(noise(1.0)[:n_samples]), stream.end()])
    padded = np.pad(noise(1.0)[:n_samples], (0, 2048 - n_samples))
    np.testing.assert_allclose(frames, MelFrontEnd().features(padded[None])[0, 0].T, atol=2e-4)
    assert frames[-1] == pytest.approx(stream.blank, abs=1e-5)


@pytest.mark.parametrize("seconds", [0.001, 1.0, 21.3])
def test_the_blocks_do_not_matter(together, seconds):
    signal = noise(seconds)
    whole = score_stream(in_blocks(signal, 10**7), together, Windows())
    again = score_stream(in_blocks(signal, 7777), together, Windows())
    np.testing.assert_allclose(again.scores, whole.scores, atol=1e-5)
    np.testing.assert_allclose(again.times, whole.times)
    assert whole.duration_s == again.duration_s == pytest.approx(len(signal) / RATE)
    assert whole.times[0] == pytest.approx(0.12)
    assert whole.times[-1] < max(seconds, 0.24)
    assert (whole.window_s, whole.hop_s) == pytest.approx((0.24, 0.24))


def test_both_are_heard(together):
    signal = noise(9.0)
    signal[: 4 * RATE] *= 1e-4
    both, moments = (
        score_stream(in_blocks(signal, 50000), tagger, Windows())
        for tagger in (together, built_in())
    )
    loud = both.times > 6
    quiet = both.times < 2
    assert both.scores[loud, LOUD].mean() > 2 * both.scores[quiet, LOUD].mean()
    n = both.n_hops
    others = np.delete(np.arange(527), LOUD)
    expected = agreed(moments.scores[:n, others], np.full((n, 526), 0.01, np.float32))
    np.testing.assert_allclose(both.scores[:, others], expected, atol=2e-3)


def test_a_gap_begins_anew(together):
    first, second = noise(6.0), noise(4.0, 1)
    track = score_stream([SoundBlock(0.0, first), SoundBlock(100.0, second)], together, Windows())
    behind = score_stream([SoundBlock(0.0, second)], together, Windows())
    np.testing.assert_allclose(track.times[-behind.n_hops :], behind.times + 100.0)
    np.testing.assert_allclose(track.scores[-behind.n_hops :], behind.scores, atol=1e-5)


def test_windows_of_its_own_are_asked_for_by_name(together):
    signal = noise(5.0)
    alone = score_stream(in_blocks(signal, RATE), Loudness(), Windows(way="isolated"))
    asked = score_stream(in_blocks(signal, RATE), together, Windows(way="isolated"))
    np.testing.assert_array_equal(asked.scores, alone.scores)
    assert together.rows(Windows(way="isolated")) == Loudness().rows(Windows(way="isolated"))


def test_what_both_are_sure_of_stays_and_what_one_doubts_falls():
    one, other = np.array([[0.8, 0.8, 0.0]], np.float32), np.array([[0.8, 0.2, 1.0]], np.float32)
    np.testing.assert_allclose(agreed(one, other), [[0.8, 0.5, 0.5]], atol=1e-4)


def test_mn04_is_heard_together_with_the_built_in_one_unless_asked_otherwise(tmp_path):
    from overlay.tagging.registry import SPECS

    state = SPECS["mn04"].network().state_dict()
    arrays = {key: golden_weight(key, tuple(value.shape)) for key, value in state.items()}
    path = str(write_paddle(tmp_path / "mn04.pdparams", arrays))

    def loaded(**options):
        return load_tagger(TaggingSettings(model="mn04", weights=path, device="cpu", **options))

    both, alone = loaded(), loaded(windows="context")
    assert (both.name, alone.name) == ("mn04+builtin", "mn04")
    assert both.model_hash not in (alone.model_hash, built_in().model_hash)
    assert loaded(windows="isolated").name == "mn04"
    track = score_stream(in_blocks(noise(3.0), RATE), both, Windows())
    assert track.scores.shape == (12, 527)
    assert track.model == "mn04+builtin"


class LoudFrames(FrameTagger):
    """How loud each 40 ms are, as the score of one of three classes; at half the sample rate."""

    name, labels, sample_rate, model_hash = "frames", ("a", "loud", "c"), RATE // 2, "1" * 64
    frame_s, stretch_s = 0.04, 10.0

    def score_frames(self, stretch):
        n = -(-len(stretch) // 640)
        loud = np.abs(np.pad(stretch, (0, n * 640 - len(stretch)))).reshape(n, 640).max(axis=1)
        return np.stack([0 * loud, np.clip(loud, 0, 1), 0 * loud], axis=1).astype(np.float32)


def test_a_tagger_of_frames_speaks_for_the_classes_that_it_knows():
    places = [None] * 527
    places[3] = 1
    both = TogetherTagger(Loudness(), built_in())
    fine = TogetherTagger(Loudness(), built_in(), Fine(LoudFrames(), places))
    assert fine.name == "loudness+builtin+frames"
    assert fine.model_hash != both.model_hash
    signal = np.zeros(round(13.3 * RATE), np.float32)
    signal[4 * RATE : 8 * RATE] = np.sin(np.arange(4 * RATE) / 20)
    track, other = (score_stream(in_blocks(signal, 5000), t, Windows()) for t in (fine, both))
    np.testing.assert_allclose(track.times, other.times[: track.n_hops])
    loud = track.scores[:, 3] > 0.5
    assert track.times[loud].min() == pytest.approx(4.1, abs=0.13)
    assert track.times[loud].max() == pytest.approx(7.9, abs=0.13)
    rest = np.delete(np.arange(527), 3)
    np.testing.assert_allclose(track.scores[:, rest], other.scores[: track.n_hops, rest], atol=1e-5)
    assert track.duration_s == pytest.approx(13.3)


def test_music_and_what_has_no_label_with_times_is_left_to_mn04():
    places, known = fine_of_audioset(), audioset()
    assert all(p is None for p, f in zip(places, known.families, strict=True) if f == "music")
    dog = places[known.index_of("Dog")]
    assert dog is not None
    assert audioset_strong().names[dog] == "Dog"
    assert 250 < sum(place is not None for place in places) < 420


@pytest.mark.parametrize("size", [1, 77, 10**6])
def test_half_the_sample_rate_keeps_what_is_below_a_quarter_of_it(size):
    n = 4001
    low, high = (np.sin(2 * np.pi * hz * np.arange(n) / RATE) for hz in (1000, 13000))
    halver, signal = Halver(), (low + high).astype(np.float32)
    parts = [halver.push(signal[i : i + size]) for i in range(0, n, size)]
    made = np.concatenate([*parts, halver.end()])
    assert len(made) == 2001
    inner = slice(100, -100)
    np.testing.assert_allclose(made[inner], low[::2][inner], atol=5e-3)


def test_fine_is_taken_where_all_that_it_needs_is_here(tmp_path, monkeypatch):
    monkeypatch.setenv("TAG_OVERLAY_MODELS", str(tmp_path))
    (tmp_path / "mn04_as_mAP_432.pt").write_bytes(b"x")
    assert not takes_fine(TaggingSettings())
    (tmp_path / "frame_mn10_strong_1.pt").write_bytes(b"x")
    assert takes_fine(TaggingSettings())
    assert takes_fine(TaggingSettings(model="fine", windows="isolated"))
    for options in ({"model": "mn04"}, {"windows": "isolated"}, {"weights": "w.pt"}):
        assert not takes_fine(TaggingSettings(**options))
    with pytest.raises(TaggerError, match="of its own"):
        load_tagger(TaggingSettings(model="fine", windows="isolated"))
