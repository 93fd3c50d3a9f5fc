"""The training room: the bank, the scenes, the lessons, the twin networks, a run that goes on."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from overlay.tagging.frontends import MelFrontEnd
from overlay.tagging.networks.builtin import MomentNet
from overlay.training import recordings, scenes, sound_bank
from overlay.training.checkpoint_export import evened, export
from overlay.training.measure import Timeline, in_stretches
from overlay.training.teacher_scores import lessons_of, views
from overlay.vocabulary.audioset import audioset_labels

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="needs PyTorch: pip install '.[train]'"
)


@pytest.fixture(scope="module")
def folder(make_clip, tmp_path_factory):
    """A few sounds, one of them a second of tone and then digital silence."""
    folder = tmp_path_factory.mktemp("sounds")
    made = (
        "sine=f=440:d=3",
        "anoisesrc=d=1:a=0.1",
        "sine=f=2000:d=0.2",
        "sine=f=900:d=1,apad=whole_dur=3",
    )
    for i, source in enumerate(made):
        clip = make_clip(f"sound{i}.wav", "-f", "lavfi", "-i", source, "-ar", "32000")
        (folder / f"{i}.wav").write_bytes(clip.read_bytes())
    return folder


@pytest.fixture(scope="module")
def work(folder, tmp_path_factory):
    work = tmp_path_factory.mktemp("work")
    sound_bank.Sounds.of_folders([folder], work)
    return work


@pytest.fixture(scope="module")
def bank(work):
    return sound_bank.Sounds.of_folders((), work)


def test_the_bank_holds_every_take_of_every_clip(bank, folder):
    assert [clip.file.name for clip in bank.clips] == ["0.wav", "1.wav", "2.wav", "3.wav"]
    assert bank.clips[0].repository == folder.name
    assert bank.lengths[:, 0] == pytest.approx([300, 100, 25, 300], abs=2)
    assert (bank.lengths[:, 2] < bank.lengths[:, 0]).all()
    assert (bank.lengths[:, 3] > bank.lengths[:, 0]).all()
    assert bank.lengths.sum() == len(bank.frames)
    peaks = [int(bank.take(0, take).astype(np.float32).mean(0).argmax()) for take in (0, 2, 3)]
    assert peaks[1] > peaks[0] > peaks[2]  # faster is higher


def test_mel_power_is_what_the_front_end_compresses():
    windows = np.random.default_rng(0).normal(0, 0.1, (2, 64000)).astype(np.float32)
    front_end = MelFrontEnd()
    log = (np.log(front_end.power(windows) + 1e-5) + 4.5) / 5
    np.testing.assert_allclose(front_end.features(windows)[:, 0], log.transpose(0, 2, 1), atol=1e-5)


def _mixer(bank, seed):
    lessons = np.eye(4, dtype=np.float32)
    return scenes.Mixer(bank, lessons, np.arange(4), seed)


def test_scenes_are_features_and_scores_and_depend_on_the_seed_alone(bank):
    (a, p), (b, q), (other, _) = (_mixer(bank, seed).scene() for seed in (1, 1, 2))
    assert a.shape == (128, 1000) and p.shape == (125, 4)
    assert a.dtype == p.dtype == np.float32
    assert np.isfinite(a).all() and p.min() >= 0 and p.max() <= 1
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(p, q)
    assert not np.array_equal(a, other)


def test_a_clip_teaches_only_while_it_is_heard():
    loud = np.full((100, 128), -2.0, np.float32)
    loud[50:] = np.log(1e-5)
    event = scenes._Event(0, 0, loud)
    alone = event.audible(event.power)
    assert alone[:50].min() == 1
    assert alone[65:].max() == 0
    assert event.audible(event.power + 100 * event.power).max() == 0


def test_rare_classes_are_drawn_more_often():
    lessons = np.zeros((10, 3), np.float32)
    lessons[:8, 0] = lessons[8, 1] = 0.9
    weights = scenes.weights_of(lessons)
    assert weights[8] > weights[0] > weights[9] > 0


def _clip(origin, repository="someone/something"):
    return sound_bank.Clip(Path("x.opus"), repository, origin)


def test_the_labels_of_esc_50_are_read_from_the_origin():
    assert recordings.true_classes(_clip("audio/4-161127-A-10.wav"))[0] == "Rain"
    assert recordings.true_classes(_clip("105 - Frog/1-15689-B.ogg"))[0] == "Frog"
    assert recordings.true_classes(_clip("001 - Dog bark/2-114280-A.ogg"))[0] == "Dog"
    assert recordings.true_classes(_clip("sounds/rain.ogg")) == ()
    assert recordings.recording(_clip("audio/4-161127-A-10.wav")) == "4-161127"
    known = set(audioset_labels())
    assert {name for row in recordings._ESC_50 for name in row.split(";") if name} <= known


def test_what_is_held_back_is_held_back_whole():
    clips = [_clip(f"{i}.ogg", f"owner/{i % 40}") for i in range(120)]
    clips += [_clip(f"a/{1}-{i % 30}-{'AB'[i // 30]}-3.wav", f"esc/{i % 3}") for i in range(60)]
    held = np.array(recordings.held_back(clips))
    assert 0 < held.sum() < 40
    np.testing.assert_array_equal(held[:40], held[40:80])
    np.testing.assert_array_equal(held[120:150], held[150:])


def test_lessons_are_means_of_views_and_known_labels_come_first(bank):
    assert [len(view) for view in views(bank, 0)] == [500, 250, 500]
    assert [len(view) for view in views(bank, 2)] == [250, 250, 250, 500]
    scores = np.zeros((2, 4, 527), np.float16)
    music, rain = (audioset_labels().index(name) for name in ("Music", "Rain"))
    scores[:, :, music], scores[:, :, rain] = 0.5, 0.3
    known = _clip("audio/4-161127-A-10.wav")
    lessons = lessons_of(scores.astype(np.float32), [_clip("rain.ogg"), known])
    np.testing.assert_allclose(lessons[0, [music, rain]], [0.5, 0.3], atol=1e-3)
    assert lessons[1, rain] == pytest.approx(0.8)
    assert lessons[1, music] == pytest.approx(0.3, abs=1e-3)


def test_both_measures_count_audible_moments_only():
    clips = [np.zeros((80, 128), np.float32) for _ in range(2)]
    clips[1][40:] = -11
    right = np.eye(7, dtype=bool)[[0, 6]]
    line = Timeline.of_clips(clips, right)
    assert (line.clip >= 0).sum() == 15
    scores = np.tile(np.arange(7.0, 0, -1), (20, 1)).astype(np.float32)
    assert line.measured(lambda _: scores) == (pytest.approx(10 / 15), pytest.approx(10 / 15))
    scores[:, 6] = 6.5
    assert line.measured(lambda _: scores) == (pytest.approx(10 / 15), 1.0)


def test_stretches_are_blended_without_a_seam():
    features = np.arange(2500 * 128, dtype=np.float32).reshape(2500, 128)
    scores = in_stretches(lambda x: x[:, ::8, :3], features)
    np.testing.assert_allclose(scores, features[:2496:8, :3], rtol=1e-6)


@needs_torch
def test_the_twins_answer_alike(tmp_path):
    import torch

    from overlay.training.network import Student

    torch.manual_seed(0)
    twin = Student().half().float().eval()
    torch.save(twin.state_dict(), tmp_path / "student.pt")
    export(tmp_path / "student.pt", tmp_path / "student.npz")
    assert (tmp_path / "student.npz").stat().st_size < 6e6
    mel = np.random.default_rng(0).normal(0, 1, (2, 400, 128)).astype(np.float32)
    with torch.no_grad():
        logits = twin(torch.from_numpy(mel.transpose(0, 2, 1).copy())[:, None])
    scores, embedding = MomentNet(tmp_path / "student.npz")(mel)
    np.testing.assert_allclose(scores, torch.sigmoid(logits).numpy(), atol=1e-4)
    assert embedding.shape == (2, 50, 512)


@needs_torch
def test_masks_leave_most_of_a_scene():
    from overlay.training.distill import masked

    mel = np.random.default_rng(0).normal(0, 1, (20, 128, 1000)).astype(np.float32)
    changed = masked(mel.copy(), np.random.default_rng(0)) != mel
    assert 0 < changed.mean() < 0.4


@needs_torch
@pytest.mark.slow
def test_a_run_goes_on_where_it_stopped(work, bank):
    import torch

    from overlay.training.distill import Course, distill

    def stopping(step):
        if step == 2:
            raise KeyboardInterrupt

    def step_kept():
        return torch.load(work / "state.pt", weights_only=True)["step"]

    lessons = np.eye(4, 527, dtype=np.float32)
    course = Course(work, 8, batch=2, keep_every_s=0)
    with pytest.raises(KeyboardInterrupt):
        distill(course, lessons, {}, stopping)
    assert step_kept() == 2 and not (work / "log.txt").exists()
    steps = []
    assert distill(course, lessons, {}, steps.append) == work / "student.pt"
    assert steps == [3, 4] and step_kept() == 4
    assert "8 scenes" in (work / "log.txt").read_text()


def test_frequent_classes_are_held_back_a_little():
    adjusted = evened(np.zeros(3, np.float32), np.array([0.2, 0.02, 0.002]), 0.1)
    assert adjusted[0] < adjusted[1] < adjusted[2]
    assert adjusted[2] - adjusted[0] == pytest.approx(0.1 * np.log(100))
