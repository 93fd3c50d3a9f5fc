"""Networks and front ends against the reference implementations' own answers."""

import importlib.util
import json

import numpy as np
import pytest
from tagging_checkpoints import golden_weight

from overlay.tagging import panns
from overlay.tagging.engines.backend import import_paddle
from overlay.tagging.engines.window_sharing import SharedPanns, parameter_shapes
from overlay.tagging.engines.winograd import Convolution
from overlay.tagging.frontends import FRAME_LENGTH, MelFrontEnd, PaddleAudioFrontEnd, PannsFrontEnd
from overlay.tagging.networks.mobilenet import MobileNet
from overlay.tagging.weights.loading import load_into


@pytest.fixture(scope="module")
def golden(shared):
    """A golden file by name."""
    return lambda name: np.load(shared / "golden" / name)


@pytest.mark.parametrize("name", ["cnn6", "cnn10", "cnn14"])
def test_panns_have_the_references_parameters_and_answers(shared, golden, name):
    paddle = import_paddle()
    shapes = json.loads((shared / "golden/panns_state_dict.json").read_text())[name]
    values = golden("panns_cnn.npz")
    features = paddle.to_tensor(values["logmel"])
    weights = {key: golden_weight(key, shape) for key, shape in shapes.items()}
    for output, embedding in (("scores", False), ("embedding", True)):
        net = getattr(panns, name)(extract_embedding=embedding)
        mine = {key: list(value.shape) for key, value in net.state_dict().items()}
        assert mine == shapes
        net.set_state_dict(weights)
        with paddle.no_grad():
            answer = net(features).numpy()
        np.testing.assert_allclose(answer, values[f"{name}_{output}"], atol=1e-4)


@pytest.mark.parametrize("clip", ["sym5_0s", "octet_6s"])
def test_the_panns_front_end_is_the_originals(golden, clip):
    values = golden("panns_logmel.npz")
    logmel = PannsFrontEnd().features(values[f"{clip}_waveform"][None])
    np.testing.assert_allclose(logmel[0, 0], values[f"{clip}_logmel"], atol=1e-3)


def test_the_mn_front_end_is_the_originals(golden):
    values = golden("mn04_esc_dev.npz")
    features = MelFrontEnd().features(values["waveforms_32k"])
    for mine, name in zip(features, ("logmel_1", "logmel_2"), strict=True):
        np.testing.assert_allclose(mine[0], values[name], atol=1e-3)


def test_mn04_answers_as_the_original(shared, golden):
    paddle = import_paddle()
    values = golden("mn04_esc_dev.npz")
    net = MobileNet(0.4, 527)
    load_into(net, shared / "weights/mn04_as_mAP_432.pt")
    net.eval()
    with paddle.no_grad():
        clips = net(paddle.to_tensor(MelFrontEnd().features(values["waveforms_32k"]))).numpy()
    np.testing.assert_allclose(clips, values["clip_probs"][:2], atol=1e-3)
    for clip, waveform in enumerate(values["waveforms_32k"]):
        starts = (values["window_starts_s"] * 32000).round().astype(int)
        windows = np.stack([waveform[start : start + 64000] for start in starts])
        with paddle.no_grad():
            scores = net(paddle.to_tensor(MelFrontEnd().features(windows))).numpy()
        np.testing.assert_allclose(scores, values["window_probs"][clip], atol=1e-3)


@pytest.mark.parametrize("front_end", [PannsFrontEnd, MelFrontEnd])
@pytest.mark.parametrize("hop_length", [9600, 3200, FRAME_LENGTH, 1000, 64000, 80000])
def test_sharing_frames_changes_nothing(front_end, hop_length):
    segment = np.random.default_rng(0).normal(0, 0.1, 64000 + 5 * hop_length).astype(np.float32)
    made = front_end()
    windows = np.lib.stride_tricks.sliding_window_view(segment, 64000)[::hop_length]
    np.testing.assert_allclose(
        made.shared(segment, 64000, hop_length), made.features(windows), atol=2e-3
    )


@pytest.mark.parametrize("front_end", [PannsFrontEnd, MelFrontEnd])
def test_silence_and_short_windows_are_finite(front_end):
    for window_length in (64000, 3200):
        features = front_end().features(np.zeros((1, window_length), np.float32))
        assert np.isfinite(features).all()


@pytest.mark.skipif(
    importlib.util.find_spec("paddleaudio") is None,
    reason="needs paddleaudio: pip install '.[paddleaudio]'",
)
@pytest.mark.filterwarnings("ignore")
def test_paddleaudios_front_end_agrees():
    windows = np.random.default_rng(0).normal(0, 0.1, (3, 64000)).astype(np.float32)
    own, theirs = PannsFrontEnd().features(windows), PaddleAudioFrontEnd().features(windows)
    np.testing.assert_allclose(own, theirs, atol=1e-3)
    segment = windows.ravel()
    np.testing.assert_allclose(
        PannsFrontEnd().shared(segment, 64000, 9600),
        PaddleAudioFrontEnd().shared(segment, 64000, 9600),
        atol=1e-3,
    )


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("tile", [(2, 3), (4, 2), (3, 4)])
@pytest.mark.parametrize("shape", [(2, 9, 8, 3), (1, 5, 4, 1), (3, 14, 6, 8)])
def test_winograds_convolution_is_the_plain_one(size, tile, shape):
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, shape).astype(np.float32)
    weight = rng.normal(0, 1, (5, shape[-1], size, size)).astype(np.float32)
    bias = rng.normal(0, 1, 5)
    r = size // 2
    padded = np.pad(x, ((0, 0), (0, 0), (r, r), (0, 0))).astype(np.float64)
    views = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    plain = np.maximum(np.einsum("ntbcij,kcij->ntbk", views, weight) + bias, 0)
    np.testing.assert_allclose(Convolution(weight, bias, tile)(x), plain, atol=5e-4)


@pytest.mark.parametrize("name", ["cnn6", "cnn10"])
@pytest.mark.parametrize(("hop", "seconds"), [(30, 2.0), (25, 1.3), (17, 1.0), (50, 2.01)])
def test_what_windows_share_is_computed_once_and_is_the_same(name, hop, seconds):
    paddle = import_paddle()
    net = getattr(panns, name)(n_classes=20)
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    assert parameter_shapes(name, 20) == shapes
    arrays = {key: golden_weight(key, shape) for key, shape in shapes.items()}
    net.set_state_dict(arrays)
    front_end, n_windows = PannsFrontEnd(), 8
    length, step = round(seconds * 32000), hop * FRAME_LENGTH
    n_samples = length + (n_windows - 1) * step
    signal = np.random.default_rng(0).normal(0, 0.1, n_samples).astype(np.float32)
    signal *= np.linspace(0.01, 1, n_samples, dtype=np.float32)
    windows = front_end.shared(signal, length, step)
    shared_net = SharedPanns(name, arrays, hop, length // FRAME_LENGTH + 1)
    together = shared_net(*front_end.parts(signal, length, step))
    with paddle.no_grad():
        alone = net(paddle.to_tensor(windows)).numpy()
    assert alone.std() > 0.1
    np.testing.assert_allclose(together, alone, atol=1e-5)
