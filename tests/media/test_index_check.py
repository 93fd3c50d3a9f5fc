"""Files whose index leads to no keyframe, and parts without a frame."""

import numpy as np
import pytest
from inspecting import picture_times, pictures
from making import all_keys, made, without_key_list

from overlay.datatypes import Excerpt
from overlay.errors import UsageError
from overlay.media.source import open_source
from overlay.products.animated import Animated
from overlay.products.burned import Burned
from overlay.products.overlay_only import Alone
from overlay.products.still import Still
from overlay.reporting import SILENT
from overlay.settings import Settings

S = 8
FILM = ("-f", "lavfi", "-i", f"testsrc2=s=160x120:r=10:d={S}", "-f", "lavfi", "-i", f"sine=d={S}")
GROUP = ("-g", "1000", "-bf", "0")
TOP = 50
"""Rows that no panel covers."""


LIES = {
    "film.mp4": (("-c:v", "libx264", "-c:a", "aac"), without_key_list),
    "film.avi": (("-c:v", "mpeg4", "-c:a", "libmp3lame"), all_keys),
}


def _nearest(shown, frames):
    off = [np.abs(each[:TOP].astype(int) - shown[:TOP].astype(int)).mean() for each in frames]
    return int(np.argmin(off)), min(off)


@pytest.mark.parametrize("name", LIES)
def test_an_index_that_calls_all_frames_keyframes_is_not_trusted(make_clip, tmp_path, name):
    codecs, lie = LIES[name]
    honest = make_clip(name, *FILM, *codecs, *GROUP)
    source = tmp_path / name
    source.write_bytes(lie(honest.read_bytes()))
    assert source.read_bytes() != honest.read_bytes()
    frames, times = pictures(honest, pix_fmt="gray"), picture_times(honest)
    made(Still(6.0), source, tmp_path / "out.png")
    wanted = max(n for n, at in enumerate(times) if at <= 6)
    number, off = _nearest(pictures(tmp_path / "out.png", pix_fmt="gray")[0], frames)
    assert (number, off < 3) == (wanted, True)
    made(Burned(), open_source(source, excerpt=Excerpt(6.0, 7.0)), tmp_path / "part.mkv")
    part = pictures(tmp_path / "part.mkv", pix_fmt="gray")
    assert len(part) == 10
    wanted = min(n for n, at in enumerate(times) if at >= 6)
    number, off = _nearest(part[0], frames)
    assert (number, off < 3) == (wanted, True)


def test_an_honest_index_is_used(make_clip):
    for name, (codecs, _) in LIES.items():
        source = open_source(make_clip(name, *FILM, *codecs, *GROUP), excerpt=Excerpt(6.0, 7.0))
        assert not source.info.from_start
        assert not source.read_at(1.0).info.from_start


PRODUCTS = [(Burned(), "out.mkv"), (Alone(), "out.mov"), (Animated(), "out.gif")]


@pytest.mark.parametrize("name", ["short.mkv", "short.flv"])
def test_a_part_behind_the_end_of_the_picture_is_refused_by_the_plan(make_clip, tmp_path, name):
    """They do not say how long each stream is: ffmpeg waited for a frame for ever."""
    source = make_clip(
        name, "-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2", "-f", "lavfi", "-i", "sine=d=8",
        "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip
    for excerpt in (Excerpt(5.0, 7.0), Excerpt(5.0)):
        for product, out in PRODUCTS:
            with pytest.raises(UsageError, match="the part has no frame that can be decoded"):
                opened = open_source(source, excerpt=excerpt)
                product.plan(opened, Settings(), tmp_path / out, SILENT)
    made(Burned(), open_source(source, excerpt=Excerpt(1.0, 7.0)), tmp_path / "some.mkv")
    assert len(picture_times(tmp_path / "some.mkv")) == 10
