"""All training sound as mel power, decoded once and kept in one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.tagging.frontends import SAMPLE_RATE, MelFrontEnd

_FLOOR = 1e-5
_SUFFIXES = {".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav"}


@dataclass(frozen=True)
class Bank:
    """Mel power of many clips, end to end."""

    frames: npt.NDArray[np.float16]
    """Natural logarithm of mel power, ``[n_frames, 128]``, 100 frames a second."""
    starts: npt.NDArray[np.int64]
    """First frame of each clip and the end of the last, ``[n_clips + 1]``."""

    @classmethod
    def of_folders(cls, folders: Iterable[Path], cache: Path) -> Bank:
        """The bank of all sound files in some folders; read from ``cache`` if it is there."""
        if not cache.exists():
            clips = [clip for folder in folders for clip in _decoded(folder)]
            starts = np.cumsum([0, *(len(clip) for clip in clips)])
            part = cache.with_suffix(".part.npz")
            np.savez(part, frames=np.concatenate(clips), starts=starts)
            part.replace(cache)
        with np.load(cache, allow_pickle=False) as file:
            return cls(file["frames"], file["starts"])


def _decoded(folder: Path) -> Iterator[npt.NDArray[np.float16]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    front_end = MelFrontEnd()

    def mel(path: Path) -> npt.NDArray[np.float16]:
        sound = np.concatenate(list(stream_audio(probe(path), SAMPLE_RATE)))
        sound = np.pad(sound, (0, max(0, SAMPLE_RATE // 2 - len(sound))))
        logarithm = np.log(front_end.power(sound[None])[0] + np.float32(_FLOOR))
        half: npt.NDArray[np.float16] = logarithm.astype(np.float16)
        return half

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(mel, paths)
