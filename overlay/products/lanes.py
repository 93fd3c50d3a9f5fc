"""Events of any origin, side by side: of a model's saved scores, or of another program's file."""

from __future__ import annotations

from pathlib import Path

from overlay.export.read_events import Lane, read_events
from overlay.products.detected import events_of
from overlay.scoring.saved import open_saved
from overlay.settings import Settings
from overlay.vocabulary import Vocabulary
from overlay.vocabulary.audioset import audioset


def lane_of(path: str | Path, settings: Settings, vocabulary: Vocabulary | None = None) -> Lane:
    """The events of a file.

    Args:
        path: The npz of ``TagTrack.save``, Audacity labels, a Raven table, or CSV.
        settings: What is on in a track.
        vocabulary: Whose classes labels of text are; AudioSet's if ``None``.

    Raises:
        OverlayError: The file cannot be read, or is none of these.
    """
    saved = open_saved(path, settings.panel.label_file)
    if saved is None:
        return read_events(path, vocabulary or audioset())
    _, track = saved
    name = f"{track.model} ({Path(path).name})"
    return Lane(name, tuple(events_of(track, settings)), length_s=track.duration_s)
