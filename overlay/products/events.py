"""What is on when, for all products: the one place where they ask the detection."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from overlay.captioning.cues import Captioned, captioned
from overlay.datatypes import Cue, TagEvent, TagTimeline
from overlay.detection import detect, vocabulary_shown
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings
from overlay.track import TagTrack
from overlay.verdicts import Said


def events_of(track: TagTrack, settings: Settings) -> list[TagEvent]:
    """The events of a track, by onset.

    Raises:
        SettingsError: A label in the settings is none of the track's, or the file of thresholds
            cannot be read.
        LabelError: The label file cannot be read or does not fit the scores.
        ExportError: The verdicts cannot be read, or are of another sound.
    """
    return detect(track, settings).events


def judged_events_of(
    track: TagTrack, settings: Settings
) -> tuple[list[TagEvent], list[tuple[TagEvent, Said | None]]]:
    """The same events, and all that was found with what reviewers said of it.

    Raises:
        OverlayError: As for ``events_of``.
    """
    found = detect(track, settings)
    return found.events, found.pairs


def timeline_of(track: TagTrack, settings: Settings, reporter: Reporter = SILENT) -> TagTimeline:
    """What a panel shows, row by row: the same events.

    Args:
        track: Scores.
        settings: Thresholds, views.
        reporter: Told what a panel cannot show of this track.

    Raises:
        SettingsError: As for ``events_of``.
        LabelError: As for ``events_of``.
    """
    panel = settings.panel
    if "timeline" in panel.views and panel.strip == "spectrogram" and not track.mel.size:
        n_bands = track.levels.shape[1]
        reporter.note(
            f"these scores hold no spectrogram, so the strip shows loudness in {n_bands} bands; "
            "tag the video again to have one"
        )
    return detect(track, settings).timeline


def captions_of(
    found: list[TagEvent],
    track: TagTrack,
    settings: Settings,
    *,
    frame_rate: Fraction | None = None,
    dialogue: tuple[Cue, ...] | list[Cue] = (),
) -> Captioned:
    """The captions of the events of a track, in the words of its vocabulary."""
    return captioned(
        found, settings.captions, frame_rate=frame_rate, dialogue=dialogue,
        vocabulary=vocabulary_shown(track, settings),
    )  # fmt: skip


def silence(labels: tuple[str, ...] = ("sound",), sound: str = "") -> TagTrack:
    """A track on which nothing is heard: what refuses it refuses every track of these labels."""
    return TagTrack(np.zeros((1, len(labels)), np.float32), labels, 2.0, 0.3, 2.0, sound=sound)


def without_labels(settings: Settings) -> Settings:
    """The same, but naming no labels, so that ``silence()`` fits."""
    events = replace(settings.events, allow=(), deny=(), thresholds_file=None, verdicts=())
    panel = replace(settings.panel, label_file=None)
    return replace(settings, events=events, panel=panel)
