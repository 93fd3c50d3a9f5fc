"""Sounds made by programs, beside the recordings: instruments, bands, voices, signals.

    python -m overlay.training.synthetic_sounds FOLDER [--seed S]

Needs espeak-ng and fluidsynth with the FluidR3 sound font (Debian: espeak-ng, fluidsynth,
fluid-soundfont-gm). About 1,150 clips of six seconds; those that are there are not made again.
"""

from __future__ import annotations

import argparse
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from overlay.training.formula_sounds import LENGTH_S, RATE, SIGNALS, signal
from overlay.training.midi import DRUM_CHANNEL, Note, Part, midi

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
_TAKES, _N_BANDS, _N_BEATS, _N_VOICES, _N_SIGNALS = 4, 90, 60, 200, 7
_SCALES = (
    (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 1, 4, 5, 7, 8, 10),
)  # fmt: skip
_LANGUAGES = (
    "af", "ar", "bg", "bn", "cs", "cmn", "da", "de", "el", "en-gb", "en-us", "es", "et", "fa", "fi",
    "fr-fr", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt",
    "pt-br", "ro", "ru", "sk", "sr", "sv", "sw", "ta", "te", "tr", "uk", "ur", "vi",
)  # fmt: skip
_VARIANTS = ("", "+f1", "+f2", "+f4", "+m1", "+m3", "+m7", "+whisper", "+croak", "+klatt2")


def make_all(folder: Path, seed: int) -> None:
    """Write all clips; the same seed gives the same ones."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [*_music_jobs(), *_voice_jobs(), *_signal_jobs()]
    for number, (name, kind, value) in enumerate(tqdm(jobs, unit="clip")):
        path = folder / f"{name}.wav"
        if not path.exists():
            rng = np.random.default_rng((seed, number))
            part = path.with_suffix(".part")
            {"play": _play, "speak": _speak, "signal": _signal}[kind](part, value, rng)
            part.replace(path)


def _music_jobs() -> Iterator[tuple[str, str, int]]:
    for program in range(128):
        for take in range(_TAKES):
            yield f"program-{program:03}-{take}", "play", program
    for number in range(_N_BANDS):
        yield f"band-{number:03}", "play", _BAND
    for number in range(_N_BEATS):
        yield f"beat-{number:03}", "play", _BEAT
    for pitch in range(35, 82):
        yield f"drum-{pitch}", "play", -pitch


def _voice_jobs() -> Iterator[tuple[str, str, int]]:
    for number in range(_N_VOICES):
        yield f"voice-{number:03}", "speak", number


def _signal_jobs() -> Iterator[tuple[str, str, int]]:
    for kind in range(len(SIGNALS)):
        for take in range(_N_SIGNALS):
            yield f"signal-{kind:02}-{take}", "signal", kind


_BAND, _BEAT = 1000, 1001
"""Where a program stands otherwise; minus a pitch is one drum."""


def _play(path: Path, program: int, rng: np.random.Generator) -> None:
    if program == _BAND:
        parts = [
            Part(int(rng.integers(0, 104)), _tune(rng, 60 + int(rng.integers(-12, 13)))),
            Part(int(rng.integers(0, 104)), _chords(rng, 60), 1),
            Part(int(rng.integers(32, 40)), _tune(rng, 36), 2),
            Part(0, _beat(rng), DRUM_CHANNEL),
        ]
        parts = [part for part in parts if rng.random() < 0.8] or parts
    elif program == _BEAT:
        parts = [Part(0, _beat(rng), DRUM_CHANNEL)]
    elif program < 0:
        rate = rng.uniform(1, 6)
        hits: list[Note] = [
            (i / rate, 0.2, -program, int(rng.integers(60, 128)))
            for i in range(int(LENGTH_S * rate))
        ]
        parts = [Part(0, hits, DRUM_CHANNEL)]
    else:
        make = (_tune, _tune, _chords, _long)[rng.integers(4)]
        parts = [Part(program, make(rng, 60 + 12 * int(rng.integers(-2, 2))))]
    score = path.with_suffix(".mid")
    score.write_bytes(midi(parts))
    _run("fluidsynth", "-ni", "-q", "-r", RATE, "-T", "wav", "-F", path, SOUND_FONT, score)
    score.unlink()


def _pitch(rng: np.random.Generator, scale: tuple[int, ...], degree: int, low: int) -> int:
    octave, step = divmod(degree, len(scale))
    return int(np.clip(low + 12 * octave + scale[step], 20, 110))


def _tune(rng: np.random.Generator, low: int) -> list[Note]:
    """A walk on a scale."""
    scale, step_s = _SCALES[rng.integers(len(_SCALES))], rng.uniform(0.12, 0.6)
    notes: list[Note] = []
    degree, at = int(rng.integers(0, 10)), 0.0
    while at < LENGTH_S:
        length = step_s * float(rng.choice([0.5, 1, 1, 2]))
        if rng.random() < 0.9:
            pitch = _pitch(rng, scale, degree, low)
            notes.append((at, length * rng.uniform(0.5, 1.1), pitch, int(rng.integers(60, 128))))
        degree = int(np.clip(degree + rng.integers(-3, 4), -4, 15))
        at += length
    return notes


def _chords(rng: np.random.Generator, low: int) -> list[Note]:
    scale, step_s = _SCALES[rng.integers(2)], rng.uniform(0.4, 2)
    notes: list[Note] = []
    for i in range(int(LENGTH_S / step_s) + 1):
        root = int(rng.integers(0, 7))
        for third in (0, 2, 4):
            pitch = _pitch(rng, scale, root + third, low)
            notes.append((i * step_s, step_s, pitch, int(rng.integers(60, 120))))
    return notes


def _long(rng: np.random.Generator, low: int) -> list[Note]:
    length = rng.uniform(1, 4)
    return [
        (i * length, length, low + int(rng.integers(0, 24)), int(rng.integers(60, 128)))
        for i in range(int(LENGTH_S / length) + 1)
    ]


def _beat(rng: np.random.Generator) -> list[Note]:
    step_s = rng.uniform(0.1, 0.25)
    drums = [36, 38, 42, *rng.integers(35, 82, 3).tolist()]
    chances = [rng.uniform(0.1, 0.9, 8) * rng.uniform(0.2, 1) for _ in drums]
    return [
        (i * step_s, 0.2, drum, int(rng.integers(70, 128)))
        for i in range(int(LENGTH_S / step_s))
        for drum, chance in zip(drums, chances, strict=True)
        if rng.random() < chance[i % 8]
    ]


def _speak(path: Path, number: int, rng: np.random.Generator) -> None:
    """Numbers, which every language has words for."""
    voice = _LANGUAGES[number % len(_LANGUAGES)] + _VARIANTS[rng.integers(len(_VARIANTS))]
    text = ", ".join(str(n) for n in rng.integers(0, 3000, 5))
    speed, pitch = str(rng.integers(110, 240)), str(rng.integers(10, 90))
    _run("espeak-ng", "-v", voice, "-s", speed, "-p", pitch, "-w", path, text)


def _signal(path: Path, kind: int, rng: np.random.Generator) -> None:
    samples = (signal(SIGNALS[kind], rng) * 32000).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the sounds that programs can make.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    make_all(arguments.folder, arguments.seed)
