"""The taggers by name."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from overlay.datatypes import Scores
from overlay.errors import CheckpointError, TaggerError, UnknownTagger
from overlay.files import is_file
from overlay.reporting import SILENT, Reporter
from overlay.settings import TaggingSettings
from overlay.tagging.engines.base import Engine, Floats, Job
from overlay.tagging.engines.choice import engine_for
from overlay.tagging.ensemble import MelTagger
from overlay.tagging.frame_tagger import FrameNetworkTagger
from overlay.tagging.frontends import MelFrontEnd
from overlay.tagging.head import HEAD_SUFFIX, Head, HeadTagger
from overlay.tagging.models import SPECS
from overlay.tagging.onnx_file import ONNX_SUFFIX
from overlay.tagging.tagger import Tagger
from overlay.tagging.weights.auto_choice import BEST, FINE, OF_FRAMES, SHIPPED, choose, takes_fine
from overlay.tagging.weights.checkpoint import read_arrays
from overlay.tagging.weights.published import fetch, sha256, verify
from overlay.tagging.window_plan import TOGETHER, Windows

if TYPE_CHECKING:
    from overlay.tagging.builtin_tagger import MomentTagger
    from overlay.tagging.engines.paddle import PaddleEngine

__all__ = [
    "SPECS", "KeptTagger", "Loader", "NetworkTagger", "Tagger", "load_network", "load_tagger",
]  # fmt: skip


class Loader(Protocol):
    """What loads a tagger, such as ``load_tagger``."""

    def __call__(self, settings: TaggingSettings, *, reporter: Reporter = SILENT) -> Tagger:
        """Load the tagger that the settings name."""
        ...


class KeptTagger:
    """Loads as ``load_tagger`` does, and keeps the last one for as long as the settings stay."""

    def __init__(self) -> None:
        self._kept: tuple[TaggingSettings, Tagger] | None = None

    def __call__(self, settings: TaggingSettings, *, reporter: Reporter = SILENT) -> Tagger:
        """Load the tagger that the settings name, or give the one that is kept."""
        if self._kept is None or self._kept[0] != settings:
            self._kept = None  # before the next one needs the room
            self._kept = settings, load_tagger(settings, reporter=reporter)
        return self._kept[1]


def load_tagger(settings: TaggingSettings, *, reporter: Reporter = SILENT) -> Tagger:
    """Load the tagger that the settings name.

    Args:
        settings: ``model`` is a name, ``auto``, the file of a trained head, or an ONNX file.
        reporter: Told which model ``auto`` is and why.

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
    if settings.model.endswith(ONNX_SUFFIX):
        from overlay.tagging.onnx_tagger import load_onnx

        return load_onnx(Path(settings.model), settings.threads)
    if takes_fine(settings):
        return _fine(settings, reporter)
    job = _job(settings, reporter)
    if job.spec.frames is not None:
        return FrameNetworkTagger(job, job.spec.frames, _labels(job))
    tagger = _of_embeddings(job)
    way = Windows(way=settings.windows).decided(job.spec.best_way).way
    return _together(tagger) if way == TOGETHER else tagger


def _fine(settings: TaggingSettings, reporter: Reporter) -> Tagger:
    """Three taggers together."""
    from overlay.tagging.ensemble import Fine, TogetherTagger
    from overlay.vocabulary.audioset_strong import fine_of_audioset

    if settings.weights or settings.windows not in ("auto", TOGETHER):
        raise TaggerError(f"model {FINE} has weights and windows of its own; leave the option out")
    if settings.model == "auto":
        reporter.note(f"model {FINE}: the weights of {BEST} and {OF_FRAMES} are on this machine")
    windows, moments, frames = (
        _job(replace(settings, model=name), SILENT) for name in (BEST, SHIPPED, OF_FRAMES)
    )
    assert frames.spec.frames is not None
    tagger = FrameNetworkTagger(frames, frames.spec.frames, _labels(frames))
    return TogetherTagger(
        NetworkTagger(windows), _moments(moments), Fine(tagger, fine_of_audioset())
    )


def _moments(job: Job) -> MomentTagger:
    from overlay.tagging.builtin_tagger import MomentTagger

    return MomentTagger(job, _labels(job))


def _together(tagger: NetworkTagger | MomentTagger) -> Tagger:
    """A tagger and the built-in one, if they hear the same and know the same classes."""
    from overlay.tagging.builtin_tagger import MomentTagger
    from overlay.tagging.ensemble import TogetherTagger

    known = SPECS[SHIPPED].vocabulary().names
    if isinstance(tagger, MomentTagger) or not tagger.hears_mel or tagger.labels != known:
        return tagger
    settings = TaggingSettings(model=SHIPPED, threads=tagger.job.threads)
    return TogetherTagger(tagger, _moments(_job(settings, SILENT)))


def load_network(
    settings: TaggingSettings, *, reporter: Reporter = SILENT
) -> NetworkTagger | MomentTagger:
    """As ``load_tagger``, for the models that tell what their last layer sees.

    Raises:
        TaggerError: The model is another kind of tagger.
    """
    job = _job(settings, reporter)
    if job.spec.frames is not None:
        raise TaggerError(f"{job.spec.name} tells no embeddings; take another model for own labels")
    return _of_embeddings(job)


def _of_embeddings(job: Job) -> NetworkTagger | MomentTagger:
    return _moments(job) if job.spec.network is None else NetworkTagger(job)


def _job(settings: TaggingSettings, reporter: Reporter) -> Job:
    """Which network with which weights the settings name; nothing heavy is loaded."""
    if settings.weights and settings.model == "auto":
        raise TaggerError("--weights needs --model: say which network they are for")
    name, note = choose(settings.model)
    if name not in SPECS:
        raise UnknownTagger(name, SPECS)
    spec = SPECS[name]
    if settings.device == "gpu":
        from overlay.tagging.engines.paddle import choose_device

        choose_device("gpu")  # that there is none is said before anything else is done
    if settings.front_end not in spec.front_ends:
        raise TaggerError(f"{spec.name} has no front end {settings.front_end!r}; leave it out")
    if note:
        reporter.note(note)
    path = _weights_of(settings, name)
    bias = read_arrays(path).get(spec.last_layer)
    if bias is None:
        raise CheckpointError(
            f"is not for {spec.name}", path=path, expected=spec.last_layer, got="none"
        )
    return Job(
        spec, path, sha256(path), len(bias), settings.front_end, settings.device, settings.threads
    )


def _weights_of(settings: TaggingSettings, name: str) -> Path:
    """The weights file that the settings name, else the published one, checked."""
    if not settings.weights:
        path = fetch(name)
        verify(path, name)
        return path
    path = Path(settings.weights)
    if not is_file(path):
        raise CheckpointError("no such weights file", path=path)
    return path


def _labels(job: Job) -> tuple[str, ...]:
    """Names of a network's classes: those of the vocabulary that its spec says it learnt.

    Numbers where the weights have another count, since they are somebody's own then.
    """
    known = job.spec.vocabulary().names
    return known if job.n_classes == len(known) else _numbered(job.n_classes)


def _numbered(n_classes: int) -> tuple[str, ...]:
    return tuple(f"class {i}" for i in range(n_classes))


class NetworkTagger(MelTagger):
    """A network with its weights behind the ``Tagger`` protocol.

    Paddle is imported when the first window comes: a track that is in the cache needs none of it.

    Args:
        job: Which network, which weights, and how to run it.
    """

    def __init__(self, job: Job) -> None:
        self.name, self.sample_rate = job.spec.name, job.spec.sample_rate
        self.model_hash, self.labels = job.model_hash, _labels(job)
        self.best_way = job.spec.best_way
        self.job = job
        self.hears_mel = isinstance(job.front_end, MelFrontEnd)

    @cached_property
    def _engine(self) -> Engine:
        return engine_for(self.job)

    @cached_property
    def _features_engine(self) -> PaddleEngine:
        from overlay.tagging.engines.paddle import PaddleEngine, choose_device

        return PaddleEngine(self.job, choose_device(self.job.device))

    def score(self, segment: Floats, window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment."""
        return self._engine.scores(segment, window_length, hop_length)

    def score_mel(self, mel: Floats, window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of the frames of its features, ``[n_frames, n_bands]``."""
        windows = np.lib.stride_tricks.sliding_window_view(mel, window_length, axis=0)
        return self._features_engine.scores_of(windows[::hop_length, None])

    def embed(self, segment: Floats, window_length: int, hop_length: int) -> Floats:
        """What the last layer sees of all whole windows, ``[n_windows, width]``."""
        return self._engine.embeddings(segment, window_length, hop_length)
