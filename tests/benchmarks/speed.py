"""How fast: tagging against real time, drawing against a plain transcode by the same ffmpeg.

python tests/benchmarks/speed.py tag [MODEL...]     test weights for models without real ones
python tests/benchmarks/speed.py render VIDEO       takes turns; prints CPU seconds and ratios
python tests/benchmarks/speed.py panel              milliseconds a frame, one size after another
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tagging_checkpoints import golden_weight, write_paddle

from overlay.compose import compose
from overlay.datatypes import ColorInfo, TagTimeline, TagTrack
from overlay.drawing.panel import Panel, PlanarPanel
from overlay.labels import audioset_labels, families_of
from overlay.media.probe import probe
from overlay.media.process import ffmpeg_program
from overlay.selection import select
from overlay.settings import PanelSettings, TaggingSettings, VideoSettings
from overlay.tagging.registry import SPECS, load_tagger
from overlay.tagging.tracking import score_stream
from overlay.tagging.weights import find

RATE, N_TURNS = 32000, 3


def cpu_s() -> float:
    """CPU seconds of this process and of those it waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def tag(names: list[str]) -> None:
    """Seconds of sound scored in a second, by network; decoding not counted."""
    noise = np.random.default_rng(0).normal(0, 0.1, 60 * RATE).astype(np.float32)
    for name in names or list(SPECS):
        with tempfile.TemporaryDirectory() as folder:
            weights = find(name) or _test_weights(name, Path(folder))
            tagger = load_tagger(TaggingSettings(model=name, weights=str(weights), device="cpu"))
            score_stream([noise[: 8 * RATE]], tagger, 2.0, 0.3)
            wall, cpu = time.perf_counter(), cpu_s()
            score_stream([noise], tagger, 2.0, 0.3)
            wall, cpu = time.perf_counter() - wall, cpu_s() - cpu
        print(f"{name:<6} {60 / wall:6.1f}x real time, {cpu / 60:.3f} CPU s per second of sound, "
              f"{os.cpu_count()} cores")  # fmt: skip


def _test_weights(name: str, folder: Path) -> Path:
    state = SPECS[name].network(527).state_dict()
    arrays = {key: golden_weight(key, tuple(value.shape)) for key, value in state.items()}
    return write_paddle(folder / "w.pdparams", arrays)


def render(video: str) -> None:
    """CPU seconds of drawing on a video and of transcoding it, in turn."""
    info, timeline = probe(video), _timeline(float(probe(video).duration_s or 60))
    drawn, plain = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(N_TURNS):
            start = cpu_s()
            settings = VideoSettings(overwrite=True)
            compose(info, timeline, Path(folder, "drawn.mp4"), PanelSettings(), settings)
            drawn.append(cpu_s() - start)
            start = cpu_s()
            command = [ffmpeg_program(), "-v", "error", "-y", "-i", video, "-map", "0:v:0", "-map",
                       "0:a?", "-c:a", "copy", "-c:v", "libx264", "-crf", "18", "-preset",
                       "veryfast", "-pix_fmt", "yuv420p", f"{folder}/plain.mp4"]  # fmt: skip
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
            plain.append(cpu_s() - start)
    for name, seconds in (("with the panel", drawn), ("plain transcode", plain)):
        print(f"{name:<16}" + " ".join(f"{s:6.2f}" for s in seconds) + " CPU s")
    ratios = sorted(p / d for p, d in zip(plain, drawn, strict=True))
    print(f"speed of a plain transcode: {ratios[len(ratios) // 2]:.2f} of it (1 is the limit)")


def _timeline(seconds: float) -> TagTimeline:
    """Scores that change as real ones do: slowly, with a few swaps a second."""
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.normal(0, 0.25, (int(seconds / 0.3) + 1, 527)), axis=0)
    scores = (1 / (1 + np.exp(3 - steps))).astype(np.float32)
    scores[:, 12:] *= 0.02
    return select(TagTrack(scores, audioset_labels(), 2.0, 0.3, seconds), PanelSettings())


def panel() -> None:
    """CPU milliseconds a frame at 30 frames a second."""
    timeline = _timeline(60)
    for size in ((426, 240), (1280, 720), (1920, 1080), (3840, 2160)):
        made = Panel(timeline, size, PanelSettings(), families=families_of(timeline.labels))
        planar = PlanarPanel(made, ColorInfo(), 8, size[1])
        for n in range(300):
            planar.frame(n / 30)
        start = cpu_s()
        for n in range(300, 1800):
            planar.frame(n / 30)
        print(f"{size[0]}x{size[1]}: {(cpu_s() - start) / 1.5:.2f} ms a frame")


if __name__ == "__main__":
    kind, *rest = sys.argv[1:] or ["tag"]
    if kind == "tag":
        tag(rest)
    elif kind == "render":
        render(rest[0])
    else:
        panel()
