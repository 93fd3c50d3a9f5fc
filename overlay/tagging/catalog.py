"""The models as a person sees them: listed, fetched, verified."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from overlay.errors import TaggerError, UnknownTagger
from overlay.tagging.models import SPECS
from overlay.tagging.networks.builtin import MomentNet
from overlay.tagging.spec import Spec
from overlay.tagging.weights.auto_choice import BEST, FINE, OF_FRAMES
from overlay.tagging.weights.published import WEIGHTS, fetch, find, sha256, verify


def list_models() -> Iterator[str]:
    """A table: name, published mAP, parameters, size, licence, where its weights are."""
    yield f"{'name':<10} {'mAP':>5} {'params':>7} {'size':>8}  {'licence':<10} weights"
    for name, spec in SPECS.items():
        path = find(name)
        yield (
            f"{name:<10} {_precision(spec):>5} {spec.parameters:>6.1f}M "
            f"{WEIGHTS[name].megabytes:>5.0f} MB  {WEIGHTS[name].licence:<10} "
            f"{path or 'not here; fetched on first use'}"
        )


def _precision(spec: Spec) -> str:
    """The built-in one was never measured on AudioSet's own clips."""
    value = spec.mean_average_precision
    return "-" if value is None else f"{value:.3f}"


def fetch_models(names: Iterable[str]) -> Iterator[str]:
    """Download the weights of these models; those that are here already are kept.

    Raises:
        UnknownTagger: There is no model of such a name.
        DownloadError: One cannot be fetched.
    """
    for name in _known(names) or [BEST]:
        yield f"{name}: {fetch(name)}"


def verify_models(names: Iterable[str]) -> Iterator[str]:
    """Check weights on this machine: the published hash, and every name and shape.

    Raises:
        UnknownTagger: There is no model of such a name.
        CheckpointError: A file is not what it should be.
        TaggerError: A model that is asked for by name is not here.
    """
    for name in _known(names) or cached_models():
        path = find(name)
        if path is None:
            raise TaggerError(f"{name}: not on this machine; 'tag-overlay models fetch {name}'")
        verify(path, name)
        _check_shapes(SPECS[name], path)
        checked = "hash and shapes" if WEIGHTS[name].digest else "shapes (no hash is published)"
        yield f"{name}: {path} is right: {checked}; sha256 {sha256(path)}"


def _check_shapes(spec: Spec, path: Path) -> None:
    if spec.network is None:
        MomentNet(path)
        return
    from overlay.tagging.weights.loading import load_into

    load_into(spec.network(), path, spec.unused)


def cached_models() -> list[str]:
    """Names of the models whose weights are on this machine."""
    return [name for name in SPECS if find(name)]


def device_lines() -> Iterator[str]:
    """Which Paddle there is and what it can run on."""
    from overlay.tagging.engines.backend import import_paddle

    try:
        paddle = import_paddle()
    except TaggerError as error:
        yield str(error)
        return
    yield f"{paddle.__version__}"
    if paddle.device.is_compiled_with_cuda():
        yield f"built for GPUs; {paddle.device.cuda.device_count()} visible"
    else:
        yield "built for CPUs; no GPU can be used"
    try:
        yield f"with paddleaudio {version('paddleaudio')}"
    except PackageNotFoundError:
        yield "without paddleaudio, which is not needed"


def _known(names: Iterable[str]) -> list[str]:
    names = [each for name in names for each in ((BEST, OF_FRAMES) if name == FINE else (name,))]
    for name in names:
        if name not in SPECS:
            raise UnknownTagger(name, SPECS)
    return names
