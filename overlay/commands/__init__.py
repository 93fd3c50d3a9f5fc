"""The command line: one file a command, its flags beside its handler.

Nothing is imported before signals are caught, and nothing heavy before it is needed, so that
``--help`` answers at once and Ctrl-C is never answered with a traceback.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

__all__ = ["main", "run"]


def run() -> NoReturn:
    """Entry point of the installed program."""
    raise SystemExit(_stoppable(None, for_good=True))


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Args:
        argv: Arguments, without the program's name.

    Returns:
        Exit status: 0 ok, 1 unexpected, 2 usage, 3 media, 4 tagger, 5 settings, 6 export, 129
        SIGHUP, 130 Ctrl-C, 143 SIGTERM.
    """
    return _stoppable(argv, for_good=False)


def _stoppable(argv: Sequence[str] | None, *, for_good: bool) -> int:
    from overlay.commands.signals import Stopping

    stopping = Stopping(for_good=for_good)
    try:
        with stopping:
            return _status(argv, stopping)
    except KeyboardInterrupt:  # it came while signals were about to be caught
        return stopping.said()


def _status(argv: Sequence[str] | None, stopping: Stopping) -> int:
    try:
        from overlay.commands.dispatch import dispatch

        return dispatch(argv, is_stopped=lambda: stopping.number is not None)
    except KeyboardInterrupt:  # also what SIGTERM and SIGHUP raise
        return stopping.said()
    except Exception:
        if stopping.number is None:
            raise
        return stopping.said()  # something made another error of the signal


if TYPE_CHECKING:
    from overlay.commands.signals import Stopping
