"""Chapters as ffmpeg reads them: one for each event's onset, up to the next.

Source:
    ffmpeg-formats, "Metadata": ``=``, ``;``, ``#`` and the backslash are escaped by one.
"""

from __future__ import annotations

from overlay.export.escaping import one_line
from overlay.export.formats import Format, Run

_ESCAPED = str.maketrans({c: f"\\{c}" for c in "=;#\\"})


def _write(run: Run) -> str:
    titles: dict[int, list[str]] = {}
    for event in run.events:
        titles.setdefault(round(event.onset_s * 1000), []).append(one_line(event.label))
    length_ms = max([round(run.track.duration_s * 1000), *titles])
    ends = [*list(titles)[1:], length_ms][: len(titles)]
    blocks = [
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\n"
        f"title={', '.join(said).translate(_ESCAPED)}\n"
        for (start, said), end in zip(titles.items(), ends, strict=True)
    ]
    return ";FFMETADATA1\n" + "".join(blocks)


FORMAT = Format("chapters", ".ffmeta", "chapters for mp4 and mkv (FFMETADATA)", _write)
