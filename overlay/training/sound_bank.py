"""All training sound: decoded once, changed in a few ways, kept as mel power.

A *take* is a clip as it is, or with another speed and pitch, or in a room. Every take has frames of
its own; which take a scene is made of is drawn when it is made.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from overlay.tagging.frontends import SAMPLE_RATE, MelFrontEnd

Signal = npt.NDArray[np.float32]

N_BANDS = 128
LONGEST_S = 10.0
FLOOR = 1e-5
"""Added to mel power before its logarithm is taken."""
TAKES = ("as it is", "in a room", "faster", "slower")
_SUFFIXES = {".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav"}
_N_PROCESSES, _CHUNK = 2, 32
_SHORTEST = SAMPLE_RATE // 4


@dataclass(frozen=True)
class Clip:
    """Where a clip came from."""

    file: Path
    repository: str
    """The folder's name for clips without a manifest."""
    origin: str
    """Its path in that repository."""


@dataclass(frozen=True)
class Sounds:
    """Mel power of all takes of all clips, end to end, and where the clips came from."""

    frames: npt.NDArray[np.float16]
    """ln(mel power + 1e-5), ``[n_frames, 128]``, 100 frames a second; mapped from the file."""
    starts: npt.NDArray[np.int64]
    """First frame of each take of each clip, ``[n_clips, n_takes]``."""
    lengths: npt.NDArray[np.int64]
    """Frames, ``[n_clips, n_takes]``."""
    clips: list[Clip]

    @classmethod
    def of_folders(cls, folders: Iterable[Path], work: Path, seed: int = 0) -> Sounds:
        """The sound of some folders; read from the work folder if it is there.

        Args:
            folders: Each with sound files and perhaps a ``manifest.csv`` with the columns ``file``,
                ``source_repo`` and ``path``.
            work: Where it is kept: ``frames.f16``, ``frames.npz`` and ``clips.json``.
            seed: Of the changes.
        """
        if not (work / "frames.npz").exists():
            _prepare([clip for folder in folders for clip in _clips(folder)], work, seed)
        clips = [Clip(Path(c[0]), *c[1:]) for c in json.loads((work / "clips.json").read_text())]
        frames = np.memmap(work / "frames.f16", np.float16, "r").reshape(-1, N_BANDS)
        with np.load(work / "frames.npz") as file:
            return cls(frames, file["starts"], file["lengths"], clips)

    def take(self, clip: int, take: int) -> npt.NDArray[np.float16]:
        """The frames of one take, ``[n_frames, 128]``."""
        start = self.starts[clip, take]
        return self.frames[start : start + self.lengths[clip, take]]


def _clips(folder: Path) -> Iterator[Clip]:
    manifest = folder / "manifest.csv"
    if manifest.exists():
        with manifest.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield Clip(folder / row["file"], row["source_repo"], row["path"])
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            yield Clip(path, folder.name, str(path.relative_to(folder)))


def _prepare(clips: list[Clip], work: Path, seed: int) -> None:
    jobs = [(clip.file, seed) for clip in clips]
    lengths = np.zeros((len(clips), len(TAKES)), np.int64)
    with ProcessPoolExecutor(_N_PROCESSES) as pool, (work / "frames.f16").open("wb") as file:
        for number, takes in enumerate(pool.map(_mel_of_takes, jobs, chunksize=_CHUNK)):
            for take in takes:
                file.write(take.tobytes())
            lengths[number] = [len(take) for take in takes]
    starts = np.cumsum([0, *lengths.ravel()[:-1]]).reshape(lengths.shape)
    text = json.dumps([(str(clip.file), clip.repository, clip.origin) for clip in clips])
    (work / "clips.json").write_text(text)
    part = work / "frames.part.npz"
    np.savez(part, starts=starts, lengths=lengths)
    part.replace(work / "frames.npz")


def _mel_of_takes(job: tuple[Path, int]) -> list[npt.NDArray[np.float16]]:
    path, seed = job
    rng = np.random.default_rng((seed, zlib.crc32(path.name.encode())))
    signal, front_end = decoded(path), MelFrontEnd()
    speed = float(np.exp(rng.uniform(0.06, 0.25)))
    takes = (signal, in_room(signal, rng), at_speed(signal, speed), at_speed(signal, 1 / speed))
    logarithms = [np.log(front_end.power(take[None])[0] + np.float32(FLOOR)) for take in takes]
    return [logarithm.astype(np.float16) for logarithm in logarithms]


def decoded(path: Path) -> Signal:
    """The first ten seconds of a file, mono, 32 kHz, ``[n_samples]``; at least a quarter second."""
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    signal = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    signal = signal[: round(LONGEST_S * SAMPLE_RATE)].astype(np.float32)
    return np.pad(signal, (0, max(0, _SHORTEST - len(signal))))


def at_speed(signal: Signal, speed: float) -> Signal:
    """Faster and higher, or slower and lower, by resampling in the spectrum."""
    length = max(_SHORTEST // 2, round(len(signal) / speed))
    spectrum = np.fft.rfft(signal)
    resampled = np.fft.irfft(spectrum[: length // 2 + 1], length) * (length / len(signal))
    longest = round(LONGEST_S * SAMPLE_RATE)
    return resampled[:longest].astype(np.float32)


def in_room(signal: Signal, rng: np.random.Generator) -> Signal:
    """With the echoes of some room: noise that decays by 60 dB in 0.2 to 1 s, duller with time."""
    decay_s = float(np.exp(rng.uniform(np.log(0.2), np.log(1.0))))
    times = np.arange(round(decay_s * SAMPLE_RATE)) / SAMPLE_RATE
    echoes = rng.normal(0, 1, len(times)) * 10 ** (-3 * times / decay_s)
    n_dull = int(rng.integers(1, 12))
    echoes = np.convolve(echoes, np.full(n_dull, 1 / n_dull))[: len(times)]
    response = echoes * 10 ** (rng.uniform(-9, 3) / 20) / np.sqrt(np.square(echoes).sum())
    response[0] += 1
    size = 1 << (len(signal) + len(response) - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(response, size), size)
    return wet[: len(signal)].astype(np.float32)
