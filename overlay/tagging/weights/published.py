"""Weights that ship and weights that are published: where, what they should be, fetching."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from pathlib import Path
from typing import Any

from overlay.errors import CheckpointError, DownloadError
from overlay.files import is_file
from overlay.resources import cache_folder, resource
from overlay.tagging.models import SPECS
from overlay.tagging.spec import Weights

MODELS_VARIABLE = "TAG_OVERLAY_MODELS"
"""Environment variable that names a folder to look in first."""

WEIGHTS: dict[str, Weights] = {name: spec.weights for name, spec in SPECS.items()}
"""The weights of every model, by its name."""


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
    return next((f / n for f in folders for n in names if is_file(f / n)), None)


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
