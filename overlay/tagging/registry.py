"""The taggers by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from overlay.datatypes import Scores
from overlay.errors import CheckpointError, TaggerError, UnknownTagger
from overlay.labels import audioset_labels
from overlay.settings import TaggingSettings
from overlay.tagging.weights import cache_folder, fetch, sha256, verify

_BATCH = 16


class Tagger(Protocol):
    """Scores windows of sound.

    To add one: a network in a file of its own, a front end in ``frontends``, its published file
    in ``weights.WEIGHTS``, and a ``Spec`` in ``SPECS``. The contract tests run over every spec.
    """

    name: str
    labels: tuple[str, ...]
    sample_rate: int
    """Samples per second of the windows."""
    model_hash: str
    """sha256 of the weights, in hex."""

    def score(self, segment: np.ndarray[Any, Any], window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment.

        Args:
            segment: Mono float32, ``[n_samples]``.
            window_length: Samples in a window.
            hop_length: Samples between the starts of two windows.

        Returns:
            ``[n_windows, n_classes]`` in [0, 1],
            n_windows = (n_samples - window_length) // hop_length + 1.
        """
        ...


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known of a tagger before it is loaded."""

    name: str
    parameters: float
    """Millions."""
    mean_average_precision: float
    """On AudioSet's evaluation set, as published."""
    front_ends: dict[str, Callable[[], Any]]
    """By the name in the settings."""
    network: Callable[[int], Any]
    """Makes the network for a number of classes."""
    last_layer: str
    """Name of the bias whose length is the number of classes."""


def _panns_front_end() -> Any:
    from overlay.tagging.frontends import PannsFrontEnd

    return PannsFrontEnd()


def _paddleaudio_front_end() -> Any:
    from overlay.tagging.frontends import PaddleAudioFrontEnd

    return PaddleAudioFrontEnd()


def _mel_front_end() -> Any:
    from overlay.tagging.frontends import MelFrontEnd

    return MelFrontEnd()


def _panns(name: str) -> Callable[[int], Any]:
    def build(n_classes: int) -> Any:
        from overlay.tagging import panns

        return getattr(panns, name)(n_classes=n_classes)

    return build


def _mn04(n_classes: int) -> Any:
    from overlay.tagging.mobilenet import MobileNet

    return MobileNet(0.4, n_classes)


_PANNS = {"own": _panns_front_end, "paddleaudio": _paddleaudio_front_end}

SPECS = {
    spec.name: spec
    for spec in (
        Spec("mn04", 0.98, 0.432, {"own": _mel_front_end}, _mn04, "classifier.5.bias"),
        Spec("cnn14", 80.8, 0.431, _PANNS, _panns("cnn14"), "fc_audioset.bias"),
        Spec("cnn10", 5.2, 0.380, _PANNS, _panns("cnn10"), "fc_audioset.bias"),
        Spec("cnn6", 4.8, 0.343, _PANNS, _panns("cnn6"), "fc_audioset.bias"),
    )
}


def load_tagger(settings: TaggingSettings) -> Tagger:
    """Load the tagger that the settings name.

    Raises:
        UnknownTagger: There is none of this name.
        CheckpointError: Its weights do not fit or are not safe to read.
        DownloadError: Its weights are not here and cannot be fetched.
        DeviceUnavailable: The device is not there.
        TaggerError: Paddle is not installed.
    """
    if settings.model not in SPECS:
        raise UnknownTagger(settings.model, SPECS)
    from overlay.tagging.engine import choose_device

    device = choose_device(settings.device)
    path = Path(settings.weights) if settings.weights else fetch(settings.model)
    if not path.is_file():
        raise CheckpointError("no such weights file", path=path)
    if not settings.weights:
        verify(path, settings.model)
    spec = SPECS[settings.model]
    if settings.front_end not in spec.front_ends:
        raise TaggerError(f"{spec.name} has no front end {settings.front_end!r}; leave it out")
    front_end = spec.front_ends[settings.front_end]()
    return _NetworkTagger(spec, path, front_end, device, settings.threads)


class _NetworkTagger:
    """A front end and a network behind the ``Tagger`` protocol."""

    sample_rate = 32000

    def __init__(self, spec: Spec, path: Path, front_end: Any, device: str, threads: int) -> None:
        from overlay.tagging.checkpoint import read_arrays

        self.name = spec.name
        self.model_hash = sha256(path)
        self._spec, self._path = spec, path
        self._device, self._threads = device, threads
        bias = read_arrays(path).get(spec.last_layer)
        if bias is None:
            raise CheckpointError(
                f"is not for {spec.name}", path=path, expected=spec.last_layer, got="none"
            )
        self._n_classes = len(bias)
        known = audioset_labels()
        self.labels = known if self._n_classes == len(known) else _numbered(self._n_classes)
        self._front_end = front_end
        self._engine: Any = None

    def score(self, segment: np.ndarray[Any, Any], window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment, in batches of one size."""
        return self.score_features(self._front_end.shared(segment, window_length, hop_length))

    def score_features(self, features: np.ndarray[Any, Any]) -> Scores:
        """Score features of windows, ``[n_windows, 1, ...]``."""
        if self._engine is None:
            self._engine = self._started(features.shape[1:])
        n_windows = len(features)
        missing = -n_windows % _BATCH  # a new batch size would be compiled anew
        padded = np.concatenate([features, np.repeat(features[-1:], missing, axis=0)])
        batches = [self._engine(padded[i : i + _BATCH]) for i in range(0, len(padded), _BATCH)]
        scores: Scores = np.clip(np.concatenate(batches)[:n_windows], 0, 1).astype(np.float32)
        return scores

    def _started(self, feature_shape: tuple[int, ...]) -> Any:
        from overlay.tagging.engine import Engine

        key = f"{self.name} {self._n_classes} {self.model_hash}"
        cache = cache_folder() / "engines"
        return Engine(self._built, key, feature_shape, cache, self._device, self._threads)

    def _built(self) -> Any:
        from overlay.tagging.loading import load_into

        net = self._spec.network(self._n_classes)
        load_into(net, self._path)
        net.eval()
        return net


def _numbered(n_classes: int) -> tuple[str, ...]:
    return tuple(f"class {i}" for i in range(n_classes))
