"""The same panel as an effect of moviepy, on a real clip."""

import numpy as np
import pytest
from inspecting import pictures
from moviepy import VideoFileClip

import overlay
from overlay.media.source import open_source
from overlay.moviepy import TagOverlay
from overlay.products.burned import Burned
from overlay.reporting import SILENT
from overlay.resources import resource
from overlay.settings import PanelSettings, Settings, VideoSettings
from overlay.track import TagTrack
from overlay.vocabulary.audioset import audioset_labels

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

GRAY = (
    "-f", "lavfi", "-i", "color=0x406080:s=640x360:d=3:r=25", "-colorspace", "bt709",
    "-color_range", "tv", "-vf", "setparams=colorspace=bt709:range=tv", "-qp", "0",
)  # fmt: skip


@pytest.fixture(scope="module")
def track():
    scores = np.full((12, 527), 0.01, np.float32)
    scores[:, 0], scores[:, 74] = np.linspace(0.9, 0.2, 12), 0.5
    return TagTrack(scores, audioset_labels(), 2.0, 0.3, 3.6)


def test_the_effect_draws_what_the_command_draws(track, make_clip, tmp_path):
    source = make_clip("gray.mp4", *GRAY)
    settings = PanelSettings(top_k=3)
    with VideoFileClip(str(source)) as clip:
        frame = clip.with_effects([TagOverlay(track, settings)]).get_frame(2.0)
        plain = clip.get_frame(2.0)
    out = tmp_path / "out.mp4"
    options = Settings(panel=settings, video=VideoSettings(preset="ultrafast", crf=0))
    Burned().plan(open_source(source), options, out, SILENT).write(track, SILENT)
    drawn = pictures(out, pix_fmt="rgb24")[50]
    assert not np.array_equal(frame, plain)
    difference = np.abs(frame.astype(int) - drawn)
    assert np.median(difference) <= 3
    assert difference.mean() < 3


def test_a_clip_cut_from_a_longer_video_keeps_its_time(track, make_clip):
    source = make_clip("gray.mp4", *GRAY)
    with VideoFileClip(str(source)) as clip:
        whole = clip.with_effects([TagOverlay(track)]).get_frame(2.0)
        part = clip.subclipped(1, 3).with_effects([TagOverlay(track, start_s=1.0)])
        np.testing.assert_array_equal(part.get_frame(1.0), whole)


def test_a_clip_from_sound_to_picture(tmp_path):
    source, out = resource("samples", "sounds.mp4"), tmp_path / "out.mp4"
    track = overlay.tag(source, model="builtin", device="cpu", to_s=3.0)
    with VideoFileClip(str(source)) as clip:
        tagged = clip.subclipped(2, 3).with_effects([TagOverlay(track, start_s=2.0)])
        tagged.write_videofile(
            str(out),
            preset="ultrafast",
            logger=None,
            audio=False,
            temp_audiofile_path=str(tmp_path),
        )
        frame, plain = tagged.get_frame(0.5), clip.get_frame(2.5)
    assert not np.array_equal(frame, plain)
    written = pictures(out, pix_fmt="rgb24")
    assert len(written) == pytest.approx(clip.fps, abs=1)
    middle = written[len(written) // 2].astype(int)
    assert np.abs(middle - frame).mean() < np.abs(middle - plain).mean() / 2
