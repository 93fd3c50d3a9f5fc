"""The models as a person sees them: listed, fetched, verified."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from overlay.errors import CheckpointError, DownloadError, TaggerError, UnknownTagger
from overlay.resources import resource
from overlay.tagging.catalog import (
    cached_models,
    device_lines,
    fetch_models,
    list_models,
    verify_models,
)
from overlay.tagging.models import SPECS
from overlay.tagging.weights.published import MODELS_VARIABLE, WEIGHTS, find, sha256, verify

SHIPPED = resource("assets", "models", "builtin.npz")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A machine on which no weights are, and nobody answers at the address of one model."""
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("mn04", "frame_mn10"):
        offline = WEIGHTS[name].__class__(f"{name}.pt", "http://127.0.0.1:9/w", None, "MIT", 4)
        monkeypatch.setitem(WEIGHTS, name, offline)
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_every_model_has_a_line_that_says_where_its_weights_are(folder):
    (folder / "panns_cnn10.pdparams").write_bytes(b"w")
    head, *lines = list_models()
    assert head.split() == ["name", "mAP", "params", "size", "licence", "weights"]
    assert [line.split()[0] for line in lines] == list(SPECS)
    said = {line.split()[0]: line for line in lines}
    assert said["builtin"].split()[1:5] == ["-", "2.3M", "4", "MB"]
    assert said["builtin"].endswith(str(SHIPPED))
    assert "0.431" in said["cnn14"] and "80.8M" in said["cnn14"] and "CC BY 4.0" in said["cnn14"]
    assert said["cnn14"].endswith("not here; fetched on first use")
    assert said["cnn10"].endswith(str(folder / "panns_cnn10.pdparams"))
    assert len({line.index(WEIGHTS[name].licence) for name, line in said.items()}) == 1
    assert cached_models() == ["builtin", "cnn10"]


def test_facts_of_the_published_models():
    assert {name: spec.mean_average_precision for name, spec in SPECS.items()} == {
        "builtin": None, "mn04": 0.432, "cnn14": 0.431, "cnn10": 0.380, "cnn6": 0.343,
        "frame_mn06": None, "frame_mn10": None,
    }  # fmt: skip
    for name, spec in SPECS.items():
        assert (spec.name, next(iter(spec.front_ends))) == (name, "own")
        assert spec.sample_rate == (16000 if spec.frames else 32000)
        assert len(spec.vocabulary()) == (447 if spec.frames else 527)
        assert spec.shares == name.startswith("cnn")
        url = spec.weights.url
        assert url is None or (url.startswith("https://") and " " not in url and "=0" not in url)


def test_weights_that_are_here_are_not_fetched(folder):
    (folder / "cnn6-x").write_bytes(b"x")
    (folder / "panns_cnn6.pdparams").write_bytes(b"w")
    assert list(fetch_models(["cnn6", "builtin"])) == [
        f"cnn6: {folder / 'panns_cnn6.pdparams'}", f"builtin: {SHIPPED}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "missing"),
    [([], "mn04.pt"), (["mn04"], "mn04.pt"), (["fine"], "mn04.pt"), (["frame_mn10"], "frame_mn10")],
)
def test_what_cannot_be_fetched_is_said(names, missing):
    with pytest.raises(DownloadError, match=missing):
        list(fetch_models(names))


@pytest.mark.parametrize("work", [fetch_models, verify_models])
def test_a_name_that_nobody_has_is_said_before_anything_is_done(work):
    with pytest.raises(UnknownTagger, match="'cnn99'; known are builtin, mn04"):
        next(work(["builtin", "cnn99"]))


def test_fine_is_the_weights_of_two(folder):
    for name in ("mn04", "frame_mn10"):
        (folder / f"{name}.pt").write_bytes(b"w")
    assert [line.partition(":")[0] for line in fetch_models(["fine"])] == ["mn04", "frame_mn10"]


def test_verifying_says_what_was_looked_at(folder):
    assert list(verify_models(["builtin"])) == [
        f"builtin: {SHIPPED} is right: hash and shapes; sha256 {sha256(SHIPPED)}"
    ]
    assert len(list(verify_models([]))) == 1  # all that are here
    with pytest.raises(TaggerError, match="mn04: not on this machine; 'tag-overlay models fetch"):
        list(verify_models(["mn04"]))
    np.savez(folder / "panns_cnn6.pdparams.npz", a=np.zeros(3))
    (folder / "panns_cnn6.pdparams.npz").rename(folder / "panns_cnn6.pdparams")
    with pytest.raises(CheckpointError, match=r"panns_cnn6\.pdparams"):
        list(verify_models(["cnn6"]))


def test_only_the_published_name_has_the_published_hash(tmp_path):
    path = tmp_path / "Cnn10_mAP=0.380.pth"
    path.write_bytes(b"other")
    with pytest.raises(CheckpointError, match="bfb1f1f9968938fa8ef4012b8471f5f6, got"):
        verify(path, "cnn10")
    verify(Path(shutil.copy(path, tmp_path / "panns_cnn10.pdparams")), "cnn10")
    verify(path, "cnn6")  # nobody published one
    shutil.copy(SHIPPED, tmp_path / "builtin.npz")
    verify(tmp_path / "builtin.npz", "builtin")


@pytest.mark.parametrize("named", [True, False])
def test_weights_are_looked_for_in_the_named_folder_then_in_the_cache(
    folder, tmp_path, monkeypatch, named
):
    cache = tmp_path / "cache/tag-overlay/models"
    cache.mkdir(parents=True)
    (cache / "Cnn14_mAP=0.431.pth").write_bytes(b"w")
    if named:
        (folder / "Cnn14_mAP=0.431.pth").mkdir()  # a folder is no file of weights
        assert find("cnn14") == cache / "Cnn14_mAP=0.431.pth"
        (folder / "panns_cnn14.pdparams").write_bytes(b"w")
        assert find("cnn14") == folder / "panns_cnn14.pdparams"
    else:
        monkeypatch.delenv(MODELS_VARIABLE)
        assert find("cnn14") == cache / "Cnn14_mAP=0.431.pth"
    assert find("cnn10") is None
    assert find("builtin") == SHIPPED


def test_what_paddle_can_run_on_is_said():
    pytest.importorskip("paddle")
    version, device, *rest = device_lines()
    assert version[0].isdigit()
    assert device in ("built for CPUs; no GPU can be used",) or device.startswith("built for GPUs")
    assert len(rest) == 1 and "paddleaudio" in rest[0]
