"""Build sounds.mp4 and sounds.csv: a film of ten drawn scenes, a sound each, made from nothing.

Needs fluidsynth with the FluidR3 sound font (Debian: fluidsynth, fluid-soundfont-gm), and the
project installed. Takes about four minutes:

    python samples/build.py
"""

from __future__ import annotations

import csv
import subprocess
import tempfile
import wave
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pictures
import sounds
from PIL import Image

from overlay.media.process import ffmpeg_program

HERE = Path(__file__).parent
RATE = 25
"""Pictures a second."""
N_FRAMES = 100
"""Of a scene: 4 s."""
_FADE = 5
"""Frames in which one scene becomes the next."""

SCENES = {
    "sea": ("Waves, surf", 8),
    "birds": ("Bird vocalization, bird call, bird song", 39),
    "clock": ("Clock", 23),
    "phone": ("Telephone", 2),
    "rain": ("Rain", 10),
    "thunder": ("Thunder", 34),
    "siren": ("Siren", 14),
    "marimba": ("Mallet percussion", 1),
    "applause": ("Applause", 8),
    "fireworks": ("Fireworks", 9),
}
"""By order: AudioSet's label, and the throw of the sound that was taken."""
PEAKS_DB = {"clock": -1}
"""Peak levels, where they are not the usual one: short ticks are heard only if they are loud."""


def main() -> None:
    """Write the film and its timeline beside this file."""
    length_s = N_FRAMES / RATE
    tracks = {
        name: sounds.finished(
            getattr(sounds, name)(np.random.default_rng(throw)), length_s, PEAKS_DB.get(name, -6)
        )
        for name, (_, throw) in SCENES.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder, "all.wav")
        write_sound(sound, np.concatenate(list(tracks.values())))
        write_film(HERE / "sounds.mp4", sound, frames(tracks))
    with (HERE / "sounds.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["onset_s", "offset_s", "label"])
        for n, (label, _) in enumerate(SCENES.values()):
            rows.writerow([round(n * length_s, 3), round((n + 1) * length_s, 3), label])


def write_sound(path: Path, signal: sounds.Signal) -> None:
    """Mono, 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sounds.RATE)
        file.writeframes((32767 * signal).astype("<i2").tobytes())


def frames(tracks: dict[str, sounds.Signal]) -> Iterator[bytes]:
    """The pixels of all pictures; a scene fades in over the end of the one before."""
    names = list(tracks)
    jobs = [
        (name, before, n, float(level))
        for name, before in zip(names, [None, *names], strict=False)
        for n, level in enumerate(loudness(tracks[name]))
    ]
    with ProcessPoolExecutor() as pool:
        yield from pool.map(frame, jobs, chunksize=5)


def frame(job: tuple[str, str | None, int, float]) -> bytes:
    """The pixels of one picture."""
    name, before, n, level = job
    picture = pictures.picture(name, n / RATE, level)
    if before is not None and n < _FADE:
        old = pictures.picture(before, (N_FRAMES + n) / RATE, 0.0)
        picture = Image.blend(old, picture, (n + 1) / (_FADE + 1))
    return picture.tobytes()


def loudness(signal: sounds.Signal) -> sounds.Signal:
    """How loud it is at each picture, in [0, 1], against the loudest."""
    parts = np.array_split(signal, N_FRAMES)
    power = np.sqrt([np.square(part).mean() for part in parts])
    smooth = np.maximum(power, 0.6 * np.concatenate([[0], power[:-1]]))
    level: sounds.Signal = smooth / smooth.max()
    return level


def write_film(out: Path, sound: Path, shown: Iterator[bytes]) -> None:
    """Encode pictures as they come, with the sound below."""
    size = "x".join(map(str, pictures.SIZE))
    command = [
        ffmpeg_program(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", size, "-r", str(RATE), "-i", "-", "-i", str(sound),
        "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
        "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709",
        "-c:v", "libx264", "-preset", "veryslow", "-tune", "animation", "-crf", "26",
        "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart",
        "-metadata", "title=Ten sounds", str(out),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for picture in shown:
            encoder.stdin.write(picture)
        encoder.stdin.close()
        if encoder.wait():
            raise SystemExit("ffmpeg failed")


if __name__ == "__main__":
    main()
