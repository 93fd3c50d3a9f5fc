"""Transport streams whose picture and sound go on under other numbers."""

import re

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


@pytest.mark.parametrize("name", ["part.ts", "part.m2ts"])
def test_streams_that_change_their_numbers_are_refused_before_any_work(part, tmp_path, name):
    """Plain packets, and packets with a time before each."""
    first, second = part("a.ts", 256), part("a.ts", 512, "-mpegts_service_id", "7")
    if name == "part.m2ts":
        first, second = (
            b"".join(b"time" + each[n : n + 188] for n in range(0, len(each), 188))
            for each in (first, second)
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
