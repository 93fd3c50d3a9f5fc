"""Contact sheets of the views, to be looked at: every theme, size and kind of film.

    python tests/campaigns/looking.py FOLDER [--views list ...] [--themes dark ...]
        [--sizes 1280x720 ...] [--strip spectrogram] [--twenty]

Writes one PNG for each view and size, with a row for each theme and a column for each film; with
``--twenty`` instead twenty consecutive frames of a change of tags, for each view.

    python tests/campaigns/looking.py assets --stills samples/sounds.mp4 --at 18

writes ``views.webp``, the four views on frames of a video, as README shows them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import overlay
from overlay.detection import detect
from overlay.drawing.panel import Panel
from overlay.drawing.theme import theme_names
from overlay.moviepy import with_panel
from overlay.settings import STRIPS, VIEWS, PanelSettings, Settings
from overlay.track import MEL_COLUMN_S, TagTrack
from overlay.vocabulary.audioset import audioset

SIZES = ("426x240", "854x480", "1080x1920", "3840x2160")
LARGEST = 960
"""Pixels of the longer side of a picture on a sheet."""
STORY = (
    ("Speech", 0.0, 12.0, 0.8), ("Dog", 2.0, 3.2, 0.7), ("Dog", 5.0, 6.0, 0.5),
    ("Rain on surface", 4.0, 16.0, 0.55), ("Fire engine, fire truck (siren)", 8.0, 14.0, 0.7),
    ("Bird vocalization, bird call, bird song", 6.0, 11.0, 0.4), ("Bell", 6.8, 10.6, 0.3),
    ("Music", 15.0, 28.0, 0.6), ("Violin, fiddle", 17.0, 26.0, 0.45), ("Cat", 19.0, 22.0, 0.4),
    ("Clapping", 26.0, 30.0, 0.8),
)  # fmt: skip
"""Label, onset, offset and score."""
AT_S = 8.9


def told(story=STORY, length_s=30.0, hop_s=0.1) -> TagTrack:
    """A track on which this is heard."""
    rng = np.random.default_rng(5)
    names = audioset().names
    n = int(length_s / hop_s)
    times = hop_s * np.arange(n)
    scores = np.full((n, len(names)), 0.004, np.float32)
    frames = np.arange(int(length_s * 50)) / 50
    loud = np.full(len(frames), -52.0) + 3 * rng.standard_normal(len(frames))
    levels = np.stack([loud - 4 * band for band in range(8)], axis=1)
    for label, on, off, score in story:
        inside = (times >= on) & (times < off)
        wave = score + 0.1 * np.sin(2.1 * times + len(label))
        scores[inside, names.index(label)] = np.clip(wave, 0, 1)[inside]
        heard = (frames >= on) & (frames < off)
        beat = 16 + 30 * score + 11 * np.abs(np.cos((frames - on) * (3 + len(label) % 5)))
        beat = beat + rng.standard_normal(len(frames))
        bands = np.exp(-0.5 * (np.arange(8) - len(label) % 8) ** 2 / 4)
        levels[heard] = np.maximum(levels[heard], -60 + np.outer(beat[heard], bands))
    mel = spectrogram_of(story, length_s, rng)
    return TagTrack(scores, names, 0.2, hop_s, length_s, levels=levels.astype(np.float16), mel=mel)


def spectrogram_of(story, length_s: float, rng: np.random.Generator) -> np.ndarray:
    """Tones with overtones for some of it, noise for the rest."""
    times, bands = np.arange(0, length_s, MEL_COLUMN_S), np.arange(64)
    codes = np.tile(30 + 8 * rng.random(64), (len(times), 1)) + 6 * rng.random((len(times), 64))
    for label, on, off, score in story:
        tone = 12 + len(label) % 9 + 5 * np.sin(times * (2 + len(label) % 4))
        tones = [2.1 * n**0.6 * tone[:, None] for n in (0.5, 1, 2, 3)]
        shape = sum(np.exp(-0.5 * (bands - each) ** 2 / 2) for each in tones)
        noise = 0.6 * rng.random((len(times), 64))
        heard = (noise if "ain" in label or "pplau" in label else shape) * (60 + 60 * score)
        inside = (times >= on) & (times < off)
        codes[inside] = np.maximum(codes[inside], heard[inside] + 20)
    return np.clip(codes, 0, 255).astype(np.uint8)


def films(size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Pictures as films have them, ``[height, width, 3]``."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = y / height, x / width
    rng = np.random.default_rng(1)
    grain = rng.normal(0, 6, (height, width, 1))
    small = rng.integers(0, 256, (max(2, height // 24), max(2, width // 24), 3), np.uint8)
    busy = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.NEAREST), np.float32)
    stripes = 255 * ((np.sin(60 * (x + y)) > 0) & (x > 0.5))[..., None]
    made = {
        "bright": 255 - 40 * (x * y)[..., None] * np.array([0.2, 0.5, 1]),
        "dark": 8 + 34 * (x * (1 - y))[..., None] * np.array([1, 0.7, 0.5]),
        "busy": np.where(x[..., None] > 0.5, stripes, busy),
        "flat": np.full((height, width, 3), (96, 132, 88), np.float32),
    }
    return {n: np.clip(p + grain, 0, 255).astype(np.uint8) for n, p in made.items()}


def panel_of(view: str, theme: str, size: tuple[int, int], **options: object) -> Panel:
    """A panel of the story."""
    settings = PanelSettings(view=view, theme=theme, smoothing="none", **options)
    timeline = detect(told(), Settings(panel=settings)).timeline
    return Panel(timeline, size, settings, families=timeline.family_by_label)


def reduced(picture: np.ndarray) -> Image.Image:
    image = Image.fromarray(picture)
    share = min(1.0, LARGEST / max(image.size))
    return image.resize((round(image.width * share), round(image.height * share)),
                        Image.Resampling.LANCZOS)  # fmt: skip


def sheet(pictures: list[list[Image.Image]], path: Path) -> None:
    """Rows of pictures of one size."""
    width, height = pictures[0][0].size
    whole = Image.new("RGB", (width * len(pictures[0]) + 4, height * len(pictures)), "#777")
    for y, row in enumerate(pictures):
        for x, picture in enumerate(row):
            whole.paste(picture, (x * width, y * height))
    whole.save(path)


def stills(video: Path, at_s: float, path: Path) -> None:
    """The views side by side on a frame of a video."""
    rows = []
    with TemporaryDirectory() as folder:
        for view in VIEWS:
            file = overlay.preview(video, at_s, Path(folder, f"{view}.png"), view=view)
            with Image.open(file) as picture:
                rows.append(picture.convert("RGB"))
    width, height = rows[0].size
    whole = Image.new("RGB", (2 * width + 8, 2 * height + 8), "white")
    for number, picture in enumerate(rows):
        whole.paste(picture, (number % 2 * (width + 8), number // 2 * (height + 8)))
    whole.resize((1280, round(1280 * whole.height / whole.width)), Image.Resampling.LANCZOS).save(
        path, quality=82, method=6
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--views", nargs="+", default=VIEWS)
    parser.add_argument("--themes", nargs="+", default=theme_names())
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--at", type=float, default=AT_S)
    parser.add_argument("--from-s", type=float, default=7.45)
    parser.add_argument("--strip", choices=STRIPS, default=STRIPS[0])
    parser.add_argument("--twenty", action="store_true")
    parser.add_argument("--stills", type=Path, metavar="VIDEO")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.stills:
        stills(args.stills, args.at, args.folder / "views.webp")
        return
    for view in args.views:
        for text in args.sizes:
            size = tuple(int(n) for n in text.split("x"))
            background = films(size)
            if args.twenty:
                panel = panel_of(view, args.themes[0], size, strip=args.strip)
                shown = [reduced(with_panel(background["flat"], panel, args.from_s + n / 30))
                         for n in range(20)]  # fmt: skip
                rows = [shown[n : n + 5] for n in range(0, 20, 5)]
            else:
                panels = [panel_of(view, theme, size, strip=args.strip) for theme in args.themes]
                rows = [[reduced(with_panel(each, panel, args.at)) for each in background.values()]
                        for panel in panels]  # fmt: skip
            kind = f"{view}-{args.strip}" if args.strip != STRIPS[0] else view
            name = f"{kind}-{text}{'-twenty' if args.twenty else ''}.png"
            sheet(rows, args.folder / name)


if __name__ == "__main__":
    main()
