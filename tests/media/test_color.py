"""Every colour code of H.273 that both the library and ffmpeg's filter know is kept."""

import re
import subprocess

import pytest

from overlay.datatypes import ColorInfo
from overlay.media import probe
from overlay.media.overlay_command import color_tags
from overlay.media.process import ffmpeg_program


def _named_by_the_filter(option):
    done = subprocess.run(
        [ffmpeg_program(), "-hide_banner", "-h", "filter=setparams"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    start = next(n for n, line in enumerate(lines) if line.split()[:1] == [option])
    names = {}
    for line in lines[start + 1 :]:
        match = re.match(r"^ {5,}(\S+) +(-?\d+) ", line)
        if match is None:
            break
        names[match[1]] = int(match[2])
    return names


@pytest.mark.parametrize(
    ("option", "table"),
    [
        ("color_primaries", probe._PRIMARIES),
        ("color_trc", probe._TRANSFERS),
        ("colorspace", probe._SPACES),
    ],
)
def test_both_tables_agree(option, table):
    known = _named_by_the_filter(option)
    assert {number: known.get(name) for number, name in table.items()} == {n: n for n in table}
    left_out = set(range(3, 18)) & set(known.values()) - set(table)
    assert left_out <= {15, 16, 17}  # matrices that only the newest ffmpeg knows
    assert color_tags(ColorInfo())[option] == "unknown"
