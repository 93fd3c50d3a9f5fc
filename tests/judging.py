"""Tracks in which known sounds are heard at known times, and pages of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from overlay.media.source import open_source
from overlay.products.review import Review
from overlay.reporting import SILENT
from overlay.settings import EventSettings, Settings, VideoSettings
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset

HOP_S = 0.1
HEARD = (
    ("Dog", 1.0, 3.0, 0.9), ("Speech", 4.0, 7.0, 0.5), ("Dog", 8.0, 9.0, 0.3),
    ("Siren", 10.0, 12.0, 0.7), ("Rain", 13.0, 16.0, 0.4), ("Speech", 17.0, 18.0, 0.8),
)  # fmt: skip
SETTINGS = Settings(
    events=EventSettings(collapse=False, show_all=True, stay_s=0.2),
    video=VideoSettings(overwrite=True),
)


def heard(events=HEARD, length_s=20.0, labels=None, sound="5eed"):
    """A track in which each ``(label, onset, offset, score)`` is heard, and little else."""
    labels = audioset().names if labels is None else labels
    scores = np.full((round(length_s / HOP_S), len(labels)), 0.01, np.float32)
    scores[:, :12] = np.linspace(0.028, 0.014, min(12, len(labels)), dtype=np.float32)
    for label, onset_s, offset_s, score in events:
        scores[round(onset_s / HOP_S) : round(offset_s / HOP_S), labels.index(label)] = score
    return TagTrack(scores, tuple(labels), HOP_S, HOP_S, length_s, sound=sound)


def page_of(media, folder, track=None, part=None, **asked):
    """Write the page of a medium, or of a part of it, as the program does, nothing smoothed."""
    settings = replace(SETTINGS, panel=replace(SETTINGS.panel, smoothing="none"))
    source = open_source(media, excerpt=part)
    plan = Review(**asked).plan(source, settings, Path(folder) / "p.html", SILENT)
    return plan.write(track or heard(), SILENT).path
