"""Fixtures that find the material beside the project, and make clips."""

import contextlib
import hashlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from overlay.media.process import ffmpeg_program

SHARED = Path(os.environ.get("TAG_OVERLAY_SHARED", Path(__file__).parents[2] / "shared"))


def pytest_configure(config: pytest.Config) -> None:
    """Before the workers of ``-n`` are started, which inherit it.

    Side by side, each computes in one thread: more would take turns on the same cores, and wait for
    each other at full speed. Where the suite runs in the background Ctrl-C is ignored, and would be
    by every program that a test starts.
    """
    if config.getoption("numprocesses", None):
        for library in ("OPENBLAS", "OMP", "MKL"):
            os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            is_ctrl_c = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_ctrl_c else signal.SIG_DFL)


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
    """Run ffmpeg with some arguments and give the file it wrote; made once for all workers."""
    own = tmp_path_factory.mktemp("clips")
    workers = "PYTEST_XDIST_WORKER" in os.environ
    common = own.parent.parent / "clips" if workers else own
    common.mkdir(exist_ok=True)

    def make(name: str, *arguments: str) -> Path:
        folder = common / hashlib.sha256(repr((name, *arguments)).encode()).hexdigest()[:12]
        if not folder.exists():
            making = Path(tempfile.mkdtemp(dir=own))
            command = [ffmpeg_program(), "-v", "error", "-nostdin", *arguments]
            subprocess.run([*command, str(making / name)], check=True)
            with contextlib.suppress(OSError):  # another worker was quicker
                making.rename(folder)
        return folder / name

    return make
