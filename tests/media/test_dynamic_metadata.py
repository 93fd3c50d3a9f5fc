"""What is said of single scenes: HDR10+ and Dolby Vision."""

import re

import pytest
from inspecting import picture_times, side_data
from making import FAST, listener, made

from overlay.batching.thumbnails import keep_picture, picture_path
from overlay.errors import EncodeError
from overlay.media.dynamic_metadata import dynamic_metadata
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.contact_sheet import ContactSheet
from overlay.products.overlay_only import Alone
from overlay.products.review import Review
from overlay.products.soft_tracks import Soft
from overlay.products.still import Still
from overlay.settings import Settings

HDR = (
    "hdr10=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:max-cll=1000,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
)
RPU = bytes.fromhex("7c01 19ff0102030405060708ff80")
"""One that no decoder knows, and passes over."""


def _hdr10_plus():
    """SMPTE ST 2094-40 for one window, no curve."""
    fields = ((1, 8), (1, 2), (400, 27), (0, 1), (50000, 17), (40000, 17), (30000, 17),
              (20000, 17), (0, 4), (10, 10), (0, 1), (0, 1), (0, 1))  # fmt: skip
    bits = "".join(f"{value:0{n}b}" for value, n in fields)
    bits += "0" * (-len(bits) % 8)
    said = bytes.fromhex("b5003c000104") + int(bits, 2).to_bytes(len(bits) // 8, "big")
    message = bytes([0x4E, 1, 4, len(said)]) + said + b"\x80"
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", message)


@pytest.fixture
def film(make_clip, tmp_path):
    def make(unit, params=HDR, name="film.mp4"):
        plain = make_clip(
            "plain.hevc", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=1", "-c:v", "libx265",
            "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params",
            f"log-level=none:bframes=0:{params}",
        ).read_bytes()  # fmt: skip
        # before the first slice of each frame
        first_slice = rb"(\x00\x00\x00?\x01[\x00-\x3f].[\x80-\xff])"
        raw = tmp_path / "raw.hevc"
        raw.write_bytes(re.sub(first_slice, lambda m: b"\0\0\0\1" + unit + m[1], plain, flags=re.S))
        return make_clip(
            name, "-r", "10", "-i", str(raw), "-f", "lavfi", "-i", "sine=d=1", "-c:v", "copy",
            "-c:a", "aac", "-metadata", f"comment={unit.hex()[:20]}{params[:20]}",
        )  # fmt: skip

    return make


def test_hdr10_plus_is_left_out_with_a_word_and_hdr10_stays(film, tmp_path):
    source = film(_hdr10_plus())
    assert "HDR10+" in side_data(source)
    assert dynamic_metadata(open_source(source).info) == ["HDR10+"]
    reporter, _, notes = listener()
    made(Burned(), source, tmp_path / "out.mkv", reporter=reporter)
    assert any("metadata of single scenes (HDR10+) are left out" in note for note in notes)
    assert "HDR10+" not in side_data(tmp_path / "out.mkv")
    assert "MaxCLL=1000" in side_data(tmp_path / "out.mkv")
    made(Soft(), source, tmp_path / "soft.mkv")
    assert "HDR10+" in side_data(tmp_path / "soft.mkv")


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_dolby_vision_on_top_of_hdr10_is_left_out_with_a_word(film, tmp_path, name):
    source = film(RPU, name=name)
    reporter, _, notes = listener()
    made(Burned(), source, tmp_path / "out.mkv", reporter=reporter)
    assert any("single scenes (Dolby Vision)" in note for note in notes)


def test_dolby_vision_with_colours_of_its_own_is_refused_by_the_plan(film, tmp_path):
    source = film(RPU, "keyint=10")
    for product, name in ((Burned(), "out.mkv"), (Still(0.5), "out.png")):
        with pytest.raises(EncodeError, match=r"colours are Dolby Vision's own .*--soft"):
            made(product, source, tmp_path / name, FAST)
    made(Soft(), source, tmp_path / "soft.mkv")
    assert dynamic_metadata(open_source(tmp_path / "soft.mkv").info) == ["Dolby Vision"]
    made(Alone(), source, tmp_path / "alone.mov")
    assert len(picture_times(tmp_path / "alone.mov")) == 10


def test_nothing_is_said_of_a_film_without(film, tmp_path):
    source = film(bytes.fromhex("4e01 0502 0102 80"))  # a message of another kind
    assert dynamic_metadata(open_source(source).info) == []


@pytest.mark.parametrize(
    ("unit", "params", "is_said"), [(RPU, "keyint=10", True), (RPU, "", False)]
)
def test_small_pictures_of_colours_of_its_own_are_none_or_said_to_be_wrong(
    film, tmp_path, unit, params, is_said
):
    opened = open_source(film(unit, params) if params else film(unit))
    for product in (ContactSheet(), Review()):
        reporter, _, notes = listener()
        product.plan(opened, Settings(), tmp_path, reporter)
        assert any("small pictures of it are green" in note for note in notes) == is_said
    keep_picture(tmp_path, "film", opened)
    assert picture_path(tmp_path, "film").exists() != is_said
