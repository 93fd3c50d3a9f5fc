"""What the first packets of a file say, however many were read before."""

from itertools import permutations

import pytest

from overlay.media.beginning import Beginning
from overlay.media.probe import opened

MOVING = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=2")
TONE = ("-f", "lavfi", "-i", "sine=d=2")


def slides(seconds):
    return ("-f", "lavfi", "-i", f"testsrc2=s=96x64:r=1/{seconds}:d=12")


KEPT = ("-c:v", "libx264", "-fps_mode", "passthrough", "-c:a", "aac")
SECRET = (
    "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb",
    "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8",
)  # fmt: skip
CASES = {
    # made of, whether a picture decodes, whether it stands, which streams are encrypted
    "moving.mp4": ((*MOVING, *TONE, *KEPT), True, False, set()),
    "slides.mp4": ((*slides(3), *TONE, *KEPT), True, True, set()),
    "slow.mp4": ((*slides(2), *TONE, *KEPT), True, False, set()),  # 2 s are no slideshow
    "one.mp4": ((*slides(12), *KEPT), True, True, set()),
    "secret.mp4": ((*MOVING, *TONE, *KEPT, *SECRET), False, False, {0, 1}),
}


def asked(path, order):
    with opened(path) as container:
        beginning = Beginning(container, container.streams.video[0])
        questions = {
            "picture": lambda: beginning.picture() is not None,
            "stands": lambda: beginning.stands(container.duration / 1e6),
            "encrypted": beginning.encrypted,
        }
        answers = {name: questions[name]() for name in order}
    return answers["picture"], answers["stands"], answers["encrypted"]


@pytest.mark.parametrize("name", CASES)
def test_each_question_has_one_answer_whatever_was_read_before(make_clip, name):
    made_of, *expected = CASES[name]
    clip = make_clip(name, *made_of)
    for order in permutations(("stands", "encrypted")):
        assert asked(clip, ("picture", *order)) == tuple(expected), order


def test_a_picture_is_one_of_several_streams(make_clip):
    """The packets of the others say nothing of how long it stands."""
    clip = make_clip("second.mkv", *slides(3), *MOVING, "-map", "0", "-map", "1",
                     "-c:v", "mjpeg", "-fps_mode", "passthrough")  # fmt: skip
    for number, stands in enumerate((True, False)):
        with opened(clip) as container:
            assert Beginning(container, container.streams.video[number]).stands(12) is stands


def test_a_sound_alone_has_no_picture_and_does_not_stand(make_clip):
    with opened(make_clip("alone.m4a", *TONE)) as container:
        beginning = Beginning(container, None)
        assert (beginning.picture(), beginning.stands(2), beginning.encrypted()) == (
            None, False, set(),
        )  # fmt: skip
