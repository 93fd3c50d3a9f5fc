"""Cover pictures, and what the picture is called, in every container."""

import av
import pytest
from making import listener, made

from overlay.products.burned import Burned
from overlay.products.soft_tracks import Soft
from overlay.settings import VideoSettings

BOTH = pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)


@pytest.fixture(scope="module")
def clip(make_clip):
    """VP9 and Opus, which every container here holds, with two covers and a named picture."""
    one = ("-f", "lavfi", "-i", "testsrc2=s=32x32:d=0.04", "-frames:v", "1")
    png, jpeg = make_clip("front.png", *one), make_clip("back.jpg", *one)
    return make_clip(
        "covered.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1", "-f", "lavfi", "-i",
        "sine=d=1", "-i", str(png), "-i", str(jpeg), "-map", "0", "-map", "1", "-map", "2",
        "-map", "3", "-c:v:0", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus", "-c:v:1", "copy",
        "-c:v:2", "copy", "-disposition:v:1", "attached_pic", "-disposition:v:2", "attached_pic",
        "-metadata:s:v:0", "language=deu",
    )  # fmt: skip


def _pictures(path):
    """Each picture's codec, whether it is a cover, its bytes, and the language of the others."""
    found = []
    with av.open(str(path)) as container:
        for stream in container.streams.video:
            is_cover = bool(stream.disposition & stream.disposition.attached_pic)
            found.append((stream.codec_context.name, is_cover, stream.metadata.get("language")))
    return found


def _covers(path):
    with av.open(str(path)) as container:
        covers = [s for s in container.streams.video if s.disposition & s.disposition.attached_pic]
        return [bytes(p) for s in covers for p in container.demux(s) if p.size]


@BOTH
@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
def test_covers_stay_covers(clip, tmp_path, product, extension):
    out = tmp_path / f"out{extension}"
    made(product, clip, out)
    assert [each[1] for each in _pictures(out)] == [False, True, True]
    assert _covers(out) == _covers(clip) != []
    assert _pictures(out)[0][2] in ("deu", "ger")


@BOTH
def test_covers_that_cannot_be_kept_are_said(clip, tmp_path, product):
    reporter, _, notes = listener()
    made(product, clip, tmp_path / "out.webm", VideoSettings(preset="8"), reporter=reporter)
    assert [each[1] for each in _pictures(tmp_path / "out.webm")] == [False]
    assert any("png cover, mjpeg cover" in note for note in notes)
