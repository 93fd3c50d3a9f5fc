"""Weights that ship and weights that are published: where, what they should be, fetching."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overlay.errors import CheckpointError, DownloadError
from overlay.resources import cache_folder, resource

MODELS_VARIABLE = "TAG_OVERLAY_MODELS"
"""Environment variable that names a folder to look in first."""

_ZENODO = "https://zenodo.org/record/3987831/files/"


@dataclass(frozen=True, slots=True)
class Weights:
    """One weights file."""

    file: str
    url: str | None
    """``None`` for a file that ships in ``assets/models``."""
    digest: str | None
    """``algorithm:hex`` where one is published."""
    licence: str
    megabytes: float


WEIGHTS = {
    "builtin": Weights(
        "builtin.npz",
        None,
        "sha256:3000f9a0a7811f8a664bea4118b9657828206a2460b49e56f8610b6cd43fbd77",
        "Apache-2.0",
        3,
    ),
    "mn04": Weights(
        "mn04_as_mAP_432.pt",
        "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1/mn04_as_mAP_432.pt",
        "sha256:899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c",
        "MIT",
        4,
    ),
    "cnn14": Weights(
        "Cnn14_mAP=0.431.pth",
        f"{_ZENODO}Cnn14_mAP%3D0.431.pth?download=1",
        "md5:541141fa2ee191a88f24a3219fff024e",
        "CC BY 4.0",
        327,
    ),
    "cnn10": Weights(
        "Cnn10_mAP=0.380.pth",
        f"{_ZENODO}Cnn10_mAP%3D0.380.pth?download=1",
        "md5:bfb1f1f9968938fa8ef4012b8471f5f6",
        "CC BY 4.0",
        25,
    ),
    "cnn6": Weights(
        "Cnn6_mAP=0.343.pth", f"{_ZENODO}Cnn6_mAP%3D0.343.pth?download=1", None, "CC BY 4.0", 24
    ),
}


def find(name: str) -> Path | None:
    """The weights of a model on this machine, or ``None``.

    ``TAG_OVERLAY_MODELS`` is looked in first, then the cache. PaddleAudio's own file names
    (``panns_cnn14.pdparams``) are taken too.
    """
    if WEIGHTS[name].url is None:
        return resource("assets", "models", WEIGHTS[name].file)
    folders = [cache_folder() / "models"]
    if os.environ.get(MODELS_VARIABLE):
        folders.insert(0, Path(os.environ[MODELS_VARIABLE]))
    names = (WEIGHTS[name].file, f"panns_{name}.pdparams")
    return next((f / n for f in folders for n in names if (f / n).is_file()), None)


def fetch(name: str) -> Path:
    """The weights of a model, downloaded on first use.

    The file appears under its name only when it is complete and its hash is right.

    Raises:
        DownloadError: There is no way to get it; says what to fetch from where and where to put it.
    """
    found = find(name)
    return found if found is not None else download(WEIGHTS[name], cache_folder() / "models")


def download(weights: Weights, folder: Path, loader: Any = None) -> Path:
    """Fetch a published weights file into a folder, with a progress bar.

    Args:
        weights: Which.
        folder: Where it goes.
        loader: Called with URL and target file; by default HTTP.

    Raises:
        DownloadError: It cannot be fetched, or is not what was published.
    """
    import logging

    import pooch

    assert weights.url is not None
    pooch.get_logger().setLevel(logging.ERROR)
    loader = loader or pooch.HTTPDownloader(progressbar=os.isatty(2), timeout=30)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        got = pooch.retrieve(
            weights.url, weights.digest, fname=weights.file, path=folder, downloader=loader
        )
    except (OSError, ValueError) as error:
        wrong = "hash" in str(error)
        what = "the download is not the published file" if wrong else "cannot be downloaded"
        raise DownloadError(
            f"{weights.file}: {what}; fetch {weights.url} by other means and put it into {folder} "
            f"(or into a folder that {MODELS_VARIABLE} names)"
        ) from error
    return Path(got)


def download_within(seconds: float, weights: Weights, folder: Path) -> None:
    """Fetch a small weights file, or give up after some seconds and leave nothing behind.

    The bytes come in a thread of their own, since no time limit of a download covers the name
    service.

    Raises:
        DownloadError: As ``download``, or it takes too long.
    """
    import pooch

    content, trouble = io.BytesIO(), list[Exception]()

    def load() -> None:
        try:
            pooch.HTTPDownloader(timeout=seconds)(weights.url, content, None)
        except Exception as error:  # handed to the waiting thread
            trouble.append(error)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise DownloadError(f"{weights.file}: was not downloaded within {seconds:g} s")

    def keep(url: str, target: str, _: object) -> None:
        if trouble:
            raise trouble[0]
        Path(target).write_bytes(content.getvalue())

    download(weights, folder, keep)


def sha256(path: str | Path) -> str:
    """Hex digest of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, name: str) -> None:
    """Check a file against the published hash, where there is one.

    Raises:
        CheckpointError: It is another file.
    """
    digest = WEIGHTS[name].digest
    if digest is None or path.name != WEIGHTS[name].file:
        return
    algorithm, _, expected = digest.partition(":")
    with path.open("rb") as file:
        got = hashlib.file_digest(file, algorithm).hexdigest()
    if got != expected:
        raise CheckpointError(
            "is not the published file; delete it and fetch it again",
            path=path, expected=expected, got=got,
        )  # fmt: skip
