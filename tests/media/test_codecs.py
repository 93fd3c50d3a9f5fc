"""Codecs without a decoder, and what containers hold: named, and refused before the work."""

import pytest
from making import listener, made

import overlay
from overlay.errors import NoAudioStream, NoVideoStream, OutputError
from overlay.media.containers import default_extension, plan_subtitles
from overlay.media.probe import probe
from overlay.products.burned import Burned
from overlay.products.soft_tracks import Soft
from overlay.settings import VideoSettings

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=1")
TONE = ("-f", "lavfi", "-i", "sine=d=1:r=48000")


def _replaced(make_clip, tmp_path, name, *pairs):
    """H.264 and AAC (in mkv also a text) of which some bytes are others of the same length."""
    words = tmp_path / "w.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:01,000\nHello\n")
    extension = name.rpartition(".")[2]
    text = ("-i", str(words)) if extension == "mkv" else ()
    codecs = ("-c:v", "libx264", "-c:a", "aac", *(("-c:s", "srt") if text else ()))
    clip = make_clip(f"whole.{extension}", *PICTURE, *TONE, *text, *codecs)
    data = clip.read_bytes()
    for old, new in pairs:
        assert old in data
        data = data.replace(old, new)
    path = tmp_path / name
    path.write_bytes(data)
    return path


HIDDEN = (b"esds", b"free")
"""What tells the decoder of a sound in mp4, else its name would not count."""


@pytest.mark.parametrize(
    ("name", "pairs", "codec"),
    [
        ("ac4.mp4", [HIDDEN, (b"mp4a", b"ac-4")], "ac4"),
        ("mpegh.mp4", [HIDDEN, (b"mp4a", b"mhm1")], "mpegh_3d_audio"),
        ("nobodys.mp4", [HIDDEN, (b"mp4a", b"zzzz")], "zzzz"),
        ("nobodys.mkv", [(b"A_AAC", b"A_ZZZ")], "A_ZZZ"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"soft": True}, {"overlay_only": True}])
def test_a_sound_without_a_decoder_is_named(make_clip, tmp_path, name, pairs, codec, options):
    """B1: in one line, before anything is made, with the cache on."""
    source = _replaced(make_clip, tmp_path, name, *pairs)
    with pytest.raises(NoAudioStream, match=f"its sound is {codec}, for which") as caught:
        overlay.render(source, model="builtin", device="cpu", **options)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    with pytest.raises(NoAudioStream, match=codec):
        overlay.tag(source, model="builtin", device="cpu")


def test_a_sound_that_can_be_heard_instead_is_told(make_clip, tmp_path):
    source = _replaced(make_clip, tmp_path, "ac4.mp4", HIDDEN, (b"mp4a", b"ac-4"))
    two = make_clip("two-sounds.mov", "-i", str(source), *TONE, "-map", "0", "-map", "1", "-c:v",
                    "copy", "-c:a:0", "copy", "-c:a:1", "aac")  # fmt: skip
    with pytest.raises(NoAudioStream, match="--audio-track 1 can be heard"):
        overlay.tag(two, model="builtin", device="cpu")
    assert overlay.tag(two, model="builtin", device="cpu", audio_track=1).n_hops
    assert default_extension(probe(two)) == ".mov"
    with pytest.raises(OutputError, match=r"codec ac4.*ending in \.mov"):
        made(Burned(), two, tmp_path / "out.mkv")
    made(Burned(), two, tmp_path / "out.mov")
    assert [audio.codec for audio in probe(tmp_path / "out.mov").audio] == ["ac4", "aac"]


def test_a_picture_without_a_decoder_is_named(make_clip, tmp_path):
    source = _replaced(make_clip, tmp_path, "p.mkv", (b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ZZZ"))
    with pytest.raises(NoVideoStream, match="its picture is V_MPEG4/ISO/ZZZ, for which"):
        made(Burned(), source, tmp_path / "out.mp4")


@pytest.mark.parametrize("product", [Burned(), Soft()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("extension", [".mkv", ".mp4"])
def test_a_text_that_cannot_be_kept_is_named(make_clip, tmp_path, product, extension):
    """B7: ``S_TEXT/WEBVTT`` is such a one."""
    named = b"S_TEXT/WEBV"
    source = _replaced(make_clip, tmp_path, "t.mkv", (b"S_TEXT/UTF8", named))
    reporter, _, notes = listener()
    made(product, source, tmp_path / f"out{extension}", reporter=reporter)
    assert any("left out: S_TEXT/WEBV" in note for note in notes)


@pytest.mark.parametrize(
    ("extension", "codec", "kept"),
    [
        (".mkv", "dvb_subtitle", "copy"), (".mkv", "dvb_teletext", None), (".mkv", "xsub", None),
        (".mkv", "mov_text", "srt"), (".mkv", "eia_608", "srt"), (".mp4", "ass", "mov_text"),
        (".mp4", "dvd_subtitle", None), (".webm", "subrip", "webvtt"), (".mkv", "ttml", None),
    ],
)  # fmt: skip
def test_what_becomes_of_subtitles(make_clip, tmp_path, extension, codec, kept):
    info = _Subtitled(codec)
    plans, dropped = plan_subtitles(info, tmp_path / f"out{extension}")
    assert ([plan.codec for plan in plans], dropped) == (([kept], []) if kept else ([], [codec]))


class _Subtitled:
    def __init__(self, codec):
        self.subtitles = (codec,)


@pytest.mark.parametrize(
    ("name", "encoder", "target", "said"),
    [
        ("vp8.webm", ("-c:v", "libvpx", "-c:a", "libopus"), ".mp4", "vp8.*ending in .mkv"),
        ("vp8.webm", ("-c:v", "libvpx", "-c:a", "libopus"), ".mov", "ending in .mkv"),
        ("wmv.wmv", ("-c:v", "wmv2", "-c:a", "aac"), ".mp4", "wmv2.*ending in .mkv"),
        ("qt.mov", ("-c:v", "qtrle", "-c:a", "aac"), ".mp4", "qtrle.*ending in .m"),
    ],
)
def test_a_picture_that_cannot_be_copied_is_refused_by_the_plan(
    make_clip, tmp_path, name, encoder, target, said
):
    source = make_clip(f"held-{name}", *PICTURE, *TONE, *encoder)
    reporter, steps, _ = listener()
    with pytest.raises(OutputError, match=said):
        overlay.render(source, tmp_path / f"out{target}", soft=True, reporter=reporter,
                       model="builtin", device="cpu")  # fmt: skip
    assert steps == []
    usual = default_extension(probe(source), copied=True)
    made(Soft(), source, tmp_path / f"out{usual}")


def test_a_sound_that_no_container_here_holds_is_refused_by_the_plan(make_clip, tmp_path):
    source = make_clip("held.nut", *PICTURE, *TONE, "-c:v", "mpeg4", "-c:a", "pcm_u16le")
    reporter, steps, _ = listener()
    with pytest.raises(OutputError, match="unchanged"):
        overlay.render(source, reporter=reporter, model="builtin", device="cpu")
    assert steps == []


@pytest.mark.parametrize("extension", [".mkv", ".mp4"])
def test_sound_that_no_container_takes_can_be_encoded(make_clip, tmp_path, extension):
    source = make_clip(
        "odd.nut", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-f", "lavfi", "-i", "sine=d=1",
        "-c:v", "mpeg4", "-c:a", "pcm_u24le",
    )  # fmt: skip
    with pytest.raises(OutputError, match="--audio aac or opus"):
        made(Burned(), source, tmp_path / f"out{extension}")
    made(Burned(), source, tmp_path / f"out{extension}", VideoSettings(audio="aac"))
