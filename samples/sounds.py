"""The sounds of the sample film, made by programs: nothing is recorded but what is in a sound font.

Instruments and the telephone come from fluidsynth with the FluidR3 sound font (MIT licence), all
else from noise, tones and echoes. Chance decides the details; which of some dozen throws of each
is in the film was decided by both taggers.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from overlay.training.formula_sounds import coloured
from overlay.training.midi import Note, Part, midi

SOUND_FONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
RATE = 32000
MARIMBA_S = 0.2
"""From note to note."""
TUNE = (0, 2, 4, 7, 5, 4, 2, 4, 0, 3, 5, 8, 7, 5, 3, 5, 1, 4, 6, 8)
"""Steps of a scale."""
TICK_S = 0.5
"""From the tick of the clock to its tock."""
FLASHES = (0.1, 1.75)
"""Seconds of the scene at which it thunders."""
BOOMS = (0.25, 0.8, 1.25, 1.7, 2.15, 2.5, 2.85)
"""Seconds of the scene at which fireworks burst."""
_LONGEST_S = 4.0
_N = round(RATE * _LONGEST_S)
_T = np.arange(_N) / RATE

Signal = npt.NDArray[np.float64]
Chance = np.random.Generator


def play(program: int, notes: Iterable[Note]) -> Signal:
    """Notes by fluidsynth, with an instrument of General MIDI."""
    with tempfile.TemporaryDirectory() as name:
        score, sound = Path(name, "x.mid"), Path(name, "x.wav")
        score.write_bytes(midi([Part(program, list(notes))]))
        command = ["fluidsynth", "-ni", "-q", "-g", "0.8", "-r", str(RATE), "-T", "wav", "-F",
                   str(sound), SOUND_FONT, str(score)]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with wave.open(str(sound)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            signal: Signal = samples.reshape(-1, file.getnchannels()).mean(axis=1) / 32768
    return signal


def tone(hz: Signal, parts: Iterable[float]) -> Signal:
    """A harmonic tone of a frequency that may change."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    return sum((a * np.sin(k * phase) for k, a in enumerate(parts, start=1)), np.zeros(len(hz)))


def noise(n: int, rng: Chance, low_hz: float, high_hz: float, slope: float = 0) -> Signal:
    """Noise between two frequencies whose power falls as 1 / f^slope, peak 1."""
    f = np.fft.rfftfreq(n, 1 / RATE)
    shape = np.maximum(f, 20) ** (-slope / 2) * (1 + (low_hz / np.maximum(f, 1)) ** 6) ** -0.5
    shape *= (1 + (f / high_hz) ** 6) ** -0.5
    made: Signal = np.fft.irfft(shape * np.exp(2j * np.pi * rng.random(len(f))), n)
    return made / np.abs(made).max()


def resonant(signal: Signal, *peaks: tuple[float, float, float]) -> Signal:
    """With resonances: centre and half width in Hz, and how strong."""
    n = len(signal)
    f = np.fft.rfftfreq(n, 1 / RATE)
    gain = sum(a / (1 + ((f - hz) / width) ** 2) for hz, width, a in peaks)
    heard: Signal = np.fft.irfft(np.fft.rfft(signal) * gain, n)
    return heard


def placed(make: Callable[[], Signal], times: Iterable[float]) -> Signal:
    """A short sound, made anew at each of some seconds."""
    out = np.zeros(_N)
    for at in times:
        sound = make()
        first = int(at * RATE)
        n = min(len(sound), _N - first)
        if n > 0:
            out[first : first + n] += sound[:n]
    return out


def struck(rng: Chance, hz: float, length_s: float, rough: float) -> Signal:
    """A struck thing: a dying tone with some noise in it."""
    t = np.arange(int(length_s * RATE)) / RATE
    sound = (1 - rough) * np.sin(2 * np.pi * hz * t) + rough * rng.normal(size=len(t))
    dying: Signal = sound * np.exp(-5 * t / length_s)
    return dying


def in_room(signal: Signal, rng: Chance, chance: float = 1.0) -> Signal:
    """With the echoes of some room, or without."""
    if rng.random() >= chance:
        return signal
    decay_s = rng.uniform(0.15, 1.2)
    t = np.arange(int(decay_s * RATE)) / RATE
    echoes = rng.normal(size=len(t)) * 10 ** (-3 * t / decay_s)
    echoes = echoes / np.sqrt(np.square(echoes).sum()) * rng.uniform(0.1, 0.8)
    echoes[0] += 1
    size = 1 << (len(signal) + len(echoes)).bit_length()
    wet: Signal = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(echoes, size), size)
    return wet[: len(signal)]


def sea(rng: Chance) -> Signal:
    """A wave that runs up a beach and back."""
    t = np.arange(6 * RATE) / RATE
    period, rise = rng.uniform(2.5, 9), rng.uniform(0.2, 0.6)
    phase = (t / period + rng.random()) % 1
    swell = np.where(phase < rise, phase / rise, (1 - phase) / (1 - rise)) ** rng.uniform(1, 3)
    spray = coloured(rng, rng.uniform(0, 1), rng.uniform(50, 400), rng.uniform(3000, 12000))
    signal: Signal = spray * (rng.uniform(0.02, 0.3) + swell) + 0.3 * coloured(rng, 2, 30, 600)
    return signal[int(rng.integers(0, 60000)) :]


def birds(rng: Chance) -> Signal:
    """Phrases of chirps."""

    def phrase() -> Signal:
        hz, glide = rng.uniform(2500, 5500), rng.normal(0, 1500)
        length_s, depth, trill = rng.uniform(0.05, 0.15), rng.uniform(0, 600), rng.uniform(15, 50)
        sung: list[Signal] = []
        for _ in range(int(rng.integers(2, 7))):
            n = int(length_s * RATE)
            t = np.arange(n) / n
            f = hz + glide * (t - 0.5) + depth * np.sin(2 * np.pi * trill * np.arange(n) / RATE)
            sung += [tone(f, (1, 0.08)) * np.hanning(n)]
            sung += [np.zeros(int(rng.uniform(0.02, 0.07) * RATE))]
        return np.concatenate(sung) * rng.uniform(0.3, 1)

    song = placed(phrase, rng.uniform(0, 3.6, int(rng.integers(5, 11))))
    return in_room(song + 0.003 * noise(_N, rng, 200, 8000, 0.5), rng, 0.8)


def clock(rng: Chance) -> Signal:
    """Tick and tock."""
    tick, tock = (hz := rng.uniform(1500, 5000)), hz * rng.uniform(0.6, 0.95)
    rough, length_s = rng.uniform(0.3, 0.9), rng.uniform(0.01, 0.06)
    ticks = placed(lambda: struck(rng, tick, length_s, rough), np.arange(0, 3.9, 2 * TICK_S))
    tocks = placed(lambda: struck(rng, tock, length_s, rough), np.arange(TICK_S, 3.9, 2 * TICK_S))
    both = ticks + 0.8 * tocks
    both = both + 0.5 * np.roll(both, int(0.02 * RATE))
    return in_room(both, rng, 0.7) + 0.002 * rng.normal(size=_N)


def phone(rng: Chance) -> Signal:
    """Two bells that a hammer strikes in turn."""
    bells = rng.uniform(900, 1800), rng.uniform(1000, 2200)
    out, on = np.zeros(_N), (_T % 1.9) < 1.35
    t = np.arange(int(0.25 * RATE)) / RATE
    for n, at in enumerate(np.arange(0, 3.95, 1 / rng.uniform(18, 28))):
        if not on[int(at * RATE)]:
            continue
        parts = ((1, 1, 18), (2.76, 0.6, 25), (5.4, 0.3, 40))
        rung = sum(
            (a * np.sin(2 * np.pi * bells[n % 2] * q * t) * np.exp(-t * d) for q, a, d in parts),
            0.1 * rng.normal(size=len(t)) * np.exp(-t * 200),
        )
        first = int(at * RATE)
        length = min(len(t), _N - first)
        out[first : first + length] += rung[:length]
    return in_room(out, rng, 0.5)


def rain(rng: Chance) -> Signal:
    """Rain, with drops on the glass."""
    fall = noise(_N, rng, rng.uniform(200, 900), rng.uniform(6000, 15000), rng.uniform(-0.3, 0.8))

    def drop() -> Signal:
        n = int(rng.uniform(0.004, 0.02) * RATE)
        hz = rng.uniform(900, 6000)
        hit = 0.5 * rng.normal(size=n) + np.sin(2 * np.pi * hz * np.arange(n) / RATE)
        dying: Signal = hit * np.exp(-5 * np.arange(n) / n) * rng.uniform(0.05, 1) ** 2
        return dying

    drops = placed(drop, rng.uniform(0, 3.95, int(rng.uniform(50, 600))))
    return in_room(fall * rng.uniform(0.2, 1) + drops, rng, 0.3)


def thunder(rng: Chance) -> Signal:
    """Two strokes that roll, over rain."""
    out = rng.uniform(0.02, 0.1) * noise(_N, rng, 500, 12000)
    roll_hz, slope, fall = rng.uniform(150, 900), rng.uniform(1.5, 3), rng.uniform(0.5, 1.6)
    crack = rng.uniform(0.1, 0.8)
    for at in FLASHES:
        n = _N - int(at * RATE)
        t = np.arange(n) / RATE
        rolling = 0.3 + 0.7 * np.abs(noise(n, rng, 1, 4, 1))
        stroke = noise(n, rng, 20, roll_hz, slope) * rolling * np.exp(-fall * t)
        stroke += crack * noise(n, rng, 60, 3000, 1) * np.exp(-8 * t)
        out[-n:] += stroke * (1 if at == FLASHES[0] else 0.8)
    return out


def siren(rng: Chance) -> Signal:
    """A siren that comes nearer and goes away, lower once it has passed."""
    low, high = rng.uniform(450, 700), rng.uniform(1000, 1600)
    period = rng.choice([0.3, 0.5, 1.5])
    sweep = (1 - np.cos(2 * np.pi * _T / period)) / 2
    hz = (low + (high - low) * sweep) * (1 - 0.03 * np.tanh(2 * (_T - 2.0)))
    call = tone(hz, [1 / k ** rng.uniform(0.7, 1.5) for k in range(1, 11)])
    near = np.exp(-(((_T - 2.0) / rng.uniform(1.5, 4)) ** 2))
    street = rng.uniform(0, 0.25) * noise(_N, rng, 40, 2000, 1.2)
    return in_room(call / np.abs(call).max() * near + street, rng, 0.6)


def marimba(rng: Chance) -> Signal:
    """A tune on a marimba."""
    program, low = int(rng.choice([12, 13])), int(rng.integers(55, 72))
    scale = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 4, 7, 9))[rng.integers(2)]
    notes = [
        (at, MARIMBA_S, low + 12 * (degree // len(scale)) + scale[degree % len(scale)],
         int(rng.integers(80, 120)))
        for at, degree in zip(np.arange(0.0, 3.9, MARIMBA_S).tolist(), TUNE, strict=False)
    ]  # fmt: skip
    return in_room(play(program, notes)[:_N], rng, 0.3)


def applause(rng: Chance) -> Signal:
    """A hall that claps, and the hands of those who sit near."""
    out = np.zeros(_N)
    for _ in range(int(rng.integers(1, 5))):
        hall = play(126, [(0, 4, int(rng.integers(54, 68)), int(rng.integers(90, 127)))])
        hall = np.pad(hall, (0, max(0, _N - len(hall))))[:_N]
        out += np.roll(hall, int(rng.integers(0, _N // 3))) * rng.uniform(0.4, 1)
    out /= np.abs(out).max()
    near = np.zeros(_N)
    for _ in range(int(rng.uniform(5, 40))):
        rate, hz, loud = rng.uniform(3, 5.5), rng.uniform(700, 2500), rng.uniform(0.15, 1)
        n = int(rng.uniform(0.012, 0.04) * RATE)
        steps = np.abs(1 / rate + rng.normal(0, 0.02, 30))
        times = rng.uniform(0, 0.3) + np.cumsum(steps)
        near += loud * placed(lambda n=n, hz=hz: _clap(rng, n, hz), times[times < 3.95])
    out = out * rng.uniform(0.5, 1) + near / np.abs(near).max() * rng.uniform(0.2, 1)
    out = resonant(out, (rng.uniform(1200, 3000), rng.uniform(1500, 5000), 1))
    return in_room(out, rng, 0.8)


def _clap(rng: Chance, n: int, hz: float) -> Signal:
    hit = resonant(rng.normal(size=n), (hz, hz * 0.5, 1), (hz * 2.2, hz, 0.4))
    return hit / np.abs(hit).max() * np.exp(-6 * np.arange(n) / n)


def fireworks(rng: Chance) -> Signal:
    """Rockets that rise, burst and crackle."""
    high_hz, slope = rng.uniform(800, 6000), rng.uniform(0.8, 2)
    fall, attack = rng.uniform(3, 9), rng.uniform(1, 4)

    def boom() -> Signal:
        n = int(rng.uniform(0.5, 1.4) * RATE)
        burst = noise(n, rng, 30, high_hz * rng.uniform(0.8, 1.2), slope)
        burst *= np.exp(-fall * np.arange(n) / RATE)
        burst[: int(0.003 * RATE)] *= attack
        return burst * rng.uniform(0.6, 1)

    longest_s, loudest = rng.uniform(0.004, 0.02), rng.uniform(0.1, 0.6)

    def crack() -> Signal:
        n = int(longest_s * rng.uniform(0.5, 1) * RATE)
        dying: Signal = rng.normal(size=n) * np.exp(-5 * np.arange(n) / n)
        return dying * rng.uniform(0.05, loudest)

    spread, after, many = rng.uniform(0.1, 0.5), rng.uniform(0.05, 0.4), int(rng.uniform(5, 60))
    cracks = np.concatenate([at + after + rng.exponential(spread, many) for at in BOOMS])
    out = placed(boom, BOOMS) + rng.uniform(0.2, 1) * placed(crack, cracks[cracks < 3.95])
    loud = rng.uniform(0, 0.2)

    def rise() -> Signal:
        n = int(0.55 * RATE)
        return loud * tone(1500 + 2500 * np.arange(n) / n, (1,)) * np.hanning(n)

    return in_room(out + placed(rise, [max(0.0, at - 0.55) for at in BOOMS]), rng)


def finished(signal: Signal, length_s: float, peak_db: float = -6) -> Signal:
    """Exactly as long as its scene, soft at both ends, with a short pause behind it."""
    n, pause = round(length_s * RATE), round(0.25 * RATE)
    signal = np.pad(signal[: n - pause], (0, max(0, n - pause - len(signal))))
    signal = signal / np.abs(signal).max() * 10 ** (peak_db / 20)
    rise, fall = np.linspace(0, 1, round(0.05 * RATE)), np.linspace(1, 0, round(0.15 * RATE))
    signal[: len(rise)] *= rise
    signal[-len(fall) :] *= fall
    return np.pad(signal, (0, pause))
