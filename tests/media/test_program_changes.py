"""Transport streams whose picture and sound go on under other numbers."""

import re
from pathlib import Path

import pytest
from making import made

from overlay.errors import DecodeError
from overlay.media.audio import stream_sound
from overlay.media.program_changes import changed_at, packets_of
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.settings import VideoSettings

S = 3


@pytest.fixture
def part(make_clip):
    def make(name, pid, *more):
        return make_clip(
            name, "-f", "lavfi", "-i", f"testsrc2=s=96x64:r=25:d={S}", "-f", "lavfi", "-i",
            f"sine=d={S}:r=48000", "-c:v", "mpeg2video", "-c:a", "mp2", "-mpegts_start_pid",
            str(pid), *more,
        ).read_bytes()  # fmt: skip

    return make


def _joined(tmp_path, *parts, name="joined.ts"):
    path = tmp_path / name
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize(
    ("name", "before", "behind"),
    [("part.ts", b"", b""), ("part.m2ts", b"time", b""), ("part.tsv", b"", b"a checksum of 16")],
)
def test_streams_that_change_their_numbers_are_refused_before_any_work(
    part, tmp_path, name, before, behind
):
    """Plain packets, packets with a time before each, and such with a checksum behind."""
    first, second = (
        b"".join(before + each[n : n + 188] + behind for n in range(0, len(each), 188))
        for each in (part("a.ts", 256), part("a.ts", 512, "-mpegts_service_id", "7"))
    )
    joined = _joined(tmp_path, first, second, name=name)
    with pytest.raises(DecodeError, match=r"tail -c .*use both parts, or --tolerant") as refused:
        open_source(joined)
    assert "\n" not in str(refused.value)
    at = int(re.search(r"head -c (\d+)", str(refused.value))[1])
    for number, part_of_it in enumerate((joined.read_bytes()[:at], joined.read_bytes()[at:])):
        (tmp_path / f"{number}-{name}").write_bytes(part_of_it)  # what it says to do
        assert open_source(tmp_path / f"{number}-{name}").info.duration_s == pytest.approx(
            S, abs=0.1
        )


def test_what_is_before_is_used_where_that_is_tolerated(part, tmp_path):
    joined = _joined(tmp_path, part("a.ts", 256), part("a.ts", 512))
    source = open_source(joined, mended=True)
    assert any("another number" in note for note in source.notes)
    heard = sum(len(b.samples) for b in stream_sound(source.info, 16000, tolerant=True))
    assert heard == pytest.approx(16000 * S, rel=0.05)
    made(Burned(), joined, tmp_path / "out.mkv", VideoSettings(preset="ultrafast", tolerant=True))


def test_only_the_sound_may_change_its_number(part, make_clip, tmp_path):
    """The picture keeps 256, the sound goes from 257 to 300. The name of the service is first."""
    first = part("a.ts", 256)
    other = bytearray(first)
    for at in range(0, len(other), 188):
        if (other[at + 1] & 0x1F) << 8 | other[at + 2] == 257:
            other[at + 1 : at + 3] = bytes([other[at + 1] & 0xE0 | 300 >> 8, 300 & 0xFF])
    assert changed_at(_joined(tmp_path, first, bytes(other)), {256, 257}) == len(first) + 188


NAMED = {"ids": lambda each: each if isinstance(each, str) else ""}
SAME = [
    (lambda part: (part("a.ts", 256), part("a.ts", 256)), "the same numbers again"),
    (lambda part: (part("a.ts", 256), part("a.ts", 256, "-tables_version", "5")), "other tables"),
    (lambda part: (part("a.ts", 256),), "one recording"),
    (lambda part: (part("a.ts", 256), b"\x47\x1f\xff\x10" + b"\xff" * 184), "empty packets"),
    (lambda part: (part("a.ts", 256)[: 188 * 40], bytes(188 * 9)), "packets that are none"),
]


@pytest.mark.parametrize(
    ("parts", "why"), SAME, ids=lambda each: each if isinstance(each, str) else ""
)
def test_streams_that_keep_their_numbers_are_one(part, tmp_path, parts, why):
    assert changed_at(_joined(tmp_path, *parts(part)), {256, 257}) is None


def _numbered(whole, number, other):
    """Packets of a number under another one."""
    data = bytearray(whole)
    for at in range(0, len(data), 188):
        if (data[at + 1] & 0x1F) << 8 | data[at + 2] == number:
            data[at + 1 : at + 3] = bytes([data[at + 1] & 0xE0 | other >> 8, other & 0xFF])
    return bytes(data)


LARGE = [
    (0.5, 0, "in the middle"),
    (0.97, 0, "near the end"),
    (0.12, 0, "near the start"),
    (0.3, 77, "and bytes were lost before"),
]


@pytest.mark.parametrize(("share", "n_lost", "why"), LARGE)
@pytest.mark.parametrize("number", [256, 257])
def test_of_a_large_file_little_is_read(part, tmp_path, number, share, n_lost, why):
    """And the place is found to the packet."""
    one = part("a.ts", 256)
    other = _numbered(one, number, 300)
    n_parts = (48 << 20) // len(one)
    n_first = round(n_parts * share)
    large = _joined(tmp_path, one[: len(one) - n_lost], *[one] * (n_first - 1),
                    *[other] * (n_parts - n_first))  # fmt: skip
    before = _n_read()
    found = changed_at(large, {256, 257})
    assert found == len(one) * n_first - n_lost + 188, why
    assert changed_at(large, {256 + 257 - number}) is None
    assert _n_read() - before < 40 << 20


def test_of_a_large_file_that_stays_the_same_start_and_end_are_read(part, tmp_path):
    one = part("a.ts", 256)
    large = _joined(tmp_path, *[one] * ((48 << 20) // len(one)))
    before = _n_read()
    assert changed_at(large, {256, 257}) is None
    assert _n_read() - before < 10 << 20


def test_a_large_file_of_which_the_rest_is_nothing_ends_there(part, tmp_path):
    one = part("a.ts", 256)
    assert (
        changed_at(_joined(tmp_path, *[one] * ((5 << 20) // len(one)), bytes(12 << 20)), {256})
        is None
    )


def test_a_stream_that_comes_back_is_no_change(part, tmp_path):
    one = part("a.ts", 256)
    other = _numbered(one, 256, 300)
    n = (6 << 20) // len(one)
    assert changed_at(_joined(tmp_path, *[one] * n, *[other] * n, *[one] * n), {256}) is None


def _n_read():
    """Bytes that this process has read, where the system counts them."""
    try:
        return int(Path("/proc/self/io").read_text().split()[1])
    except OSError:
        return 0


KINDS = [
    (0xE0, 0xC0, "a picture after a sound"),
    (0xC0, 0xE0, "a sound after a picture"),
    (0xC0, 0xBD, "a sound of another kind after a sound"),
    (0, 0, "streams without units"),
]


def _packets(number, kind, n_packets):
    unit = b"\0\0\1" + bytes([kind]) if kind else bytes(4)
    head = bytes([0x47, 0x40 | number >> 8, number & 0xFF, 0x10])
    return (head + unit + bytes(180)) * n_packets


@pytest.mark.parametrize(("before", "after", "why"), KINDS)
def test_a_stream_of_another_kind_takes_no_place(tmp_path, before, after, why):
    """A sound that begins when the picture ends is none; one of the same kind would be."""
    table = _packets(0, 0, 1)
    odd = _joined(tmp_path, table, _packets(256, before, 40), table, _packets(300, after, 40))
    assert changed_at(odd, {256}) is None, why
    if before:
        same = _joined(tmp_path, table, _packets(256, before, 40), table, _packets(300, before, 40))
        assert changed_at(same, {256}) == 41 * 188
        assert changed_at(same, {300}) == 41 * 188


@pytest.mark.parametrize(
    ("n_before", "n_after", "found"),
    [(96, 4, True), (99, 1, False), (40, 60, True)],
    ids=["just before the end", "at the end", "early"],
)
def test_a_stream_that_ends_with_the_file_has_not_ended(tmp_path, n_before, n_after, found):
    parts = _packets(256, 0xE0, n_before), _packets(300, 0xE0, n_after)
    assert (changed_at(_joined(tmp_path, *parts), {256}) is not None) == found


@pytest.mark.parametrize(("n_packets", "found"), [(30, False), (80, True)])
def test_a_stream_that_began_long_before_does_not_follow(tmp_path, n_packets, found):
    """Which it does from half of the other one's time on."""
    beside = b"".join([_packets(256, 0xE0, 1), _packets(300, 0xE0, 1)] * 20)
    alone = _packets(256, 0xE0, n_packets)
    assert changed_at(_joined(tmp_path, alone, beside, _packets(300, 0xE0, 99)), {256}) == (
        188 * (n_packets + 1) if found else None
    )


@pytest.mark.parametrize(
    ("adaptation", "kind"), [(b"", 0xE3), (b"\7" + bytes(7), 0xE3), (b"", 0xC7), (b"\0", 0xDF)]
)
def test_units_are_found_behind_what_comes_before_them(tmp_path, adaptation, kind):
    """Numbers of pictures and sounds of one kind may differ."""

    def packet(number, kind):
        head = bytes([0x47, 0x40 | number >> 8, number & 0xFF, 0x30 if adaptation else 0x10])
        unit = head + adaptation + b"\0\0\1" + bytes([kind])
        return unit + bytes(188 - len(unit))

    joined = _joined(tmp_path, packet(256, kind) * 40, packet(300, kind & 0xE0) * 40)
    assert changed_at(joined, {256}) == 40 * 188


def test_a_second_program_beside_the_first_is_no_change(part, tmp_path):
    """Packets of two programs in turn; the other one goes on for longer."""
    first, second = part("a.ts", 256), part("a.ts", 512)
    pieces = [whole[n : n + 1880] for n in range(0, len(first), 1880) for whole in (first, second)]
    assert changed_at(_joined(tmp_path, *pieces, second), {256, 257}) is None


@pytest.mark.parametrize("content", [b"", b"\x47", bytes(5000), b"\x47" * 187, b"\x47" * 5000])
def test_odd_bytes_and_missing_files_are_no_trouble(tmp_path, content):
    odd = tmp_path / "odd.ts"
    odd.write_bytes(content)
    assert changed_at(odd, {256, 71}) is None
    assert changed_at(tmp_path / "none", {256}) is None
    assert packets_of(content) is None or content.count(b"\x47") == len(content)
