"""C7: tags go when their sound does, though the picture goes on, in everything that shows them."""

import numpy as np
import pytest
from inspecting import picture_times, pictures

import overlay
from overlay.track import TagTrack

HEARD_S = 2.0


@pytest.fixture
def track():
    """A dog that barks to the very end of two seconds."""
    scores = np.full((16, 2), 0.02, np.float32)
    scores[:, 1] = 0.9
    return TagTrack(scores, ("Speech", "Dog"), 0.5, 0.1, HEARD_S)


@pytest.fixture(scope="module")
def clip(make_clip):
    """Six seconds of black, two of them with sound."""
    return make_clip(
        "goes-on.mp4", "-f", "lavfi", "-i", "color=black:s=320x240:r=10:d=6", "-f", "lavfi", "-i",
        "sine=d=2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip


def _bright(frame):
    return float(np.asarray(frame, float)[:240].max())


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("product", [{}, {"overlay_only": True}])
def test_drawn_tags_go(clip, track, tmp_path, product, raw):
    out = tmp_path / ("out.webm" if product else "out.mp4")
    options = {"encoder": "libvpx-vp9"} if product else {"preset": "ultrafast"}
    overlay.render(clip, out, track=track, raw=raw, **options, **product)
    shown = [_bright(frame) > 100 for frame in pictures(out, pix_fmt="gray")]
    times = [float(time) for time in picture_times(out)]
    assert len(times) == 60
    assert all(on for on, at_s in zip(shown, times, strict=True) if 0.5 < at_s < HEARD_S - 0.3)
    assert not any(on for on, at_s in zip(shown, times, strict=True) if at_s > HEARD_S + 1)


def test_a_preview_behind_the_sound_is_empty(clip, track, tmp_path):
    for at_s, on in ((1.0, True), (4.0, False)):
        out = overlay.preview(clip, at_s, tmp_path / f"{at_s}.png", track=track)
        assert (_bright(pictures(out, pix_fmt="gray")[0]) > 100) == on
    assert overlay.shown(track, at_s=1.0)
    assert not overlay.shown(track, at_s=4.0)


def test_captions_and_events_end(track, tmp_path):
    saved = track.save(tmp_path / "t.npz")
    assert max(cue.end_s for cue in overlay.captions(saved, style="plain")) <= HEARD_S + 0.5
    events, _ = overlay.find_events(saved)
    assert max(event.offset_s for event in events) <= HEARD_S + 0.1


def test_the_animated_panel_ends(clip, track, tmp_path):
    saved = track.save(tmp_path / "t.npz")
    out = overlay.export_events(saved, "ass-panel", tmp_path / "p.ass")
    ends = [line.split(",")[2] for line in out.read_text().splitlines() if "Dialogue" in line]
    assert max(ends) < "0:00:03.20"
