"""Label Studio predictions for an audio project with labels named ``label``.

What reviewers made of them is the task's annotation.

Source:
    labelstud.io, "Import pre-annotated data".
"""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.escaping import json_text
from overlay.export.formats import Format, Run


def _write(run: Run) -> str:
    found = [event for event, said in run.judged if said is None or not said.is_added]
    task: dict[str, object] = {
        "data": {"audio": run.source.name},
        "predictions": [
            {"model_version": run.track.model, "result": _regions(found, run, "event")}
        ],
    }
    if any(said is not None for _, said in run.judged):
        task["annotations"] = [{"result": _regions(run.events, run, "heard")}]
    return json_text([task], indent=2) + "\n"


def _regions(events: Sequence[TagEvent], run: Run, kind: str) -> list[dict[str, object]]:
    return [
        {
            "id": f"{kind}-{number}", "from_name": "label", "to_name": "audio", "type": "labels",
            "score": round(e.peak, 4), "original_length": run.track.duration_s,
            "value": {"start": e.onset_s, "end": e.offset_s, "channel": 0, "labels": [e.label]},
        }
        for number, e in enumerate(events, start=1)
    ]  # fmt: skip


FORMAT = Format("labelstudio", ".labelstudio.json", "Label Studio predictions", _write)
