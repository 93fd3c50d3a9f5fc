"""Chapters as ffmpeg reads them: one for each event's onset, up to the next.

Source:
    ffmpeg-formats, "Metadata": ``=``, ``;``, ``#`` and the backslash are escaped by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from overlay.datatypes import TagEvent
from overlay.export.formats import Format, Run, one_line

_ESCAPED = str.maketrans({c: f"\\{c}" for c in "=;#\\"})


def _write(events: Sequence[TagEvent], run: Run) -> str:
    starts: dict[int, str] = {}
    for event in events:
        ms = round(event.onset_s * 1000)
        title = one_line(event.label)
        starts[ms] = f"{starts[ms]}, {title}" if ms in starts else title
    length_ms = max([round(run.track.duration_s * 1000), *starts])
    ends = [*list(starts)[1:], length_ms][: len(starts)]
    blocks = [
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\ntitle={title.translate(_ESCAPED)}\n"
        for (start, title), end in zip(starts.items(), ends, strict=True)
    ]
    return ";FFMETADATA1\n" + "".join(blocks)


FORMAT = Format("chapters", ".ffmeta", "chapters for mp4 and mkv (FFMETADATA)", _write)
