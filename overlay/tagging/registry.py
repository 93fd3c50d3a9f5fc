"""The taggers by name."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from overlay.datatypes import Scores
from overlay.errors import CheckpointError, TaggerError, UnknownTagger
from overlay.reporting import SILENT, Reporter
from overlay.settings import TaggingSettings
from overlay.tagging.engines.base import Engine, Floats, Job, engine_for
from overlay.tagging.head import HEAD_SUFFIX, Head, HeadTagger
from overlay.tagging.models import SPECS
from overlay.tagging.spec import Spec
from overlay.tagging.tagger import Tagger, WindowTagger
from overlay.tagging.weights.checkpoint import read_arrays
from overlay.tagging.weights.choice import choose
from overlay.tagging.weights.published import fetch, sha256, verify
from overlay.vocabulary.labels import audioset_labels

__all__ = ["SPECS", "NetworkTagger", "Tagger", "load_network", "load_tagger"]


def load_tagger(settings: TaggingSettings, *, reporter: Reporter = SILENT) -> Tagger:
    """Load the tagger that the settings name.

    Args:
        settings: ``model`` is a name, ``auto``, or the file of a trained head.
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
    return load_network(settings, reporter=reporter)


def load_network(settings: TaggingSettings, *, reporter: Reporter = SILENT) -> NetworkTagger:
    """As ``load_tagger``, for the models with a network of their own."""
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
    return NetworkTagger(spec, _weights_of(settings, name), settings)


def _weights_of(settings: TaggingSettings, name: str) -> Path:
    """The weights file that the settings name, else the published one, checked."""
    if not settings.weights:
        path = fetch(name)
        verify(path, name)
        return path
    path = Path(settings.weights)
    if not path.is_file():
        raise CheckpointError("no such weights file", path=path)
    return path


class NetworkTagger(WindowTagger):
    """A network with its weights behind the ``Tagger`` protocol.

    Paddle is imported when the first window comes: a track that is in the cache needs none of it.

    Args:
        spec: Which network.
        path: Its weights.
        settings: Front end, device, threads.

    Raises:
        CheckpointError: The weights are another network's, or cannot be read.
    """

    def __init__(self, spec: Spec, path: Path, settings: TaggingSettings) -> None:
        bias = read_arrays(path).get(spec.last_layer)
        if bias is None:
            raise CheckpointError(
                f"is not for {spec.name}", path=path, expected=spec.last_layer, got="none"
            )
        self.name, self.sample_rate = spec.name, spec.sample_rate
        self.model_hash = sha256(path)
        known = audioset_labels()
        self.labels = known if len(bias) == len(known) else _numbered(len(bias))
        self.job = Job(
            spec, path, self.model_hash, len(bias), settings.front_end, settings.device,
            settings.threads,
        )  # fmt: skip

    @cached_property
    def _engine(self) -> Engine:
        return engine_for(self.job)

    def score(self, segment: Floats, window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment."""
        return self._engine.scores(segment, window_length, hop_length)

    def embed(self, segment: Floats, window_length: int, hop_length: int) -> Floats:
        """What the last layer sees of all whole windows, ``[n_windows, width]``."""
        return self._engine.embeddings(segment, window_length, hop_length)


def _numbered(n_classes: int) -> tuple[str, ...]:
    return tuple(f"class {i}" for i in range(n_classes))
