"""The taggers by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from overlay.datatypes import Scores
from overlay.errors import CheckpointError, TaggerError, UnknownTagger
from overlay.resources import cache_folder
from overlay.settings import TaggingSettings
from overlay.tagging.frontends import FRAME_LENGTH
from overlay.tagging.head import HEAD_SUFFIX, Head, HeadTagger
from overlay.tagging.weights.choice import choose
from overlay.tagging.weights.published import fetch, sha256, verify
from overlay.vocabulary.audioset import audioset_labels

if TYPE_CHECKING:
    from overlay.tagging.engines.sharing import SharedPanns

_BATCH = 16
_STRETCH = 32
"""Windows that share their computation; more would share little more and need more memory."""
_PHASES = 4
"""Their number is a multiple of this: windows on odd columns of a pooled map are apart."""

Shapes = tuple[tuple[int | None, ...], ...]


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
    mean_average_precision: float | None
    """On AudioSet's evaluation set, as published."""
    front_ends: dict[str, Callable[[], Any]]
    """By the name in the settings."""
    network: Callable[..., Any]
    """Makes the network; called with ``n_classes`` and ``extract_embedding``."""
    last_layer: str
    """Name of the bias whose length is the number of classes."""
    shared: bool = False
    """Whether ``sharing`` computes what overlapping windows have in common once."""
    plain: Callable[..., Any] | None = None
    """Makes the same network in NumPy, from a path, ``n_classes`` and ``extract_embedding``."""


def _plain_builtin(path: Path, n_classes: int, *, extract_embedding: bool) -> Any:
    from overlay.tagging.models.builtin import Builtin

    return Builtin(path, n_classes, extract_embedding=extract_embedding)


def _panns_front_end() -> Any:
    from overlay.tagging.frontends import PannsFrontEnd

    return PannsFrontEnd()


def _paddleaudio_front_end() -> Any:
    from overlay.tagging.frontends import PaddleAudioFrontEnd

    return PaddleAudioFrontEnd()


def _mel_front_end() -> Any:
    from overlay.tagging.frontends import MelFrontEnd

    return MelFrontEnd()


def _panns(name: str) -> Callable[..., Any]:
    def build(**options: Any) -> Any:
        from overlay.tagging.models import panns

        return getattr(panns, name)(**options)

    return build


def _mn04(**options: Any) -> Any:
    from overlay.tagging.models.mobilenet import MobileNet

    return MobileNet(0.4, **options)


def _builtin(**options: Any) -> Any:
    from overlay.tagging.models.student import Student

    return Student(**options)


_PANNS = {"own": _panns_front_end, "paddleaudio": _paddleaudio_front_end}

SPECS = {
    spec.name: spec
    for spec in (
        Spec(
            "builtin",
            1.5,
            None,
            {"own": _mel_front_end},
            _builtin,
            "output.bias",
            plain=_plain_builtin,
        ),
        Spec("mn04", 0.98, 0.432, {"own": _mel_front_end}, _mn04, "classifier.5.bias"),
        Spec("cnn14", 80.8, 0.431, _PANNS, _panns("cnn14"), "fc_audioset.bias", shared=True),
        Spec("cnn10", 5.2, 0.380, _PANNS, _panns("cnn10"), "fc_audioset.bias", shared=True),
        Spec("cnn6", 4.8, 0.343, _PANNS, _panns("cnn6"), "fc_audioset.bias", shared=True),
    )
}


def load_tagger(settings: TaggingSettings, on_note: Callable[[str], None] | None = None) -> Tagger:
    """Load the tagger that the settings name.

    Args:
        settings: ``model`` is a name, ``auto``, or the file of a trained head.
        on_note: Told which model ``auto`` is and why.

    Raises:
        UnknownTagger: There is none of this name.
        CheckpointError: Its weights do not fit or are not safe to read.
        DownloadError: Its weights are not here and cannot be fetched.
        DeviceUnavailable: The device is not there.
        TaggerError: Paddle is not installed, or the settings do not go together.
    """
    if settings.model.endswith(HEAD_SUFFIX):
        if settings.weights:
            raise TaggerError(f"{settings.model}: names its own weights; leave --weights out")
        head = Head.load(settings.model)
        return HeadTagger(head, load_network(replace(settings, model=head.base)), settings.model)
    return load_network(settings, on_note)


def load_network(
    settings: TaggingSettings, on_note: Callable[[str], None] | None = None
) -> NetworkTagger:
    """As ``load_tagger``, for the models with a network of their own."""
    if settings.weights and settings.model == "auto":
        raise TaggerError("--weights needs --model: say which network they are for")
    name, note = choose(settings.model)
    if name not in SPECS:
        raise UnknownTagger(name, SPECS)
    if settings.device == "gpu":
        from overlay.tagging.engines.engine import choose_device

        choose_device("gpu")  # that there is none is said before anything else is done
    if note and on_note:
        on_note(note)
    path = Path(settings.weights) if settings.weights else fetch(name)
    if not path.is_file():
        raise CheckpointError("no such weights file", path=path)
    if not settings.weights:
        verify(path, name)
    spec = SPECS[name]
    if settings.front_end not in spec.front_ends:
        raise TaggerError(f"{spec.name} has no front end {settings.front_end!r}; leave it out")
    front_end = spec.front_ends[settings.front_end]
    return NetworkTagger(spec, path, front_end, settings.device, settings.threads)


class NetworkTagger:
    """A front end and a network behind the ``Tagger`` protocol.

    Paddle is imported when the first window comes: a track that is in the cache needs none of it.
    """

    sample_rate = 32000

    def __init__(
        self,
        spec: Spec,
        path: Path,
        make_front_end: Callable[[], Any],
        device: str,
        threads: int,
    ) -> None:
        from overlay.tagging.weights.checkpoint import read_arrays

        self.name = spec.name
        self.model_hash = sha256(path)
        self._spec, self._path, self._make_front_end = spec, path, make_front_end
        self._device, self._threads = device, threads
        bias = read_arrays(path).get(spec.last_layer)
        if bias is None:
            raise CheckpointError(
                f"is not for {spec.name}", path=path, expected=spec.last_layer, got="none"
            )
        self._n_classes = len(bias)
        known = audioset_labels()
        self.labels = known if self._n_classes == len(known) else _numbered(self._n_classes)
        self._engines: dict[tuple[int, ...], Any] = {}

    @cached_property
    def _front_end(self) -> Any:
        return self._make_front_end()

    def score(self, segment: np.ndarray[Any, Any], window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment, in batches of one size."""
        if self._shares(window_length, hop_length):
            rows = self._shared_scores(segment, window_length, hop_length)
            return np.concatenate(rows)[: (len(segment) - window_length) // hop_length + 1]
        return self.score_features(self._front_end.shared(segment, window_length, hop_length))

    def _shares(self, window_length: int, hop_length: int) -> bool:
        """Whether the network can compute once what windows have in common."""
        return (
            self._spec.shared
            and self._make_front_end == _panns_front_end
            and hop_length % FRAME_LENGTH == 0
            and window_length >= max(self.sample_rate, 4 * hop_length)
            and self._chosen_device == "cpu"
        )

    def _shared_scores(
        self, segment: np.ndarray[Any, Any], window_length: int, hop_length: int
    ) -> list[Scores]:
        key = hop_length // FRAME_LENGTH, window_length // FRAME_LENGTH + 1
        if key not in self._engines:
            self._engines[key] = self._shared_net(*key)
        net, front_end = self._engines[key], self._front_end
        n_windows = (len(segment) - window_length) // hop_length + 1
        share = -(-n_windows // self._n_threads // _PHASES) * _PHASES
        advance = min(share, _STRETCH) * hop_length
        needed = window_length + advance - hop_length

        def scored(start: int) -> Scores:
            stretch = segment[start : start + needed]
            stretch = np.pad(stretch, (0, needed - len(stretch)))
            scores: Scores = net(*front_end.parts(stretch, window_length, hop_length))
            return scores

        starts = range(0, n_windows * hop_length, advance)
        return self._in_threads(scored, starts)

    def _in_threads(self, work: Callable[[Any], Scores], items: Iterable[Any]) -> list[Scores]:
        """Each item by one thread: the parts that are no matrix product are shared out, too."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"), ThreadPool(self._n_threads) as pool:
            return pool.map(work, items, chunksize=1)

    def _shared_net(self, hop: int, length: int) -> SharedPanns:
        from overlay.tagging.engines.sharing import SharedPanns, read_parameters

        arrays = read_parameters(self.name, self._n_classes, self._path)
        return SharedPanns(self.name, arrays, hop, length)

    @cached_property
    def _chosen_device(self) -> str:
        from overlay.tagging.engines.engine import choose_device

        return choose_device(self._device)

    @property
    def _n_threads(self) -> int:
        return self._threads or os.cpu_count() or 1

    def score_features(self, features: np.ndarray[Any, Any]) -> Scores:
        """Score features of windows, ``[n_windows, 1, ...]``."""
        scores: Scores = np.clip(self._run(features, extract_embedding=False), 0, 1)
        return scores

    def embed(
        self, segment: np.ndarray[Any, Any], window_length: int, hop_length: int
    ) -> np.ndarray[Any, Any]:
        """What the last layer sees of all whole windows, ``[n_windows, width]``."""
        features = self._front_end.shared(segment, window_length, hop_length)
        return self._run(features, extract_embedding=True)

    def _run(
        self, features: np.ndarray[Any, Any], *, extract_embedding: bool
    ) -> np.ndarray[Any, Any]:
        key = extract_embedding, *features.shape[1:]
        plain = self._spec.plain if self._chosen_device == "cpu" else None
        if key not in self._engines and plain is not None:
            self._engines[key] = plain(
                self._path, self._n_classes, extract_embedding=extract_embedding
            )
        elif key not in self._engines:
            build = partial(self._built, extract_embedding)
            kind = "embedding" if extract_embedding else "scores"
            self._engines[key] = self._engine(kind, build, ((None, *features.shape[1:]),))
        engine = self._engines[key]
        n_windows = len(features)
        missing = -n_windows % _BATCH  # a new batch size would be compiled anew
        padded = np.concatenate([features, np.repeat(features[-1:], missing, axis=0)])
        batches = [padded[i : i + _BATCH] for i in range(0, len(padded), _BATCH)]
        answers = self._in_threads(engine, batches) if plain else [engine(b) for b in batches]
        rows: np.ndarray[Any, Any] = np.concatenate(answers)[:n_windows]
        return rows.astype(np.float32, copy=False)

    def _engine(self, kind: str, build: Callable[[], Any], shapes: Shapes) -> Any:
        from overlay.tagging.engines.engine import Engine

        key = f"{self.name} {self._n_classes} {kind} {self.model_hash}"
        folder, device = cache_folder() / "engines", self._chosen_device
        return Engine(build, key, shapes, folder, device, self._n_threads)

    def _built(self, extract_embedding: bool = False) -> Any:
        from overlay.tagging.weights.loading import load_into

        net = self._spec.network(n_classes=self._n_classes, extract_embedding=extract_embedding)
        load_into(net, self._path)
        net.eval()
        return net


def _numbered(n_classes: int) -> tuple[str, ...]:
    return tuple(f"class {i}" for i in range(n_classes))
