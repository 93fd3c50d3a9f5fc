"""Events for players on web pages: a WebVTT track of kind ``metadata`` whose cues hold JSON.

Source:
    HTML, "Text tracks": cues of ``<track kind="metadata">`` are for scripts; their text is the
    page's own. W3C, WebVTT: a cue's text holds no ``-->`` and no empty line.
"""

from __future__ import annotations

from overlay.export.escaping import json_text
from overlay.export.formats import Format, Run, clock
from overlay.export.json_events import as_dict

_LEAST_S = 0.001


def _write(run: Run) -> str:
    cues = []
    for event in run.events:
        end_s = max(event.offset_s, event.onset_s + _LEAST_S)
        payload = json_text(as_dict(event, run)).replace(">", "\\u003e")
        cues.append(f"\n{clock(event.onset_s)} --> {clock(end_s)}\n{payload}\n")
    return "WEBVTT\n" + "".join(cues)


FORMAT = Format(
    "vtt-metadata", ".metadata.vtt", "events as JSON in WebVTT, for players on pages", _write
)
