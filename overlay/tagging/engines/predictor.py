"""Running a network fast: exported once, then through Paddle Inference with oneDNN."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from overlay.files import is_file, temporary_folder
from overlay.files.leftovers import owned, sweep
from overlay.tagging.engines.backend import import_paddle, program_file, save_program

Features = npt.NDArray[np.float32]
Shapes = tuple[tuple[int | None, ...], ...]


class Predictor:
    """A network as a function of arrays; most take features, ``[batch, 1, ...]``, alone.

    Args:
        build: Makes the network with its weights; called only if there is no prepared one.
        key: What the prepared network depends on: architecture and hash of the weights.
        shapes: Shape of each input, ``None`` where any size will do; a new one prepares anew.
        cache: Folder of prepared networks.
        device: ``cpu`` or ``gpu``.
        threads: CPU threads.
    """

    def __init__(
        self,
        build: Callable[[], Any],
        key: str,
        shapes: Shapes,
        cache: Path,
        device: str,
        threads: int,
    ) -> None:
        paddle = import_paddle()
        text = f"{key} {shapes} paddle {paddle.__version__} layout 2"
        folder = cache / hashlib.sha256(text.encode()).hexdigest()[:24]
        try:
            self._predictor = _predictor(_prepared(folder, build, shapes), device, threads)
        except (RuntimeError, ValueError, OSError):  # damaged, or nothing can be kept here
            shutil.rmtree(folder, ignore_errors=True)
            with temporary_folder() as place:
                made = _prepared(place / "model", build, shapes)
                self._predictor = _predictor(made, device, threads)
        names = self._predictor.get_input_names()
        self._inputs = [self._predictor.get_input_handle(name) for name in names]
        self._output = self._predictor.get_output_handle(self._predictor.get_output_names()[0])

    def __call__(self, *arrays: Features) -> Features:
        """Run one batch."""
        for handle, array in zip(self._inputs, arrays, strict=True):
            handle.reshape(list(array.shape))
            handle.copy_from_cpu(np.ascontiguousarray(array))
        self._predictor.run()
        output: Features = self._output.copy_to_cpu()
        return output


def _prepared(folder: Path, build: Callable[[], Any], shapes: Shapes) -> Path:
    """The folder with the exported network; made beside its place and moved there whole.

    Raises:
        OSError: There it cannot be kept.
    """
    if is_file(folder / "net.pdiparams"):
        return folder
    paddle = import_paddle()
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder.parent)
    with owned(folder, folder=True) as made:
        specs = [paddle.static.InputSpec(list(shape), "float32") for shape in shapes]
        save_program(build(), made / "net", specs)
        try:
            made.rename(folder)
        except OSError:  # another process was first
            if not is_file(folder / "net.pdiparams"):
                raise
    return folder


def _predictor(folder: Path, device: str, threads: int) -> Any:
    import_paddle()
    from paddle import inference

    config = inference.Config(str(program_file(folder / "net")), str(folder / "net.pdiparams"))
    if device == "gpu":
        config.enable_use_gpu(256, 0)
    else:
        config.disable_gpu()
        config.enable_mkldnn()
        config.set_cpu_math_library_num_threads(threads)
    config.disable_glog_info()
    return inference.create_predictor(config)
