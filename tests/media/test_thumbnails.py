"""Small pictures of moments: exact, or of a keyframe at hand."""

import numpy as np
import pytest
from inspecting import picture_times, pictures
from making import all_keys, without_key_list

from overlay.datatypes import Excerpt
from overlay.media.probe import probe
from overlay.media.process import ffmpeg_program
from overlay.media.source import open_source
from overlay.media.thumbnails import glimpses

RATE = 10
JUMP = "setts=pts='if(gte(PTS*TB,5),PTS+3600/TB,PTS)':dts='if(gte(PTS*TB,5),DTS+3600/TB,DTS)'"
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
    found = glimpses(info, times_s, 48, ffmpeg_program(), exact=exact)
    return [round(picture.mean() / 6) for picture in found]


@pytest.mark.parametrize(
    ("exact", "expected"),
    [(True, [0, 7, 15, 34]), (False, [0, 0, 10, 30])],  # the keyframe before each moment
)
def test_a_picture_is_of_the_moment_or_of_the_keyframe_before_it(info, exact, expected):
    assert frame_numbers(info, [0, 0.75, 1.55, 3.45], exact) == expected


def test_pictures_have_the_height_that_was_asked_for_and_the_shape_of_the_frame(info):
    for exact in (True, False):
        (picture,) = glimpses(info, [1.0], 24, ffmpeg_program(), exact=exact)
        assert picture.shape == (24, 32, 3)


FILM = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=8", "-f", "lavfi", "-i", "sine=d=8")
GROUP = ("-g", "30", "-sc_threshold", "0")
SOURCES = {
    "film.mp4": ("-c:v", "libx264", *GROUP),
    "listless.mp4": ("-c:v", "libx264", *GROUP, "-bf", "0"),
    "film.mkv": ("-c:v", "libx264", *GROUP),
    "keys.avi": ("-c:v", "mpeg4", *GROUP, "-c:a", "libmp3lame"),
    "film.ts": ("-c:v", "libx264", *GROUP),
    "film.mpg": ("-c:v", "mpeg2video", *GROUP, "-r", "25", "-c:a", "mp2"),
    "film.flv": ("-c:v", "libx264", *GROUP),
    "film.ogv": ("-c:v", "libtheora", *GROUP, "-q:v", "9", "-c:a", "libvorbis"),
    "late.mkv": ("-c:v", "libx264", "-vf", "setpts=PTS+1/TB", *GROUP),
    "long.mkv": ("-c:v", "libx264", "-g", "9999", "-preset", "ultrafast", "-r", "100"),
    "jump.ts": ("-c:v", "libx264", *GROUP, "-bf", "0", "-bsf:v", JUMP, "-bsf:a", JUMP),
}
"""Odd ones: no list of keyframes, an index that calls all keyframes, none at all, a picture that
begins after its sound, 800 frames of one keyframe, a clock that jumps by an hour."""
LIES = {"listless.mp4": without_key_list, "keys.avi": all_keys}
MOMENTS = [0.0, 1.4, 2.9, 3.0, 4.7, 6.6, 7.8]


@pytest.fixture(params=SOURCES)
def odd(request, make_clip, tmp_path):
    name = request.param
    source = make_clip(name, *FILM, *SOURCES[name])
    if name in LIES:
        honest, source = source, tmp_path / name
        source.write_bytes(LIES[name](honest.read_bytes()))
    return source


def numbers(source, found):
    """Which of the frames of a source each picture is."""
    frames = np.stack([each[::4, ::4] for each in pictures(source, pix_fmt="rgb24")])
    apart = [np.abs(frames.astype(int) - picture[::4, ::4]).mean((1, 2, 3)) for picture in found]
    return [int(each.argmin()) for each in apart]


def shown(source, times_s):
    """Which frame is on the screen at each moment."""
    times = [round(float(at_s) % 3600, 3) for at_s in picture_times(source)]  # without the jump
    return [max([0, *(n for n, at_s in enumerate(times) if at_s <= t)]) for t in times_s]


def test_each_is_the_frame_of_its_moment(odd):
    found = glimpses(probe(odd), MOMENTS, 120, ffmpeg_program())
    assert numbers(odd, found) == shown(odd, MOMENTS)


def test_of_a_part_they_are_those_of_the_part(odd):
    source = open_source(odd, excerpt=Excerpt(2.0, 7.0))
    found = glimpses(source.info, [0.0, 1.4, 4.5], 120, ffmpeg_program())
    assert numbers(odd, found) == shown(odd, [2.0, 3.4, 6.5])


def test_keyframes_that_are_read_are_those_before_each_moment(make_clip):
    source = make_clip("film.ts", *FILM, *SOURCES["film.ts"])
    found = glimpses(probe(source), [0.5, 2.9, 3.1, 7.8, 20.0], 120, ffmpeg_program(), exact=False)
    assert numbers(source, found) == [0, 0, 30, 60, 60]
