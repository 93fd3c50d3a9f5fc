"""Checkpoints of both frameworks load; nothing in them is executed."""

import os
import pickle
import zipfile

import numpy as np
import pytest
from tagging_checkpoints import (
    Tensor,
    as_torch,
    golden_weight,
    write_paddle,
    write_torch_legacy,
    write_torch_zip,
)

from overlay.errors import CheckpointError
from overlay.tagging.panns import cnn6, cnn10
from overlay.tagging.weights.checkpoint import check_arrays, read_arrays, renamed
from overlay.tagging.weights.loading import load_into

WRITERS = [write_torch_zip, write_torch_legacy]


def weights(net):
    return {
        name: golden_weight(name, tuple(value.shape)) for name, value in net.state_dict().items()
    }


@pytest.mark.parametrize("write", WRITERS)
def test_the_original_checkpoints_load_with_names_and_layout_changed(tmp_path, write):
    net = cnn6(n_classes=5)
    expected = weights(net)
    load_into(net, write(tmp_path / "w.pth", as_torch(expected)))
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), expected[name], err_msg=name)
    assert expected["fc1.weight"].shape == (512, 512)  # square: a missed transpose is silent
    assert not np.array_equal(expected["fc1.weight"], expected["fc1.weight"].T)


def test_paddles_own_checkpoints_load(tmp_path):
    net = cnn6(n_classes=5)
    expected = weights(net)
    load_into(net, write_paddle(tmp_path / "w.pdparams", expected))
    np.testing.assert_array_equal(net.fc1.weight.numpy(), expected["fc1.weight"])


class Runs:
    """Pickles to a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


EVIL = {
    "system": lambda marker: Runs(os.system, f"touch {marker}"),
    "eval": lambda marker: Runs(eval, f"open({str(marker)!r}, 'w')"),
    "exec": lambda marker: Runs(exec, f"open({str(marker)!r}, 'w')"),
    "getattr": lambda marker: Runs(getattr, str, "format"),
    "object array": lambda marker: np.array([Runs(os.system, f"touch {marker}")], object),
    "import": lambda marker: Runs(__import__, "this"),
}


@pytest.mark.parametrize("kind", EVIL)
@pytest.mark.parametrize("around", ["alone", "in a state dict", "in a zip"])
def test_no_pickle_is_executed(tmp_path, kind, around):
    marker, path = tmp_path / "executed", tmp_path / "evil.pdparams"
    content = EVIL[kind](marker)
    if around != "alone":
        content = {"fc1.weight": np.zeros((2, 2), np.float32), "x": content}
    data = pickle.dumps(content, protocol=2)
    if around == "in a zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", data)
    else:
        path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_arrays(path)
    assert not marker.exists()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a usable checkpoint"),
        (b"no checkpoint at all", "not a usable checkpoint"),
        (pickle.dumps([1, 2, 3]), "not a usable checkpoint"),
        (pickle.dumps({}), "holds no weights"),
    ],
)
def test_files_that_are_no_checkpoints_are_said(tmp_path, content, said):
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        read_arrays(path)


CLAIMS = {
    "a place in the memo": b"\x80\x02}r\x00\x00\x00\x08.",
    "a place in decimals": b"\x80\x02}p134217728\n.",
    "a bytearray": b"\x80\x05\x96\x00\x00\x00\x00\x01\x00\x00\x00abc.",
    "a frame": b"\x80\x04\x95\x00\x00\x00\x00\x01\x00\x00\x00}.",
    "a text": b"\x80\x04\x8d\x00\x00\x00\x00\x01\x00\x00\x00abc.",
    "many steps": b"\x80\x02" + b"}0" * (1 << 18) + b"}.",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_a_pickle_claims_takes_no_memory(tmp_path, claim):
    """A place of 2^27 in the memo takes two gigabytes, in twelve bytes of file."""
    path = tmp_path / "w.pdparams"
    path.write_bytes(CLAIMS[claim])
    with pytest.raises(CheckpointError, match="not a usable checkpoint"):
        read_arrays(path)


@pytest.mark.parametrize("write", [*WRITERS, write_paddle])
def test_a_cut_file_is_said(tmp_path, write):
    path = write(tmp_path / "w", {"fc1.weight": np.ones((64, 64), np.float32)})
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(CheckpointError):
        read_arrays(path)


NUMBERS = [
    *(np.array([[1.5, -2.0], [3.0, 60000]], kind) for kind in ("f8", "f4", "f2")),
    *(np.array([[1, 0], [3, 100]], kind) for kind in ("i8", "i4", "i2", "i1", "u1", "?")),
]


@pytest.mark.parametrize("write", [*WRITERS, write_paddle])
@pytest.mark.parametrize("array", NUMBERS, ids=lambda array: array.dtype.name)
def test_numbers_of_every_kind_come_back(tmp_path, write, array):
    read = read_arrays(write(tmp_path / "w", {"a": array, "b.c": array[0]}))
    assert list(read) == ["a", "b.c"]
    assert read["a"].dtype == array.dtype
    np.testing.assert_array_equal(read["a"], array)
    np.testing.assert_array_equal(read["b.c"], array[0])


@pytest.mark.parametrize("protocol", range(5))
@pytest.mark.parametrize(
    "array",
    [np.float32([[1, 2, 3], [4, 5, 6]]), np.asfortranarray(np.float32([[1, 2], [3, 4]])),
     np.array([1.5, 2.5], ">f4"), np.array([1, 2], ">i8")],
    ids=["plain", "fortran", "big-endian", "big integers"],
)  # fmt: skip
def test_arrays_as_every_python_pickles_them(tmp_path, protocol, array):
    path = tmp_path / "w.pdparams"
    path.write_bytes(pickle.dumps({"a": array, "n": np.float32(3), "epoch": 4}, protocol=protocol))
    read = read_arrays(path)
    assert list(read) == ["a"]  # what is no array is passed over
    np.testing.assert_array_equal(read["a"], array)


def test_arrays_as_python_2_pickled_them(tmp_path):
    path, data = tmp_path / "w.pdparams", np.float32([1.5, -0.0]).tobytes()
    path.write_bytes(
        b"\x80\x02}U\x01acnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff"
        b"\xff\xff\xffK\x00tb\x89U\x08" + data + b"tbs."
    )
    assert read_arrays(path)["a"].tolist() == [1.5, -0.0]


class Evaluated:
    """Pickles as Paddle wraps some tensors."""

    def __init__(self, expression, **scope):
        self.call = expression, scope

    def __reduce__(self):
        return eval, self.call


def test_tensors_as_paddle_wraps_them(tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    path = write_paddle(tmp_path / "w", {"a": ("a", array), "b": Evaluated("data", data=array)})
    read = read_arrays(path)
    np.testing.assert_array_equal(read["a"], array)
    np.testing.assert_array_equal(read["b"], array)


@pytest.mark.parametrize("key", ["model", "state_dict"])
def test_what_lies_around_the_weights_is_left(tmp_path, key):
    content = {key: {"a": np.zeros(2, np.float32)}, "optimizer": {"m": np.ones(3)}, "x": np.ones(1)}
    assert list(read_arrays(write_paddle(tmp_path / "w", content))) == ["a"]


STORED = np.arange(12, dtype=np.float32)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("tensor", "holds"),
    [
        (Tensor(STORED, 0, (3, 4), (4, 1)), STORED.reshape(3, 4)),
        (Tensor(STORED, 0, (4, 3), (1, 4)), STORED.reshape(3, 4).T),
        (Tensor(STORED, 5, (3,), (2,)), STORED[5:10:2]),
        (Tensor(STORED, 11, (), ()), STORED[11]),
        (Tensor(STORED, 8, (2, 2), (2, 1)), STORED[8:].reshape(2, 2)),  # up to the last number
        (Tensor(STORED, 3, (5,), (0,)), STORED[[3] * 5]),
        (Tensor(STORED, 0, (0, 7), (7, 1)), np.zeros((0, 7))),
        (Tensor(STORED, 9, (2, 2), (2, 1)), "reaches beyond its storage"),
        (Tensor(STORED, 12, (1,), (1,)), "reaches beyond its storage"),
        (Tensor(STORED, 0, (13,), (0,)), "reaches beyond its storage"),
        (Tensor(STORED, 0, (10**9, 10**9), (0, 0)), "reaches beyond its storage"),
        (Tensor(STORED, -1, (2,), (1,)), "negative size"),
        (Tensor(STORED, 11, (2,), (-1,)), "negative size"),
        (Tensor(STORED, 0, (-2,), (1,)), "negative size"),
        (Tensor(STORED, 0, (1.5,), (1,)), "negative size"),
        (Tensor(STORED, 0, (2, 2), (1,)), "no storage"),
        (Tensor(STORED.astype("complex64"), 0, (2,), (1,)), "torch.ComplexFloatStorage"),
    ],
)
def test_a_tensor_is_a_view_that_stays_inside_its_storage(tmp_path, write, tensor, holds):
    path = write(tmp_path / "w", {"a": tensor})
    if isinstance(holds, str):
        with pytest.raises(CheckpointError, match=holds):
            read_arrays(path)
    else:
        array = read_arrays(path)["a"]
        np.testing.assert_array_equal(array, holds)
        assert array.flags.owndata


def changed_zip(path, change):
    """A file with one tensor of four numbers, whose members were changed."""
    write_torch_zip(path, {"a": np.ones(4, np.float32)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in change(members).items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: {"archive/data/0": m["archive/data/0"]}, "a zip archive without weights"),
        (lambda m: {**m, "archive/data/0": bytes(15)}, "storage 0 does not have its size"),
        (lambda m: {**m, "archive/data/0": bytes(20)}, "storage 0 does not have its size"),
        (lambda m: {"archive/data.pkl": m["archive/data.pkl"]}, "archive/data/0"),
        (lambda m: {**m, "archive/data.pkl": b"x"}, "not a usable checkpoint"),
        (lambda m: {}, "not a usable npz|no npz|not a usable checkpoint"),
    ],
)
def test_a_zip_whose_members_do_not_fit_is_refused(tmp_path, change, said):
    path = changed_zip(tmp_path / "w.pth", change)
    with pytest.raises(CheckpointError, match=said) as caught:
        read_arrays(path)
    assert str(path) in str(caught.value)


def test_a_packed_storage_is_refused(tmp_path):
    """Frameworks store them plain: one that must be unpacked may be of any size."""
    arrays = {"a": np.zeros(1 << 16, np.float32)}
    with pytest.raises(CheckpointError, match="does not have its size"):
        read_arrays(write_torch_zip(tmp_path / "w", arrays, zipfile.ZIP_DEFLATED))


def test_a_table_of_contents_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "w.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes((64 << 20) + 1))
    with pytest.raises(CheckpointError, match="table of contents is too large"):
        read_arrays(path)


LEGACY = 0x1950A86A20F9469CFC6C


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.replace(pickle.dumps(1001, 2), pickle.dumps(1002, 2)), "version"),
        (lambda data: data[:-1], "ends too early"),
        (lambda data: data[:-24] + (5).to_bytes(8, "little") + data[-16:], "ends too early"),
        (lambda data: data[:-24], "ends too early"),
    ],
)
def test_an_old_file_that_was_changed_is_refused(tmp_path, change, said):
    path = write_torch_legacy(tmp_path / "w", {"a": np.ones(4, np.float32)})
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(CheckpointError, match=said):
        read_arrays(path)


def test_storages_that_claim_more_than_the_file_has_take_no_memory(tmp_path):
    path = write_torch_legacy(tmp_path / "w", {"a": np.ones(77, np.float32)})
    data = path.read_bytes()
    assert data.count(b"K\x4d") >= 1  # 77, as the pickle says it
    path.write_bytes(data.replace(b"K\x4d", b"J\xff\xff\xff\x7f"))
    with pytest.raises(CheckpointError, match="larger than the file"):
        read_arrays(path)
    path.write_bytes(data.replace(b"K\x4d", b"J\xff\xff\xff\xff"))
    with pytest.raises(CheckpointError, match="larger than the file"):
        read_arrays(path)


def test_one_storage_may_hold_many_tensors(tmp_path):
    rows = {str(row): Tensor(STORED, 4 * row, (4,), (1,)) for row in range(3)}
    for write in WRITERS:
        read = read_arrays(write(tmp_path / "w", rows))
        np.testing.assert_array_equal(np.concatenate([read[str(row)] for row in range(3)]), STORED)


def reconstructed(dtype=b"f4", data=b"C\x04\0\0\0\0", order=b"<"):
    """A pickle of one array of one number, with parts of it changed."""
    return (
        b"\x80\x03}X\x01\0\0\0acnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b"
        b"\x87R(K\x01K\x01\x85cnumpy\ndtype\nX" + bytes([len(dtype)]) + b"\0\0\0" + dtype +
        b"K\0K\x01\x87R(K\x03X\x01\0\0\0" + order + b"NNNJ\xff\xff\xff\xff"
        b"J\xff\xff\xff\xffK\0tb\x89" + data + b"tbs."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (reconstructed(dtype=b"O8", data=b"]"), "objects, not numbers"),
        (reconstructed(dtype=b"O8"), "'O8' are no weights"),
        (reconstructed(dtype=b"V4"), "'V4' are no weights"),
        (reconstructed(dtype=b"c8"), "'c8' are no weights"),
        (reconstructed(dtype=b"f4,f4"), "are no weights"),
        (reconstructed(dtype=b"f"), "'f' are no weights"),
        (reconstructed(dtype=b"f999"), "are no weights"),
        (reconstructed(data=b"C\x08" + bytes(8)), "reshape"),
        (reconstructed(data=b"C\x03" + bytes(3)), "buffer"),
        (pickle.dumps({"a": Evaluated("data.x", data=1)}), r"evaluate 'data\.x'; it was not run"),
        (b"\x80\x02}U\x01ac_codecs\nencode\nU\x01xU\x05utf-8\x86Rs.", "encoding 'utf-8'"),
        (b"\x80\x02}U\x01aU\x01xQs.", "data outside of itself"),
        (b"\x80\x02}U\x01a(U\x07storageNNNNtQs.", "data outside of itself"),
        (b"\x80\x02}U\x01actorch\nFloatStorage\n)Rs.", "not a usable checkpoint"),
        (b"\x80\x02}U\x01acnumpy\nndarray\n)Rs.", "not a usable checkpoint"),
        (b"\x80\x02}U\x01ac__builtin__\ngetattr\ns.", "asks to run __builtin__.getattr"),
        (pickle.dumps({"a": 1, "b": "text", "c": None}), "holds no weights"),
        (pickle.dumps({"model": 3, "x": "y"}), "holds no weights"),
    ],
)
def test_what_is_no_table_of_weights_is_refused(tmp_path, content, said):
    path = tmp_path / "w.pdparams"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said) as caught:
        read_arrays(path)
    assert "\n" not in str(caught.value)


def test_the_recipe_of_a_changed_pickle_is_right(tmp_path):
    (tmp_path / "w").write_bytes(reconstructed(data=b"C\x04" + np.float32(2.5).tobytes()))
    assert read_arrays(tmp_path / "w")["a"].tolist() == [2.5]
    (tmp_path / "w").write_bytes(reconstructed(order=b">", data=b"C\x04\x40\x20\0\0"))
    assert read_arrays(tmp_path / "w")["a"].tolist() == [2.5]


def test_an_npz_of_weights_is_read_in_single_precision(tmp_path):
    np.savez(tmp_path / "w.npz", half=np.float16([1, 0.5]), double=np.array([0.1]))
    read = read_arrays(tmp_path / "w.npz")
    assert {name: array.dtype.name for name, array in read.items()} == {
        "half": "float32", "double": "float64",
    }  # fmt: skip
    assert read["half"].tolist() == [1, 0.5]


@pytest.mark.parametrize("path", ["missing.pt", "."])
def test_a_file_that_cannot_be_read_is_said(tmp_path, path):
    with pytest.raises(CheckpointError, match=str(tmp_path)):
        read_arrays(tmp_path / path)


def test_pytorchs_names_and_layout_become_paddles():
    arrays = {
        "bn.running_mean": np.array([1.0]), "bn.running_var": np.array([2.0]),
        "bn.weight": np.array([3.0]), "bn.num_batches_tracked": np.array(4),
        "fc.weight": np.array([[1.0, 2.0], [3.0, 4.0]]), "conv.weight": np.zeros((2, 2)),
        "spectrogram_extractor.x": np.zeros(1), "logmel_extractor.y": np.zeros(1),
    }  # fmt: skip
    made = renamed(arrays, {"fc.weight"})
    assert set(made) == {"bn._mean", "bn._variance", "bn.weight", "fc.weight", "conv.weight"}
    assert made["fc.weight"].tolist() == [[1, 3], [2, 4]]
    assert (made["bn._mean"][0], made["bn._variance"][0], made["bn.weight"][0]) == (1, 2, 3)
    paddles = {"bn._mean": np.zeros(1), "fc.weight": arrays["fc.weight"], "step": np.array(3)}
    kept = renamed(paddles, {"fc.weight"})
    assert set(kept) == {"bn._mean", "fc.weight"}
    np.testing.assert_array_equal(kept["fc.weight"], arrays["fc.weight"])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, r"lacks a; it is for another network \(expected it, got none\)"),
        ({"a": np.zeros(3)}, r"a does not fit the network \(expected \(2,\), got \(3,\)\)"),
        ({"a": np.zeros((2, 1))}, "a does not fit"),
        ({"a": np.array([1, np.nan])}, "a holds NaN or infinity"),
        ({"a": np.array([1, np.inf])}, "a holds NaN or infinity"),
        ({"a": np.zeros(2), "z": np.zeros(1), "b": np.zeros(1)},
         r"holds b, which this network lacks \(expected 1, got 3\)"),
    ],
)  # fmt: skip
def test_arrays_are_just_those_that_a_network_needs(arrays, said):
    with pytest.raises(CheckpointError, match=rf"^w\.pt: {said}"):
        check_arrays(arrays, {"a": (2,)}, "w.pt")
    check_arrays({"a": np.zeros(2)}, {"a": (2,)}, "w.pt")


def test_weights_of_another_network_are_refused(tmp_path):
    path = write_paddle(tmp_path / "cnn6.pdparams", weights(cnn6(n_classes=5)))
    with pytest.raises(CheckpointError, match="does not fit the network"):
        load_into(cnn10(n_classes=5), path)


@pytest.mark.parametrize("change", ["missing", "shape", "more"])
def test_every_name_and_shape_is_checked(tmp_path, change):
    net = cnn6(n_classes=5)
    arrays = weights(net)
    if change == "missing":
        del arrays["fc_audioset.bias"]
    elif change == "shape":
        arrays["fc_audioset.bias"] = np.zeros(6, np.float32)
    else:
        arrays["surprise.weight"] = np.zeros((2, 2), np.float32)
    before = net.fc_audioset.bias.numpy().copy()
    with pytest.raises(CheckpointError):
        load_into(net, write_paddle(tmp_path / "w.pdparams", arrays))
    np.testing.assert_array_equal(net.fc_audioset.bias.numpy(), before)
