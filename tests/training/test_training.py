"""The training room: the bank, the mixtures, the twin networks, a run that stops and goes on."""

import importlib.util

import numpy as np
import pytest

from overlay.tagging.engines.backend import import_paddle
from overlay.tagging.frontends import MelFrontEnd
from overlay.tagging.networks.student import Student
from overlay.tagging.weights.checkpoint import read_arrays
from overlay.tagging.weights.loading import load_into
from overlay.training.bank import Bank
from overlay.training.export import held_back
from overlay.training.mixing import N_WINDOWS, Mixer, windows_of

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="needs PyTorch: pip install '.[train]'"
)


@pytest.fixture(scope="module")
def folder(make_clip, tmp_path_factory):
    """A few sounds."""
    folder = tmp_path_factory.mktemp("sounds")
    for i, source in enumerate(("sine=f=440:d=3", "anoisesrc=d=1:a=0.1", "sine=f=2000:d=0.2")):
        made = make_clip(f"sound{i}.wav", "-f", "lavfi", "-i", source, "-ar", "32000")
        (folder / f"{i}.wav").write_bytes(made.read_bytes())
    return folder


@pytest.fixture(scope="module")
def bank(folder, tmp_path_factory):
    return Bank.of_folders([folder], tmp_path_factory.mktemp("bank") / "bank.npz")


def test_the_bank_holds_every_clip_and_is_read_again(folder, bank, tmp_path):
    assert len(bank.starts) == 4
    assert np.diff(bank.starts) == pytest.approx([300, 100, 50], abs=2)
    Bank.of_folders([folder], tmp_path / "b.npz")
    again = Bank.of_folders((), tmp_path / "b.npz")
    np.testing.assert_array_equal(again.frames, bank.frames)


def test_mel_power_is_what_the_front_end_compresses():
    windows = np.random.default_rng(0).normal(0, 0.1, (2, 64000)).astype(np.float32)
    front_end = MelFrontEnd()
    log = (np.log(front_end.power(windows) + 1e-5) + 4.5) / 5
    np.testing.assert_allclose(front_end.features(windows)[:, 0], log.transpose(0, 2, 1), atol=1e-5)


def test_mixtures_are_features_and_depend_on_the_seed_alone(bank):
    a, b, other = (Mixer(bank, seed).batch(16) for seed in (1, 1, 2))
    assert a.shape == (16, 1, 128, 500)
    assert a.dtype == np.float32
    assert np.isfinite(a).all()
    assert a.min() >= (np.log(1e-5) + 4.5) / 5 - 1e-3
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, other)


def test_the_windows_of_a_scene_are_its_seconds_in_order(bank):
    scenes = Mixer(bank, 0).batch(3)
    windows = windows_of(scenes)
    assert windows.shape == (3 * N_WINDOWS, 1, 128, 200)
    np.testing.assert_array_equal(windows[N_WINDOWS + 2], scenes[1, ..., 200:400])


@needs_torch
def test_lessons_know_the_scene_and_keep_the_moments():
    from overlay.training.distill import in_context

    windows = np.array([[0.3, 0.1], [0.001, 0.1], [0.001, 0.1], [0.001, 0.1]], np.float32)
    moved = in_context(windows, np.array([[0.7, 0.1]], np.float32))
    assert moved[0, 0] == pytest.approx(0.6, abs=0.05)
    assert moved[1:, 0].max() < 0.01
    np.testing.assert_allclose(moved[:, 1], 0.1, atol=1e-4)


@needs_torch
def test_the_twins_answer_alike_and_survive_the_export(tmp_path):
    import torch

    from overlay.training import student
    from overlay.training.export import export

    paddle = import_paddle()
    torch.manual_seed(0)
    twin = student.Student().eval()
    torch.save(twin.state_dict(), tmp_path / "student.pt")
    export(tmp_path / "student.pt", tmp_path / "student.npz")
    assert (tmp_path / "student.npz").stat().st_size < 4e6
    assert all(
        array.dtype == np.float32 for array in read_arrays(tmp_path / "student.npz").values()
    )
    net = Student()
    load_into(net, tmp_path / "student.npz")
    net.eval()
    mel = np.random.default_rng(0).normal(0, 1, (3, 1, 128, 200)).astype(np.float32)
    with torch.no_grad(), paddle.no_grad():
        expected = torch.sigmoid(twin(torch.from_numpy(mel))).numpy()
        np.testing.assert_allclose(net(paddle.to_tensor(mel)).numpy(), expected, atol=2e-3)
    again = student.Student()
    again.load_state_dict(student.shipped_state(tmp_path / "student.npz"))
    with torch.no_grad():
        answers = torch.sigmoid(again.eval()(torch.from_numpy(mel))).numpy()
    np.testing.assert_allclose(answers, expected, atol=2e-3)


@needs_torch
@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.usefixtures("shared")
def test_a_run_goes_on_where_it_stopped(folder, tmp_path, monkeypatch):
    import torch

    from overlay.training import distill

    monkeypatch.setattr(distill, "_KEEP_EVERY", 1)
    monkeypatch.setattr(distill, "_BATCH", 16)
    monkeypatch.setattr(distill, "_compiled", lambda student: student)
    step = distill._step

    def stopping(*arguments, done=[]):  # noqa: B006
        done.append(1)
        if len(done) == 3:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(distill, "_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        distill.distill(tmp_path, [folder], 64)
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 2
    monkeypatch.setattr(distill, "_step", step)
    assert distill.distill(tmp_path, [folder], 64) == tmp_path / "student.pt"
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 4


def test_frequent_classes_are_held_back_a_little():
    bias, prior = np.zeros(3, np.float32), np.array([0.2, 0.02, 0.002])
    adjusted = held_back(bias, prior)
    assert adjusted[0] < adjusted[1] < adjusted[2]
    assert adjusted[1] - adjusted[0] == pytest.approx(0.1 * np.log(10))
