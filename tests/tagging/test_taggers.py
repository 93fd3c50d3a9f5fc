"""What every tagger must do, over all of them; test weights where real ones are not at hand."""

import csv
import math
import os
import subprocess
import sys
import tracemalloc
from functools import cache, partial

import numpy as np
import pytest
from making import from_zero
from tagging_checkpoints import golden_weight, write_paddle

from overlay.errors import CheckpointError, DeviceUnavailable, TaggerError, UnknownTagger
from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.settings import TaggingSettings
from overlay.tagging.engines.backend import import_paddle
from overlay.tagging.engines.paddle import built
from overlay.tagging.engines.predictor import Predictor
from overlay.tagging.engines.window_sharing import ARCHITECTURES, parameter_shapes
from overlay.tagging.registry import SPECS, load_tagger
from overlay.tagging.tagger import WindowTagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.weights.checkpoint import read_arrays
from overlay.tagging.weights.published import MODELS_VARIABLE
from overlay.tagging.window_plan import Windows
from overlay.vocabulary.audioset import audioset_labels

pytestmark = pytest.mark.usefixtures("own_cache")

RATE = 32000
HOP = 8000
"""A quarter of a window of a second: what the PANNs share, and no more than a test needs."""
OF_WINDOWS = [name for name, spec in SPECS.items() if spec.network and not spec.frames]


def heard(blocks, tagger):
    """The track of blocks that begin at second 0."""
    return score_stream(from_zero(blocks, tagger.sample_rate), tagger, Windows())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A checkpoint with test weights for a model, made once."""
    folder = tmp_path_factory.mktemp("weights")

    def make(name, n_classes=527):
        path = folder / f"{name}-{n_classes}.pdparams"
        if not path.exists():
            shapes = shapes_of(name, n_classes)
            write_paddle(path, {key: some_weight(key, shape) for key, shape in shapes.items()})
        return str(path)

    return make


def some_weight(key, shape):
    """A golden weight; a large one repeats itself, no filter another: 80 million take long."""
    few = min(shape[0], max(8, (1 << 20) // math.prod(shape[1:])))
    return np.resize(golden_weight(key, (few, *shape[1:])).ravel()[:-1], shape)


def shapes_of(name, n_classes):
    """Of a network's parameters, without making it where they are known."""
    if name in ARCHITECTURES:
        return parameter_shapes(name, n_classes)
    state = SPECS[name].network(n_classes=n_classes).state_dict()
    return {key: tuple(value.shape) for key, value in state.items()}


@pytest.fixture(scope="module")
def by_itself(checkpoint):
    """A tagger of windows without the built-in one, loaded once."""

    @cache
    def load(name):
        options = {"model": name, "weights": checkpoint(name), "windows": "isolated"}
        return load_tagger(TaggingSettings(device="cpu", **options))

    return load


@pytest.mark.parametrize("name", OF_WINDOWS)
def test_each_tagger_keeps_the_contract(by_itself, name):
    tagger = by_itself(name)
    assert (tagger.name, tagger.labels, tagger.sample_rate) == (name, audioset_labels(), RATE)
    assert len(tagger.model_hash) == 64
    noise = np.random.default_rng(0).normal(0, 0.1, RATE + 4 * HOP).astype(np.float32)
    scores = tagger.score(noise, RATE, HOP)
    assert scores.shape == (5, 527)
    assert scores.dtype == np.float32
    assert 0 <= scores.min() <= scores.max() <= 1
    alone = tagger.score(noise[HOP : HOP + RATE], RATE, HOP)
    assert _apart(alone[0], scores[1]) < 2e-4
    assert _apart(alone[0], scores[2]) > 2e-3  # the same measure tells neighbours apart


def _apart(first, second):
    """Largest difference of two rows' logits, as a share of the largest logit.

    One window alone and in a batch go through matrix products of other sizes, and so through other
    kernels that add in another order: float32 (1.2e-7) leaves up to 200 units after fifty layers,
    as seen with AVX-512. Scores would show that by the slope of the sigmoid: test weights make
    logits up to 86. Above 0.999 a float32 score no longer tells its logit.
    """
    scores = np.clip(np.asarray([first, second], np.float64), 1e-30, 0.999)
    logits = np.log(scores) - np.log1p(-scores)
    return np.abs(logits[0] - logits[1]).max() / np.abs(logits).max()


@pytest.mark.parametrize("name", ["mn04", "cnn14"])
def test_the_fast_engine_answers_as_the_network_itself(by_itself, name):
    """The smaller PANNs' embeddings, below, come from the network itself, too."""
    paddle = import_paddle()
    tagger = by_itself(name)
    window = np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    net = built(tagger.job)
    with paddle.no_grad():
        slow = net(paddle.to_tensor(tagger.job.front_end.features(window[None]))).numpy()
    np.testing.assert_allclose(tagger.score(window, RATE, HOP), slow, atol=1e-3)


def test_a_cache_that_cannot_be_is_done_without(by_itself, tmp_path, monkeypatch):
    """And a home, where Paddle would put its own temporary files."""
    job = by_itself("mn04").job
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    shapes = ((None, 1, 128, 100),)
    frames = np.random.default_rng(2).normal(0, 1, (1, 1, 128, 100)).astype(np.float32)
    answers = [
        Predictor(partial(built, job), "key", shapes, tmp_path / place, "cpu", 1)(frames)
        for place in ("file", "folder")
    ]
    np.testing.assert_array_equal(*answers)
    assert os.environ["HOME"] == str(tmp_path / "file")


@pytest.mark.parametrize("name", ["builtin", "cnn6"])
def test_no_framework_is_loaded_where_none_is_needed(checkpoint, name):
    weights = None if name == "builtin" else checkpoint(name)
    settings = f"TaggingSettings(model={name!r}, weights={weights!r}, windows='isolated')"
    code = f"""
import sys
import numpy as np
from overlay.settings import TaggingSettings
from overlay.tagging.registry import load_tagger
print(load_tagger({settings}).score(np.zeros({2 * RATE}, np.float32), {2 * RATE}, 9600).shape)
assert "paddle" not in sys.modules
"""
    if import_paddle().device.is_compiled_with_cuda():
        pytest.skip("this Paddle may use a GPU")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "(1, 527)\n", done.stderr


def test_any_number_of_classes_works(checkpoint):
    tagger = load_tagger(TaggingSettings(model="cnn6", weights=checkpoint("cnn6", 3)))
    assert tagger.labels == ("class 0", "class 1", "class 2")
    track = heard([np.zeros(RATE, np.float32)], tagger)
    assert track.scores.shape == (4, 3)


class Counting(WindowTagger):
    """A tagger that answers with where its windows begin and how much of them is sound."""

    name, labels, sample_rate, model_hash = "counting", ("start", "sound"), RATE, "0" * 64

    def score(self, segment, window_length, hop_length):
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        return np.stack([windows[:, 0], np.count_nonzero(windows, 1) / window_length], 1)


def ramp(n_samples, block):
    """A signal that tells its own position, in blocks."""
    signal = np.linspace(0.1, 0.9, n_samples, dtype=np.float32)
    return [signal[i : i + block] for i in range(0, n_samples, block)], signal


@pytest.mark.parametrize("n_samples", [1, 9599, 9600, 9601, 64000, 64001, 500000])
@pytest.mark.parametrize("block", [1600, 32000, 700000])
def test_windows_start_every_hop_inside_the_signal(n_samples, block):
    blocks, signal = ramp(n_samples, block)
    track = heard(blocks, Counting())
    starts = np.arange(0, n_samples, 9600)
    assert track.n_hops == len(starts)
    np.testing.assert_allclose(track.scores[:, 0], signal[starts])
    sound = np.minimum(64000, n_samples - starts) / 64000
    np.testing.assert_allclose(track.scores[:, 1], sound, rtol=1e-6)
    assert track.duration_s == n_samples / RATE


def test_no_sound_at_all_is_said():
    with pytest.raises(TaggerError, match="no sound"):
        heard([], Counting())


def test_half_an_hour_of_sound_needs_no_more_memory_than_a_minute():
    """At a low rate it is 29 MB of samples, held or not."""
    tagger, block = Counting(), np.full(4000, 0.5, np.float32)
    tagger.sample_rate = len(block)

    def peak_mb(seconds):
        tracemalloc.start()
        track = heard((block for _ in range(seconds)), tagger)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        kept = 20 * track.scores.nbytes + 2 * track.levels.nbytes + 4 * track.mel.nbytes
        return (peak - kept) / 1e6

    assert peak_mb(1800) < peak_mb(60) + 12


def test_mistakes_are_said(tmp_path, monkeypatch, checkpoint):
    with pytest.raises(UnknownTagger, match="mn04"):
        load_tagger(TaggingSettings(model="cnn99"))
    with pytest.raises(CheckpointError, match="no such weights file"):
        load_tagger(TaggingSettings(model="mn04", weights=str(tmp_path / "nope.pt")))
    with pytest.raises(CheckpointError, match="is not for mn04"):
        load_tagger(TaggingSettings(model="mn04", weights=checkpoint("cnn6", 3)))
    with pytest.raises(TaggerError, match="front end"):
        load_tagger(
            TaggingSettings(
                model="mn04", weights=checkpoint("mn04"), front_end="paddleaudio", device="cpu"
            )
        )
    with pytest.raises(TaggerError, match="--weights needs --model"):
        load_tagger(TaggingSettings(weights=checkpoint("mn04")))
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    (tmp_path / "Cnn14_mAP=0.431.pth").write_bytes(b"not it")
    with pytest.raises(CheckpointError, match="not the published file"):
        load_tagger(TaggingSettings(model="cnn14"))


def test_a_gpu_that_is_not_there_is_said(checkpoint):
    if import_paddle().device.is_compiled_with_cuda():
        pytest.skip("this Paddle may use a GPU")
    with pytest.raises(DeviceUnavailable, match=r"tag-overlay\[gpu\]"):
        load_tagger(TaggingSettings(model="mn04", weights=checkpoint("mn04"), device="gpu"))


@pytest.mark.parametrize("name", ["mn04", "cnn6", "cnn10"])
def test_embeddings_are_what_the_scores_are_made_of(checkpoint, by_itself, name):
    path, tagger = checkpoint(name), by_itself(name)
    noise = np.random.default_rng(2).normal(0, 0.1, RATE + HOP).astype(np.float32)
    embeddings = tagger.embed(noise, RATE, HOP)
    last = SPECS[name].last_layer.removesuffix(".bias")
    arrays = read_arrays(path)
    logits = embeddings @ arrays[f"{last}.weight"] + arrays[f"{last}.bias"]
    scores = tagger.score(noise, RATE, HOP)
    expected = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
    np.testing.assert_allclose(expected, scores, atol=1e-3)


@pytest.mark.weights
@pytest.mark.parametrize(("model", "at_least"), [("mn04", 28), ("builtin", 20)])
def test_the_labelled_clips_are_named_right(shared, model, at_least):
    tagger = load_tagger(TaggingSettings(model=model, device="cpu", threads=1))
    right = []
    folder = shared / "audio/esc_dev"
    with (folder / "labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            info = probe(folder / row["file"])
            track = heard(stream_audio(info, RATE), tagger)
            best = {tag.label for tag in track.top_k(5)}
            right.append(bool(best & set(row["strict_labels"].split(";"))))
    print(f"a strict label among the top 5: {sum(right)} of {len(right)}")
    assert len(right) == 30
    assert sum(right) >= at_least


@pytest.mark.parametrize("level", [0.0, 0.01, 0.1])
def test_the_builtin_tagger_hears_nobody_in_silence_and_noise(level):
    tagger = load_tagger(TaggingSettings(model="builtin", device="cpu"))
    noise = np.random.default_rng(3).normal(0, level, 8 * RATE).astype(np.float32)
    mean = heard([noise], tagger).scores.mean(axis=0)
    alive = ("Speech", "Animal", "Dog", "Cat", "Bird", "Domestic animals, pets", "Insect")
    assert max(mean[audioset_labels().index(label)] for label in alive) < 0.2


def test_the_builtin_tagger_keeps_the_contract():
    tagger = load_tagger(TaggingSettings(model="builtin"))
    assert (tagger.name, tagger.labels, tagger.sample_rate) == ("builtin", audioset_labels(), RATE)
    assert len(tagger.model_hash) == 64
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE + 4 * 9600).astype(np.float32)
    scores = tagger.score(noise, 2 * RATE, 9600)
    assert (scores.shape, scores.dtype) == ((5, 527), np.float32)
    assert 0 <= scores.min() <= scores.max() <= 1
    alone = tagger.score(noise[9600 : 9600 + 2 * RATE], 2 * RATE, 9600)
    assert _apart(alone[0], scores[1]) < 2e-4
    assert tagger.embed(noise, 2 * RATE, 9600).shape == (5, 512)


def test_the_builtin_tagger_hears_rows_of_a_quarter_of_a_second():
    tagger = load_tagger(TaggingSettings(model="builtin"))
    noise = np.random.default_rng(4).normal(0, 0.1, 21 * RATE).astype(np.float32)
    track = heard([noise], tagger)
    assert (track.window_s, track.hop_s) == (pytest.approx(0.24), pytest.approx(0.24))
    assert track.n_hops == 88  # ceil(21 / 0.24)
    isolated = score_stream(from_zero([noise], RATE), tagger, Windows(2.0, 0.3, "isolated"))
    assert (isolated.window_s, isolated.hop_s, isolated.n_hops) == (2.0, 0.3, 70)
