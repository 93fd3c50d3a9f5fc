"""Label Studio predictions for an audio project with labels named ``label``.

Source:
    labelstud.io, "Import pre-annotated data".
"""

from __future__ import annotations

from overlay.export.escaping import json_text
from overlay.export.formats import Format, Run


def _write(run: Run) -> str:
    results = [
        {
            "id": f"event-{number}", "from_name": "label", "to_name": "audio", "type": "labels",
            "score": round(e.peak, 4), "original_length": run.track.duration_s,
            "value": {"start": e.onset_s, "end": e.offset_s, "channel": 0, "labels": [e.label]},
        }
        for number, e in enumerate(run.events, start=1)
    ]  # fmt: skip
    task = {
        "data": {"audio": run.source.name},
        "predictions": [{"model_version": run.track.model, "result": results}],
    }
    return json_text([task], indent=2) + "\n"


FORMAT = Format("labelstudio", ".labelstudio.json", "Label Studio predictions", _write)
