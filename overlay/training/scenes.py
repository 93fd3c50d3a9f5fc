"""Endless training scenes of ten seconds, and what is heard at each moment of them.

Clips follow each other with hard cuts, cross-fades and pauses, or sound together, at random gains,
over a quiet background or steady noise. All of it happens on mel power, where sounds add up, so the
power of each clip beside all others is known in every band: a clip that the others cover teaches
nothing while they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overlay.training.sound_bank import FLOOR, N_BANDS, TAKES, Sounds

Floats = npt.NDArray[np.float32]

N_FRAMES, STEP = 1000, 8
"""Frames of a scene, and frames to one answer: 10 s, 80 ms."""
N_MOMENTS = N_FRAMES // STEP
_LN_10_DB = np.log(10) / 10
_QUIET_DB, _WIDENED = 35.0, 21
_LOUDNESS = 0.3
"""Exponent from power to loudness."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How scenes are made; all but the first are probabilities."""

    longest: int
    """Clips in a row at most."""
    changed_take: float
    """Another take than the clip as it is."""
    filtered: float
    together: float
    """The next clip begins before this one has ended."""
    background: float
    noisy: float


HEAVY = Recipe(4, 0.6, 0.4, 0.3, 0.3, 0.3)
LIGHT = Recipe(3, 0.3, 0.2, 0.2, 0.2, 0.15)
"""For the end of the training: more like what people will give it."""


class Mixer:
    """Makes scenes.

    Args:
        sounds: The bank.
        lessons: What is heard in each clip, scores in [0, 1], ``[n_clips, n_classes]``.
        chosen: The clips that may be used.
        seed: The same seed gives the same scenes.

    Attributes:
        recipe: How much is done to the clips; may be changed between scenes.
    """

    def __init__(
        self, sounds: Sounds, lessons: Floats, chosen: npt.NDArray[np.int64], seed: int
    ) -> None:
        self.recipe = HEAVY
        self._sounds, self._lessons, self._chosen = sounds, lessons, chosen
        self._rng = np.random.default_rng(seed)
        self._cumulated = np.cumsum(weights_of(lessons[chosen]))

    def scene(self) -> tuple[Floats, Floats]:
        """Log-mel features ``[128, 1000]`` and scores ``[125, n_classes]``."""
        rng, recipe = self._rng, self.recipe
        events = []
        time = int(rng.integers(-150, 100))
        for _ in range(rng.integers(1, recipe.longest + 1)):
            event = self._event(time, int(rng.integers(100, 700)), rng.normal(0, 6))
            events.append(event)
            overlap = rng.choice([0.5, 1.0]) if rng.random() < recipe.together else 0.0
            time += int(event.length * (1 - overlap)) + int(rng.choice([0, 0, 0, 30, 120]))
            if time > N_FRAMES - 50:
                break
        if rng.random() < recipe.background:
            events.append(self._event(0, N_FRAMES, -rng.uniform(8, 25)))
        power = self._noise() if rng.random() < recipe.noisy else np.full(
            (N_FRAMES, N_BANDS), 1e-10, np.float32)  # fmt: skip
        for event in events:
            power[event.begin : event.end] += event.power
        gain = np.float32(np.exp(rng.normal(0, 5) * _LN_10_DB))
        features = (np.log(power * gain + np.float32(FLOOR)) + np.float32(4.5)) / np.float32(5)
        return features.T, self._scores(events, power)

    def _event(self, time: int, wanted: int, gain_db: float) -> _Event:
        """A cut of some clip that begins at ``time``, of at most ``wanted`` frames."""
        rng = self._rng
        drawn = rng.random() * self._cumulated[-1]
        clip = int(self._chosen[np.searchsorted(self._cumulated, drawn)])
        take = int(rng.integers(1, len(TAKES))) if rng.random() < self.recipe.changed_take else 0
        whole = self._sounds.take(clip, take)
        if len(whole) < wanted and (len(whole) > 300 or rng.random() < 0.5):
            index = np.arange(wanted) % len(whole)  # goes on
        else:
            offset = int(rng.integers(0, max(1, len(whole) - wanted + 1)))
            index = np.arange(offset, min(len(whole), offset + wanted))
        begin, end = max(0, time), min(N_FRAMES, time + len(index))
        index = index[begin - time : max(begin, end) - time]
        logarithm = whole[index].astype(np.float32)
        gains = np.full(N_BANDS, gain_db * _LN_10_DB)
        if rng.random() < self.recipe.filtered:
            gains += self._filter()
        logarithm += gains.astype(np.float32)
        if rng.random() < 0.4:
            logarithm += self._fades(len(index))[:, None]
        return _Event(clip, begin, logarithm)

    def _filter(self) -> npt.NDArray[np.float64]:
        """A smooth curve over the bands: rooms, phones, cheap microphones; logarithm of power."""
        rng = self._rng
        points = rng.normal(0, 6, 6)
        curve: npt.NDArray[np.float64] = np.interp(np.linspace(0, 5, N_BANDS), np.arange(6), points)
        if rng.random() < 0.2:  # a phone: nothing below or above some band
            curve[: rng.integers(0, 25)] -= 30
            curve[rng.integers(70, N_BANDS) :] -= 30
        curve *= _LN_10_DB
        return curve

    def _fades(self, length: int) -> Floats:
        """Up and down within up to half a second, by amplitude; logarithm of power."""
        rng = self._rng
        times = np.arange(length) + 1.0
        rise, fall = rng.uniform(1, 50, 2)
        amplitude = np.minimum(1, times / rise) * np.minimum(1, times[::-1] / fall)
        fades: Floats = (2 * np.log(amplitude)).astype(np.float32)
        return fades

    def _noise(self) -> Floats:
        """Steady noise of some colour."""
        rng = self._rng
        slope_db, level_db = rng.uniform(-30, 10), rng.uniform(-50, -5)
        curve = np.linspace(0, slope_db, N_BANDS) + level_db
        shape = rng.standard_gamma(4.0, (N_FRAMES, N_BANDS), np.float32) * np.float32(0.25)
        noise: Floats = shape * np.exp(curve * _LN_10_DB).astype(np.float32)
        return noise

    def _scores(self, events: list[_Event], power: Floats) -> Floats:
        """The union of the lessons of what is audible, each as far as it is audible."""
        silent = np.ones((N_MOMENTS, self._lessons.shape[1]), np.float32)
        for event in events:
            if event.length:
                heard = np.zeros(N_FRAMES, np.float32)
                heard[event.begin : event.end] = event.audible(power)
                share = heard.reshape(N_MOMENTS, STEP).mean(axis=1)
                on = np.flatnonzero(share > 0.02)
                silent[on] *= 1 - share[on, None] * self._lessons[event.clip]
        return 1 - silent


class _Event:
    """A clip in a scene; ``logarithm`` is of its mel power, ``[n_frames, 128]``."""

    def __init__(self, clip: int, begin: int, logarithm: Floats) -> None:
        self.clip, self.begin, self.length = clip, begin, len(logarithm)
        self.end = begin + self.length
        self.power = np.exp(logarithm)
        self._loudness = np.exp(logarithm * np.float32(_LOUDNESS))

    def audible(self, total: Floats) -> Floats:
        """How far it is heard in each of its frames, in [0, 1].

        Nothing of it is heard 35 dB below its loudest frame (short gaps are bridged), and where
        others cover it: only bands count in which it has at least half the others' power,

            a = clip((L(bands that count) / L(all bands) - 0.05) / 0.3, 0, 1),  L = sum of p^0.3
        """
        level = self.power.sum(axis=1)
        loud = level > level.max() * 10 ** (-_QUIET_DB / 10)
        on = np.convolve(loud, np.ones(_WIDENED), "same")[: self.length] > 0
        counts = self.power > total[self.begin : self.end] / 3
        heard = (self._loudness * counts).sum(axis=1) / self._loudness.sum(axis=1)
        audible: Floats = np.clip((heard - np.float32(0.05)) / np.float32(0.3), 0, 1) * on
        return audible


def weights_of(lessons: Floats) -> npt.NDArray[np.float64]:
    """How often a clip is drawn, by its rarest sure class: 1 / sqrt(clips of that class)."""
    sure = lessons > 0.2
    rarity = 1 / np.sqrt(sure.sum(axis=0) + 3.0)
    weights: npt.NDArray[np.float64] = np.maximum((sure * rarity).max(axis=1), 0.05)
    return weights
