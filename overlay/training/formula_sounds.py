"""Sounds by formula: tones, alarms, noises, weather, machines, each one different.

They are no imitations that anybody must believe: the teacher says what it hears in them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

RATE = 32000
LENGTH_S = 6.0

Floats = npt.NDArray[np.float64]
Signal = Callable[[np.random.Generator], Floats]

_N = int(RATE * LENGTH_S)
_T = np.arange(_N) / RATE


def coloured(rng: np.random.Generator, slope: float, low_hz: float, high_hz: float) -> Floats:
    """Noise whose power falls as 1 / f^slope between two frequencies, peak 1."""
    f = np.fft.rfftfreq(_N, 1 / RATE)
    shape = np.maximum(f, 20) ** (-slope / 2) * (1 + (low_hz / np.maximum(f, 1)) ** 8) ** -0.5
    shape *= (1 + (f / high_hz) ** 8) ** -0.5
    spectrum = shape * (rng.normal(size=len(f)) + 1j * rng.normal(size=len(f)))
    return _peak(np.fft.irfft(spectrum, _N))


def tone(hz: Floats | float, n_harmonics: int = 1, fall: float = 1.0) -> Floats:
    """A harmonic tone of a frequency that may change."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(hz, _N)) / RATE
    return sum((np.sin(k * phase) / k**fall for k in range(1, n_harmonics + 1)), start=np.zeros(_N))


def gate(period_s: float, on_s: float) -> Floats:
    """1 for ``on_s`` of every period, else 0, with soft edges."""
    square = ((_T % period_s) < on_s).astype(float)
    return np.convolve(square, np.full(160, 1 / 160), "same")


def slow(rng: np.random.Generator, hz: float) -> Floats:
    """A random curve from 0 to 1 that changes about ``hz`` times a second."""
    points = rng.random(max(4, int(LENGTH_S * hz) + 3))
    x = np.linspace(0, len(points) - 1.001, _N)
    left = x.astype(int)
    bend = (1 - np.cos(np.pi * (x - left))) / 2
    curve: Floats = points[left] * (1 - bend) + points[left + 1] * bend
    return curve


def hits(rng: np.random.Generator, rate: float, hit: Callable[[], Floats], jitter: float) -> Floats:
    """A short sound again and again, ``rate`` times a second."""
    out = np.zeros(_N)
    at = rng.uniform(0, 1 / rate)
    while at < LENGTH_S:
        sound = hit() * rng.uniform(0.5, 1)
        first = int(at * RATE)
        n = min(len(sound), _N - first)
        out[first : first + n] += sound[:n]
        at += max(0.01, (1 + jitter * rng.normal()) / rate)
    return out


def decay(rng: np.random.Generator, hz: float, length_s: float, noise: float) -> Floats:
    """A struck thing: a dying tone with some noise in it."""
    t = np.arange(int(length_s * RATE)) / RATE
    sound = (1 - noise) * np.sin(2 * np.pi * hz * t) + noise * rng.normal(size=len(t))
    struck: Floats = sound * np.exp(-5 * t / length_s)
    return struck


def _peak(x: Floats) -> Floats:
    peaked: Floats = x / max(1e-9, float(np.abs(x).max()))
    return peaked


def _siren(rng: np.random.Generator) -> Floats:
    low, high, period = rng.uniform(400, 800), rng.uniform(900, 1800), rng.uniform(0.25, 5)
    sweep = (1 - np.cos(2 * np.pi * _T / period)) / 2
    steps = ((_T % period) < period / 2).astype(float)
    return tone(
        low + (high - low) * (sweep if rng.random() < 0.6 else steps), int(rng.integers(1, 6))
    )


def _call_tone(rng: np.random.Generator) -> Floats:
    pair = [(350, 440), (480, 620), (440, 480), (425, 425), (400, 450)][rng.integers(5)]
    period, on = [(1.0, 0.5), (0.5, 0.25), (6.0, 2.0), (3.0, 1.0), (9.0, 9.0)][rng.integers(5)]
    return (tone(pair[0]) + tone(pair[1])) * gate(period, on)


def _dial(rng: np.random.Generator) -> Floats:
    out = np.zeros(_N)
    period = rng.uniform(0.15, 0.5)
    for i in range(int(LENGTH_S / period)):
        since = _T - i * period
        inside = (since >= 0) & (since < 0.6 * period)
        low, high = rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477])
        out += inside * (tone(float(low)) + tone(float(high)))
    return out


def _beeps(rng: np.random.Generator) -> Floats:
    period = rng.uniform(0.1, 1.5)
    hz = float(np.exp(rng.uniform(np.log(300), np.log(5000))))
    return tone(hz, int(rng.integers(1, 8))) * gate(period, period * rng.uniform(0.2, 0.8))


def _birds(rng: np.random.Generator) -> Floats:
    def chirp() -> Floats:
        t = np.arange(int(rng.uniform(0.04, 0.25) * RATE)) / RATE
        f = rng.uniform(1800, 6000) + rng.normal(0, 1500) * t / t[-1]
        f = f + rng.uniform(0, 800) * np.sin(2 * np.pi * rng.uniform(10, 60) * t)
        sung: Floats = np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.hanning(len(t))
        return sung

    return hits(rng, rng.uniform(1, 8), chirp, 0.5)


def _insects(rng: np.random.Generator) -> Floats:
    carrier = tone(rng.uniform(2500, 7500)) + 0.3 * coloured(rng, 0, 3000, 9000)
    return carrier * gate(1 / rng.uniform(8, 60), 1 / 120) * (0.3 + slow(rng, 2))


def _buzz(rng: np.random.Generator) -> Floats:
    return tone(rng.uniform(120, 400) * (1 + 0.1 * slow(rng, 4)), 25, 0.8) * (0.2 + slow(rng, 3))


def _hum(rng: np.random.Generator) -> Floats:
    return tone(
        float(rng.choice([50, 60, 100, 120])), int(rng.integers(3, 20)), rng.uniform(0.3, 1.5)
    )


def _engine(rng: np.random.Generator) -> Floats:
    pitch = rng.uniform(20, 120) * (1 + rng.uniform(0, 1.5) * slow(rng, rng.uniform(0.3, 1)))
    rough = coloured(rng, 1, 60, rng.uniform(800, 5000)) * (1 + tone(pitch)) / 2
    return tone(pitch, 30, rng.uniform(0.4, 1.2)) * 0.5 + rng.uniform(0.3, 3) * rough


def _rotor(rng: np.random.Generator) -> Floats:
    beat = np.maximum(0, tone(rng.uniform(4, 25))) ** rng.uniform(1, 6)
    return coloured(rng, rng.uniform(0.5, 2), 40, rng.uniform(800, 4000)) * (0.1 + beat)


def _waves(rng: np.random.Generator) -> Floats:
    period, rise = rng.uniform(2.5, 9), rng.uniform(0.2, 0.6)
    phase = (_T / period + rng.random()) % 1
    swell = np.where(phase < rise, phase / rise, (1 - phase) / (1 - rise)) ** rng.uniform(1, 3)
    high = coloured(rng, rng.uniform(0, 1), rng.uniform(50, 400), rng.uniform(3000, 12000))
    return high * (rng.uniform(0.02, 0.3) + swell) + 0.3 * coloured(rng, 2, 30, 600)


def _wind(rng: np.random.Generator) -> Floats:
    body = coloured(rng, rng.uniform(1, 3), 60, rng.uniform(500, 3000))
    whistle = coloured(rng, 0, 500, 900) * slow(rng, 1) * rng.uniform(0, 0.5)
    return (body + whistle) * (0.15 + slow(rng, rng.uniform(0.5, 2)))


def _rain(rng: np.random.Generator) -> Floats:
    drops = hits(
        rng, rng.uniform(20, 90), lambda: decay(rng, rng.uniform(1500, 7000), 0.02, 0.7), 1.0
    )
    return coloured(rng, rng.uniform(-0.5, 0.8), 300, 14000) * rng.uniform(0.1, 1) + drops


def _drips(rng: np.random.Generator) -> Floats:
    def drip() -> Floats:
        t = np.arange(int(0.08 * RATE)) / RATE
        f = rng.uniform(500, 1800) * (1 + 6 * t)
        fallen: Floats = np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.exp(-50 * t)
        return fallen

    return hits(rng, rng.uniform(1, 30), drip, 0.8)


def _fire(rng: np.random.Generator) -> Floats:
    crackle = hits(
        rng, rng.uniform(5, 40), lambda: decay(rng, rng.uniform(1000, 6000), 0.012, 0.95), 1.0
    )
    return crackle + rng.uniform(0.02, 0.3) * coloured(rng, 1.5, 40, 3000)


def _thunder(rng: np.random.Generator) -> Floats:
    return coloured(rng, rng.uniform(2, 3), 20, 400) * slow(rng, 3) * np.exp(-_T / 3)


def _noise(rng: np.random.Generator) -> Floats:
    return coloured(rng, float(rng.choice([0, 0, 0, 1, 1, 2])), 20, rng.uniform(4000, 16000))


def _static(rng: np.random.Generator) -> Floats:
    return coloured(rng, 0, 200, 9000) * (slow(rng, rng.uniform(2, 20)) > rng.uniform(0.2, 0.7))


def _ticks(rng: np.random.Generator) -> Floats:
    hz, length = rng.uniform(800, 5000), rng.uniform(0.005, 0.04)
    return hits(rng, rng.uniform(1, 6), lambda: decay(rng, hz, length, 0.5), 0.01)


def _knocks(rng: np.random.Generator) -> Floats:
    hz = rng.uniform(80, 500)
    return hits(rng, rng.uniform(1, 7), lambda: decay(rng, hz, rng.uniform(0.05, 0.2), 0.4), 0.2)


def _heart(rng: np.random.Generator) -> Floats:
    rate = rng.uniform(0.8, 2)
    first = hits(rng, rate, lambda: decay(rng, rng.uniform(40, 70), 0.15, 0.05), 0.02)
    return first + 0.6 * np.roll(first, int(0.28 / rate * RATE))


def _bells(rng: np.random.Generator) -> Floats:
    hz = rng.uniform(200, 2500)

    def bell() -> Floats:
        parts = [decay(rng, hz * k, 1.5, 0.0) / k for k in (1, 2.0, 2.4, 3.01, 4.2)]
        rung: Floats = np.sum(parts, axis=0)
        return rung

    return hits(rng, rng.uniform(0.4, 12), bell, 0.02)


def _whistle(rng: np.random.Generator) -> Floats:
    f = rng.uniform(700, 3000) * (1 + rng.uniform(0, 0.4) * slow(rng, rng.uniform(0.5, 3)))
    return (tone(f) + 0.05 * coloured(rng, 0, 500, 8000)) * (slow(rng, 2) > 0.25)


def _sweep(rng: np.random.Generator) -> Floats:
    low, high = sorted(np.exp(rng.uniform(np.log(50), np.log(9000), 2)))
    ramp = (_T / rng.uniform(0.3, 6)) % 1
    return tone(low * (high / low) ** (ramp if rng.random() < 0.5 else 1 - ramp), 1)


def _steady(rng: np.random.Generator) -> Floats:
    return tone(
        float(np.exp(rng.uniform(np.log(60), np.log(8000)))), int(rng.choice([1, 1, 3, 20]))
    )


def _saw(rng: np.random.Generator) -> Floats:
    pitch = rng.uniform(80, 600) * (1 + 0.5 * slow(rng, 1))
    strokes = gate(rng.uniform(0.3, 2), rng.uniform(0.15, 1))
    return (tone(pitch, 40, 0.3) * 0.3 + coloured(rng, 0, 800, 9000)) * (0.1 + strokes)


def _whoosh(rng: np.random.Generator) -> Floats:
    def one() -> Floats:
        n = int(rng.uniform(0.2, 1.0) * RATE)
        passed: Floats = coloured(rng, rng.uniform(0, 1.5), 200, 7000)[:n] * np.hanning(n) ** 2
        return passed

    return hits(rng, rng.uniform(0.5, 2), one, 0.3)


def _explosion(rng: np.random.Generator) -> Floats:
    def one() -> Floats:
        n = int(rng.uniform(0.15, 2) * RATE)
        boom = coloured(rng, rng.uniform(0.5, 2.5), 30, rng.uniform(1500, 9000))[:n]
        blown: Floats = boom * np.exp(-np.arange(n) / n * 6)
        return blown

    return hits(rng, rng.uniform(0.4, 10), one, 0.5)


SIGNALS: tuple[Signal, ...] = (
    _siren, _siren, _call_tone, _call_tone, _dial, _beeps, _beeps, _birds, _insects, _buzz, _hum,
    _engine, _engine, _rotor, _waves, _waves, _waves, _wind, _rain, _drips, _fire, _thunder, _noise,
    _static, _ticks, _knocks, _heart, _bells, _whistle, _sweep, _steady, _saw, _whoosh, _explosion,
)  # fmt: skip
"""All kinds; those that are worth more clips stand here more than once."""


def signal(kind: Signal, rng: np.random.Generator) -> Floats:
    """Six seconds of one kind, ``[192000]``, peak 0.1 to 1."""
    return _peak(kind(rng)) * 10 ** rng.uniform(-1, 0)
