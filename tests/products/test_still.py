"""One frame as it would look in the video."""

import math
import os
import time

import av
import numpy as np
import pytest
from inspecting import picture_times, pictures
from making import made, two_tags
from PIL import ExifTags, Image

from overlay.errors import NoVideoStream, OutputError, UsageError
from overlay.media.png_chunks import remove_exif
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.still import Still
from overlay.reporting import Reporter
from overlay.settings import PanelSettings, Settings, VideoSettings


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(
        "moving-still.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", "-g", "20"
    )


def test_it_is_the_frame_of_the_video(clip, tmp_path):
    done = made(Still(2.0), clip, tmp_path / "p.png")
    shown = pictures(done.path, pix_fmt="rgb24")[0]
    made(Burned(), clip, tmp_path / "cut.mp4", VideoSettings(preset="ultrafast", crf=4))
    times = [float(t) for t in picture_times(tmp_path / "cut.mp4")]
    number = next(i for i, t in enumerate(times) if t >= 2.0)
    frame = pictures(tmp_path / "cut.mp4", pix_fmt="rgb24")[number]
    assert np.abs(frame.astype(int) - shown).mean() < 3


def test_tags_are_those_of_its_second(clip, tmp_path):
    scores = np.full((40, 2), 0.02, np.float32)
    scores[:4, 0], scores[4:, 1] = 0.9, 0.9
    drawn = [
        made(Still(at_s), clip, tmp_path / f"{at_s}.png", track=two_tags(scores)).path
        for at_s in (1.0, 3.0)
    ]
    plain = [made(Still(s), clip, tmp_path / f"plain{s}.png", track=two_tags()).path
             for s in (1.0, 3.0)]  # fmt: skip
    assert len({path.read_bytes() for path in (*drawn, *plain)}) == 4


def test_own_labels_whose_letters_no_font_has_are_said_before_the_work(clip, tmp_path):
    labels, notes = tmp_path / "labels.txt", []
    names = [f"label {n}" for n in range(526)]
    labels.write_text("\n".join([*names, "dog \U00010400"]), "utf-8")
    settings = Settings(panel=PanelSettings(label_file=labels))
    Still(1.0).plan(open_source(clip), settings, tmp_path / "p.png", Reporter(on_note=notes.append))
    assert [note for note in notes if "\U00010400" in note and "without" in note]
    labels.write_text("\n".join([*names, "dog"]), "utf-8")
    notes.clear()
    Still(1.0).plan(open_source(clip), settings, tmp_path / "p.png", Reporter(on_note=notes.append))
    assert notes == []


def test_pixels_are_square(make_clip, tmp_path):
    wide = make_clip("wide.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:d=1,setsar=2")
    made(Still(0.5), wide, tmp_path / "p.png")
    assert pictures(tmp_path / "p.png", pix_fmt="rgb24")[0].shape == (36, 128, 3)


def test_the_usual_name_has_the_second_in_it(clip, tmp_path):
    copy = tmp_path / "clip.mp4"
    copy.write_bytes(clip.read_bytes())
    assert made(Still(1.25), copy, None).path == tmp_path / "clip.1.25s.png"
    with pytest.raises(OutputError, match="--overwrite"):
        made(Still(1.25), copy, None)


@pytest.mark.parametrize("at_s", [math.nan, math.inf, -1.0, -1e-9, 4.5, 99.0, 1e12])
def test_seconds_without_a_frame_are_found_by_the_plan(clip, tmp_path, at_s):
    with pytest.raises(UsageError, match="no frame at"):
        made(Still(at_s), clip, tmp_path / "q.png")
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_picture_is_said(make_clip, tmp_path):
    with pytest.raises(NoVideoStream):
        made(Still(0.5), make_clip("s.wav", "-f", "lavfi", "-i", "sine=d=1"), tmp_path / "q.png")


@pytest.mark.parametrize("name", ["shown.ts", "shown.mp4", "shown.mkv", "shown.avi", "shown.flv"])
@pytest.mark.parametrize("at_s", [0.0, 1.0, 1.9, 2.5, 3.96])
def test_it_is_the_frame_on_the_screen_then(make_clip, tmp_path, name, at_s):
    """C4: whatever keyframes there are; each frame's brightness is its number."""
    sparse = ("-c:v", "libx264", "-g", "1000", "-crf", "1", "-tune", "zerolatency")
    encoder = ("-c:v", "mpeg4", "-q:v", "1", "-g", "1000") if name == "shown.avi" else sparse
    source = make_clip(
        name, "-f", "lavfi", "-i", "nullsrc=s=64x48:r=25:d=4,geq=lum=32+2*N:cb=128:cr=128",
        "-f", "lavfi", "-i", "sine=d=4", *encoder, "-c:a", "mp2" if name == "shown.avi" else "aac",
    )  # fmt: skip
    made(Still(at_s), source, tmp_path / "p.png")
    with av.open(str(source)) as container:
        start = (container.start_time or 0) / 1e6
        frames = [(float(f.pts * f.time_base) - start, int(f.to_ndarray()[0, 0]))
                  for f in container.decode(video=0)]  # fmt: skip
    expected = max((each for each in frames if each[0] <= at_s + 5e-4), default=frames[0])
    shown = pictures(tmp_path / "p.png", pix_fmt="gray")[0][0, 0]
    assert shown == pytest.approx((expected[1] - 16) * 255 / 219, abs=1.2)


def test_a_long_time_between_two_frames_is_not_filled(make_clip, tmp_path):
    """A picture that stands for an hour: the frame comes at once, and in little memory."""
    source = make_clip(
        "hour.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1", "-c:v", "libx264", "-bf",
        "0", "-bsf:v", "setts=ts='TS+if(gt(N,4),36000/TB,0)'",
    )  # fmt: skip
    for at_s, number in ((0.2, 2), (30_000.0, 4), (36_000.75, 7)):
        out = tmp_path / f"{at_s}.png"
        before = time.process_time() + sum(os.times()[2:4])
        made(Still(at_s), source, out)
        assert time.process_time() + sum(os.times()[2:4]) - before < 10
        shown = pictures(out, pix_fmt="gray")[0][:30].astype(int)
        off = [np.abs(shown - f[:30]).mean() for f in pictures(source, pix_fmt="gray")]
        assert np.argmin(off) == number


@pytest.mark.parametrize("name", ["camera.jpg", "camera.tif", "camera.png"])
def test_what_a_camera_wrote_of_its_owner_is_in_no_picture(make_clip, tmp_path, name):
    """A picture that is turned by EXIF, which also tells where it was taken."""
    said = Image.Exif()
    said[ExifTags.Base.Orientation], said[ExifTags.Base.ImageDescription] = 6, "PRIVATE"
    said.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 29.0)
    photo = tmp_path / name
    Image.radial_gradient("L").resize((160, 120)).convert("RGB").save(photo, exif=said)
    source = make_clip(
        f"{name}.mkv", "-i", str(photo), "-f", "lavfi", "-i", "sine=d=3", "-c:v", "copy", "-c:a",
        "aac",
    )  # fmt: skip
    assert b"PRIVATE" in source.read_bytes()
    for product, out in ((Still(1.0), "out.png"), (Burned(), "out.mkv"), (Burned(), "out.mp4")):
        made(product, source, tmp_path / out)
        assert b"PRIVATE" not in (tmp_path / out).read_bytes()
        assert pictures(tmp_path / out, pix_fmt="gray")[0].shape == (160, 120), "turned once"
    with Image.open(tmp_path / "out.png") as shown:
        assert not shown.getexif()


def test_a_png_that_is_odd_stays_as_it_is(tmp_path):
    file = tmp_path / "odd.png"
    exif = (4).to_bytes(4, "big") + b"eXIf" + bytes(8)
    for content in (b"", b"PNG", bytes(8) + exif[:-1], bytes(8) + exif + b"more"):
        file.write_bytes(content)
        remove_exif(file)
        assert file.read_bytes() == content
    file.write_bytes(bytes(8) + exif + bytes(12))
    remove_exif(file)
    assert file.read_bytes() == bytes(20)


@pytest.mark.parametrize("place", [20, 24], ids=["2**31 seconds a frame", "2**31 frames a second"])
def test_a_claimed_rate_costs_nothing(make_clip, tmp_path, place):
    """AVI: ``dwScale`` and ``dwRate`` of the picture; ffmpeg span for the one."""
    whole = make_clip(
        "claims.avi", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1", "-f", "lavfi", "-i",
        "sine=d=1", "-c:v", "mjpeg", "-c:a", "libmp3lame",
    )  # fmt: skip
    data = bytearray(whole.read_bytes())
    at = data.index(b"vids") + place
    data[at : at + 4] = (0x7FFFFFFF).to_bytes(4, "little")
    odd = tmp_path / "odd.avi"
    odd.write_bytes(data)
    before = time.process_time() + sum(os.times()[2:4])
    if place == 20:
        made(Still(0.8), odd, tmp_path / "out.png")
        shown, first = (pictures(each, pix_fmt="gray")[0] for each in (tmp_path / "out.png", odd))
        assert np.abs(shown[:40].astype(int) - first[:40].astype(int)).mean() < 2
    else:
        with pytest.raises(UsageError, match=r"has no frame at 0.8 s"):
            made(Still(0.8), odd, tmp_path / "out.png")
    assert time.process_time() + sum(os.times()[2:4]) - before < 10
