"""Build sounds.mp4 and sounds.csv: ten sounds, four seconds each, with a picture of the wave.

Needs espeak-ng, sox and fluidsynth with the FluidR3 sound font (Debian: espeak-ng, sox,
fluidsynth, fluid-soundfont-gm), and the project installed:

    python samples/build.py
"""

from __future__ import annotations

import csv
import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from overlay.media.process import ffmpeg_program
from overlay.resources import resource
from overlay.training.midi import Note, Part, midi

HERE = Path(__file__).parent
SOUND_FONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
RATE = 32000
EACH_S = 4
SIZE = 854, 480
TUNE = [60, 64, 67, 72, 67, 64, 65, 69, 72, 77, 72, 69, 67, 71, 74, 79]
YELP = "1050*t - 60/PI*sin(2*PI*t/0.3)"
"""Periods of a police siren that runs from 650 to 1450 Hz and back in 0.3 s."""

SCENES = [  # AudioSet label, title, two colours of the picture
    ("Speech", "someone speaks", "#24304a", "#5b4a78"),
    ("Violin, fiddle", "a violin", "#3a2430", "#8a4b3c"),
    ("Drum kit", "drums", "#20242c", "#5a5f6e"),
    ("Waves, surf", "the sea", "#12344d", "#3a8fa8"),
    ("Marimba, xylophone", "a marimba", "#3b3320", "#8f7a3a"),
    ("Busy signal", "a busy line", "#1d3a35", "#4a8273"),
    ("Cowbell", "a cowbell", "#2c3a1d", "#7d9a45"),
    ("Applause", "applause", "#3d1f3a", "#a0517d"),
    ("Siren", "a siren", "#3d1d1d", "#a84a3d"),
    ("White noise", "white noise", "#2a2a2a", "#7a7a7a"),
]


def main() -> None:
    """Write the clip and its timeline beside this file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_sounds(folder)
        sounds = [folder / f"{i}.wav" for i in range(len(SCENES))]
        run("sox", *sounds, folder / "all.wav")
        for i, (_, title, dark, light) in enumerate(SCENES):
            background(title, dark, light).save(folder / f"{i}.png")
        film(folder, HERE / "sounds.mp4")
    with (HERE / "sounds.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["onset_s", "offset_s", "label"])
        for i, (label, *_) in enumerate(SCENES):
            rows.writerow([i * EACH_S, (i + 1) * EACH_S, label])


def run(*command: object) -> None:
    """Run a program; its output is shown only if it fails."""
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def make_sounds(folder: Path) -> None:
    """One wav a scene, ``0.wav`` and so on."""
    tune: list[Note] = [(i * 0.25, 0.3, pitch, 100) for i, pitch in enumerate(TUNE)]
    beat: list[Note] = [(i * 0.25, 0.2, (36, 42, 38, 42)[i % 4], 110) for i in range(16)]
    bell: list[Note] = [(i * 0.25, 0.2, 56, 110) for i in range(16)]
    speak(folder / "0.wav", "Hello. This is a short film about sounds. Listen to what comes next.")
    play(folder / "1.wav", 40, tune)
    play(folder / "2.wav", 0, beat, channel=9)
    play(folder / "3.wav", 122, [(0, 4.0, 60, 110)])
    play(folder / "4.wav", 12, tune)
    wave(folder / "5.wav", "0.3*(sin(960*PI*t) + sin(1240*PI*t))*lt(mod(t,1),0.5)")
    play(folder / "6.wav", 0, bell, channel=9)
    play(folder / "7.wav", 126, [(0, 4.0, 60, 127)])
    wave(folder / "8.wav", "+".join(f"sin({2 * k}*PI*({YELP}))/{k}" for k in range(1, 9)))
    run("sox", "-n", "-r", RATE, "-c", 1, folder / "9.raw.wav", "synth", EACH_S, "whitenoise")
    finish(folder / "9.raw.wav", folder / "9.wav", -14)


def speak(path: Path, text: str) -> None:
    """Speech by espeak-ng."""
    raw = path.with_suffix(".raw.wav")
    run("espeak-ng", "-v", "en-us", "-s", 150, "-w", raw, text)
    finish(raw, path)


def play(path: Path, program: int, notes: list[Note], channel: int = 0) -> None:
    """Notes by fluidsynth, with an instrument of General MIDI; channel 9 is the drums."""
    score, raw = path.with_suffix(".mid"), path.with_suffix(".raw.wav")
    score.write_bytes(midi([Part(program, notes, channel)]))
    run("fluidsynth", "-ni", "-q", "-r", RATE, "-F", raw, SOUND_FONT, score)
    finish(raw, path)


def wave(path: Path, formula: str) -> None:
    """A signal by formula."""
    raw = path.with_suffix(".raw.wav")
    source = f"aevalsrc='{formula}':s={RATE}:d={EACH_S}"
    run(ffmpeg_program(), "-v", "error", "-f", "lavfi", "-i", source, raw)
    finish(raw, path)


def finish(raw: Path, path: Path, level_db: float = -4) -> None:
    """Exactly four seconds, mono, with soft ends."""
    run("sox", "-V1", raw, "-r", RATE, "-c", 1, path, "pad", 0, EACH_S, "trim", 0, EACH_S,
        "fade", "t", 0.02, EACH_S, 0.05, "norm", level_db)  # fmt: skip


def background(title: str, dark: str, light: str) -> Image.Image:
    """A slanted gradient with the scene's title."""
    width, height = SIZE
    ramp = Image.linear_gradient("L").resize((width * 2, height * 2)).rotate(-25)
    ramp = ramp.crop((width // 2, height // 2, width * 3 // 2, height * 3 // 2))
    picture = Image.composite(Image.new("RGB", SIZE, light), Image.new("RGB", SIZE, dark), ramp)
    font = ImageFont.truetype(str(resource("fonts", "Inter-SemiBold.otf")), 44)
    ImageDraw.Draw(picture).text((width - 40, 40), title, "#ffffff", font, "ra")
    return picture


def film(folder: Path, out: Path) -> None:
    """The backgrounds one after the other, the wave on top, the sound below."""
    pictures = [
        ("-framerate", 15, "-loop", 1, "-t", EACH_S, "-i", folder / f"{i}.png")
        for i in range(len(SCENES))
    ]
    n = len(pictures)
    joined = "".join(f"[{i}]" for i in range(n)) + f"concat=n={n}:v=1,fps=25[ground]"
    lines = f"[{n}]showwaves=s=854x220:mode=cline:rate=15:colors=white@0.55:draw=full[wave]"
    graph = f"{joined};{lines};[ground][wave]overlay=0:110:shortest=1,format=yuv420p"
    run(ffmpeg_program(), "-v", "error", "-y", *(part for picture in pictures for part in picture),
        "-i", folder / "all.wav", "-filter_complex", graph, "-map", f"{n}:a", "-c:v", "libx264",
        "-preset", "slow", "-crf", 33, "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart",
        "-metadata", "title=Ten sounds", out)  # fmt: skip


if __name__ == "__main__":
    main()
