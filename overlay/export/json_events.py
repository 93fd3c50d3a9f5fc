"""JSON: what made the events, and the events."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from overlay.datatypes import TagEvent
from overlay.detection.class_filter import read_thresholds
from overlay.export.escaping import json_text
from overlay.export.formats import Format, Run
from overlay.resources import program_version
from overlay.vocabulary import vocabulary_named

FRAME_KEYS = "onset_frame", "offset_frame"


def header(run: Run) -> dict[str, object]:
    """What made the events: the program, the model, its windows, and all thresholds."""
    track, events = run.track, run.settings.events
    settings = asdict(events)
    settings |= {"allow": list(events.allow), "deny": list(events.deny)}
    del settings["hop_top_k"], settings["frames"], settings["verdicts"]
    if events.verdicts:
        settings["verdicts"] = [Path(each).name for each in events.verdicts]
    settings["thresholds"] = read_thresholds(settings.pop("thresholds_file"))
    return {
        "program": f"tag-overlay {program_version()}", "source": run.source.name,
        "model": track.model, "model_sha256": track.model_hash,
        "window_s": track.window_s, "hop_s": track.hop_s, "duration_s": round(track.duration_s, 3),
        "settings": settings,
    }  # fmt: skip


def as_dict(event: TagEvent, run: Run) -> dict[str, object]:
    """One event, times in seconds, scores in [0, 1]; the way to AudioSet's classes from above."""
    vocabulary = vocabulary_named(run.track.vocabulary, run.track.labels)
    frames = run.frames_of(event)
    numbered = {} if frames is None else dict(zip(FRAME_KEYS, frames, strict=True))
    is_class = event.index < len(vocabulary)  # behind these are labels that a person gave
    way = (*vocabulary.breadcrumb(event.index)[:-1], event.label) if is_class else (event.label,)
    return {
        "mid": (is_class and vocabulary.mids[event.index]) or None,
        "label": event.label, "breadcrumb": list(way),
        "onset_s": round(event.onset_s, 3), "offset_s": round(event.offset_s, 3),
        "peak": round(event.peak, 4), "mean": round(event.mean, 4), **numbered,
    }  # fmt: skip


def _write(run: Run) -> str:
    content = {"run": header(run), "events": [as_dict(event, run) for event in run.events]}
    return json_text(content, indent=2) + "\n"


FORMAT = Format("json", ".json", "events with a header that says what made them", _write)
