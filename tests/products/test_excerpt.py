"""A part of a file instead of the whole: --from and --to."""

import av
import numpy as np
import pytest
from inspecting import picture_times, pictures
from making import FAST, PANEL, made, two_tags

import overlay
from overlay.datatypes import Excerpt
from overlay.errors import SettingsError, UsageError
from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.products.overlay_only import Alone
from overlay.products.soft_tracks import Soft
from overlay.products.still import Still
from overlay.products.stream_copy import Copied
from overlay.reporting import SILENT
from overlay.scoring.saved_tracks import load_track, open_saved
from overlay.settings import Settings, TaggingSettings, VideoSettings

LOSSLESS = VideoSettings(preset="ultrafast", crf=0)
PART = Excerpt(1.23, 2.5)
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=192x108:r=25:d=4")
SOUND = ("-f", "lavfi", "-i", "aevalsrc='sin(2*PI*(200+300*t)*t)':s=48000:d=4")
RECIPES = {
    "part.mp4": ("-c:v", "libx264", "-g", "60", "-bf", "3", "-c:a", "aac"),
    "part.mkv": ("-c:v", "libx264", "-g", "60", "-bf", "3", "-c:a", "libopus"),
    "part.webm": ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus"),
    "part.ts": ("-c:v", "libx264", "-g", "60", "-c:a", "mp2"),
}


@pytest.fixture(params=RECIPES)
def clip(make_clip, request):
    """Four seconds whose pictures and sound are different at each moment; few keyframes."""
    return make_clip(request.param, *PICTURE, *SOUND, *RECIPES[request.param])


def timed(path, kind):
    """Second and content of each picture or packet, on the file's own clock."""
    with av.open(str(path)) as container:
        start = (container.start_time or 0) / av.time_base
        stream = next(s for s in container.streams if s.type == kind)
        if kind == "audio":
            return [
                (float(p.pts * p.time_base) - start, bytes(p))
                for p in container.demux(stream) if p.size
            ]  # fmt: skip
        return [
            (float(f.pts * f.time_base) - start, f.to_ndarray()) for f in container.decode(stream)
        ]


def test_the_picture_is_cut_at_the_frame_and_packets_stay_as_they_are(clip, tmp_path):
    out = tmp_path / f"out{'.mkv' if clip.suffix == '.ts' else clip.suffix}"
    video = VideoSettings() if out.suffix == ".webm" else LOSSLESS
    made(Burned(), open_source(clip, excerpt=PART), out, video)
    wanted = [each for each in timed(clip, "video") if PART.from_s <= each[0] < PART.to_s]
    found = timed(out, "video")
    assert len(found) == len(wanted) == 32
    first = wanted[0][0]
    assert [t - found[0][0] for t, _ in found] == pytest.approx(
        [t - first for t, _ in wanted], abs=0.0011
    )
    if video is LOSSLESS:  # the corner without the panel
        for (_, was), (_, now) in zip(wanted, found, strict=True):
            assert (was[:30, 100:] == now[:30, 100:]).all()
    packets = {packet: t for t, packet in timed(clip, "audio")}
    kept = timed(out, "audio")
    times = [packets[packet] for _, packet in kept]
    inside = [t for t in packets.values() if PART.from_s <= t < PART.to_s]
    assert len(times) == pytest.approx(len(inside), abs=1)
    assert min(times) >= PART.from_s - 0.001
    assert max(times) < PART.to_s
    apart = [(t - found[0][0]) - (s - first) for (t, _), s in zip(kept, times, strict=True)]
    assert apart == pytest.approx([0] * len(apart), abs=0.002)


def test_decoded_sound_is_cut_at_the_sample(clip):
    whole = np.concatenate(list(stream_audio(probe(clip), 48000)))
    part = np.concatenate(list(stream_audio(open_source(clip, excerpt=PART).info, 48000)))
    assert len(part) == pytest.approx(1.27 * 48000, abs=48)
    begin = round(PART.from_s * 48000)
    lags = [
        np.abs(whole[begin + lag : begin + lag + 40000] - part[:40000]).mean()
        for lag in range(-60, 61)
    ]
    assert min(lags) < 1e-3
    assert abs(int(np.argmin(lags)) - 60) <= 48  # a millisecond: the finest tick of Matroska


@pytest.mark.parametrize("name", ["part.mp4", "part.ts"])
def test_panel_and_still_are_of_the_part(make_clip, tmp_path, name):
    clip = make_clip(name, *PICTURE, *SOUND, *RECIPES[name])
    source = open_source(clip, excerpt=PART)
    made(Alone(), source, tmp_path / "panel.mov")
    assert len(picture_times(tmp_path / "panel.mov")) == 32
    made(Still(0.5), source, tmp_path / "part.png", FAST)
    made(Still(0.5 + PART.from_s), open_source(clip), tmp_path / "whole.png", FAST)
    part, whole = (pictures(tmp_path / f"{n}.png")[0] for n in ("part", "whole"))
    assert (part[:30, 100:] == whole[:30, 100:]).all()


def test_covers_and_chapters_go_with_the_part(make_clip, tmp_path):
    plain = make_clip("part.mp4", *PICTURE, *SOUND, *RECIPES["part.mp4"])
    cover = make_clip("cover.png", "-f", "lavfi", "-i", "color=red:s=64x64:d=1", "-frames:v", "1")
    (tmp_path / "chapters.txt").write_text(
        ";FFMETADATA1\ntitle=whole\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=one\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=4000\ntitle=two\n"
    )  # fmt: skip
    clip = make_clip(
        "covered.mp4", "-i", str(plain), "-i", str(tmp_path / "chapters.txt"), "-i", str(cover),
        "-map", "0", "-map", "2", "-map_metadata", "1", "-c", "copy",
        "-disposition:v:1", "attached_pic",
    )  # fmt: skip
    made(Burned(), open_source(clip, excerpt=PART), tmp_path / "out.mp4", FAST)
    assert len(probe(tmp_path / "out.mp4").covers) == 1
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["title"] == "whole"
        chapters = [
            (float(c["start"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]
    assert chapters == [(0, "one"), (pytest.approx(0.77), "two")]


def test_a_track_has_its_part():
    track = two_tags()
    part = track.part(Excerpt(10.0, 20.0))
    assert part.duration_s == 10
    assert part.times[0] >= 0
    assert part.times[-1] < 10
    row = int(np.abs(track.times - 15.0).argmin())
    assert part.top_k(2, at_s=5.0) == track.top_k(2, at_s=float(track.times[row]))
    assert track.part(Excerpt(10.0, 10.01)).n_hops == 1
    assert track.part(Excerpt(59.0)).duration_s == pytest.approx(track.duration_s - 59)


def test_the_part_of_a_sound_is_scored_as_in_the_whole(tmp_path, make_clip):
    clip = make_clip("part.mp4", *PICTURE, *SOUND, *RECIPES["part.mp4"])
    options = {"model": "builtin", "device": "cpu"}
    part = overlay.tag(clip, from_s=1.23, to_s=2.5, cache=False, **options)
    assert part.duration_s == pytest.approx(1.27)
    whole = overlay.tag(clip, **options)
    cut = overlay.tag(clip, from_s=1.23, to_s=2.5, **options)  # from the cache
    assert cut.sound == part.sound != whole.sound
    at = int(np.abs(whole.times - 1.9).argmin())
    near = int(np.abs(part.times - (whole.times[at] - 1.23)).argmin())
    assert np.abs(part.scores[near] - whole.scores[at]).max() < 0.15
    whole.save(tmp_path / "whole.npz")
    part.save(tmp_path / "part.npz")
    source = open_source(clip, excerpt=PART)
    for name in ("whole", "part"):
        assert load_track(tmp_path / f"{name}.npz", source).duration_s == pytest.approx(1.27)
    saved = open_saved(tmp_path / "whole.npz", excerpt=PART)
    assert saved is not None
    assert saved[0].duration_s == saved[1].duration_s == pytest.approx(1.27)


@pytest.mark.parametrize(("begin", "end"), [(5.0, 2.0), (2.0, 2.0), (-1.0, 2.0), (None, 0.0)])
def test_what_is_no_part_is_refused(begin, end):
    with pytest.raises(SettingsError, match="no part"):
        TaggingSettings(from_s=begin, to_s=end)


def test_a_part_behind_the_end_and_a_copy_are_refused(make_clip, tmp_path):
    clip = make_clip("part.mp4", *PICTURE, *SOUND, *RECIPES["part.mp4"])
    with pytest.raises(UsageError, match="ends at"):
        open_source(clip, excerpt=Excerpt(10.0))
    with pytest.raises(UsageError, match="part ends"):
        made(Still(1.5), open_source(clip, excerpt=PART), tmp_path / "a.png")
    for product in (Soft(), Copied()):
        with pytest.raises(UsageError, match="keyframes"):
            product.plan(
                open_source(clip, excerpt=PART), Settings(panel=PANEL), tmp_path / "a.mp4", SILENT
            )


@pytest.mark.parametrize("part", [Excerpt(3.99), Excerpt(2.01, 2.03), Excerpt(3.98, 60.0)])
def test_a_part_without_a_whole_frame_is_refused_in_the_plan(make_clip, tmp_path, part):
    clip = make_clip("part.mp4", *PICTURE, *SOUND, *RECIPES["part.mp4"])
    source = open_source(clip, excerpt=part)
    for product, name in ((Burned(), "a.mp4"), (Still(0.0), "a.png")):
        with pytest.raises(UsageError, match="no whole frame"):
            product.plan(source, Settings(panel=PANEL), tmp_path / name, SILENT)
