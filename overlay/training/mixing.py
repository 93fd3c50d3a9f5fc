"""Endless training scenes: cuts of clips, mixed, filtered, stretched, made louder and softer.

All of it happens on mel power, where sounds add up; the teacher hears just what the student hears,
so no label is ever a guess about the mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overlay.training.bank import Bank

Floats = npt.NDArray[np.float32]

N_BANDS, N_FRAMES = 128, 500
"""Of a scene: five seconds."""
_WINDOW_FRAMES, _STEP_FRAMES = 200, 100
N_WINDOWS = (N_FRAMES - _WINDOW_FRAMES) // _STEP_FRAMES + 1
"""Windows of two seconds in a scene."""
_LN_10_DB = np.log(10) / 10


@dataclass(frozen=True, slots=True)
class Recipe:
    """How scenes are made."""

    n_sounds: tuple[float, float, float, float]
    """Probabilities of none, one, two and three clips in a scene."""
    changed: float
    """Probability of another speed, and of a filter."""
    noisy: float
    """Probability of steady noise."""


HEAVY = Recipe((0.02, 0.45, 0.38, 0.15), 0.5, 0.25)
LIGHT = Recipe((0.02, 0.70, 0.23, 0.05), 0.25, 0.1)
"""For the end of the training: more like what people will give it."""


class Mixer:
    """Makes batches of scenes.

    Args:
        bank: The sound.
        seed: The same seed gives the same batches.

    Attributes:
        recipe: How much is done to the clips; may be changed between batches.
    """

    def __init__(self, bank: Bank, seed: int) -> None:
        self.recipe = HEAVY
        self._bank = bank
        self._rng = np.random.default_rng(seed)
        self._lengths = np.diff(bank.starts)

    def batch(self, size: int) -> Floats:
        """Log-mel features as ``MelFrontEnd`` gives them, ``[size, 1, 128, 500]``."""
        return np.stack([self._scene() for _ in range(size)])[:, None]

    def _scene(self) -> Floats:
        rng = self._rng
        n_sounds = rng.choice(4, p=self.recipe.n_sounds)
        power = np.full((N_FRAMES, N_BANDS), 1e-10, np.float32)
        for number in range(n_sounds):
            level_db = rng.normal(0, 8) - (0 if number == 0 else rng.uniform(0, 15))
            power += self._cut() * np.float32(np.exp(level_db * _LN_10_DB))
        if rng.random() < self.recipe.noisy:
            power += self._noise()
        features: Floats = (np.log(power + np.float32(1e-5)) + np.float32(4.5)) / np.float32(5)
        return features.T

    def _cut(self) -> Floats:
        """Five seconds of one clip, sometimes faster or slower, higher or lower, filtered."""
        rng = self._rng
        clip = rng.integers(len(self._lengths))
        speed = np.exp(rng.normal(0, 0.12)) if rng.random() < self.recipe.changed else 1.0
        needed = int(N_FRAMES * speed) + 2
        length = int(self._lengths[clip])
        start = int(rng.integers(-needed // 4, max(1, length - 3 * needed // 4)))
        rows = np.arange(N_FRAMES) * speed + start
        index = rows.astype(int)
        inside = (index >= 0) & (index < length)
        frames = self._bank.frames[self._bank.starts[clip] + np.clip(index, 0, length - 1)]
        power = np.exp(frames.astype(np.float32)) - np.float32(1e-5)
        power *= inside[:, None]
        if speed != 1.0 and rng.random() < 0.5:
            power = _shifted(power, round(float(np.log(speed)) * 30))
        if rng.random() < self.recipe.changed:
            power *= self._filter()
        cut: Floats = np.maximum(power, np.float32(0))
        return cut

    def _filter(self) -> Floats:
        """A smooth curve over the bands: rooms, phones, cheap microphones."""
        rng = self._rng
        points = rng.normal(0, 6, 6)
        curve = np.interp(np.linspace(0, 5, N_BANDS), np.arange(6), points)
        if rng.random() < 0.2:  # a phone: nothing above or below some band
            low, high = rng.integers(0, 25), rng.integers(70, N_BANDS)
            curve[:low] -= 30
            curve[high:] -= 30
        gains: Floats = np.exp(curve * _LN_10_DB).astype(np.float32)
        return gains

    def _noise(self) -> Floats:
        """Steady noise of some colour."""
        rng = self._rng
        slope_db, level_db = rng.uniform(-30, 10), rng.uniform(-50, 0)
        curve = np.linspace(0, slope_db, N_BANDS) + level_db
        shape = rng.gamma(4.0, 0.25, (N_FRAMES, N_BANDS))
        noise: Floats = (shape * np.exp(curve * _LN_10_DB)).astype(np.float32)
        return noise


def windows_of(scenes: Floats) -> Floats:
    """The windows of each scene, one after the other, ``[n_scenes * N_WINDOWS, 1, 128, 200]``."""
    starts = range(0, N_FRAMES - _WINDOW_FRAMES + 1, _STEP_FRAMES)
    cut = [scenes[..., start : start + _WINDOW_FRAMES] for start in starts]
    return np.stack(cut, axis=1).reshape(-1, 1, N_BANDS, _WINDOW_FRAMES)


def _shifted(power: Floats, n_bands: int) -> Floats:
    """Moved up by some bands; what comes in is empty."""
    moved = np.zeros_like(power)
    if n_bands > 0:
        moved[:, n_bands:] = power[:, :-n_bands]
    elif n_bands < 0:
        moved[:, :n_bands] = power[:, -n_bands:]
    else:
        moved = power
    return moved
