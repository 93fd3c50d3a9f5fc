"""Damaged models: heads of own labels, checkpoints with pickles of chance, ONNX files."""

import io
import pickletools
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
from campaigns.material import in_child, make
from campaigns.mutated_arrays import damaged_npz
from campaigns.mutating import mutated
from campaigns.trying import Case
from tagging_checkpoints import write_paddle, write_torch_legacy, write_torch_zip


def made(folder: Path) -> dict[str, object]:
    return {
        "head": _trained_head(folder).read_bytes(), "points": _checkpoints(folder),
        "onnx": _onnx(folder),
    }  # fmt: skip


def _trained_head(made: Path) -> Path:
    folder = made / "own"
    for label, sound in (("hum", "sine=200:d=1"), ("hiss", "anoisesrc=d=1:a=0.5")):
        folder.joinpath(label).mkdir(parents=True)
        for n in range(3):
            make(folder / label / f"{n}.wav", "-f", "lavfi", "-i", sound, "-ss", str(n / 10))
    in_child(["train", folder, "--model", "builtin", "-o", made / "own.model.npz", "-q"])
    shutil.rmtree(folder)
    return made / "own.model.npz"


def _checkpoints(made: Path):
    arrays = {
        "conv_block1.conv1.weight": np.zeros((8, 1, 3, 3), np.float32),
        "fc_audioset.bias": np.zeros(527, np.float32),
        "bn0.num_batches_tracked": np.array(3, np.int64),
    }
    return {
        "zip": write_torch_zip(made / "a.pth", arrays).read_bytes(),
        "old": write_torch_legacy(made / "b.pth", arrays).read_bytes(),
        "paddle": write_paddle(made / "c.pdparams", arrays).read_bytes(),
    }


def a_head(chance, folder, material) -> Case:
    with np.load(io.BytesIO(material["head"])) as arrays:
        data, how = damaged_npz(chance, material["head"], dict(arrays))
    (folder / "own.model.npz").write_bytes(data)
    argv = ("tag", "clip.mp4", "--model", "own.model.npz", "--no-cache", "-o", "out.npz", "-q")
    return Case(f"head: {how}", argv, folder, ("out.npz",))


_OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
_GLOBALS = ("os\nsystem\n", "builtins\neval\n", "posix\nsystem\n", "subprocess\nPopen\n",
            "numpy.core.multiarray\n_reconstruct\n", "torch._utils\n_rebuild_tensor_v2\n",
            "collections\nOrderedDict\n", "torch\nFloatStorage\n", "numpy\ndtype\n",
            "builtins\nbytearray\n", "builtins\ngetattr\n")  # fmt: skip


def _pickle(chance) -> bytes:
    """A program of pickle's machine, often one that runs something."""
    parts = [b"\x80" + bytes([chance.choice((2, 3, 4, 5))])]
    for _ in range(chance.randrange(2, 40)):
        parts.append(chance.choice((
            chance.choice(_OPCODES),
            chance.choice(_OPCODES) + chance.randbytes(chance.choice((1, 2, 4, 8))),
            b"c" + chance.choice(_GLOBALS).encode(),
            b"(X\x0d\x00\x00\x00touch injectedtR",
            b"(S'touch injected'\ntR", b"(K\x01K\x02l", b"}", b"]", b")", b"0", b"2",
            b"r" + struct.pack("<I", chance.choice((0, 5, 1 << 30, 0xFFFFFFFF))),
            b"B" + struct.pack("<I", chance.choice((3, 1 << 31, 0xFFFFFFF0))) + b"abc",
            b"\x8a" + bytes([chance.randrange(256)]) + chance.randbytes(9),
            b"\x96" + struct.pack("<Q", chance.choice((3, 1 << 40))) + b"abc",
        )))  # fmt: skip
    return b"".join(parts) + b"."


def checkpoint(chance, folder, material) -> Case:
    kind = chance.choice(list(material["points"]))
    data = material["points"][kind]
    if chance.random() < 0.5:
        data, how = mutated(chance, data)
    else:
        data, how = _with_program(chance, kind, data), "a pickle of chance"
    name = chance.choice(("w.pth", "w.pt", "w.pdparams", "w.npz", "w.onnx"))
    (folder / name).write_bytes(data)
    model = chance.choice(("cnn6", "cnn14", "mn04", "builtin"))
    argv = ("tag", "clip.mp4", "--model", model, "--weights", name, "-o", "out.npz", "-q")
    return Case(f"checkpoint, {kind}: {how}", argv, folder, ("out.npz",), allowed=(3, 4, 5, 6))


def _with_program(chance, kind, data) -> bytes:
    program = _pickle(chance)
    if kind == "paddle":
        return program
    if kind == "old":
        at = data.find(b"\x80\x02}")
        return data[:at] + program + data[at:]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", program)
        archive.writestr("archive/data/0", b"\0" * 64)
        archive.writestr("archive/version", "3\n")
    return file.getvalue()


_META = {"sample_rate": "8000", "labels": '["loud", "soft"]', "activation": "none"}
_ODD_META = (
    ("sample_rate", "nan"), ("sample_rate", "0"), ("sample_rate", "1e999"),
    ("sample_rate", "384000"), ("sample_rate", "9" * 5000), ("window_s", "60"),
    ("window_s", "-1"), ("hop_s", "0.01"),
    ("hop_s", "1e-300"), ("labels", "[" * 100_000), ("labels", "[1]"), ("labels", "a\nb\nc"),
    ("labels", '["\\ud800", "\\u0000"]'), ("labels", "x" * 100_000), ("activation", "softmax"),
    ("activation", "\x1b[31m"), ("unknown", "\0"),
)  # fmt: skip


def _onnx(folder: Path) -> bytes:
    """How loud a waveform is, and how soft; nothing where the package is not installed."""
    try:
        import onnx
        import onnxruntime  # noqa: F401  so that no child has to
    except ImportError:
        return b""
    model = _loudness(onnx)
    onnx.helper.set_model_props(model, _META)
    return bytes(model.SerializeToString())


def _loudness(onnx):
    h = onnx.helper
    nodes = [
        h.make_node("Abs", ["x"], ["a"]),
        h.make_node("ReduceMean", ["a"], ["loud"], axes=[1], keepdims=1),
        h.make_node("Sub", ["one", "loud"], ["soft"]),
        h.make_node("Concat", ["loud", "soft"], ["y"], axis=-1),
    ]
    one = onnx.numpy_helper.from_array(np.array([1.0], np.float32), "one")
    takes = [h.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ("b", "n"))]
    gives = [h.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)]
    graph = h.make_graph(nodes, "g", takes, gives, [one])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)


def an_onnx_file(chance, folder, material) -> Case:
    data = material["onnx"]
    if not data:
        return checkpoint(chance, folder, material)
    if chance.random() < 0.7:
        data, how = mutated(chance, data)
    else:
        data, how = _odd_onnx(chance, data)
    (folder / "w.onnx").write_bytes(data)
    argv = ("tag", "clip.mp4", "--model", "w.onnx", "--no-cache", "-o", "out.npz", "-q")
    return Case(f"ONNX: {how}", argv, folder, ("out.npz",))


def _odd_onnx(chance, data: bytes):
    import onnx

    model = onnx.load_from_string(data)
    if chance.random() < 0.6:
        key, value = chance.choice(_ODD_META)
        onnx.helper.set_model_props(model, _META | {key: value})
        return model.SerializeToString(), f"{key} {value[:20]!r}"
    where = chance.choice(("/etc/passwd", "../scores.npz", "scores.npz", "/dev/zero", "a" * 200))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", where), ("length", chance.choice(("4", "9" * 18, "-1")))):
        tensor.external_data.add(key=key, value=value)
    return model.SerializeToString(), f"weights in {where[:20]}"
