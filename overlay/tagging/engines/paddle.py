"""Networks in Paddle Inference: any model, any geometry, and GPUs."""

from __future__ import annotations

from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from overlay.datatypes import Scores
from overlay.errors import DeviceUnavailable
from overlay.resources import cache_folder
from overlay.tagging.engines.backend import import_paddle
from overlay.tagging.engines.base import Floats, Job

_BATCH = 16


def choose_device(wanted: str) -> str:
    """``cpu`` or ``gpu``; ``auto`` takes a GPU where Paddle can use one.

    Raises:
        DeviceUnavailable: A GPU is asked for and there is none, or Paddle cannot use it.
    """
    if wanted == "cpu":
        return "cpu"
    if wanted == "auto" and not _made_for_gpus():
        return "cpu"  # said without the second that importing Paddle takes
    paddle = import_paddle()
    compiled = bool(paddle.device.is_compiled_with_cuda())
    usable = compiled and paddle.device.cuda.device_count() > 0
    if wanted == "auto":
        return "gpu" if usable else "cpu"
    if not usable:
        reason = (
            "no GPU is visible"
            if compiled
            else "this Paddle is built for CPUs; install 'tag-overlay[gpu]' instead of [cpu]"
        )
        raise DeviceUnavailable(f"device gpu: {reason}; --device cpu works everywhere")
    return "gpu"


def _made_for_gpus() -> bool:
    try:
        version("paddlepaddle-gpu")
    except PackageNotFoundError:
        return False
    return True


def built(job: Job, *, extract_embedding: bool = False) -> Any:
    """The Paddle network of a job with its weights, ready to answer."""
    from overlay.tagging.weights.loading import load_into

    assert job.spec.network is not None  # the registry gives those to another tagger
    net = job.spec.network(n_classes=job.n_classes, extract_embedding=extract_embedding)
    load_into(net, job.path, job.spec.unused)
    net.eval()
    return net


class PaddleEngine:
    """Batches of one size through a prepared network.

    Args:
        job: What to run.
        device: ``cpu`` or ``gpu``.
    """

    def __init__(self, job: Job, device: str) -> None:
        self._job, self._device = job, device
        self._predictors: dict[tuple[int | None, ...], Any] = {}

    def scores(self, segment: Floats, window_length: int, hop_length: int) -> Scores:
        """Scores of all whole windows of a segment, ``[n_windows, n_classes]``."""
        features = self._job.front_end.shared(segment, window_length, hop_length)
        return self.scores_of(features)

    def scores_of(self, features: Floats) -> Scores:
        """Scores of features of windows, ``[n_windows, 1, ...]``."""
        scores: Scores = np.clip(self._run(features, embed=False), 0, 1)
        return scores

    def embeddings(self, segment: Floats, window_length: int, hop_length: int) -> Floats:
        """What the last layer sees of them, ``[n_windows, width]``."""
        features = self._job.front_end.shared(segment, window_length, hop_length)
        return self._run(features, embed=True)

    def frames(self, features: Floats) -> Scores:
        """Scores of the frames of one stretch, from ``[1, 1, n_bands, n]`` to ``[n_frames, …]``."""
        bands = features.shape[1:-1]
        scores: Scores = np.clip(self._predictor((*bands, None), embed=False)(features)[0], 0, 1)
        return scores

    def _run(self, features: Floats, *, embed: bool) -> Floats:
        predictor = self._predictor(features.shape[1:], embed=embed)
        missing = -len(features) % _BATCH  # a new batch size would be compiled anew
        padded = np.concatenate([features, np.repeat(features[-1:], missing, axis=0)])
        rows = [predictor(padded[i : i + _BATCH]) for i in range(0, len(padded), _BATCH)]
        return np.concatenate(rows)[: len(features)].astype(np.float32, copy=False)

    def _predictor(self, shape: tuple[int | None, ...], *, embed: bool) -> Any:
        from overlay.tagging.engines.predictor import Predictor

        key = int(embed), *shape
        if key not in self._predictors:
            job = self._job
            kind = "embedding" if embed else "scores"
            self._predictors[key] = Predictor(
                partial(built, job, extract_embedding=embed),
                f"{job.spec.name} {job.n_classes} {kind} {job.model_hash}",
                ((None, *shape),), cache_folder() / "engines", self._device, job.n_threads,
            )  # fmt: skip
        return self._predictors[key]
