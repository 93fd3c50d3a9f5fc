"""Models of a person's own, as ONNX files that are made here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from making import from_zero

import overlay
from overlay.errors import CheckpointError, TaggerError
from overlay.settings import TaggingSettings
from overlay.tagging.onnx_export import export_onnx
from overlay.tagging.onnx_file import _HELD, check_external, facts_of
from overlay.tagging.registry import load_tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_plan import Windows

RATE = 8000
META = {"sample_rate": str(RATE), "labels": json.dumps(["loud", "soft"]), "activation": "none"}


@pytest.fixture
def make(tmp_path):
    """A model whose classes are how loud a waveform is, and how soft."""
    pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install '.[onnx]'")
    onnx = pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx-export]'")
    h = onnx.helper

    def of(shape=("b", "n"), frames=False, meta=META, classes=2, name="mine.onnx", out=None,
           answers=True):  # fmt: skip
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
        if not answers:
            del model.graph.output[:]
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
        ({"answers": False}, "answers nothing"),
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


@pytest.mark.parametrize("text", [b"sample_rate", b"activation", b"none", b"loud", b"8000"])
def test_letters_that_are_none_are_said(make, text):
    path = Path(make())
    data = path.read_bytes()
    assert text in data
    path.write_bytes(data.replace(text, b"\xfe" + text[1:]))
    with pytest.raises(CheckpointError, match=r"mine\.onnx"):
        load_tagger(TaggingSettings(model=str(path)))


def test_a_custom_operator_is_one_line(make, tmp_path):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(make()))
    model.graph.node[0].op_type, model.graph.node[0].domain = "Mystery", "com.example"
    onnx.save(model, str(tmp_path / "custom.onnx"))
    with pytest.raises(CheckpointError, match="cannot be opened") as caught:
        load_tagger(TaggingSettings(model=str(tmp_path / "custom.onnx")))
    assert "\n" not in str(caught.value)


def varint(n):
    """A number below 2^14 as protobuf writes it."""
    return bytes([n]) if n < 128 else bytes([n & 127 | 128, n >> 7])


def tagged(number, content):
    """A field with a length."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def entry(name, key=b"location"):
    return tagged(1, key) + tagged(2, name)


PLACES = {
    "an initializer": (7, 5),
    "a sparse one": (7, 15, 1),
    "its indices": (7, 15, 2),
    "a constant": (7, 1, 5, 5),
    "several": (7, 1, 5, 10),
    "a sparse constant": (7, 1, 5, 22, 1),
    "the branch of an if": (7, 1, 5, 6, 5),
    "a branch in a branch": (7, 1, 5, 6, 1, 5, 11, 5),
    "a function": (25, 7, 5, 5),
    "a function's default": (25, 11, 5),
    "its training": (20, 1, 5),
}


def model_with(content, place=(7, 5)):
    """A model whose tensor at a place holds an entry of external data."""
    content = tagged(13, content)
    for number in reversed(place):
        content = tagged(8, b"name") + tagged(number, content)
    return b"\x08\x08" + content


@pytest.mark.parametrize("place", PLACES)
def test_weights_outside_the_folder_are_refused_wherever_they_are_named(tmp_path, place):
    path = tmp_path / "m.onnx"
    with pytest.raises(CheckpointError, match="outside its folder"):
        check_external(model_with(entry(b"../secret.bin"), PLACES[place]), path)
    check_external(model_with(entry(b"weights.bin"), PLACES[place]), path)


def test_the_numbers_of_the_fields_are_onnxs():
    """Every way from a model to a tensor, as the library that defines the format has it."""
    onnx = pytest.importorskip("onnx", reason="needs onnx: pip install '.[onnx-export]'")
    kinds = {
        "ModelProto": "model", "TrainingInfoProto": "training", "FunctionProto": "function",
        "GraphProto": "graph", "NodeProto": "node", "AttributeProto": "attribute",
        "SparseTensorProto": "sparse", "TensorProto": "tensor",
    }  # fmt: skip
    for name, kind in kinds.items():
        fields = [f for f in getattr(onnx, name).DESCRIPTOR.fields if f.message_type]
        held = {f.number: kinds.get(f.message_type.name) for f in fields}
        held |= {f.number: "entry" for f in fields if f.name == "external_data"}
        assert _HELD[kind] == {number: held for number, held in held.items() if held}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (entry(b"/etc/passwd"), "outside"),
        (entry(b"a/../../x"), "outside"),
        (entry(b"../" + b"x" * 200), "outside"),
        (entry(b"weights.bin\0/../../x"), "outside"),
        (tagged(2, b"../x") + tagged(1, b"location"), "outside"),  # the other way round
        (tagged(1, b"x") + entry(b"../x"), "outside"),  # the last one counts
        (tagged(1, b"location") + tagged(9, b"") + tagged(2, b"../x"), "outside"),
        (b"\x0a\x88\x00location" + tagged(2, b"../x"), "outside"),  # a length in two bytes
        (b"\x08\x05" + entry(b"../x"), "outside"),  # a number between
        (b"\x0d1234" + entry(b"../x"), "outside"),
        (b"\x0912345678" + entry(b"../x"), "outside"),
        (entry(b"folder/weights.bin"), None),
        (entry(b"./a/../b"), None),
        (entry(b""), None),
        (entry(b"x" * 250), None),
        (entry(b"../x", b"checksum"), None),  # no name of a file
        (entry(b"\xff"), "damaged"),
        (entry(b"weights.bin") + b"\x12\x7f", "damaged"),
        (b"\x0b", "damaged"),
        (b"\x0a", "damaged"),
        (b"\x08" + b"\xff" * 11, "damaged"),
    ],
)
def test_only_files_in_its_own_folder_may_be_named(tmp_path, content, said):
    path = tmp_path / "m.onnx"
    if said is None:
        check_external(model_with(content), path)
    else:
        with pytest.raises(CheckpointError, match=said) as caught:
            check_external(model_with(content), path)
        assert str(caught.value).startswith(f"{path}: ")


def test_a_model_with_weights_of_others_is_never_opened(tmp_path):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install '.[onnx]'")
    path = tmp_path / "m.onnx"
    path.write_bytes(model_with(tagged(2, b"/dev/zero") + tagged(1, b"location")))
    with pytest.raises(CheckpointError, match="outside its folder"):
        load_tagger(TaggingSettings(model=str(path)))


@pytest.mark.parametrize("path", ["none.onnx", "folder.onnx"])
def test_a_model_that_cannot_be_read_is_said(tmp_path, path):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime: pip install '.[onnx]'")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(CheckpointError, match=path) as caught:
        load_tagger(TaggingSettings(model=str(tmp_path / path)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        ("sample_rate", ("1000", "384000", "16000.0"), ("999", "384001", "nan", "inf", "-1", "")),
        ("window_s", ("0.1", "60"), ("0.09", "60.1", "nan", "two")),
        ("hop_s", ("0.01", "60"), ("0.009", "61", "inf", "0")),
        ("activation", ("none", "sigmoid", "softmax"), ("relu", "", "Sigmoid")),
        ("labels", ('["a", "b"]', "a\nb", "", " [ ]"), ("[1]", "[[[", '["a"', '[["a"]]')),
    ],
)
def test_what_the_metadata_may_say(tmp_path, key, right, wrong):
    path = tmp_path / "m.onnx"
    for value in right:
        facts_of({"sample_rate": "32000"} | {key: value}, path)
    for value in wrong:
        with pytest.raises(CheckpointError, match=f"^{path}: .*{key}"):
            facts_of({"sample_rate": "32000"} | {key: value}, path)


def test_what_the_metadata_leaves_out(tmp_path):
    facts = facts_of({"sample_rate": "16000"}, tmp_path)
    assert (facts.sample_rate, facts.window_s, facts.hop_s, facts.labels) == (16000, None, None, ())
    assert facts.activation == "sigmoid"
    assert facts_of({"sample_rate": "16000", "labels": " a b \n\n c "}, tmp_path).labels == (
        "a b", "c",
    )  # fmt: skip
    assert facts_of({"sample_rate": "16000", "labels": ' ["a, b", "雨"]'}, tmp_path).labels == (
        "a, b", "雨",
    )  # fmt: skip


def answers(make, activation, signal):
    """What a model answers for a loudness: first as it is, then as scores."""
    tagger = load_tagger(TaggingSettings(model=str(make(meta={**META, "activation": activation}))))
    return tagger.score(signal, len(signal), len(signal))[0]


def test_outputs_become_scores_as_the_metadata_says(make):
    """The graph answers loudness and 1 - loudness; 3 is a logit, but no score."""
    loud = np.full(RATE, 3.0, np.float32)
    np.testing.assert_allclose(
        answers(make, "sigmoid", loud), [1 / (1 + np.exp(-3)), 1 / (1 + np.exp(2))], rtol=1e-6
    )
    np.testing.assert_allclose(
        answers(make, "softmax", loud), [1 / (1 + np.exp(-5)), 1 / (1 + np.exp(5))], rtol=1e-6
    )
    huge = np.full(RATE, 1e5, np.float32)
    for activation in ("sigmoid", "softmax"):
        assert answers(make, activation, huge).tolist() == pytest.approx([1, 0])
    with pytest.raises(CheckpointError, match="say activation 'sigmoid' or 'softmax'"):
        answers(make, "none", loud)
    rounded = answers(make, "none", np.full(RATE, 1.0005, np.float32))
    assert rounded.tolist() == pytest.approx([1, 0])
    assert rounded.max() <= 1
    for value, said in ((np.nan, "NaN or infinity"), (np.inf, "NaN or infinity")):
        with pytest.raises(CheckpointError, match=said):
            answers(make, "sigmoid", np.full(RATE, value, np.float32))


@pytest.mark.parametrize(
    ("meta", "shape", "windows", "rows"),
    [
        ({}, ("b", "n"), Windows(), (2.0, 0.3)),
        ({}, ("b", "n"), Windows(1.0, 0.5), (1.0, 0.5)),
        ({"window_s": "4", "hop_s": "0.7"}, ("b", "n"), Windows(1.0, 0.5), (4.0, 0.7)),
        ({"window_s": "4"}, ("b", RATE), Windows(2.0, 0.3, "context"), (1.0, 0.3)),
        ({}, ("b", "n"), Windows(2.0, 0.3, "context"), (0.8, 0.3)),
    ],
)
def test_a_models_own_window_goes_before_the_settings(make, meta, shape, windows, rows):
    tagger = load_tagger(TaggingSettings(model=str(make(shape, meta=META | meta))))
    made = tagger.rows(windows)
    assert (made.smear_s, made.step_s) == pytest.approx(rows)
    track = score_stream(from_zero([np.zeros(5 * RATE, np.float32)], RATE), tagger, windows)
    assert (track.window_s, track.hop_s) == pytest.approx(rows)
    assert (track.model, track.model_hash) == ("mine", tagger.model_hash)
    assert len(tagger.model_hash) == 64


def test_one_waveform_at_a_time_is_the_same_as_a_batch(make):
    noise = np.random.default_rng(0).normal(0, 0.3, 4 * RATE).astype(np.float32)
    both = [
        load_tagger(TaggingSettings(model=str(make(shape)), threads=1)).score(noise, RATE, 700)
        for shape in (("b", "n"), (1, "n"), ("n",))
    ]
    assert both[0].shape == ((len(noise) - RATE) // 700 + 1, 2)
    for other in both[1:]:
        np.testing.assert_allclose(other, both[0], atol=1e-6)


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


@pytest.mark.weights
def test_exporting_prints_its_own_line_alone(shared, tmp_path):
    pytest.importorskip("paddle2onnx", reason="needs paddle2onnx: pip install '.[onnx-export]'")
    done = in_a_process("models", "export", "mn04", "-o", tmp_path / "m.onnx")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"wrote {tmp_path}/m.onnx: waveforms in, scores out; use it with --model {tmp_path}/m.onnx"
    ]


def test_an_exporter_that_does_not_go_with_this_paddle_is_said(tmp_path):
    pytest.importorskip("paddle", reason="needs Paddle: pip install '.[cpu]'")
    (tmp_path / "onnx.py").touch()
    (tmp_path / "paddle2onnx.py").write_text("raise ValueError('Paddle is too old. See a page.')")
    done = in_a_process("models", "export", "mn04", "-o", tmp_path / "m.onnx", path=tmp_path)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "pip install -U 'tag-overlay[cpu,onnx-export]' (Paddle is too old)" in done.stderr
    assert {path.suffix for path in tmp_path.iterdir()} <= {".py", ""}  # and what Python caches


def in_a_process(*argv, path=""):
    """The command in a process of its own, whose modules are first looked for in a folder."""
    places = [str(path), str(Path(overlay.__file__).parents[1])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))}
    command = [sys.executable, "-m", "overlay", *map(str, argv)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, cwd=path or None
    )


def test_other_models_cannot_be_exported(tmp_path):
    with pytest.raises(TaggerError, match="known: mn04"):
        export_onnx("cnn14", tmp_path / "m.onnx")
