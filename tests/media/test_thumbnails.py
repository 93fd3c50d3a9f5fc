"""Small pictures of moments: exact, or of a keyframe at hand."""

import pytest

from overlay.media.probe import probe
from overlay.media.thumbnails import glimpses

RATE = 10
GREY = f"color=black:s=64x48:r={RATE}:d=4,format=gray,geq=lum='N*6'"
"""A frame's number is its brightness by six."""


@pytest.fixture(scope="module")
def info(make_clip):
    """Four seconds with a keyframe each second."""
    return probe(
        make_clip(
            "keyframes.mp4", "-f", "lavfi", "-i", GREY, "-c:v", "libx264", "-g", str(RATE),
            "-keyint_min", str(RATE), "-sc_threshold", "0", "-crf", "4", "-pix_fmt", "yuvj420p",
        )
    )  # fmt: skip


def frame_numbers(info, times_s, exact):
    return [round(picture.mean() / 6) for picture in glimpses(info, times_s, 48, exact=exact)]


@pytest.mark.parametrize(
    ("exact", "expected"),
    [(True, [0, 7, 15, 34]), (False, [0, 0, 10, 30])],  # the keyframe before each moment
)
def test_a_picture_is_of_the_moment_or_of_the_keyframe_before_it(info, exact, expected):
    assert frame_numbers(info, [0, 0.75, 1.55, 3.45], exact) == expected


def test_pictures_have_the_height_that_was_asked_for_and_the_shape_of_the_frame(info):
    (picture,) = glimpses(info, [1.0], 24, exact=False)
    assert picture.shape == (24, 32, 3)
