"""Drawing on a video: ours against a plain transcode (the limit) and other ways to do it.

    python tests/benchmarks/rendering.py > TABLE.md
    python tests/benchmarks/rendering.py [--sizes 1280x720@60 ...] [--presets veryfast ...]
        [--ways ours plain ...] [--seconds 6] [--rounds 5] [--video FILE] [--alone]

Without ``--ways``, ours and plain run for every size and preset, and all ways where ``EVERYBODY``
says so: about half an hour on two quiet cores.

The picture is a scaled film with the grain of a camera where ../shared is at hand, else moving
gradients and a fractal with the same grain, or the given video. All ways use the same ffmpeg,
encoder, quality and preset, and copy the sound (moviepy cannot, and encodes it):

    ours       the product, scores given
    list, chips, ticker, timeline
               the same with this view; ``ours`` is the list
    scrolling  the timeline with a window of five seconds and a spectrogram
    plain      ffmpeg alone, nothing drawn
    pipe       full frames through Python by two pipes, the same panel laid on by NumPy
    pillow     moviepy with a Pillow draw on every frame
    textclips  moviepy's CompositeVideoClip of TextClips, one for each label and hop
    libass     ffmpeg's subtitle burn-in of one dialogue line a hop
    content    plain, of a video that ours has drawn on before: what the panel costs the encoder
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

import numpy as np
from turns import Contestant, compare, print_surroundings

from overlay.datatypes import ColorInfo, TagTimeline
from overlay.detection import detect
from overlay.drawing.panel import Panel
from overlay.drawing.yuv_planes import PlanarPanel
from overlay.media.probe import probe
from overlay.media.process import ffmpeg_program
from overlay.media.source import open_source
from overlay.products.burned import Burned
from overlay.reporting import SILENT
from overlay.resources import resource
from overlay.settings import STRIPS, VIEWS, PanelSettings, Settings, VideoSettings
from overlay.track import MEL_COLUMN_S, TagTrack
from overlay.vocabulary.audioset import audioset_labels

CRF = "18"
SIZES = ["1920x1080@30", "1280x720@60", "3840x2160@30", "1080x1920@30"]
EVERYBODY = [("1920x1080@30", "veryfast"), ("1280x720@60", "veryfast")]
"""Size and preset that all ways run for."""

SHARED = Path(os.environ.get("TAG_OVERLAY_SHARED", Path(__file__).parents[3] / "shared"))
FILM = SHARED / "videos/moviepy__big_buck_bunny_0_30.webm"
FILM_START_S = 9
"""Before, there is nothing but sky."""


def make_video(size: str, seconds: float, path: Path) -> Path:
    """A clip with moving detail, grain and a tone.

    The grain makes 5 to 40 Mbit/s of it, from 720p to 2160p, about as much as cameras write.
    """
    area, _, rate = size.partition("@")
    width, height = (int(n) for n in area.split("x"))
    film = ["-stream_loop", "-1", "-ss", str(FILM_START_S), "-i", str(FILM)]
    if FILM.exists():
        picture = (
            f"[1:v]setpts=N/({rate}*TB),fps={rate},scale={width}:{height}:"
            f"force_original_aspect_ratio=increase:flags=lanczos,crop={width}:{height}"
        )
    else:
        film = []
        picture = (
            f"gradients=s={width}x{height}:r={rate}:d={seconds}:speed=0.02:n=6[a];"
            f"mandelbrot=s={width // 2}x{height // 2}:r={rate}:end_pts=400[b];"
            "[a][b]overlay=x='(W-w)/2+(W-w)/3*sin(t)':y='(H-h)/2':shortest=1"
        )
    grain = 5 if min(width, height) > 720 else 7
    _run(
        "-f", "lavfi", "-i", f"sine=f=440:r=48000:d={seconds}", *film, "-filter_complex",
        f"{picture},noise=alls={grain}:allf=t,format=yuv420p[v]", "-map", "[v]", "-map", "0:a",
        "-t", str(seconds), "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac",
        str(path),
    )  # fmt: skip
    return path


def made_track(seconds: float) -> TagTrack:
    """Scores that change as real ones do: slowly, with a few swaps a second."""
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.normal(0, 0.25, (int(seconds / 0.3) + 1, 527)), axis=0)
    scores = (1 / (1 + np.exp(3 - steps))).astype(np.float32)
    scores[:, 12:] *= 0.02
    levels = rng.normal(-30, 8, (int(50 * seconds), 8)).astype(np.float16)
    mel = rng.integers(0, 200, (round(seconds / MEL_COLUMN_S), 64), np.uint8)
    return TagTrack(scores, audioset_labels(), 2.0, 0.3, seconds, levels=levels, mel=mel)


def _encoding(preset: str) -> list[str]:
    return ["-c:v", "libx264", "-crf", CRF, "-preset", preset, "-pix_fmt", "yuv420p",
            "-map_metadata", "0", "-movflags", "+faststart"]  # fmt: skip


def _run(*arguments: str) -> None:
    command = [ffmpeg_program(), "-v", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def ours(video: Path, out: Path, preset: str, track: TagTrack) -> None:
    """The product's renderer."""
    settings = VideoSettings(overwrite=True, encoder="libx264", crf=int(CRF), preset=preset)
    burn(video, out, track, settings)


def viewed(view: str, **options: Any) -> Callable[[Path, Path, str, TagTrack], None]:
    """The product's renderer with one view."""

    def way(video: Path, out: Path, preset: str, track: TagTrack) -> None:
        settings = VideoSettings(overwrite=True, encoder="libx264", crf=int(CRF), preset=preset)
        burn(video, out, track, settings, PanelSettings(view=view, **options))

    return way


def burn(
    video: Path,
    out: Path,
    track: TagTrack,
    settings: VideoSettings,
    panel: PanelSettings | None = None,
) -> None:
    """Draw the tags of a track on a video."""
    options = Settings(video=settings, panel=panel or PanelSettings())
    plan = Burned().plan(open_source(video), options, out, SILENT)
    plan.write(track, SILENT)


def plain(video: Path, out: Path, preset: str, track: TagTrack) -> None:
    """Nothing but a transcode."""
    _run("-i", str(video), "-map", "0:v:0", "-map", "0:a?", "-c:a", "copy",
         *_encoding(preset), str(out))  # fmt: skip


def pipe(video: Path, out: Path, preset: str, track: TagTrack) -> None:
    """Every frame through Python, RGB, as many tools do it."""
    info, timeline = probe(video), detect(track).timeline
    shown = info.video
    assert shown is not None
    panel = Panel(timeline, (shown.width, shown.height), PanelSettings(),
                  families=timeline.family_by_label)  # fmt: skip
    box, size = panel.pieces[0].box, f"{shown.width}x{shown.height}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24"]
    decode = subprocess.Popen([ffmpeg_program(), "-v", "error", "-i", str(video), *raw, "-"],
                              stdout=subprocess.PIPE)  # fmt: skip
    encode = subprocess.Popen(
        [ffmpeg_program(), "-v", "error", "-y", *raw, "-s", size, "-r", str(shown.frame_rate),
         "-i", "-", "-i", str(video), "-map", "0:v", "-map", "1:a", "-c:a", "copy",
         *_encoding(preset), str(out)],
        stdin=subprocess.PIPE,
    )  # fmt: skip
    assert decode.stdout and encode.stdin
    n_bytes, number = shown.width * shown.height * 3, 0
    while len(frame := decode.stdout.read(n_bytes)) == n_bytes:
        picture = np.frombuffer(frame, np.uint8).reshape(shown.height, shown.width, 3).copy()
        rgba = panel.rgba(float(number / shown.frame_rate)).astype(np.float32)
        area = picture[box.y : box.bottom, box.x : box.right]
        alpha = rgba[..., 3:] / 255
        area[:] = (area * (1 - alpha) + rgba[..., :3] * alpha + 0.5).astype(np.uint8)
        encode.stdin.write(picture.data)
        number += 1
    encode.stdin.close()
    decode.wait()
    encode.wait()


def _with_moviepy(
    change: Callable[[Any, TagTimeline], Any], video: Path, out: Path, preset: str, track: TagTrack
) -> None:
    from moviepy import VideoFileClip

    with VideoFileClip(str(video)) as clip:
        changed = change(clip, detect(track).timeline)
        changed.write_videofile(
            str(out), codec="libx264", preset=preset, audio_codec="aac", logger=None,
            ffmpeg_params=["-crf", CRF, "-pix_fmt", "yuv420p"],
        )  # fmt: skip


def _lines(timeline: TagTimeline, hop: int) -> list[tuple[str, float]]:
    return [(timeline.labels[c], float(timeline.scores[hop, c]))
            for c in timeline.classes[hop] if c >= 0]  # fmt: skip


def pillow(video: Path, out: Path, preset: str, track: TagTrack) -> None:
    """A Pillow draw on each of moviepy's frames."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(resource("fonts", "Inter-SemiBold.otf")), 32)

    def change(clip: Any, timeline: TagTimeline) -> Any:
        def draw(get_frame: Any, t: float) -> Any:
            picture = Image.fromarray(get_frame(t))
            canvas = ImageDraw.Draw(picture, "RGBA")
            hop = int(np.abs(timeline.times - t).argmin())
            for row, (label, score) in enumerate(_lines(timeline, hop)):
                y = picture.height - 300 + 56 * row
                canvas.rectangle((40, y, 560, y + 50), (0, 0, 0, 140))
                canvas.rectangle((50, y + 40, 50 + 500 * score, y + 46), (90, 200, 250, 255))
                canvas.text((50, y), f"{label} {100 * score:.0f}", font=font)
            return np.asarray(picture)

        return clip.transform(draw)

    _with_moviepy(change, video, out, preset, track)


def textclips(video: Path, out: Path, preset: str, track: TagTrack) -> None:
    """A TextClip for each shown label of each hop, composed by moviepy."""
    from moviepy import CompositeVideoClip, TextClip

    font = str(resource("fonts", "Inter-SemiBold.otf"))

    def change(clip: Any, timeline: TagTimeline) -> Any:
        texts = []
        for hop, t in enumerate(timeline.times):
            start = max(0.0, float(t) - 0.15)
            for row, (label, score) in enumerate(_lines(timeline, hop)):
                text = TextClip(font=font, text=f"{label} {100 * score:.0f}", font_size=32,
                                color="white", bg_color=(0, 0, 0, 140))  # fmt: skip
                at = (40, clip.h - 300 + 56 * row)
                texts.append(text.with_start(start).with_duration(0.3).with_position(at))
        texts = [text for text in texts if text.start < clip.duration]
        return CompositeVideoClip([clip, *texts]).with_duration(clip.duration)

    _with_moviepy(change, video, out, preset, track)


def libass(video: Path, out: Path, preset: str, track: TagTrack) -> None:
    """One subtitle a hop, burnt in by ffmpeg."""
    timeline = detect(track).timeline
    with tempfile.TemporaryDirectory() as folder:
        srt = Path(folder, "tags.srt")
        blocks = []
        for hop, t in enumerate(timeline.times):
            text = "\n".join(f"{label} {100 * s:.0f}" for label, s in _lines(timeline, hop))
            start, end = max(0.0, float(t) - 0.15), float(t) + 0.15
            blocks.append(f"{hop + 1}\n{_stamp(start)} --> {_stamp(end)}\n{text}\n")
        srt.write_text("\n".join(blocks))
        _run("-i", str(video), "-map", "0:v:0", "-map", "0:a?", "-c:a", "copy", "-vf",
             f"subtitles={srt}", *_encoding(preset), str(out))  # fmt: skip


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


WAYS = {
    "ours": ours, "plain": plain, "pipe": pipe, "pillow": pillow, "textclips": textclips,
    "libass": libass, "content": plain, **{view: viewed(view) for view in VIEWS},
    "scrolling": viewed("timeline", span=5, strip="spectrogram"),
}  # fmt: skip


def panel_alone() -> None:
    """CPU milliseconds a frame of drawing each view, at 30 frames a second."""
    print("\n| view | picture | CPU ms a frame, mean | longest |\n|---|---|---|---|")
    cases = {view: PanelSettings(view=view) for view in (*VIEWS, "list+timeline", "chips+timeline")}
    for strip in STRIPS:
        settings = PanelSettings(view="timeline", span=20, strip=strip)
        cases[f"timeline that scrolls, {strip}"] = settings
    for view, settings in cases.items():
        timeline = detect(made_track(60), Settings(panel=settings)).timeline
        for size in ((426, 240), (1280, 720), (1920, 1080), (3840, 2160)):
            made = Panel(timeline, size, settings, families=timeline.family_by_label)
            planar = PlanarPanel(made, ColorInfo(), 8, size[1])
            took = [_seconds(planar, n / 30) for n in range(1800)][300:]
            mean, most = 1000 * sum(took) / len(took), 1000 * max(took)
            print(f"| {view} | {size[0]}x{size[1]} | {mean:.2f} | {most:.1f} |")


def _seconds(planar: PlanarPanel, t: float) -> float:
    start = time.process_time()
    planar.frame(t)
    return time.process_time() - start


def contest(way: str, video: str, out: str, preset: str) -> None:
    """One turn of one contestant; imports are not counted, its ffmpeg is."""

    def used() -> float:
        return sum(u.ru_utime + u.ru_stime for u in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))

    if way in ("pillow", "textclips"):
        import moviepy  # noqa: F401
    track = made_track(float(probe(video).duration_s or 60))
    before, start = used(), time.perf_counter()
    WAYS[way](Path(video), Path(out), preset, track)
    print(json.dumps({"cpu_s": used() - before, "wall_s": time.perf_counter() - start}))


def _contestant(way: str, video: Path, folder: Path, preset: str) -> Contestant:
    if way == "content":
        drawn = folder / f"{video.stem}-drawn.mp4"
        if not drawn.exists():  # as the source itself was encoded
            settings = VideoSettings(encoder="libx264", crf=20, preset="veryfast")
            burn(video, drawn, made_track(float(probe(video).duration_s or 60)), settings)
        video = drawn
    turn = [sys.executable, __file__, "--turn", way, str(video), f"{folder}/{way}.mp4", preset]
    return Contestant(way, turn)


def main() -> None:
    """Compare the ways for each size and preset."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--presets", nargs="+", default=["ultrafast", "veryfast", "medium"])
    parser.add_argument("--ways", nargs="+", choices=list(WAYS))
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--video", type=Path)
    parser.add_argument("--alone", action="store_true", help="only draw, and render nothing")
    parser.add_argument("--turn", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.turn:
        contest(*args.turn)
        return
    print_surroundings(["moviepy", "pillow", "imageio-ffmpeg", "numpy"])
    if args.alone or not args.ways:
        panel_alone()
    if args.alone:
        return
    with tempfile.TemporaryDirectory() as folder:
        for size in [str(args.video)] if args.video else args.sizes:
            video = args.video or make_video(size, args.seconds, Path(folder, f"{size}.mp4"))
            for preset in args.presets:
                everybody = (size, preset) in EVERYBODY or args.video
                ways = args.ways or (list(WAYS) if everybody else ["ours", "plain"])
                contestants = [_contestant(way, video, Path(folder), preset) for way in ways]
                compare(f"{size}, {preset}", contestants, args.rounds)


if __name__ == "__main__":
    main()
