"""--chapters: what is heard as chapters of the file."""

import av
import numpy as np
import pytest
from making import listener, made

from overlay.products.burned import Burned
from overlay.products.soft_tracks import Soft
from overlay.settings import VideoSettings
from overlay.track import TagTrack

WANTED = VideoSettings(preset="ultrafast", chapters=True)


@pytest.fixture(scope="module")
def clip(make_clip, tmp_path_factory):
    """Half a minute with a chapter of its own."""
    own = tmp_path_factory.mktemp("own") / "own.txt"
    own.write_text(";FFMETADATA1\ntitle=film\n[CHAPTER]\nSTART=0\nEND=9000000000\ntitle=own\n")
    return make_clip(
        "chaptered.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=30", "-f", "lavfi", "-i",
        "sine=d=30", "-i", str(own), "-map_metadata", "2", "-c:v", "libx264", "-c:a", "aac",
    )  # fmt: skip


def heard():
    """A dog for a third of the time, then rain."""
    scores = np.zeros((100, 2), np.float32)
    scores[:36, 0] = scores[36:, 1] = 0.9
    return TagTrack(scores, ("Dog", "Rain"), 0.3, 0.3, 30.0)


def chapters(path):
    with av.open(str(path)) as container:
        assert container.metadata["title"] == "film"
        return [
            (round(float(c["start"] * c["time_base"])), c["metadata"]["title"])
            for c in container.chapters()
        ]


@pytest.mark.parametrize("product", [Burned, Soft])
@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
def test_chapters_of_what_is_heard(clip, tmp_path, product, extension):
    out = tmp_path / f"a{extension}"
    made(product(), clip, out, WANTED, track=heard())
    assert chapters(out) == [(0, "Dog"), (11, "Rain")]


def test_the_films_own_stay_unless_others_are_asked_for(clip, tmp_path):
    made(Soft(), clip, tmp_path / "a.mp4", track=heard())
    assert chapters(tmp_path / "a.mp4") == [(0, "own")]
    reporter, _, notes = listener()
    nothing = TagTrack(np.zeros((100, 2), np.float32), ("Dog", "Rain"), 0.3, 0.3, 30.0)
    made(Soft(), clip, tmp_path / "b.mp4", WANTED, track=nothing, reporter=reporter)
    assert chapters(tmp_path / "b.mp4") == [(0, "own")]
    assert any("chapter" in note for note in notes)
