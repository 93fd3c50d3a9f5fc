"""Importing Paddle: late, quiet, and with a clear word where it is missing."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import warnings
from types import ModuleType
from typing import Any

from overlay.errors import TaggerError


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
