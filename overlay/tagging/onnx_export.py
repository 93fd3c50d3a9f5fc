"""A model as an ONNX file with its front end inside, for other programs."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from overlay.errors import TaggerError
from overlay.files import temporary_folder
from overlay.settings import TaggingSettings
from overlay.tagging.engines.backend import import_paddle, program_file, save_program
from overlay.tagging.engines.paddle import built
from overlay.tagging.registry import load_network

EXPORTED = ("mn04",)
"""Models whose front end can be put into the graph."""
_OPSET = 17


def export_onnx(name: str, target: Path) -> None:
    """Write a model as ONNX: waveforms ``[batch, n_samples]`` in, scores ``[batch, 527]`` out.

    The file's metadata says rate, window, hop, labels and activation, as ``onnx_tagger`` reads it.

    Args:
        name: One of ``EXPORTED``.
        target: The file to write.

    Raises:
        TaggerError: The model cannot be exported, or paddle2onnx is not installed.
    """
    if name not in EXPORTED:
        raise TaggerError(f"{name} cannot be exported; known: {', '.join(EXPORTED)}")
    paddle = import_paddle()  # first: who imports it on the way lets it talk
    onnx, paddle2onnx = _exporters()
    from overlay.tagging.networks.waveform import OnWaveforms

    tagger = load_network(TaggingSettings(model=name, device="cpu"))
    network = OnWaveforms(built(tagger.job))
    network.eval()
    with temporary_folder() as folder, _unheard():
        stem = folder / "network"
        shape = paddle.static.InputSpec([None, None], "float32", name="waveforms")
        save_program(network, stem, [shape])
        paddle2onnx.export(
            str(program_file(stem)), f"{stem}.pdiparams", save_file=str(target),
            opset_version=_OPSET, verbose=False, optimize_tool="None",
        )  # fmt: skip
    model = onnx.load(str(target))
    onnx.helper.set_model_props(
        model,
        {
            "sample_rate": str(tagger.sample_rate), "window_s": "2", "hop_s": "0.3",
            "activation": "none", "labels": json.dumps(tagger.labels),
        },
    )  # fmt: skip
    onnx.save(model, str(target))


def _exporters() -> tuple[ModuleType, ModuleType]:
    """The modules ``onnx`` and ``paddle2onnx``.

    Raises:
        TaggerError: One is not installed, or does not get on with this Paddle.
    """
    os.environ.setdefault("POLYGRAPHY_AUTOINSTALL_DEPS", "0")  # else it would install packages
    try:
        import onnx
        import paddle2onnx
    except ImportError as error:
        raise TaggerError(
            "exporting needs paddle2onnx; install it with: pip install 'tag-overlay[onnx-export]'"
        ) from error
    except Exception as error:  # a ValueError beside Paddle 2
        raise TaggerError(
            "this paddle2onnx does not work with this Paddle; install what belongs together with: "
            f"pip install -U 'tag-overlay[cpu,onnx-export]' ({str(error).partition('. ')[0]})"
        ) from error
    return onnx, paddle2onnx


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """What native code tells of its steps reaches no console."""
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.ExitStack() as after,
    ):
        with contextlib.suppress(OSError):  # closed: nobody listens
            kept = os.dup(1)
            after.callback(os.close, kept)
            after.callback(os.dup2, kept, 1)
            os.dup2(nowhere.fileno(), 1)
        yield
