"""``tag-overlay doctor``: what works on this machine."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from overlay.commands.console import show
from overlay.errors import OverlayError
from overlay.resources import cache_folder

HELP = "say what works on this machine"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which ffmpeg to look at."""
    parser.add_argument("--ffmpeg", metavar="PATH")


def run(args: argparse.Namespace) -> None:
    """Print what works."""
    for line in diagnose(args.ffmpeg):
        show(line)


def diagnose(ffmpeg_path: str | None = None) -> Iterator[str]:
    """One fact a line: ffmpeg and its encoders, Paddle, devices, folders, fonts.

    Args:
        ffmpeg_path: Program to look at instead of the one that comes with imageio-ffmpeg.
    """
    from overlay.drawing.fonts import font_file, system_fonts
    from overlay.tagging.catalog import cached_models, device_lines
    from overlay.tagging.weights.published import MODELS_VARIABLE

    yield f"system    {platform.platform()}, Python {platform.python_version()}"
    yield from _ffmpeg(ffmpeg_path)
    yield from (f"paddle    {line}" for line in device_lines())
    yield from (f"package   {name} {_version(name)}" for name in ("moviepy", "pillow", "numpy"))
    yield f"models    {', '.join(cached_models()) or 'none on this machine yet'}"
    yield f"cache     {cache_folder()} ({_writable()})"
    yield f"          {MODELS_VARIABLE}={os.environ.get(MODELS_VARIABLE, '(not set)')}"
    yield f"fonts     {font_file(None, 'SemiBold')}"
    yield f"          {len(system_fonts())} of the system's for letters that it lacks"


def _ffmpeg(path: str | None) -> Iterator[str]:
    from overlay.media.encoders import ENCODERS, trial
    from overlay.media.process import ffmpeg_program, ffmpeg_version

    try:
        program = ffmpeg_program(path)
        yield f"ffmpeg    {program}"
        yield f"          {ffmpeg_version(program)}"
        for encoder in ENCODERS.values():
            problem = trial(encoder, path)
            yield f"encoder   {encoder.name:<12} {'works' if problem is None else problem}"
    except OverlayError as error:
        yield f"ffmpeg    not usable: {error}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"


def _writable() -> str:
    folder = cache_folder()
    existing = next((f for f in (folder, *folder.parents) if os.path.lexists(f)), folder)
    return "writable" if os.access(existing, os.W_OK) else "not writable"
