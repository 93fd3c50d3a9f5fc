"""The sound as a picture: each band where it sounds, the same whatever the blocks."""

import numpy as np
import pytest

from overlay.datatypes import SoundBlock
from overlay.tagging.spectrogram import FLOOR_DB, Spectrogram, decibels

RATE = 32_000


def heard(blocks, rate=RATE, column_s=0.08, n_frames=4, n_bands=64):
    listener = Spectrogram(rate, column_s, n_frames, n_bands)
    passed = list(listener.listening(blocks))
    assert passed == blocks
    return listener.columns()


def tone(hz, seconds, rate=RATE, loud=1.0):
    times = np.arange(round(seconds * rate)) / rate
    return (loud * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def mel(hz):
    return 2595 * np.log10(1 + hz / 700)


@pytest.mark.parametrize("rate", [16_000, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("hz", [60, 440, 1000, 3000, 7000])
def test_a_tone_is_loudest_in_its_band(hz, rate):
    codes, _ = heard([SoundBlock(0.0, tone(hz, 1.0, rate))], rate)
    expected = int((mel(hz) - mel(40)) / (mel(15_000) - mel(40)) * 64)
    assert {abs(int(row.argmax()) - expected) <= 1 for row in codes} == {True}


def test_bands_that_a_rate_cannot_hold_are_silent():
    rng = np.random.default_rng(1)
    codes, _ = heard([SoundBlock(0.0, rng.standard_normal(16_000).astype(np.float32))], 16_000)
    first_above = int((mel(8000) - mel(40)) / (mel(15_000) - mel(40)) * 64) + 1
    assert codes[:, first_above:].max() == 0
    assert codes[:, : first_above - 1].min() > 0


def test_loudness_is_in_decibels_from_silence_to_full_scale():
    levels = [decibels(heard([SoundBlock(0.0, tone(1000, 1.0, loud=a))])[0]).max(axis=1)
              for a in (1.0, 0.1, 0.01)]  # fmt: skip
    assert levels[0][3] == pytest.approx(50, abs=1)
    assert levels[0] - levels[1] == pytest.approx(20, abs=0.6)
    assert levels[1] - levels[2] == pytest.approx(20, abs=0.6)
    silent, _ = heard([SoundBlock(0.0, np.zeros(RATE, np.float32))])
    assert set(decibels(silent).ravel()) == {FLOOR_DB}


@pytest.mark.parametrize("size", [1, 500, 1024, 7777, 40_000])
def test_what_is_seen_does_not_depend_on_the_blocks(size):
    sound = np.random.default_rng(2).standard_normal(6 * size + 20_000).astype(np.float32)
    sound = sound[: 20_000 if size == 1 else len(sound)]
    blocks = [SoundBlock(start / RATE, sound[start : start + size])
              for start in range(0, len(sound), size)]  # fmt: skip
    for each, whole in zip(heard(blocks), heard([SoundBlock(0.0, sound)]), strict=True):
        np.testing.assert_array_equal(each, whole)


def test_a_short_sound_is_seen_where_it_is():
    sound = np.zeros(4 * RATE, np.float32)
    sound[round(2.5 * RATE) : round(2.52 * RATE)] = tone(2000, 0.02)
    codes, times = heard([SoundBlock(0.0, sound)])
    loud = times[codes.max(axis=1) > 60]
    assert loud == pytest.approx([2.48])
    assert times == pytest.approx(0.08 * np.arange(len(times)))
    assert times[-1] == pytest.approx(3.92, abs=0.01)


def test_a_gap_of_days_has_no_columns_and_nothing_reaches_over_it():
    loud = tone(500, 1.0)
    codes, times = heard([SoundBlock(0.0, loud), SoundBlock(200_000.0, loud)])
    assert len(codes) < 27
    alone, _ = heard([SoundBlock(200_000.0, loud)])
    np.testing.assert_array_equal(codes[times > 1], alone)
    assert times[times > 1].min() == pytest.approx(200_000)


def test_times_that_go_back_are_passed_over():
    loud = tone(500, 1.0)
    _, times = heard([SoundBlock(0.0, loud), SoundBlock(0.2, loud), SoundBlock(2.0, loud)])
    assert (np.diff(times) > 0).all()


@pytest.mark.parametrize("n_samples", [0, 1, 1023])
def test_less_sound_than_a_frame_has_no_picture(n_samples):
    codes, times = heard([SoundBlock(0.0, np.ones(n_samples, np.float32))])
    assert codes.shape == (0, 64)
    assert times.shape == (0,)
