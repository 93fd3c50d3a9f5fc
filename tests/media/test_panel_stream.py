"""The panel's pictures on their way: only those that differ, and none for what a file claims."""

import io
from fractions import Fraction
from itertools import islice

import av
import numpy as np
import pytest
from making import PANEL, two_tags

from overlay.datatypes import Box, ColorInfo
from overlay.detection import detect
from overlay.drawing.panel import Panel
from overlay.drawing.yuv_planes import PlanarPanel
from overlay.media.panel_stream import PanelInput, panel_frames, write_panel
from overlay.settings import Settings

RATE = Fraction(25)


def drawn():
    """Two tags that come, stand and go within a minute."""
    scores = np.zeros((200, 2), np.float32)
    scores[30:60] = 0.8, 0.3
    scores[90:95, 1] = 0.6
    timeline = detect(two_tags(scores), Settings(panel=PANEL)).timeline
    return PlanarPanel(Panel(timeline, (320, 240), PANEL), ColorInfo(), 8, 240)


def said(panel, first=0):
    return PanelInput((2, 2), ((Box(0, 0, 2, 2), 0),), panel.pix_fmt, None, None, RATE, first)


def test_nearest_of_the_sent_pictures_is_what_every_moment_shows():
    sent = []
    for number, pixels in panel_frames(drawn(), said(drawn())):
        sent.append((number, bytes(pixels)))
        if number > 60 * 25:
            break
    assert len(sent) < 60 * 25 / 3
    numbers = np.array([number for number, _ in sent])
    every = drawn()
    for number in range(60 * 25):
        nearest = sent[int(np.abs(numbers - number).argmin())]
        assert nearest[1] == bytes(every.frame(float(number / RATE))), number


@pytest.mark.parametrize("first", [0, 10**15])
def test_a_year_costs_a_few_hundred_pictures_wherever_it_begins(first):
    frames = panel_frames(drawn(), said(drawn(), first))
    numbers = [number for number, _ in islice(frames, 2000)]
    assert numbers[0] == first
    assert numbers[-1] - first > 365 * 24 * 3600 * 25


def test_numbers_become_times():
    sink = io.BytesIO()
    panel = PanelInput((4, 2), (), "rgba", None, None, Fraction(30000, 1001), 5)
    pixels = [memoryview(bytes([n] * 32)) for n in range(3)]
    write_panel(sink, panel, zip([5, 6, 9000], pixels, strict=True))
    sink.seek(0)
    with av.open(sink, format="nut") as container:
        packets = [(p.pts * p.time_base, bytes(p)) for p in container.demux(video=0) if p.size]
    times = [Fraction(n * 1001, 30000) for n in (0, 1, 8995)]
    assert packets == list(zip(times, map(bytes, pixels), strict=True))


def test_what_the_reader_raises_arrives_whole():
    class Reader:
        def write(self, data):
            raise BrokenPipeError

    panel = PanelInput((4, 2), (), "rgba", None, None, RATE)
    with pytest.raises(BrokenPipeError):
        write_panel(Reader(), panel, ((n, memoryview(bytes(32))) for n in range(10**9)))
