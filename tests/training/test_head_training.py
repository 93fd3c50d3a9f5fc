"""A head for own labels: from a folder of clips to a file that tags."""

import tracemalloc

import numpy as np
import pytest

from overlay.commands import main
from overlay.errors import CheckpointError, TaggerError, TrainingError
from overlay.settings import TaggingSettings
from overlay.tagging.head import Head
from overlay.tagging.registry import load_tagger
from overlay.track import TagTrack
from overlay.training.head_training import Clip, find_clips


@pytest.fixture(scope="module")
def clips(make_clip, tmp_path_factory):
    """Four high tones, four low rumbles, and a file that is no sound."""
    folder = tmp_path_factory.mktemp("clips")
    for i in range(4):
        for label, source in (
            ("whistle", f"sine=f={2000 + 200 * i}:d=2.5"),
            ("rumble", f"anoisesrc=d=2.5:c=brown:seed={i}"),
        ):
            made = make_clip(f"{label}{i}.wav", "-f", "lavfi", "-i", source, "-ar", "32000")
            (folder / label).mkdir(exist_ok=True)
            (folder / label / f"{i}.wav").write_bytes(made.read_bytes())
    return folder


@pytest.fixture(scope="module")
def model(clips, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "own.npz"
    assert main(["train", str(clips), "-o", str(path), "--model", "builtin", "-q"]) == 0
    return path


def test_the_file_is_a_model_that_names_new_clips(model, make_clip, tmp_path, capsys):
    for source, label in (("sine=f=2300:d=3", "whistle"), ("anoisesrc=d=3:c=brown", "rumble")):
        clip = make_clip(f"new-{label}.wav", "-f", "lavfi", "-i", source)
        out = tmp_path / f"{label}.npz"
        assert main(["tag", str(clip), "-o", str(out), "--model", str(model)]) == 0
        track = TagTrack.load(out)
        assert track.top_k(1)[0].label == label
        assert track.labels == ("rumble", "whistle")
        assert track.model == "own on builtin"
    assert "own on builtin" in capsys.readouterr().out


def test_clips_left_out_are_counted(clips, tmp_path, capsys):
    (clips / "whistle" / "notes.txt").write_text("no sound")
    target = tmp_path / "m.npz"
    assert main(["train", str(clips), "-o", str(target), "--model", "builtin"]) == 0
    said = capsys.readouterr()
    assert "right for 8 of 8 clips" in said.out
    assert "left out" in said.err
    assert "notes.txt" in said.err
    assert main(["train", str(clips), "-o", str(target), "--model", "builtin"]) == 3
    (clips / "whistle" / "notes.txt").unlink()


def test_a_table_gives_several_labels_or_none(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("file,label\na.wav,dog; cat\nb.wav,\n", encoding="utf-8")
    assert find_clips(tmp_path, table) == [
        Clip(tmp_path / "a.wav", ("dog", "cat")), Clip(tmp_path / "b.wav", ()),
    ]  # fmt: skip
    table.write_text("path,class\na.wav,dog\n")
    with pytest.raises(TrainingError, match="'file' and 'label'"):
        find_clips(tmp_path, table)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("file,label\n", "no clips found"),
        ("file,label\nx.wav,dog\n", "'dog' has 1"),
        ("file,label\nx.wav,\n", "no clip has a label"),
        ("file,label\n" + "x.wav,dog\n" * 3, "all clips are 'dog'"),
        ("file,label\n" + "x.wav,dog\nx.wav,cat\n" * 3, "too few clips"),
        ("\x00", "no column"),
    ],
)
def test_too_few_clips_are_said(tmp_path, capsys, content, said):
    (tmp_path / "x.wav").write_text("no sound")
    table, target = tmp_path / "labels.csv", tmp_path / "m.npz"
    table.write_text(content)
    arguments = ["train", str(tmp_path), "--labels", str(table), "-o", str(target)]
    assert main([*arguments, "--model", "builtin"]) == 4
    printed = capsys.readouterr().err
    assert said in printed
    assert "Traceback" not in printed
    assert not target.exists()


def test_a_head_knows_its_base(model, tmp_path):
    head = Head.load(model)
    other = Head(head.labels, head.weight, head.bias, head.base, "0" * 64)
    other.save(tmp_path / "other.npz")
    with pytest.raises(CheckpointError, match="train it again"):
        load_tagger(TaggingSettings(model=str(tmp_path / "other.npz"), device="cpu"))
    with pytest.raises(TaggerError, match="leave --weights out"):
        load_tagger(TaggingSettings(model=str(model), weights="x.pt"))


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "x.npz"
    with pytest.raises(CheckpointError, match="no such file"):
        Head.load(path)
    path.write_bytes(b"PK no zip")
    with pytest.raises(CheckpointError, match="not a usable npz"):
        Head.load(path)
    np.savez(path, labels=np.array([print], object))
    with pytest.raises(CheckpointError, match="pickled"):
        Head.load(path)
    np.savez(path, labels=np.array(["a"]))
    with pytest.raises(CheckpointError, match="tag-overlay train"):
        Head.load(path)
    Head(("a", "b"), np.zeros((4, 3), np.float32), np.zeros(2, np.float32), "mn04", "").save(path)
    with pytest.raises(CheckpointError, match="do not fit"):
        Head.load(path)
    bad = np.full((4, 2), np.nan, np.float32)
    Head(("a", "b"), bad, np.zeros(2, np.float32), "mn04", "").save(path)
    with pytest.raises(CheckpointError, match="NaN"):
        Head.load(path)


def test_weights_too_large_to_score_with_are_said(clips, tmp_path, capsys):
    base = load_tagger(TaggingSettings(model="builtin"))
    width = base.embed(np.zeros(2 * base.sample_rate, np.float32), 2 * base.sample_rate, 1).shape[1]
    weight = np.full((width, 2), 3e38, np.float32)
    weight[::2] *= -1
    path = tmp_path / "huge.npz"
    Head(("a", "b"), weight, np.zeros(2, np.float32), "builtin", base.model_hash).save(path)
    command = ["tag", str(clips / "rumble" / "0.wav"), "--model", str(path)]
    with np.errstate(all="ignore"):
        assert main([*command, "-o", str(tmp_path / "x.npz")]) == 4
    assert "no scores" in capsys.readouterr().err
    assert not (tmp_path / "x.npz").exists()


def test_numbers_beyond_float32_are_refused_in_one_line(tmp_path):
    path = tmp_path / "far.npz"
    np.savez(
        path, labels=np.array(["a"]), weight=np.zeros((4, 1)), bias=np.array([-1e300]),
        base="builtin", base_hash="",
    )  # fmt: skip
    with pytest.raises(CheckpointError, match="NaN or infinity"):
        Head.load(path)


def test_more_labels_than_weights_are_refused_before_texts_are_made_of_them(tmp_path):
    path = tmp_path / "x.npz"
    few = np.zeros((4, 2), np.float32)
    np.savez_compressed(
        path, labels=np.zeros(1 << 22, np.int8), weight=few, bias=few[0], base="mn04", base_hash=""
    )
    tracemalloc.start()
    with pytest.raises(CheckpointError, match="tag-overlay train"):
        Head.load(path)
    assert tracemalloc.get_traced_memory()[1] < 64e6
    tracemalloc.stop()
