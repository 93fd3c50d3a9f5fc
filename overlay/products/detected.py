"""What is on when, for all products: the one place where they ask the detection."""

from __future__ import annotations

import numpy as np

from overlay.datatypes import TagEvent, TagTimeline
from overlay.detection.events import find_events
from overlay.detection.selection import select
from overlay.settings import Settings
from overlay.track import TagTrack


def events_of(track: TagTrack, settings: Settings) -> list[TagEvent]:
    """The events of a track, by onset.

    Raises:
        SettingsError: A label in the settings is none of the track's, or the file of thresholds
            cannot be read.
    """
    return find_events(track, settings.events)


def timeline_of(track: TagTrack, settings: Settings) -> TagTimeline:
    """What a panel shows, hop by hop.

    Raises:
        LabelError: The label file cannot be read or does not fit the scores.
    """
    return select(track, settings.panel)


def silence(labels: tuple[str, ...] = ("sound",)) -> TagTrack:
    """A track on which nothing is heard: what refuses it refuses every track of these labels."""
    return TagTrack(np.zeros((1, len(labels)), np.float32), labels, 2.0, 0.3, 2.0)
