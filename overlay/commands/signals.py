"""Ctrl-C, SIGTERM and SIGHUP unwind what runs, once, so that temporary files and ffmpeg go."""

from __future__ import annotations

import _thread
import signal
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any, Self

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
hurry = threading.Event()
"""Set by a second signal: what unwinds need not wait for others."""


class Stopped(KeyboardInterrupt):
    """A signal came; raised in the main thread, where it unwinds everything."""


class Stopping:
    """While it is entered, signals raise ``Stopped``, the first of them; more change nothing.

    A signal that is ignored, as by ``nohup``, stays ignored.

    Args:
        for_good: Whether signals stay caught afterwards, for a program that ends then.
    """

    def __init__(self, *, for_good: bool = False) -> None:
        self.number: int | None = None
        """Of the signal that came."""
        self._is_twice = False
        self._for_good = for_good
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self  # signals come to the main thread
        hurry.clear()
        self._unraisable, self._print = sys.unraisablehook, sys.excepthook
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)
        sys.unraisablehook, sys.excepthook = self._swallowed, self._printed
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            after = signal.SIG_IGN if self._for_good else handler
            signal.signal(number, signal.SIG_DFL if after is None else after)
        if self._before:
            sys.unraisablehook, sys.excepthook = self._unraisable, self._print
        self._before = {}

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            self._is_twice = True
            hurry.set()
            return
        self.number = number
        raise Stopped

    def _swallowed(self, unraisable: Any) -> None:
        """Python calls it for an error that it cannot raise, as in a destructor."""
        if not issubclass(unraisable.exc_type, Stopped) or self.number is None:
            self._unraisable(unraisable)
            return
        threading.Timer(0.01, self._come_again, [self.number]).start()

    def _printed(
        self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        """What Cython calls, too, before it swallows an error of a function that C calls."""
        if not issubclass(kind, Stopped):
            self._print(kind, error, traceback)

    def _come_again(self, number: int) -> None:
        self.number = None  # not before: a second signal would be raised in the hook
        _thread.interrupt_main(signal.Signals(number))

    def said(self) -> int:
        """Say that nothing unfinished was kept, if something had begun; the exit status."""
        number = signal.SIGINT if self.number is None else self.number
        if not self._is_twice:
            from overlay.commands.console import has_begun, say

            if has_begun():
                what = "stopped" if number == signal.SIGINT else "told to stop"
                say(f"{what}; nothing unfinished was kept")
        return 128 + number
