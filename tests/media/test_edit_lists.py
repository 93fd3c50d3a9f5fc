"""Edit lists of MP4 files: what is hidden, repeated or played in pieces."""

import struct

import numpy as np
import pytest
from inspecting import picture_times
from making import listener, made

from overlay.errors import OutputError
from overlay.media.audio import stream_sound
from overlay.media.edit_lists import hidden, played_in_pieces
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.soft_tracks import Soft
from overlay.settings import VideoSettings

MADE = (
    "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-f", "lavfi", "-i",
    "aevalsrc=0.5*sin(2000*t)*gt(t\\,1):d=2:s=44100", "-c:v", "libx264", "-preset", "ultrafast",
    "-c:a", "aac", "-movflags", "-faststart", "-movie_timescale", "1000",
    "-video_track_timescale", "1000",
)  # fmt: skip
FAST = VideoSettings(preset="ultrafast")
PICTURE, SOUND = 0, 1
RATES = {PICTURE: 1000, SOUND: 44100}
PRIMING = 1024


def _box(data, path, start, end):
    """Offset and length of a box by its path; a number takes the n-th track."""
    for name, number in path:
        found = []
        at = start
        while at + 8 <= end:
            size, kind = struct.unpack_from(">I4s", data, at)
            if kind == name:
                found.append((at, size))
            at += size
        at, size = found[number]
        start, end = at + 8, at + size
    return at, size


def _edited(path, out, lists):
    """An MP4 whose tracks have other edit lists: (length, begin or ``None``) in seconds each.

    Source:
        ISO 14496-12, 8.6.6; the movie box is behind the samples, so that nothing moves.
    """
    data = bytearray(path.read_bytes())
    for track, edits in lists.items():
        place = [(b"moov", 0), (b"trak", track), (b"edts", 0)]
        start, size = _box(data, place, 0, len(data))
        entries = b"".join(
            struct.pack(
                ">Iihh", round(1000 * length),
                -1 if begin is None else round(RATES[track] * begin) + PRIMING * (track == SOUND),
                1, 0,
            )
            for length, begin in edits
        )  # fmt: skip
        body = struct.pack(">II", 0, len(edits)) + entries
        box = struct.pack(">I4s", len(body) + 8, b"elst") + body
        box = struct.pack(">I4s", len(box) + 8, b"edts") + box
        for depth in (2, 1):
            parent, old = _box(data, place[:depth], 0, len(data))
            struct.pack_into(">I", data, parent, old + len(box) - size)
        data[start : start + size] = box
    out.write_bytes(data)
    return out


@pytest.fixture
def plain(make_clip):
    return make_clip("plain.mp4", *MADE)


def _loud_from(path):
    """Second from which on there is a tone."""
    blocks = [block.samples for block in stream_sound(open_source(path).info, 16000)]
    sound = np.abs(np.concatenate(blocks)) > 0.1
    return np.flatnonzero(sound)[0] / 16000 if sound.any() else None, len(sound) / 16000


SHAPES = [
    ("the start is hidden", {PICTURE: [(1.3, 0.7)], SOUND: [(1.3, 0.7)]}, 0.3, 1.3),
    ("the end is hidden", {PICTURE: [(1.2, 0)], SOUND: [(1.2, 0)]}, 1.0, 1.2),
    ("the sound begins later", {PICTURE: [(2, 0)], SOUND: [(1, None), (2, 0)]}, 2.0, 3.0),
    ("a part in the middle is left out",
     {PICTURE: [(0.4, 0), (0.8, 1.2)], SOUND: [(0.4, 0), (0.8, 1.2)]}, 0.4, 1.2),
]  # fmt: skip


@pytest.mark.parametrize(("why", "lists", "tone_s", "length_s"), SHAPES)
def test_what_is_heard_is_what_the_list_plays(plain, tmp_path, why, lists, tone_s, length_s):
    source = _edited(plain, tmp_path / "edited.mp4", lists)
    assert _loud_from(source) == (pytest.approx(tone_s, abs=0.05), pytest.approx(length_s, abs=0.1))


@pytest.mark.parametrize(("why", "lists", "tone_s", "length_s"), SHAPES[:3])
@pytest.mark.parametrize("tolerant", [False, True])
def test_frames_are_where_the_list_puts_them(
    plain, tmp_path, why, lists, tone_s, length_s, tolerant
):
    source, out = _edited(plain, tmp_path / "edited.mp4", lists), tmp_path / "out.mp4"
    made(Burned(), source, out, VideoSettings(preset="ultrafast", tolerant=tolerant))
    assert picture_times(out) == pytest.approx(picture_times(source), abs=1e-3)
    assert _loud_from(out) == (pytest.approx(tone_s, abs=0.05), pytest.approx(length_s, abs=0.1))


PIECES = {PICTURE: [(0.4, 0), (0.8, 1.2)], SOUND: [(0.4, 0), (0.8, 1.2)]}


@pytest.mark.parametrize("tolerant", [False, True])
def test_what_is_played_in_pieces_is_encoded_or_refused_by_the_plan(plain, tmp_path, tolerant):
    """Copied packets of the sound would hold the part that is left out, and drift."""
    source, out = _edited(plain, tmp_path / "pieces.mp4", PIECES), tmp_path / "out.mkv"
    assert played_in_pieces(source, "mov,mp4", (PICTURE, SOUND)) == [PICTURE, SOUND]
    assert played_in_pieces(plain, "mov,mp4", (PICTURE, SOUND)) == []
    assert played_in_pieces(source, "matroska,webm", (PICTURE, SOUND)) == []
    settings = VideoSettings(preset="ultrafast", tolerant=tolerant)
    with pytest.raises(OutputError, match=r"sound in pieces.*--audio opus"):
        made(Burned(), source, out, settings)
    with pytest.raises(OutputError, match=r"picture in pieces.*leave --soft out"):
        made(Soft(), source, out, settings)
    made(Burned(), source, out, VideoSettings(preset="ultrafast", tolerant=tolerant, audio="opus"))
    assert picture_times(out) == pytest.approx(picture_times(source), abs=1e-3)
    assert _loud_from(out) == (pytest.approx(0.4, abs=0.05), pytest.approx(1.2, abs=0.1))


@pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize(("extension", "comes_out"), [(".mkv", True), (".mp4", False)])
def test_what_comes_out_of_a_copy_is_said(plain, tmp_path, product, extension, comes_out):
    source = _edited(plain, tmp_path / "edited.mp4", SHAPES[0][1])
    for path, is_said in ((source, comes_out), (plain, False)):
        reporter, _, notes = listener()
        made(product, path, tmp_path / f"{path.stem}-out{extension}", reporter=reporter)
        assert any("an edit list hides" in note for note in notes) == is_said
    assert hidden(source, "mov,mp4", (PICTURE,))
    assert not hidden(plain, "mov,mp4", (PICTURE, SOUND))
    assert not hidden(source, "matroska,webm", (PICTURE,))


@pytest.mark.parametrize(("n_frames", "is_hidden"), [(0, False), (5, False), (6, True), (20, True)])
def test_what_sound_begins_with_is_not_called_hidden(plain, tmp_path, n_frames, is_hidden):
    """Up to five packets come before the first sample that is heard, in every file."""
    begin_s = n_frames / 25
    source = _edited(plain, tmp_path / "edited.mp4", {PICTURE: [(2 - begin_s, begin_s)]})
    assert hidden(source, "mov,mp4", (PICTURE,)) == is_hidden
