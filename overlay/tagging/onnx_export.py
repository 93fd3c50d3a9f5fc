"""A model as an ONNX file with its front end inside, for other programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

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
    os.environ.setdefault("POLYGRAPHY_AUTOINSTALL_DEPS", "0")  # else it would install packages
    try:
        import onnx
        import paddle2onnx
    except ImportError as error:
        raise TaggerError(
            "exporting needs paddle2onnx; install it with: pip install 'tag-overlay[onnx-export]'"
        ) from error
    paddle = import_paddle()
    from overlay.tagging.networks.waveform import OnWaveforms

    tagger = load_network(TaggingSettings(model=name, device="cpu"))
    network = OnWaveforms(built(tagger.job))
    network.eval()
    with temporary_folder() as folder:
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
