"""The values that pass between the rooms: what they refuse, and what they tell of themselves."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from overlay.datatypes import Box, Excerpt, TagTimeline, VideoInfo

VIDEO = VideoInfo(
    index=0, codec="h264", width=1, height=1, frame_rate=Fraction(1, 1000),
    time_base=Fraction(1, 10**9), start_s=0.0, duration_s=None, n_frames=None, pix_fmt="yuv420p",
    bit_depth=8, has_alpha=False, rotation=0, sample_aspect=Fraction(1),
)  # fmt: skip
"""The least that a picture can be."""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"width": 0}, "picture size 0x1"),
        ({"height": 0}, "picture size 1x0"),
        ({"width": -640, "height": -360}, "picture size -640x-360"),
        ({"frame_rate": Fraction(0)}, "frame rate 0, time base 1/1000000000"),
        ({"frame_rate": Fraction(-25)}, "frame rate -25"),
        ({"time_base": Fraction(0)}, "time base 0"),
    ],
)
def test_a_picture_that_cannot_be_divided_by_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        replace(VIDEO, **changed)


@pytest.mark.parametrize(
    ("from_s", "to_s"),
    [(-0.1, 1.0), (1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (0.0, float("nan")),
     (float("inf"), None), (-0.1, None)],
)  # fmt: skip
def test_what_holds_nothing_is_no_part(from_s, to_s):
    with pytest.raises(ValueError, match="is no part of a file"):
        Excerpt(from_s, to_s)


def test_a_part_knows_its_length():
    assert Excerpt().from_s == 0
    assert [Excerpt(*each).length_s for each in ((), (3.0,), (0.0, 1.0), (2.0, 5.5))] == [
        None, None, 1.0, 3.5,
    ]  # fmt: skip


def test_a_box_ends_behind_its_last_pixel():
    box = Box(2, 1, 3, 2)
    assert (box.right, box.bottom) == (5, 3)
    picture = np.zeros((4, 8), int)
    picture[box.slices] = 1
    assert picture.sum() == 6
    assert np.argwhere(picture).min(axis=0).tolist() == [1, 2]
    assert np.argwhere(picture).max(axis=0).tolist() == [2, 4]


def timeline(**changed):
    """Three hops of two classes, one of them shown."""
    made = {
        "times": np.arange(3.0), "scores": np.zeros((3, 2), np.float32),
        "classes": np.zeros((3, 1), np.int32), "labels": ("Dog", "mine"),
    }  # fmt: skip
    return TagTimeline(**(made | changed))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"times": np.arange(2.0)}, r"times \(2,\), scores \(3, 2\), classes"),
        ({"times": np.zeros((3, 1))}, "do not have the same number of hops"),
        ({"classes": np.zeros((4, 1), np.int32)}, r"classes \(4, 1\)"),
        ({"classes": np.int32(1)}, "do not have the same number of hops"),
        ({"labels": ("Dog",)}, r"scores \(3, 2\) do not fit 1 labels"),
    ],
)
def test_a_timeline_whose_parts_do_not_fit_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        timeline(**changed)


def test_a_timeline_knows_the_families_that_somebody_knows():
    assert timeline().family_by_label == {}
    assert timeline(families=("animal", "")).family_by_label == {"Dog": "animal"}
    assert (timeline().levels.shape, timeline().level_times.shape) == ((0, 0), (0,))
    assert (timeline().duration_s, timeline().events) == (0.0, ())
