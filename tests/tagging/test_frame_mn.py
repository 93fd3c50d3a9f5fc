"""The frame-level taggers against what the reference networks answer."""

import json
import zlib

import numpy as np
import pytest
from making import from_zero
from tagging_checkpoints import write_torch_zip

from overlay.settings import TaggingSettings
from overlay.tagging.engines.backend import import_paddle
from overlay.tagging.frontends import FrameMelFrontEnd
from overlay.tagging.networks.mobilenet import TABLE
from overlay.tagging.registry import load_tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.weights.checkpoint import renamed
from overlay.tagging.window_plan import Windows
from overlay.vocabulary.audioset_strong import audioset_strong


def frame_weight(key, shape):
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    leaf = key.rsplit(".", 1)[-1]
    if not shape:
        w = np.zeros(shape)
    elif leaf == "running_var":
        w = rng.uniform(0.5, 1.5, shape)
    elif leaf == "running_mean":
        w = rng.normal(0, 0.1, shape)
    elif len(shape) == 1:
        w = rng.uniform(0.5, 1.5, shape) if leaf == "weight" else rng.normal(0, 0.1, shape)
    elif len(shape) == 4:
        w = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
    elif key.endswith("_head.weight"):
        w = rng.normal(0, np.sqrt(0.01 / shape[-1]), shape)
    else:
        w = rng.normal(0, np.sqrt(0.1 / shape[-1]), shape)
    return w.astype(np.float32)


NETWORKS = {"frame_mn06": 0.6, "frame_mn10": 1.0}


@pytest.fixture(scope="module")
def golden(shared):
    return np.load(shared / "golden/frame_mn.npz")


@pytest.fixture(scope="module")
def loaded(shared):
    """A network with the test weights, by its name."""
    from overlay.tagging.networks.frame_mobilenet import FrameMobileNet

    described = json.loads((shared / "golden/frame_mn_state_dict.json").read_text())["networks"]

    def load(name):
        entries = described[name]["entries"]
        arrays = {
            key: frame_weight(key, tuple(shape))
            for key, shape, *_ in entries
            if not key.endswith("num_batches_tracked")
        }
        net = FrameMobileNet(NETWORKS[name])
        set_weights(net, arrays)
        return net

    return load


def set_weights(net, arrays):
    linear = {f"{name}.weight" for name, layer in net.named_sublayers() if hasattr(layer, "weight")}
    kept = renamed(arrays, {key for key in linear if key in arrays and arrays[key].ndim == 2})
    expected = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    kept = {key: value for key, value in kept.items() if not key.startswith("weak_head")}
    assert {key: value.shape for key, value in kept.items()} == expected
    net.set_state_dict({key: np.ascontiguousarray(value) for key, value in kept.items()})
    net.eval()


def test_the_front_end_is_the_references(golden):
    for name in "abc":
        wave = golden[f"wave_{name}"].astype(np.float32) / 32768
        wave = np.pad(wave, (0, 160000 - len(wave)))
        mel = FrameMelFrontEnd().features(wave[None])[0, 0]
        assert mel.shape == (128, 1000)
        np.testing.assert_allclose(mel, golden[f"mel_{name}"], atol=1e-3)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_is_the_references(golden, loaded, name):
    paddle = import_paddle()
    net = loaded(name)
    for clip in "abc":
        with paddle.no_grad():
            net.extract_embedding = True
            embedding = net(paddle.to_tensor(golden[f"mel_{clip}"][None, None]))
            logits = net.logits(embedding).numpy()[0]
        np.testing.assert_allclose(logits, golden[f"{name}_logits_{clip}"], atol=2e-4)
        if clip == "a":
            expected = golden[f"{name}_backbone_a_every10"]
            np.testing.assert_allclose(embedding.numpy()[0, ::10], expected, rtol=5e-5, atol=5e-4)


def test_the_table_has_as_many_rows_as_strides():
    from overlay.tagging.networks import frame_mobilenet

    assert len(frame_mobilenet._STRIDES) == len(TABLE)


@pytest.fixture(scope="module")
def checkpoint(shared, tmp_path_factory):
    """A file as the release has it, with a second head that nobody needs."""
    described = json.loads((shared / "golden/frame_mn_state_dict.json").read_text())["networks"]
    folder = tmp_path_factory.mktemp("frame_mn")

    def make(name):
        path = folder / f"{name}.pdparams"
        entries = described[name]["entries"]
        arrays = {key: frame_weight(key, tuple(shape)) for key, shape, *_ in entries}
        write_torch_zip(path.with_suffix(".pt"), arrays)
        return path.with_suffix(".pt")

    return make


@pytest.mark.parametrize("name", NETWORKS)
def test_the_tagger_answers_as_the_reference_does_for_ten_seconds(golden, checkpoint, name):
    settings = TaggingSettings(model=name, weights=str(checkpoint(name)), device="cpu")
    tagger = load_tagger(settings)
    assert (tagger.labels, tagger.sample_rate) == (audioset_strong().names, 16000)
    wave = golden["wave_a"].astype(np.float32) / 32768
    np.testing.assert_allclose(tagger.score_frames(wave), golden[f"{name}_probs_a"], atol=2e-3)


def test_a_track_of_frames_covers_the_sound_and_nothing_else(golden, checkpoint):
    settings = TaggingSettings(model="frame_mn06", weights=str(checkpoint("frame_mn06")))
    waves = [golden[f"wave_{name}"].astype(np.float32) / 32768 for name in "abc"]
    tagger = load_tagger(settings)
    track = score_stream(from_zero(waves, 16000), tagger, Windows())
    assert track.duration_s == 25.0
    assert track.window_s == pytest.approx(0.12)
    assert track.vocabulary == "audioset-strong"
    assert 25.0 - 0.12 < track.times[-1] < 25.0 + 0.06
    short = score_stream(from_zero([waves[0][:1000]], 16000), tagger, Windows())
    assert short.n_hops == 1
