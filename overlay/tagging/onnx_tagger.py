"""A person's own model: an ONNX file that takes waveforms.

Its front end is inside the graph. It takes ``[batch, n_samples]`` or ``[n_samples]`` and answers
``[batch, n_classes]``, or ``[batch, n_frames, n_classes]``, scores or logits; the metadata of the
file says the rest (``onnx_file.OnnxFacts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from overlay.datatypes import Scores, SoundBlock
from overlay.errors import CheckpointError
from overlay.files import read_bytes
from overlay.tagging.engines.base import Floats
from overlay.tagging.frame_tagger import FrameTagger
from overlay.tagging.onnx_file import check_external, facts_of, import_onnxruntime
from overlay.tagging.tagger import WindowTagger
from overlay.tagging.weights.published import sha256
from overlay.tagging.window_plan import ISOLATED, Rows, Windows, listen_in_windows
from overlay.track import ScoreBlock

_LARGEST_BYTES = 2_000_000_000
_STRETCH_S = 10.0


class OnnxModel:
    """An opened file as a function from waveforms to scores.

    Args:
        path: The file.
        threads: CPU threads; 0 takes all cores.

    Raises:
        CheckpointError: It cannot be opened, or takes or answers something else.
        TaggerError: onnxruntime is not installed.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.path = path
        self._session = _session(path, threads)
        inputs, outputs, metadata = _description(self._session, path)
        takes = inputs[0].shape if len(inputs) == 1 else None
        if takes is None or len(takes) not in (1, 2) or inputs[0].type != "tensor(float)":
            what = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs)
            raise CheckpointError(
                "does not take a waveform", path=path,
                expected="one float input [batch, n_samples] or [n_samples]", got=what,
            )  # fmt: skip
        if not outputs:
            raise CheckpointError("answers nothing", path=path, expected="scores", got="no output")
        self._input, self._output = inputs[0].name, outputs[0]
        self._batched = len(takes) == 2
        self.one_by_one = not self._batched or isinstance(takes[0], int)
        self.n_samples = takes[-1] if isinstance(takes[-1], int) else None
        self.facts = facts_of(metadata, path)
        length = self.n_samples or round((self.facts.window_s or 2.0) * self.facts.sample_rate)
        trial = self(np.zeros((1, length), np.float32))
        self.of_frames = trial.ndim == 3
        self.n_frames, self.n_classes = trial.shape[-2], trial.shape[-1]
        self.trial_s = length / self.facts.sample_rate
        if self.facts.labels and len(self.facts.labels) != self.n_classes:
            raise CheckpointError(
                "its labels do not fit its answers", path=path,
                expected=self.n_classes, got=len(self.facts.labels),
            )  # fmt: skip

    def __call__(self, waveforms: Floats) -> Floats:
        """From ``[n, n_samples]`` to ``[n, n_classes]`` or ``[n, n_frames, n_classes]``."""
        if self.one_by_one and len(waveforms) > 1:
            return np.concatenate([self(waveform[None]) for waveform in waveforms])
        fed = waveforms if self._batched else waveforms[0]
        try:
            answer = np.asarray(self._session.run([self._output], {self._input: fed})[0])
        except Exception as error:  # the runtime's own, of many kinds
            reason = str(error).strip().splitlines()[:1]
            raise CheckpointError(f"does not run: {' '.join(reason)}", path=self.path) from error
        answer = answer if self._batched else answer[None]
        if answer.ndim not in (2, 3) or len(answer) != len(waveforms) or not answer.size:
            raise CheckpointError(
                "answers something else than scores", path=self.path,
                expected="[batch, n_classes] or [batch, n_frames, n_classes]", got=answer.shape,
            )  # fmt: skip
        return self._activated(answer.astype(np.float32, copy=False))

    def _activated(self, answer: Floats) -> Floats:
        if not np.isfinite(answer).all():
            raise CheckpointError("answers NaN or infinity", path=self.path)
        kind = self.facts.activation
        if kind == "sigmoid":
            scores: Floats = (1 / (1 + np.exp(-np.clip(answer, -60, 60)))).astype(np.float32)
            return scores
        if kind == "softmax":
            raised = np.exp(answer - answer.max(axis=-1, keepdims=True))
            softmax: Floats = (raised / raised.sum(axis=-1, keepdims=True)).astype(np.float32)
            return softmax
        if answer.min() < -1e-3 or answer.max() > 1 + 1e-3:
            raise CheckpointError(
                "answers no scores from 0 to 1; say activation 'sigmoid' or 'softmax' in its "
                "metadata",
                path=self.path,
            )
        return np.clip(answer, 0, 1)


class _Input(NamedTuple):
    name: str
    type: str
    shape: list[int | str | None]


def _description(session: Any, path: Path) -> tuple[list[_Input], list[str], dict[str, str]]:
    """Inputs, names of outputs, and metadata.

    Raises:
        CheckpointError: The file has letters there that are none.
    """
    try:
        inputs = [_Input(each.name, each.type, each.shape) for each in session.get_inputs()]
        outputs = [each.name for each in session.get_outputs()]
        return inputs, outputs, session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise CheckpointError("is damaged: its names are no text", path=path) from error


def _session(path: Path, threads: int) -> Any:
    runtime: Any = import_onnxruntime()
    try:
        refusal = partial(CheckpointError, path=path)
        check_external(read_bytes(path, _LARGEST_BYTES, "the model", refusal), path)
    except OSError as error:
        raise CheckpointError(f"cannot be read: {error.strerror}", path=path) from error
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # the runtime's own, of many kinds
        reason = str(error).strip().splitlines()[:1]
        raise CheckpointError(
            f"cannot be opened as an ONNX model: {' '.join(reason)}", path=path
        ) from error


def load_onnx(path: Path, threads: int = 0) -> OnnxWindows | OnnxFrames:
    """The tagger of an ONNX file.

    Raises:
        CheckpointError: The file is not a model of waveforms.
        TaggerError: onnxruntime is not installed.
    """
    model = OnnxModel(path, threads)
    return OnnxFrames(model) if model.of_frames else OnnxWindows(model)


class _Named:
    """What both kinds tell of themselves."""

    def __init__(self, model: OnnxModel) -> None:
        self._model = model
        self.name = model.path.stem
        self.sample_rate = model.facts.sample_rate
        numbered = tuple(f"class {i}" for i in range(model.n_classes))
        self.labels = model.facts.labels or numbered
        self.model_hash = sha256(model.path)


class OnnxWindows(_Named, WindowTagger):
    """A model with one answer a window."""

    def score(self, segment: Floats, window_length: int, hop_length: int) -> Scores:
        """Score all whole windows of a segment."""
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        return self._model(np.ascontiguousarray(windows))

    def listen(self, sound: Iterable[SoundBlock], windows: Windows) -> Iterator[ScoreBlock]:
        """Scores as they come; the file's own window and hop go before the settings'."""
        return listen_in_windows(self.score, self.sample_rate, sound, self._own(windows))

    def rows(self, windows: Windows) -> Rows:
        """What rows ``listen`` makes."""
        return self._own(windows).rows

    def _own(self, windows: Windows) -> Windows:
        facts, fixed = self._model.facts, self._model.n_samples
        window_s = fixed / facts.sample_rate if fixed else facts.window_s or windows.window_s
        way = ISOLATED if fixed else windows.decided(self.best_way).way
        return Windows(window_s, facts.hop_s or windows.hop_s, way)


class OnnxFrames(_Named, FrameTagger):
    """A model with an answer for every frame of a stretch."""

    def __init__(self, model: OnnxModel) -> None:
        super().__init__(model)
        self.frame_s = model.trial_s / model.n_frames
        self.stretch_s = model.trial_s if model.n_samples else model.facts.window_s or _STRETCH_S
        self.n_joined = max(1, round(0.1 / self.frame_s))

    def score_frames(self, stretch: Floats) -> Scores:
        """Scores of the frames of a stretch, ``[n_frames, n_classes]``."""
        fixed = self._model.n_samples
        heard = np.pad(stretch, (0, fixed - len(stretch))) if fixed else stretch
        n_frames = -(-len(stretch) // round(self.frame_s * self.sample_rate))
        scores: Scores = self._model(heard[None])[0][:n_frames]
        return scores
