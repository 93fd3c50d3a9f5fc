"""Models of a person's own, as ONNX files that are made here."""

import json

import numpy as np
import pytest

from overlay.errors import CheckpointError, TaggerError
from overlay.settings import TaggingSettings
from overlay.tagging.exporting import export_onnx
from overlay.tagging.onnx_file import check_external, facts_of
from overlay.tagging.registry import load_tagger
from overlay.tagging.tracking import score_stream
from overlay.tagging.windows import Windows, from_zero

RATE = 8000
META = {"sample_rate": str(RATE), "labels": json.dumps(["loud", "soft"]), "activation": "none"}


@pytest.fixture
def make(tmp_path):
    """A model whose classes are how loud a waveform is, and how soft."""
    pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install '.[onnx]'")
    onnx = pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx-export]'")
    h = onnx.helper

    def of(shape=("b", "n"), frames=False, meta=META, classes=2, name="mine.onnx", out=None):
        nodes = [h.make_node("Abs", ["x"], ["a"])]
        one = onnx.numpy_helper.from_array(np.array([1.0], np.float32), "one")
        starts = [
            onnx.numpy_helper.from_array(np.array(v, np.int64), n)
            for n, v in (("last", [-1]), ("frames", [0, -1, 80] if len(shape) == 2 else [-1, 80]))
        ]
        axis = 1 if len(shape) == 2 else 0
        if frames:
            nodes += [
                h.make_node("Reshape", ["a", "frames"], ["r"]),
                h.make_node("ReduceMean", ["r"], ["loud"], axes=[axis + 1], keepdims=1),
            ]
        else:
            nodes += [h.make_node("ReduceMean", ["a"], ["loud"], axes=[axis], keepdims=1)]
        nodes += [
            h.make_node("Sub", ["one", "loud"], ["soft"]),
            h.make_node("Concat", ["loud", "soft"], ["y"], axis=-1),
        ]
        graph = h.make_graph(
            nodes,
            "g",
            [h.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
            [h.make_tensor_value_info("y", onnx.TensorProto.FLOAT, out)],
            [one, *starts],
        )
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
        h.set_model_props(model, meta)
        path = tmp_path / name
        onnx.save(model, str(path))
        return path

    return of


def track_of(path, seconds=6.0, label="loud"):
    signal = np.zeros(round(seconds * RATE), np.float32)
    signal[2 * RATE : 4 * RATE] = 0.5
    tagger = load_tagger(TaggingSettings(model=str(path)))
    return score_stream(from_zero([signal], RATE), tagger, Windows())


@pytest.mark.parametrize("shape", [("b", "n"), (1, "n"), ("n",), ("b", RATE), (1, 2 * RATE)])
def test_windows_of_a_waveform_are_scored(make, shape):
    track = track_of(make(shape))
    assert track.labels == ("loud", "soft")
    assert track.window_s == (shape[-1] / RATE if isinstance(shape[-1], int) else 2.0)
    loudest = track.times[track.scores[:, 0].argmax()]
    assert loudest == pytest.approx(3.0, abs=0.6)
    assert track.scores[:, 0].max() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("shape", [("b", "n"), (1, 2 * RATE)])
def test_frames_are_rows_of_their_own(make, shape):
    track = track_of(make(shape, frames=True))
    assert track.window_s == pytest.approx(0.1)
    loud = track.times[track.scores[:, 0] > 0.25]
    assert loud.min() == pytest.approx(2.0, abs=0.11)
    assert loud.max() == pytest.approx(4.0, abs=0.11)


def test_names_come_from_the_metadata_or_are_numbers(make):
    assert track_of(make(meta={**META, "labels": "Lärm\nStille\n"})).labels == ("Lärm", "Stille")
    without = {key: value for key, value in META.items() if key != "labels"}
    assert track_of(make(meta=without)).labels == ("class 0", "class 1")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"shape": ("b", "c", "n")}, "does not take a waveform"),
        ({"meta": {}}, "'sample_rate'"),
        ({"meta": {**META, "sample_rate": "many"}}, "sample_rate"),
        ({"meta": {**META, "activation": "relu"}}, "activation"),
        ({"meta": {**META, "labels": "[1]"}}, "labels"),
        ({"meta": {**META, "labels": "one"}}, "labels do not fit"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused(make, how, message):
    with pytest.raises(CheckpointError, match=message):
        load_tagger(TaggingSettings(model=str(make(**how))))


@pytest.mark.parametrize("content", [b"", b"not onnx", b"\x08\x08" + b"\xff" * 100])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install '.[onnx]'")
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot be opened"):
        load_tagger(TaggingSettings(model=str(path)))


def test_a_custom_operator_is_one_line(make, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(make()))
    model.graph.node[0].op_type, model.graph.node[0].domain = "Mystery", "com.example"
    onnx.save(model, str(tmp_path / "custom.onnx"))
    with pytest.raises(CheckpointError, match="cannot be opened") as caught:
        load_tagger(TaggingSettings(model=str(tmp_path / "custom.onnx")))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.bin", "a/../../x"])
def test_weights_outside_the_folder_are_refused(tmp_path, name):
    entry = b"\x0a\x08location\x12" + bytes([len(name)]) + name.encode()
    with pytest.raises(CheckpointError, match="outside its folder"):
        check_external(b"before" + entry + b"behind", tmp_path / "m.onnx")
    inside = b"\x0a\x08location\x12\x09weights.b"
    check_external(inside, tmp_path / "m.onnx")


def test_facts_have_bounds(tmp_path):
    for bad in ("nan", "inf", "-1", "1e9", "9" * 5000):
        with pytest.raises(CheckpointError):
            facts_of({"sample_rate": bad}, tmp_path / "m.onnx")
    facts = facts_of({"sample_rate": "32000", "window_s": "10"}, tmp_path / "m.onnx")
    assert (facts.sample_rate, facts.window_s, facts.activation) == (32000, 10.0, "sigmoid")


@pytest.mark.weights
def test_the_exported_model_answers_as_the_product(shared, tmp_path):
    pytest.importorskip("paddle2onnx", reason="needs paddle2onnx: pip install '.[onnx-export]'")
    path = tmp_path / "mn04.onnx"
    export_onnx("mn04", path)
    ours = load_tagger(TaggingSettings(model="mn04", device="cpu", windows="isolated"))
    theirs = load_tagger(TaggingSettings(model=str(path)))
    assert theirs.labels == ours.labels
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * 32000).astype(np.float32)
    for sound in (noise, np.zeros_like(noise), np.sin(np.arange(96000) / 10, dtype=np.float32)):
        expected = ours.score(sound, 64000, 9600)
        np.testing.assert_allclose(theirs.score(sound, 64000, 9600), expected, atol=1e-4)


def test_other_models_cannot_be_exported(tmp_path):
    with pytest.raises(TaggerError, match="known: mn04"):
        export_onnx("cnn14", tmp_path / "m.onnx")
