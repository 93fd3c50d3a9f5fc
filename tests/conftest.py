"""Fixtures that find the material beside the project, and make clips."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.media.process import ffmpeg_program

SHARED = Path(os.environ.get("TAG_OVERLAY_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared; the test is skipped where it is absent."""
    if not (SHARED / "README.md").exists():
        pytest.skip(f"needs the shared material, which is not at {SHARED}")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache of the tests' own, no downloads, and real weights where they lie beside us."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["TAG_OVERLAY_OFFLINE"] = "1"
    if (SHARED / "weights").is_dir():
        os.environ.setdefault("TAG_OVERLAY_MODELS", str(SHARED / "weights"))


Make = Callable[..., Path]


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Run ffmpeg with some arguments and give the file it wrote; each one is made once."""
    folder = tmp_path_factory.mktemp("clips")

    def make(name: str, *arguments: str) -> Path:
        path = folder / hashlib.sha256(repr(arguments).encode()).hexdigest()[:12] / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            command = [ffmpeg_program(), "-v", "error", "-nostdin", *arguments, str(path)]
            subprocess.run(command, check=True)
        return path

    return make
