"""The tagger that hears frames: equal to PyTorch by golden values, indifferent to what is far."""

import zlib

import numpy as np
import pytest

from overlay.errors import CheckpointError
from overlay.tagging.networks.builtin import MomentNet, parameter_shapes

GOLDEN_LOGITS = (
    (0.035, 0.418, 0.059, 0.438, 0.180, 0.174, -0.647, -0.153, 0.114),
    (-0.203, 0.641, 0.162, 0.274, 0.454, 0.261, -0.739, 0.132, 0.360),
    (-0.067, 0.550, 0.209, 0.389, 0.394, 0.304, -0.689, -0.236, 0.233),
)
"""Of ``overlay.training.network`` with the weights below, moments 0, 20, 49, every 60th class."""
GOLDEN_EMBEDDING = (144.04, 180.90, 170.21, 172.58, 170.85)
"""Sums over the embeddings of every tenth moment."""


def weights(name, shape):
    """Weights by a rule, as half precision gives them back."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "running_var" or (leaf == "weight" and len(shape) == 1):
        values = rng.uniform(0.5, 1.5, shape)
    elif len(shape) == 1:
        values = rng.normal(0, 0.1, shape)
    else:
        values = rng.normal(0, np.sqrt(0.7 / np.prod(shape[1:])), shape)
    return values.astype(np.float16)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("moments") / "moments.npz"
    np.savez(path, **{name: weights(name, shape) for name, shape in parameter_shapes(527).items()})
    return path


def features(n_frames=400):
    return np.random.default_rng(1).normal(0, 1, (1, n_frames, 128)).astype(np.float32)


def test_it_answers_as_pytorch_does(path):
    scores, embedding = MomentNet(path)(features())
    assert scores.shape == (1, 50, 527)
    assert embedding.shape == (1, 50, 512)
    logits = np.log(scores / (1 - scores))
    np.testing.assert_allclose(logits[0, [0, 20, 49], ::60], GOLDEN_LOGITS, rtol=0, atol=1e-3)
    np.testing.assert_allclose(embedding[0, ::10].sum(axis=1), GOLDEN_EMBEDDING, rtol=1e-4)


def test_stretches_in_a_batch_are_answered_each_for_itself(path):
    tagger = MomentNet(path)
    both = np.concatenate([features(), features()[:, ::-1]])
    for i in range(2):
        alone, _ = tagger(both[i : i + 1])
        np.testing.assert_allclose(tagger(both)[0][i], alone[0], atol=1e-5)


def test_it_refuses_what_does_not_fit(path, tmp_path):
    with pytest.raises(CheckpointError):
        MomentNet(path, n_classes=10)
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(CheckpointError):
        MomentNet(tmp_path / "other.npz")
