"""What a person reads: lines, notes, progress bars, the summary.

Printing never decides over the work: a console that is closed, full, or knows no Chinese changes
neither what is written nor the exit status. Text from outside (names, labels, ffmpeg's log) is
data: control characters are shown escaped.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from overlay.errors import MediaError
from overlay.reporting import Reporter

if TYPE_CHECKING:
    from overlay.settings import Settings
    from overlay.track import TagTrack

_PROGRAM = "tag-overlay"
_HIDDEN = ("Cc", "Cf", "Zl", "Zp", "Cs")
"""Categories of letters that change what a terminal does or how a line reads."""
_JOINERS = "\u200c\u200d"
_COLUMNS = 80
"""Of a terminal that does not say."""
_LISTED = 12
"""Events in the summary."""
_EARLY_S = 0.5
"""Before that no speed is told."""
_begun = False


def show(line: str) -> None:
    """Print a line of the result."""
    _put("stdout", line)


def show_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of cells, the first column to the left, the others to the right."""
    cells = [[shown(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        first, *others = zip(row, widths, strict=True)
        padded = [" " * (width - _width(cell)) + cell for cell, width in others]
        show("  ".join([first[0] + " " * (first[1] - _width(first[0])), *padded]))


def _width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def say(line: str) -> None:
    """Print a line about the work."""
    _put("stderr", f"{_PROGRAM}: {line}")


def report(error: BaseException, *, debug: bool) -> None:
    """Print what went wrong, in one line; with ``debug`` also where.

    Args:
        error: An ``OverlayError``, or any other.
        debug: Whether to print ffmpeg's last lines and the traceback.
    """
    say(f"error: {told(error)}")
    if not debug:
        return
    if isinstance(error, MediaError):
        say(" ".join(error.command))
        for line in error.stderr_tail.splitlines():
            _put("stderr", line)
    import traceback

    for part in traceback.format_exception(error):
        for line in part.splitlines():
            _put("stderr", line)


def told(error: BaseException) -> str:
    """An error in words; one that nobody foresaw with its kind."""
    from overlay.errors import OverlayError

    if isinstance(error, OverlayError):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}; --debug shows where"


def shown(text: str) -> str:
    """Text from outside on one line, with everything escaped that a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(_escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    if unicodedata.category(letter) not in _HIDDEN or letter in _JOINERS:
        return letter
    if "\udc80" <= letter <= "\udcff":  # a byte of a name that is no text
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")


def _put(name: str, line: str) -> None:
    stream = getattr(sys, name)
    if stream is None:
        return
    encoding = getattr(stream, "encoding", None) or "ascii"
    text = shown(line).encode(encoding, "backslashreplace").decode(encoding)
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        _forget(stream)


def put_text(name: str, text: str) -> None:
    """Print a text of several lines.

    Args:
        name: ``stdout`` or ``stderr``.
        text: Only of the program's own.
    """
    for line in text.splitlines():
        _put(name, line)


def _forget(stream: Any) -> None:
    """Let what a stream still holds go nowhere, so that closing it raises nothing."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_standard_files() -> None:
    """Let closed standard files be open on nothing: else the next file opened takes their place.

    What libraries and ffmpeg print would go into it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, closefd=False, errors="backslashreplace"))  # noqa: SIM115


def close_standard_files() -> None:
    """Write out what is left, whatever becomes of it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            _forget(stream)


def begin() -> None:
    """Say that something has begun that can be left unfinished."""
    global _begun
    _begun = True


def has_begun() -> bool:
    """Whether work has begun of which something could have been kept."""
    return _begun


class _Careful:
    """Standard error for a progress bar that must not fail."""

    encoding = property(lambda self: getattr(sys.stderr, "encoding", None) or "ascii")

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()

    def isatty(self) -> bool:
        try:
            return sys.stderr.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        return sys.stderr.fileno()


_CAREFUL = _Careful()


def careful_stderr() -> Any:
    """Where bars are drawn: a console that is closed or full changes nothing."""
    return _CAREFUL


STEPS = {
    "tag": "listening",
    "render": "drawing  ",
    "train": "listening",
    "draw": "sound    ",
    "look": "pictures ",
    "copy": "copying  ",
}
"""What a person reads of each step."""


class Bars:
    """One progress bar a step on the terminal; nothing where there is none, or ``quiet``.

    Args:
        quiet: Whether to print nothing, notes neither.
        prefix: Before each note.
    """

    def __init__(self, *, quiet: bool, prefix: str = "") -> None:
        self._quiet, self._prefix = quiet, prefix
        self._step, self._began_s = "", 0.0
        self._bar: Any = None
        self.reporter = Reporter(self._update, self._note)
        """To be handed to the work."""

    def __enter__(self) -> Bars:
        begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _update(self, step: str, done: float, total: float | None) -> None:
        if self._quiet:
            return
        if step != self._step:
            self.close()
            self._open(step, total)
        if self._bar.total:
            done = min(done, self._bar.total)
        self._bar.ncols = columns()
        self._bar.unit = told_of(step, done, self._bar.total, time.monotonic() - self._began_s)
        self._bar.update(done - self._bar.n)

    def _open(self, step: str, total: float | None) -> None:
        from tqdm import tqdm

        self._step, self._began_s = step, time.monotonic()
        layout = "{desc} {percentage:3.0f}% |{bar}| {unit}" if total else "{desc} {unit}"
        self._bar = tqdm(
            total=total, desc=STEPS.get(step, step), unit="", mininterval=0.2, leave=True,
            bar_format=layout, disable=None, ncols=columns(), file=_CAREFUL,
        )  # fmt: skip

    def _note(self, text: str) -> None:
        if self._quiet:
            return
        if self._bar is None or self._bar.disable:
            say(self._prefix + text)
            return
        with self._bar.external_write_mode(file=_CAREFUL):
            say(self._prefix + text)

    def close(self) -> None:
        """End the bar at its full length."""
        if self._bar is not None:
            self._bar.close()
            self._bar, self._step = None, ""


def columns() -> int:
    """Letters in a line of the terminal; some say 0 and mean that they do not know."""
    try:
        return os.get_terminal_size(_CAREFUL.fileno()).columns or _COLUMNS
    except (OSError, ValueError, AttributeError):
        return _COLUMNS


def told_of(step: str, done: float, total: float | None, took_s: float) -> str:
    """How far a step is, in units that people read.

    >>> told_of("tag", 90, 600, 9)
    '1:30 of 10:00, 10x as fast as played, 0:51 left'
    """
    if step == "train":
        return f"{done:.0f} of {total:.0f} clips" if total else f"{done:.0f} clips"
    said = f"{_minutes(done)} of {_minutes(total)}" if total else _minutes(done)
    if done <= 0 or took_s < _EARLY_S:
        return said
    speed = done / took_s
    said += f", {speed:.{0 if speed >= 9.95 else 1}f}x as fast as played"
    return f"{said}, {_minutes((total - done) / speed)} left" if total else said


def _minutes(seconds: float) -> str:
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"


def show_track(track: TagTrack, settings: Settings) -> None:
    """Print what was heard, by time: all of it, or what is surest and how much more there is."""
    from overlay.pipeline import strongest_events

    listed, n_more = strongest_events(track, _LISTED, settings)
    for event in listed:
        span = f"{_clock(event.onset_s)} - {_clock(event.offset_s)}"
        show(f"  {span}  {event.label}  {round(100 * event.peak)}")
    if n_more:
        show(f"  and {n_more} more; 'tag-overlay export' lists all")
    if not listed:
        show("  nothing was sure enough; --raw shows what was guessed")


def tagger_line(track: TagTrack) -> str:
    """What made a track."""
    short = f" (weights {track.model_hash[:12]})" if track.model_hash else ""
    return f"{track.model}{short}, {track.window_s:g} s every {track.hop_s:g} s"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}" if hours else f"{minutes:02}:{rest:04.1f}"
