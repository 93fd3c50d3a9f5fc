"""Events of any origin, side by side: of a model's saved scores, or of another program's file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from overlay.datatypes import NO_CLASS
from overlay.export.event_readers import Lane, read_events
from overlay.media.source import Source
from overlay.products.events import events_of
from overlay.reporting import SILENT, Reporter
from overlay.scoring.saved_tracks import load_track, open_saved
from overlay.settings import Settings
from overlay.vocabulary import Vocabulary
from overlay.vocabulary.audioset import audioset


def lane_of(
    path: str | Path,
    settings: Settings,
    source: Source | None = None,
    vocabulary: Vocabulary | None = None,
    *,
    reporter: Reporter = SILENT,
) -> Lane:
    """The events of a file.

    Args:
        path: The npz of ``TagTrack.save``, Audacity labels, a Raven table, or CSV.
        settings: What is on in a track.
        source: What was heard, if that is known.
        vocabulary: Whose classes the labels are, as far as it has them; AudioSet's if ``None``.
        reporter: Told if saved scores are of another sound.

    Raises:
        OverlayError: The file cannot be read, or is none of these.
    """
    vocabulary = vocabulary or audioset()
    saved = open_saved(path, settings.panel.label_file)
    if saved is None:
        return read_events(path, vocabulary)
    _, track = saved
    if source is not None:
        track = load_track(path, source, settings.panel.label_file, reporter=reporter)
    place = {name: index for index, name in enumerate(vocabulary.names)}
    events = events_of(track, settings)
    placed = tuple(replace(e, index=place.get(e.label, NO_CLASS)) for e in events)
    return Lane(track.model, placed, length_s=track.duration_s)
