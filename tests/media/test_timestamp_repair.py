"""Timestamps that cannot be: said without ``--tolerant``, put in order with it."""

import re
import struct
from itertools import pairwise

import av
import pytest
from inspecting import audio_packets, picture_times
from making import made

from overlay.errors import DecodeError
from overlay.media.audio import stream_sound
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.soft_tracks import Soft
from overlay.settings import VideoSettings

AUDIO, VIDEO = 8, 9
"""Kinds of FLV tags."""
TOLERANT = VideoSettings(preset="ultrafast", tolerant=True)
STRICT = VideoSettings(preset="ultrafast")


@pytest.fixture
def flv(make_clip):
    return make_clip(
        "times.flv", "-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=3", "-f", "lavfi", "-i",
        "sine=d=3:r=44100", "-c:v", "flv1", "-c:a", "libmp3lame",
    )  # fmt: skip


def _with_times(path, out, kind, changed):
    """An FLV whose tags of a kind have other times: ``changed(number, of, ms)`` gives each.

    Source:
        Adobe Flash Video File Format Specification 10.1, E.4.1.
    """
    data = bytearray(path.read_bytes())
    places, at = [], 13
    while at + 11 < len(data):
        if data[at] == kind:
            places.append(at + 4)
        at += 15 + int.from_bytes(data[at + 1 : at + 4], "big")
    for number, place in enumerate(places):
        old = int.from_bytes(data[place + 3 : place + 4] + data[place : place + 3], "big")
        new = struct.pack(">I", changed(number, len(places), old))
        data[place : place + 4] = new[1:] + new[:1]
    out.write_bytes(data)
    return out


def _span(path, *, tolerant=False):
    """Seconds that are heard, and the second at which they end."""
    info = open_source(path, mended=tolerant).info
    blocks = list(stream_sound(info, 16000, tolerant=tolerant))
    last = blocks[-1]
    return sum(len(b.samples) for b in blocks) / 16000, last.start_s + len(last.samples) / 16000


def _lone(which, ms):
    return lambda number, of, old: (old + ms) % 2**32 if number == which % of else old


SOUND_TIMES = [
    (_lone(30, 2_097_000), "one in the middle leaps by half an hour"),
    (_lone(30, 15_000), "one leaps by less than half a minute"),
    (_lone(1, 3_000), "one leaps by less than a pause, at once"),
    (_lone(0, 3_000), "the first does"),
    (_lone(0, 4_194_304), "the first leaps by an hour"),
    (_lone(0, -2_000), "the first is negative, as the clock of FLV has no numbers"),
    (lambda number, of, old: old + 4_194_304, "all are an hour later than the picture"),
    (lambda number, of, old: (old - 15_000) % 2**32, "all are before the picture"),
    (_lone(-1, 900_000), "the last leaps"),
    (lambda number, of, old: old if number < 60 else old - 1_500, "all from the middle on go back"),
]


def _run(first, n, ms):
    """Some in a row, from one on, that are elsewhere; a negative number counts from the end."""

    def changed(number, of, old):
        begin = first % of
        return (old + ms) % 2**32 if begin <= number < begin + n else old

    return changed


STRAYS = [
    (_run(30, 2, 15_000), "two leap"),
    (_run(30, 3, 1_200), "three leap by little more than a second"),
    (_run(30, 2, 300), "two leap by less than a pause"),
    (_run(30, 8, 2_097_000), "eight leap by half an hour"),
    (_run(30, 2, -700), "two go back"),
    (_run(0, 2, 3_000), "the first two leap"),
    (_run(0, 3, 4_194_304), "the first three leap by an hour"),
    (_run(-2, 2, 900_000), "the last two leap"),
    (_run(-5, 5, 900_000), "the last five leap"),
    (lambda n, of, old: _run(20, 2, 15_000)(n, of, _run(40, 3, 60_000)(n, of, old)), "twice"),
]
NAMED = {"ids": lambda each: each if isinstance(each, str) else ""}


@pytest.mark.parametrize(("changed", "why"), SOUND_TIMES, **NAMED)
def test_times_of_the_sound_that_cannot_be_make_no_clip_long(flv, tmp_path, changed, why):
    odd = _with_times(flv, tmp_path / "odd.flv", AUDIO, changed)
    try:
        assert _span(odd) == (pytest.approx(3, abs=0.2), pytest.approx(3, abs=0.2))
    except DecodeError as error:
        assert re.search(r"damaged.*(timestamps?|sound begins at) .*--tolerant", str(error))
    assert _span(odd, tolerant=True) == (pytest.approx(3, abs=0.2), pytest.approx(3, abs=0.2))
    out = tmp_path / "out.mkv"
    made(Burned(), odd, out, TOLERANT)
    assert audio_packets(out) == audio_packets(flv)
    assert _packet_times(out) == pytest.approx(_packet_times(flv), abs=0.03)
    assert picture_times(out) == pytest.approx(picture_times(flv), abs=0.03)


@pytest.mark.parametrize(
    ("kind", "changed", "why"),
    [(AUDIO, *each) for each in STRAYS] + [(VIDEO, *each) for each in STRAYS[::3]],
    **NAMED,
)
def test_strays_in_a_row_shift_nothing_that_follows(flv, tmp_path, kind, changed, why):
    odd, out = _with_times(flv, tmp_path / "odd.flv", kind, changed), tmp_path / "out.mkv"
    made(Burned(), odd, out, TOLERANT)
    assert _span(odd, tolerant=True) == (pytest.approx(3, abs=0.2), pytest.approx(3, abs=0.2))
    assert audio_packets(out) == audio_packets(flv)
    assert _packet_times(out) == pytest.approx(_packet_times(flv), abs=0.09)
    assert picture_times(out) == pytest.approx(picture_times(flv), abs=0.13)
    for times in (_packet_times, picture_times):
        right = [n for n in range(5, 70) if not 20 <= n < 43]
        wanted = [times(flv)[n] for n in right]  # the file's second 0 is that of its first packet
        assert [times(out)[n] for n in right] == pytest.approx(wanted, abs=0.03)


EXACT = [
    (
        lambda n, of: 0,
        _lone(30, -700),
        "one that goes back lies in the middle between its neighbours",
    ),
    (
        lambda n, of: 3_000 * (n >= 30),
        _run(31, 2, -10_000),
        "a pause before two says nothing of them",
    ),
]


@pytest.mark.parametrize(("pause", "changed", "why"), EXACT)
def test_strays_that_go_back_go_where_they_were(flv, tmp_path, pause, changed, why):
    right = _with_times(flv, tmp_path / "right.flv", AUDIO, lambda n, of, old: old + pause(n, of))
    odd = _with_times(right, tmp_path / "odd.flv", AUDIO, changed)
    made(Burned(), odd, tmp_path / "out.mkv", TOLERANT)
    assert _packet_times(tmp_path / "out.mkv") == pytest.approx(_packet_times(right), abs=2e-3), why


def _packet_times(path):
    with av.open(str(path)) as container:
        return [float(p.pts * p.time_base) for p in container.demux(audio=0) if p.size]


@pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)
def test_copied_sound_whose_times_go_back_is_said(flv, tmp_path, product):
    """With scores from elsewhere, so that nobody has listened before."""
    odd = _with_times(flv, tmp_path / "odd.flv", AUDIO, SOUND_TIMES[0][0])
    with pytest.raises(DecodeError, match=r"timestamps go back by 2097.0 s; --tolerant"):
        made(product, odd, tmp_path / "out.mkv", STRICT)
    assert not (tmp_path / "out.mkv").exists()


def test_sound_whose_times_creep_is_heard_whole_when_that_is_tolerated(flv, tmp_path):
    odd = _with_times(flv, tmp_path / "odd.flv", AUDIO, lambda number, of, old: old // 400)
    with pytest.raises(DecodeError, match=r"timestamps are slower than its sound; --tolerant"):
        _span(odd)
    assert _span(odd, tolerant=True) == (pytest.approx(3, abs=0.2), pytest.approx(3, abs=0.2))
    for product in (Burned(), Soft()):
        out = tmp_path / f"{type(product).__name__}.mkv"
        made(product, odd, out, TOLERANT)
        assert audio_packets(out) == audio_packets(flv)
        assert _packet_times(out) == pytest.approx(_packet_times(flv), abs=0.002)
        assert picture_times(out) == picture_times(flv)


def test_sound_that_creeps_behind_a_far_first_packet_is_put_in_order(flv, tmp_path):
    """Two faults of one stream."""
    odd = _with_times(
        flv, tmp_path / "odd.flv", AUDIO, lambda n, of, old: old // 400 + 90_000 * (n == 0)
    )
    made(Burned(), odd, tmp_path / "out.mkv", TOLERANT)
    assert _packet_times(tmp_path / "out.mkv") == pytest.approx(_packet_times(flv), abs=0.03)


PICTURE_TIMES = [
    (_lone(20, 1_049_000), 75, "one leaps ahead: it goes between its neighbours"),
    (_lone(1, 3_000), 75, "the second leaps by less than a pause"),
    (_lone(20, -700), 75, "one goes back: the same"),
    (_lone(0, 3_000), 75, "the first leaps"),
    (_lone(0, 4_194_304), 75, "the first leaps by an hour"),
    (_lone(0, -3_000), 75, "the first is negative"),
    (lambda number, of, old: old if number < 40 else old - 1_000, 75, "all go on where they were"),
]


@pytest.mark.parametrize(("changed", "n_frames", "why"), PICTURE_TIMES, **NAMED)
def test_frames_whose_times_cannot_be_are_said_or_put_in_order(
    flv, tmp_path, changed, n_frames, why
):
    odd = _with_times(flv, tmp_path / "odd.flv", VIDEO, changed)
    with pytest.raises(DecodeError, match=r"(timestamps go back|picture begins at).*--tolerant"):
        made(Burned(), odd, tmp_path / "out.mkv", STRICT)
    made(Burned(), odd, tmp_path / "tolerant.mkv", TOLERANT)
    times = picture_times(tmp_path / "tolerant.mkv")
    assert len(times) == n_frames
    assert all(a < b for a, b in pairwise(times))
    assert float(times[-1]) < 3.1


def test_a_last_frame_behind_the_end_of_the_file_goes_beside_the_one_before(flv, tmp_path):
    odd = _with_times(flv, tmp_path / "odd.flv", VIDEO, _lone(-1, 4_194_304))
    made(Burned(), odd, tmp_path / "out.mkv", TOLERANT)
    assert picture_times(tmp_path / "out.mkv") == pytest.approx(picture_times(flv), abs=0.001)


@pytest.mark.parametrize("kind", [AUDIO, VIDEO])
def test_streams_that_are_hours_apart_are_refused_before_any_work(flv, tmp_path, kind):
    odd = _with_times(flv, tmp_path / "odd.flv", kind, lambda number, of, old: old + 4_194_304)
    name = "sound" if kind == AUDIO else "picture"
    with pytest.raises(DecodeError, match=f"its {name} begins at 4194.3 s, .* end at 3.0 s; --tol"):
        open_source(odd)


def test_sound_that_begins_late_in_a_file_that_says_so_is_no_fault(flv, make_clip):
    late = make_clip("late.flv", "-i", str(flv), "-itsoffset", "20", "-i", str(flv), "-map", "0:v",
                     "-map", "1:a", "-c", "copy")  # fmt: skip
    for mended in (False, True):
        info = open_source(late, mended=mended).info
        assert info.audio[0].start_s == pytest.approx(20, abs=0.1)
        assert info.repairs == ()


def test_frames_that_all_have_one_time_are_no_picture(flv, tmp_path):
    odd = _with_times(flv, tmp_path / "odd.flv", VIDEO, lambda number, of, old: 0)
    with pytest.raises(DecodeError, match="no order can be made of its picture: 74 of 75 frames"):
        made(Burned(), odd, tmp_path / "out.mkv", TOLERANT)
    assert not (tmp_path / "out.mkv").exists()


def test_a_long_pause_is_no_fault(flv, tmp_path):
    """What agrees with what comes after it is believed: picture and sound pause for a minute."""
    paused = flv
    for kind, which in ((AUDIO, 60), (VIDEO, 40)):

        def later(number, of, old, which=which):
            return old + 60_000 * (number >= which)

        paused = _with_times(paused, tmp_path / f"paused{kind}.flv", kind, later)
    for name, settings in (("strict", STRICT), ("tolerant", TOLERANT)):
        out = tmp_path / f"{name}.mkv"
        made(Burned(), paused, out, settings)
        assert picture_times(out) == picture_times(paused)
        assert _packet_times(out) == pytest.approx(_packet_times(paused), abs=2e-3)
    heard_s, end_s = _span(paused)
    assert end_s == pytest.approx(63, abs=0.2)
    assert heard_s == pytest.approx(3, abs=0.2)
