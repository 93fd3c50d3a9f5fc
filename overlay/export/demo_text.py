"""The text format of PaddleAudio's demo: a time, k lines ``Label: score``, an empty line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from overlay.datatypes import Scores
from overlay.detection.smoothing import moving_average
from overlay.errors import LabelError, TrackError
from overlay.files import is_there, make_folder, write_bytes
from overlay.track import read_npz


def write_text(
    tagging_file: str | Path,
    labels: Sequence[str],
    out_dir: str | Path,
    *,
    top_k: int = 10,
    smooth_size: int | None = 5,
    inputs: Sequence[str | Path] = (),
) -> Path:
    """Write the best tags of each hop as text.

    Args:
        tagging_file: npz with ``time`` (fraction of the file, ``[n_hops]``) and ``scores``
            (``[n_hops, n_classes]``), by this project or by PaddleAudio's demo.
        labels: ``n_classes`` names.
        out_dir: Folder to write to; made if it is not there.
        top_k: Tags a hop.
        smooth_size: Hops of the trailing mean; ``None`` does not smooth.
        inputs: Other files that are never written over; nor is the npz.

    Returns:
        ``<name of the npz up to its first dot>.txt`` in ``out_dir``.

    Raises:
        TrackError: The npz is not usable.
        LabelError: The labels do not fit the scores.
        OutputError: The text cannot be written, or would replace an input.

    Source:
        PaddleAudio ``examples/panns/parse_result.py``.
    """
    times, scores = _read(tagging_file)
    if len(labels) != scores.shape[1]:
        raise LabelError(
            f"{tagging_file}: {scores.shape[1]} classes, but {len(labels)} labels; "
            "give the right file with --label_file"
        )
    if smooth_size is not None:
        scores = moving_average(scores, smooth_size)
    path = Path(out_dir) / f"{Path(tagging_file).name.split('.')[0]}.txt"
    text = "".join(_blocks(times, scores, labels, top_k)).encode("utf-8", "replace")
    is_new = not is_there(path.parent)
    try:
        make_folder(path.parent)
        return write_bytes(path, text, overwrite=True, inputs=(tagging_file, *inputs))
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):
                path.parent.rmdir()
        raise


def _read(tagging_file: str | Path) -> tuple[npt.NDArray[np.float64], Scores]:
    arrays = read_npz(tagging_file)
    try:
        times, scores = arrays["time"], np.asarray(arrays["scores"], np.float32)
    except (KeyError, ValueError) as error:
        raise TrackError(f"{tagging_file}: not the scores of 'tag': {error}") from error
    if scores.ndim != 2 or times.shape != scores.shape[:1]:
        raise TrackError(f"{tagging_file}: time {times.shape} and scores {scores.shape} do not fit")
    return times, scores


def _blocks(
    times: npt.NDArray[np.float64], scores: Scores, labels: Sequence[str], top_k: int
) -> Iterator[str]:
    for time, row in zip(times.tolist(), scores, strict=True):
        best = np.argsort(-row, kind="stable")[:top_k]
        lines = "".join(f"{labels[i]}: {float(row[i])}\n" for i in best)
        yield f"{time}\n{lines}\n"
