"""Checkpoints of both frameworks load; nothing in them is executed."""

import os
import pickle
import zipfile

import numpy as np
import pytest
from tagging_checkpoints import (
    as_torch,
    golden_weight,
    write_paddle,
    write_torch_legacy,
    write_torch_zip,
)

from overlay.errors import CheckpointError
from overlay.tagging.networks.panns import cnn6, cnn14
from overlay.tagging.weights.checkpoint import read_arrays
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


def test_weights_of_another_network_are_refused(tmp_path):
    path = write_paddle(tmp_path / "cnn6.pdparams", weights(cnn6()))
    with pytest.raises(CheckpointError):
        load_into(cnn14(), path)


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
