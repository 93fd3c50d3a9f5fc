"""Pixels that become wider while television plays, found before it is drawn on."""

from fractions import Fraction

import pytest

from overlay.media.pixel_aspects import size_after_turning, with_shapes
from overlay.media.probe import probe

NARROW, WIDE = Fraction(16, 15), Fraction(64, 45)


@pytest.fixture
def part(make_clip):
    """A second of television in MPEG-2, 4:3 or 16:9."""

    def make(shape, start_s=0.0, size="360x288", extension="ts"):
        return make_clip(
            f"part.{extension}", "-f", "lavfi", "-i",
            f"testsrc2=s={size}:r=25:d=1,setdar={shape}", "-c:v", "mpeg2video", "-bf", "0", "-g",
            "10", "-output_ts_offset", str(start_s),
        ).read_bytes()  # fmt: skip

    return make


def _joined(tmp_path, *parts):
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    return probe(path)


JUMPS = [(1, "right behind it"), (3600, "an hour later"), (7, "after a pause of six seconds")]


@pytest.mark.parametrize(("start_s", "why"), JUMPS)
def test_the_second_of_a_change_is_that_of_a_player(part, tmp_path, start_s, why):
    """A clock that jumps by more than ten seconds goes on where it was."""
    info = _joined(tmp_path, part("4/3"), part("16/9", start_s))
    assert info.video.sample_aspect == NARROW
    ((at_s, shape),) = with_shapes(info).video.shapes
    assert shape == WIDE
    assert at_s == pytest.approx(7 if start_s == 7 else 1, abs=0.3), why


def test_a_clock_may_jump_twice(part, tmp_path):
    info = _joined(tmp_path, part("4/3"), part("4/3", 3600), part("16/9", 90))
    ((at_s, _),) = with_shapes(info).video.shapes
    assert at_s == pytest.approx(2, abs=0.3)


def test_it_may_change_back(part, tmp_path):
    info = _joined(tmp_path, part("4/3"), part("16/9", 1), part("4/3", 2))
    assert [shape for _, shape in with_shapes(info).video.shapes] == [WIDE, NARROW]


def test_more_changes_than_a_film_has_are_not_all_kept(part, tmp_path):
    info = _joined(tmp_path, *[part("4/3"), part("16/9")] * 30)
    assert len(with_shapes(info).video.shapes) == 50


SAME = [
    (("4/3", "4/3"), "360x288", "one shape"),
    (("4/3", "16/9"), "640x720", "larger pictures are always wide"),
]


@pytest.mark.parametrize(("shapes", "size", "why"), SAME)
def test_what_has_one_shape_is_as_it_was(part, tmp_path, shapes, size, why):
    info = _joined(tmp_path, part(shapes[0], 0, size), part(shapes[1], 1, size))
    assert with_shapes(info) is info, why


def test_containers_that_say_it_once_are_not_read(part, tmp_path):
    path = tmp_path / "part.mp4"
    path.write_bytes(part("4/3", extension="mp4"))
    info = probe(path)
    path.unlink()
    assert with_shapes(info) is info
    assert size_after_turning(info) is None


def test_a_file_that_is_gone_has_no_shapes(part, tmp_path):
    info = _joined(tmp_path, part("4/3"), part("16/9", 1))
    info.path.unlink()
    assert with_shapes(info) is info


def test_a_damaged_keyframe_is_passed_over(part, tmp_path):
    """Its sequence header is gone; the next one tells."""
    wide = bytearray(part("16/9", 1))
    at = wide.index(b"\0\0\1\xb3")
    wide[at : at + 60] = bytes(60)
    ((at_s, shape),) = with_shapes(_joined(tmp_path, part("4/3"), bytes(wide))).video.shapes
    assert shape == WIDE
    assert at_s == pytest.approx(1.4, abs=0.1)
