"""Tracks as a tagger makes them of sounds that are known."""

import numpy as np
from making import from_zero

from overlay.settings import EventSettings, PanelSettings, Settings
from overlay.tagging.band_levels import LevelMeter
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset_labels

RATE, WINDOW_S, HOP_S = 32000, 2.0, 0.3


def index(label):
    return audioset_labels().index(label)


def heard(spans, seconds=30.0, needed_s=0.4, score=0.8, model="unknown"):
    """A track of a tagger that fires where a window holds enough of a sound, with loudness.

    ``spans`` are label, onset, offset, and if it is not ``score`` the score.
    """
    n_hops = int(seconds / HOP_S) + 1
    scores = np.full((n_hops, 527), 0.01, np.float32)
    sound = np.random.default_rng(0).normal(0, 1e-4, round(seconds * RATE)).astype(np.float32)
    centres = np.arange(n_hops) * HOP_S + WINDOW_S / 2
    for label, onset, offset, *own in spans:
        inside = np.minimum(centres + 1, offset) - np.maximum(centres - 1, onset)
        fires = inside >= min(needed_s, offset - onset)
        scores[fires, index(label)] = own[0] if own else score
        some = slice(round(onset * RATE), round(offset * RATE))
        sound[some] += np.random.default_rng(1).normal(0, 0.1, len(sound[some]))
    meter = LevelMeter(RATE)
    list(meter.listening(from_zero([sound[: RATE + 7], sound[RATE + 7 :]], RATE)))
    levels, _ = meter.levels()
    return TagTrack(scores, audioset_labels(), WINDOW_S, HOP_S, seconds, model, levels=levels)


def row(**scores):
    """One row of AudioSet scores, held for three seconds."""
    values = np.zeros((10, 527), np.float32)
    for label, score in scores.items():
        values[:, index(label)] = score
    return TagTrack(values, audioset_labels(), WINDOW_S, HOP_S, 3.0)


def plain(columns, hop_s=HOP_S, **options):
    """A track of labels that are no kinds of each other; one list of scores a class."""
    scores = np.array(columns, np.float32).T
    labels = tuple(f"label {i}" for i in range(scores.shape[1]))
    duration_s = options.pop("duration_s", len(scores) * hop_s)
    return TagTrack(scores, labels, options.pop("window_s", WINDOW_S), hop_s, duration_s, **options)


def settings(**options):
    """Settings with some fields of the tables ``panel`` and ``events``."""
    panel = {k: v for k, v in options.items() if k in PanelSettings.__dataclass_fields__}
    events = {k: v for k, v in options.items() if k in EventSettings.__dataclass_fields__}
    assert panel.keys() | events.keys() == options.keys()
    return Settings(panel=PanelSettings(**panel), events=EventSettings(**events))
