"""Importing Paddle: late, quiet, and with a clear word where it is missing."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from overlay.errors import TaggerError
from overlay.files import is_file, temporary_folder


def import_paddle() -> ModuleType:
    """The ``paddle`` module.

    Raises:
        TaggerError: It is not installed, or does not load.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of compilers that nobody here needs
            import paddle
            import paddle.audio
    except ImportError as error:
        raise TaggerError(
            "PaddlePaddle is not installed; install it with: pip install 'tag-overlay[cpu]'"
        ) from error
    _take_signals_back(paddle)
    module: ModuleType = paddle
    return module


def save_program(network: Any, stem: Path, specs: Sequence[Any]) -> None:
    """Write a network as a program for Paddle Inference.

    Args:
        network: A layer with its weights.
        stem: Path without extension; see ``program_file``.
        specs: ``InputSpec`` of every input.

    Raises:
        OSError: It cannot be written there.
    """
    paddle = import_paddle()
    with warnings.catch_warnings(), _writable_home():
        warnings.simplefilter("ignore")
        paddle.jit.save(network, str(stem), input_spec=list(specs))


def program_file(stem: Path) -> Path:
    """The file of a program, which Paddle 2 names otherwise than Paddle 3."""
    return next(p for p in (stem.with_suffix(".json"), stem.with_suffix(".pdmodel")) if is_file(p))


@contextlib.contextmanager
def _writable_home() -> Iterator[None]:
    """Somewhere for the files that Paddle needs on the way: it knows the user's home alone."""
    home = os.environ.get("HOME")
    with contextlib.ExitStack() as stack:
        if not _takes_files(home):
            os.environ["HOME"] = str(stack.enter_context(temporary_folder()))
        try:
            yield
        finally:
            os.environ.pop("HOME", None)
            if home is not None:
                os.environ["HOME"] = home


def _takes_files(home: str | None) -> bool:
    try:
        place = Path(home or "~", ".cache/paddle/to_static_tmp").expanduser()
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError):
        return False
    return os.access(place, os.W_OK | os.X_OK)


def _take_signals_back(paddle: Any) -> None:
    """Undo what importing Paddle does to signals.

    Its own handlers of SIGTERM and others print a trace and end the program without unwinding it;
    taking them away leaves the system's, so Python's are set once more.
    """
    with contextlib.suppress(AttributeError):
        paddle.disable_signal_handler()
    if threading.current_thread() is threading.main_thread():
        handler = signal.getsignal(signal.SIGTERM)
        if handler is not None:
            signal.signal(signal.SIGTERM, handler)


def import_paddleaudio() -> ModuleType:
    """The ``paddleaudio.features`` module.

    Raises:
        TaggerError: It is not installed, or does not load.
    """
    import_paddle()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import paddleaudio.features
    except ImportError as error:
        raise TaggerError(
            "PaddleAudio cannot be used; install it with: pip install 'tag-overlay[paddleaudio]' "
            f"({error})"
        ) from error
    module: ModuleType = paddleaudio.features
    return module
