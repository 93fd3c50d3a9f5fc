"""render --soft: text tracks beside a video of which every packet is as it was."""

import hashlib

import av
import numpy as np
import pysubs2
import pytest
from inspecting import audio_packets, facts, picture_times

import overlay
from overlay.commands import main
from overlay.errors import OutputError
from overlay.resources import resource
from overlay.track import TagTrack


@pytest.fixture
def track():
    """A dog that barks from second 1 to 3, in a minute."""
    scores = np.full((195, 2), 0.02, np.float32)
    scores[:9, 1] = 0.9
    return TagTrack(scores, ("Speech", "Dog"), 2.0, 0.3, 60.0)


def soft(source, out, track):
    return overlay.render(source, out, track=track, soft=True).path


def packets(path, kinds=("video", "audio", "subtitle")):
    """Times and bytes of each packet, a stream; times from the file's second 0."""
    with av.open(str(path)) as container:
        start = (container.start_time or 0) / 1e6
        wanted = [s for kind in kinds for s in container.streams if s.type == kind]
        streams = {stream.index: [] for stream in wanted}
        for packet in container.demux(wanted):
            if packet.size:
                base = packet.time_base
                dts = None if packet.dts is None else float(packet.dts * base)
                data = hashlib.sha256(bytes(packet)).hexdigest()
                streams[packet.stream.index].append((float(packet.pts * base) - start, dts, data))
    return list(streams.values())


def assert_kept(before, after, *, tick, dts):
    """The same packets in the same order at the same times."""
    for old, new in zip(before, after, strict=False):
        assert [data for *_, data in new] == [data for *_, data in old]
        assert [t for t, *_ in new] == pytest.approx([t for t, *_ in old], abs=tick)
        if dts:
            shift = new[0][1] - old[0][1]
            assert [d - shift for _, d, _ in new] == pytest.approx([d for _, d, _ in old], abs=tick)


@pytest.mark.parametrize(
    "name",
    [
        "learning-area__rabbit320.mp4",
        "learning-area__rabbit320.webm",
        "auto-editor__mov_text.mp4",
        "mediabunny__rotate-buck-bunny.mp4",
        "mediabunny__edts.mp4",
        "torchcodec__nasa_13013.mp4",
        "torchcodec__h265_10bits.mp4",
        "torchcodec__av1_video.mkv",
        "web-platform-tests__test.mp4",
    ],
)
def test_every_packet_is_as_it_was(shared, tmp_path, track, name):
    source = shared / "videos" / name
    out = soft(source, tmp_path / f"out{source.suffix}", track)
    before, after = packets(source), packets(out)
    n_new = 2 if source.suffix == ".mkv" else 1
    assert len(after) == len(before) + n_new
    mp4 = source.suffix in (".mp4", ".mov")
    assert_kept(before, after, tick=1e-4 if mp4 else 1.1e-3, dts=mp4)


@pytest.mark.parametrize("extension", [".mp4", ".mkv"])
def test_subtitles_chapters_attachments_and_covers_are_kept(make_clip, tmp_path, track, extension):
    meta, words, cover = tmp_path / "meta.txt", tmp_path / "words.srt", tmp_path / "cover.png"
    meta.write_text(
        ";FFMETADATA1\ntitle=A walk\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=One\n"
    )
    words.write_text("1\n00:00:00,100 --> 00:00:01,000\nHello, <i>you</i>\n")
    make = ["-f", "lavfi", "-i", "testsrc2=s=64x64:d=0.04", "-frames:v", "1"]
    cover = make_clip("cover.png", *make)
    text = "mov_text" if extension == ".mp4" else "srt"
    attached = ["-attach", str(resource("fonts", "Inter-Medium.otf")), "-metadata:s:t:0",
                "mimetype=font/otf", "-metadata:s:t:0", "title=own", "-attach", str(cover),
                "-metadata:s:t:1", "mimetype=image/png"]  # fmt: skip
    pictured = ["-map", "4", "-c:v:1", "copy", "-disposition:v:1", "attached_pic"]
    source = make_clip(
        f"rich-soft{extension}", "-f", "lavfi", "-i", "testsrc2=s=128x96:d=2", "-f", "lavfi", "-i",
        "sine=d=2", "-i", str(words), "-i", str(meta), "-i", str(cover), "-map", "0", "-map", "1",
        "-map", "1", "-map", "2", "-map_metadata", "3", "-metadata:s:a:1",
        "language=deu", "-c:a", "aac", "-c:s", text,
        *(attached if extension == ".mkv" else pictured),
    )  # fmt: skip
    out = soft(source, tmp_path / f"out{extension}", track)
    before, after = facts(source), facts(out)
    assert _chapters(out) == pytest.approx(_chapters(source), abs=1e-3)
    assert after["metadata"]["title"] == "A walk"
    assert after["languages"] == before["languages"]
    assert after["subtitles"][:1] == before["subtitles"]
    for kind in ("audio", "subtitle"):
        assert_kept(packets(source, [kind]), packets(out, [kind]), tick=1e-4, dts=False)
    assert _covers(out) == _covers(source) != []
    titles = [title for title, _ in _texts(out)]
    assert titles[1:] == (["Sounds", "Sound tags, animated"] if extension == ".mkv" else ["Sounds"])
    assert not any(shown for _, shown in _texts(out)[1:])  # the video's own go first
    if extension == ".mkv":
        assert _attachments(out)[0] == ("Inter-Medium.otf", "font/otf", "own")
        assert len(_attachments(out)) == 3


def _chapters(path):
    """Start and end of each chapter, from the file's second 0."""
    with av.open(str(path)) as container:
        start = (container.start_time or 0) / 1e6
        return [
            float(chapter[edge] * chapter["time_base"]) - start
            for chapter in container.chapters()
            for edge in ("start", "end")
        ]


def _covers(path):
    with av.open(str(path)) as container:
        covers = [s for s in container.streams.video if s.disposition & s.disposition.attached_pic]
        return [bytes(p) for s in covers for p in container.demux(s) if p.size]


def _texts(path):
    with av.open(str(path)) as container:
        return [
            (s.metadata.get("title") or s.metadata.get("handler_name"),
             bool(s.disposition & s.disposition.default))
            for s in container.streams.subtitles
        ]  # fmt: skip


def _attachments(path):
    with av.open(str(path)) as container:
        kept = [s.metadata for s in container.streams if s.type == "attachment"]
        return [(m.get("filename"), m.get("mimetype"), m.get("title")) for m in kept]


def test_matroska_gets_captions_the_panel_and_its_fonts(tmp_path, track):
    source = resource("samples", "sounds.mp4")
    saved = track.save(tmp_path / "t.npz")
    out = tmp_path / "s.mkv"
    assert (
        main([str(source), "--soft", "--tags", str(saved), "-o", str(out), "--theme", "light"]) == 0
    )
    assert _texts(out) == [("Sounds", True), ("Sound tags, animated", False)]
    with av.open(str(out)) as container:
        captions, panel = container.streams.subtitles
        assert captions.language == panel.language == "eng"
        flags = captions.disposition
        assert flags & flags.hearing_impaired
        assert not panel.disposition & flags.hearing_impaired
    assert [kind for _, kind, _ in _attachments(out)] == ["application/vnd.ms-opentype"] * 2
    captions, panel = (_subtitles(out, n) for n in (0, 1))
    assert [line.plaintext for line in captions] == ["[dog barking]"]
    assert panel.info["PlayResX"] == "960"
    assert {line.plaintext for line in panel if line.style == "L"} == {"Dog"}
    assert max(line.end for line in panel) <= 40_000
    assert panel.styles["L"].fontname == "Inter Semi Bold"


def _subtitles(path, number):
    """A subtitle track as its reader puts it together: header and events."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[number]
        text = stream.codec_context.extradata.decode()
        for packet in container.demux(stream):
            if packet.size:
                _, layer, rest = bytes(packet).decode().split(",", 2)
                times = [int(t * packet.time_base * 1000) for t in
                         (packet.pts, packet.pts + packet.duration)]  # fmt: skip
                start, end = (pysubs2.time.ms_to_str(t, fractions=True)[:-1] for t in times)
                text += f"\nDialogue: {layer},{start},{end},{rest}"
    return pysubs2.SSAFile.from_string(text)


@pytest.mark.parametrize(
    ("extension", "codec"), [(".mp4", "mov_text"), (".mov", "mov_text"), (".webm", "webvtt")]
)
def test_other_containers_get_captions_of_their_own_kind(
    make_clip, tmp_path, track, extension, codec
):
    kinds = ["-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus"]
    source = make_clip(
        f"small-soft{extension}", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=3", "-f", "lavfi", "-i",
        "sine=d=3", *(kinds if extension == ".webm" else ["-c:a", "aac"]),
    )  # fmt: skip
    out = soft(source, tmp_path / f"out{extension}", track)
    assert facts(out)["subtitles"] == [codec]
    with av.open(str(out)) as container:
        stream = container.streams.subtitles[0]
        shown = [bytes(p) for p in container.demux(stream) if p.size > 2]
        flags = stream.disposition
        assert stream.language == "eng"
        assert bool(flags & flags.hearing_impaired) == (extension == ".mp4")  # others have none
    assert len(shown) == 1
    assert b"[dog barking]" in shown[0]


ORDERED = {
    "m4.avi": ("-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"),
    "m2.avi": ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2"),
    "h264.mp4": ("-c:v", "libx264", "-bf", "3", "-c:a", "aac"),
    "h264.mkv": ("-c:v", "libx264", "-bf", "3", "-c:a", "aac"),
    "h264.flv": ("-c:v", "libx264", "-bf", "3", "-c:a", "aac"),
    "h264.ts": ("-c:v", "libx264", "-bf", "3", "-c:a", "mp2"),
    "h265.mp4": ("-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "aac"),
    "m2.mpg": ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2"),
    "m2.gxf": ("-c:v", "mpeg2video", "-bf", "2", "-s", "720x576", "-c:a", "pcm_s16le"),
    "m2.mxf": ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "pcm_s16le"),
}


@pytest.mark.parametrize("name", ORDERED)
@pytest.mark.parametrize("extension", [".mkv", ".mp4"])
def test_frames_of_another_coding_order_keep_their_times(
    make_clip, tmp_path, track, name, extension
):
    """C5, C6: what is copied is shown in its order, from the same second on."""
    if "pcm_s16le" in ORDERED[name] and extension == ".mp4":
        pytest.skip("mp4 does not hold the sound")
    source = make_clip(
        f"order-{name}", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1.2", "-f", "lavfi", "-i",
        "sine=d=1.2:r=48000", *ORDERED[name],
    )  # fmt: skip
    out = soft(source, tmp_path / f"out{extension}", track)
    before, after = picture_times(source), picture_times(out)
    assert after == sorted(after)
    assert after == pytest.approx(before, abs=1e-3)
    assert audio_packets(out) == audio_packets(source)


@pytest.mark.parametrize("extension", [".mkv", ".mp4"])
def test_frames_without_times_in_their_order_are_not_copied(make_clip, tmp_path, track, extension):
    """C5: H.264 in AVI; the plan says so."""
    source = make_clip(
        "order-h264.avi", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1.2", "-f", "lavfi", "-i",
        "sine=d=1.2", "-c:v", "libx264", "-bf", "3", "-c:a", "libmp3lame",
    )  # fmt: skip
    with pytest.raises(OutputError, match=r"no times of their own.*without --soft"):
        soft(source, tmp_path / f"out{extension}", track)
    assert list(tmp_path.iterdir()) == []
    drawn = overlay.render(source, tmp_path / f"out{extension}", track=track).path
    times = picture_times(drawn)
    assert len(times) == 30
    assert times == sorted(times)


def test_frames_in_coding_order_keep_the_times_of_avi(make_clip, tmp_path, track):
    """H.264 without B frames: what ffmpeg would work out is one frame late."""
    plain = make_clip(
        "plain-order.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1.2", "-f", "lavfi", "-i",
        "sine=d=1.2", "-c:v", "libx264", "-bf", "0", "-c:a", "libmp3lame",
    )  # fmt: skip
    source = make_clip("plain-order.avi", "-i", str(plain), "-c", "copy", "-bsf:v",
                       "h264_mp4toannexb")  # fmt: skip
    out = soft(source, tmp_path / "out.mkv", track)
    assert picture_times(out) == pytest.approx(picture_times(plain), abs=0.03)
