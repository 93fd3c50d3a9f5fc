"""Clips, scores and commands that campaigns share."""

import codecs
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

_PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2")
_SOUND = ("-f", "lavfi", "-i", "sine=440:d=2:r=44100")
CONTAINERS = {
    "mp4": ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "aac"),
    "mkv": ("-c:v", "libx264", "-preset", "fast", "-g", "10", "-c:a", "flac"),
    "webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"),
    "avi": ("-c:v", "mjpeg", "-q:v", "5", "-c:a", "libmp3lame"),
    "ts": ("-c:v", "mpeg2video", "-g", "10", "-c:a", "mp2"),
    "mov": ("-c:v", "mpeg4", "-g", "10", "-c:a", "pcm_s16le"),
    "flv": ("-c:v", "flv1", "-c:a", "libmp3lame"),
    "ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "mpg": ("-c:v", "mpeg1video", "-c:a", "mp2", "-r", "25"),
    "wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "mxf": ("-c:v", "mpeg2video", "-c:a", "pcm_s16le", "-ar", "48000", "-r", "25"),
    "nut": ("-c:v", "ffv1", "-c:a", "ac3"),
}
"""What is in each container: no two of the same codecs."""

_ROOMS = (
    "products", "drawing", "tagging", "media", "captioning", "detection", "batching", "verdicts",
    "reviewing",
)  # fmt: skip
_HEARD = ("Siren", "Applause", "Dog")
_HEAVY = ("paddle", "onnx", "exporting", "__init__", "networks", "loading", "tagging.panns")


def warm_up() -> None:
    """Import all that commands import, so that a forked child starts at once."""
    import av  # noqa: F401
    import PIL.Image
    import tqdm  # noqa: F401

    import overlay.commands.dispatch
    import overlay.pipeline
    from overlay.export.formats import formats

    for encoding in ("utf-8-sig", "utf-16", "latin-1", "idna"):
        codecs.lookup(encoding)
    PIL.Image.init()
    formats()
    package = Path(overlay.__file__).parent
    for room in _ROOMS:
        for file in sorted(package.joinpath(room).rglob("*.py")):
            name = ".".join(file.relative_to(package.parent).with_suffix("").parts)
            if not any(part in name for part in _HEAVY):
                __import__(name)


def clip(folder: Path, extension: str, *more: str) -> Path:
    """Two seconds in a container."""
    path = folder / f"clip.{extension}"
    make(path, *_PICTURE, *_SOUND, *CONTAINERS[extension], *more)
    return path


def make(path: Path, *arguments: str) -> Path:
    """What ffmpeg makes of these arguments."""
    from overlay.media.process import ffmpeg_program

    command = [ffmpeg_program(), "-v", "error", "-nostdin", "-y", *arguments, os.fspath(path)]
    subprocess.run(command, check=True)
    return path


def in_child(argv, folder: Path | None = None) -> None:
    """A command that must not change this process, and succeeds."""
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "overlay", *map(str, argv)]
    subprocess.run(command, check=True, cwd=folder or root, env=environment, capture_output=True)


def scores(path: Path, labels: tuple[str, ...] = (), **facts) -> Path:
    """Saved scores of two seconds: three tags on, one after the other and together.

    Without labels of its own they are of sounds that every style of captions has words for.
    """
    from overlay.track import TagTrack
    from overlay.vocabulary.audioset import audioset_labels

    names = labels or audioset_labels()
    values = np.full((7, len(names)), 0.01, np.float32)
    first, second, third = range(3) if labels else map(names.index, _HEARD)
    values[0:4, first], values[2:7, second], values[4:7, third] = 0.9, 0.7, 0.8
    return TagTrack(values, names, 0.5, 0.25, 2.0, "mn04", **facts).save(path)


def has_mn04() -> bool:
    """Whether the weights of the model that runs in Paddle are at hand."""
    return Path(os.environ.get("TAG_OVERLAY_MODELS", ""), "mn04_as_mAP_432.pt").is_file()


def damage_of(path: Path) -> list[str]:
    """What is wrong with a result, or with those in a folder: none is there by half."""
    if path.is_dir():
        return [said for each in sorted(path.iterdir()) if each.name[0] != "."
                for said in damage_of(each)]  # fmt: skip
    if not path.is_file():
        return []
    try:
        if path.suffix == ".npz":
            return [] if len(np.load(path).files) else [f"{path.name} is empty"]
        if path.suffix in (".mp4", ".mkv", ".mov", ".png"):
            return _picture_damage(path)
        path.read_text(encoding="utf-8")  # one of captions may well be empty
    except Exception as error:
        return [f"{path.name} is damaged: {type(error).__name__}: {error}"]
    return []


def _picture_damage(path: Path) -> list[str]:
    """Of two seconds, or of one frame."""
    import av

    from overlay.media.probe import LENIENT

    with av.open(str(path), **LENIENT) as container:
        stream = container.streams.video[0]
        n_frames = sum(1 for _ in container.decode(stream))
        wanted = 1 if path.suffix == ".png" else round(2 * (stream.average_rate or 0))
    return [] if abs(n_frames - wanted) <= 1 else [f"{path.name}: {n_frames} frames of {wanted}"]


def draw(chance, *weighted):
    """One of (weight, value) pairs."""
    weights, values = zip(*weighted, strict=True)
    return chance.choices(values, weights)[0]
