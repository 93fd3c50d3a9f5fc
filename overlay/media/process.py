"""Starting ffmpeg, talking to it, and never leaving it behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import ffmpeg

from overlay.datatypes import MediaInfo
from overlay.errors import FfmpegNotFound
from overlay.media.excerpt import input_options
from overlay.media.ffmpeg_log import FfmpegLog
from overlay.media.timestamp_repair import mending_options, unwrapped

FFMPEG_VARIABLE = "TAG_OVERLAY_FFMPEG"
"""Environment variable that names the ffmpeg program to use."""

LEAST_FFMPEG = 9
"""Major version of the oldest program that makes what the tests ask for; 7.0 fails many of them."""

_RELEASE = re.compile(r"ffmpeg version n?(\d+)\.[\w.]+")
_PIPE_BYTES = 1 << 20
_NO_TEXT = re.compile("[\udc80-\udcff]")
_WRITTEN_OUT = re.compile("\0([0-9a-f]{2})")
"""A byte of a file name behind a NUL, which no file name has."""


@dataclass
class FfmpegRun:
    """A running ffmpeg: its process and its log, which is complete once ``returncode`` is set."""

    command: tuple[str, ...]
    process: subprocess.Popen[bytes]
    log: FfmpegLog

    @property
    def returncode(self) -> int | None:
        """Exit status; ``None`` while it runs."""
        return self.process.poll()

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self.returncode
        if code is not None and code < 0:
            return f"ffmpeg was ended by signal {-code} ({signal.strsignal(-code)})"
        return f"ffmpeg ended with status {code}"


def ffmpeg_program(explicit: str | None = None) -> str:
    """The ffmpeg to start: ``explicit``, else ``TAG_OVERLAY_FFMPEG``, else imageio-ffmpeg's.

    Raises:
        FfmpegNotFound: The program is not there, is no ffmpeg or one too old, or none is installed.
    """
    named = explicit or os.environ.get(FFMPEG_VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise FfmpegNotFound(
                f"no ffmpeg program at {named}; check --ffmpeg or {FFMPEG_VARIABLE}"
            )
        return _checked(found)
    import imageio_ffmpeg

    try:
        found = str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise FfmpegNotFound(
            f"no ffmpeg found; install imageio-ffmpeg or set {FFMPEG_VARIABLE} to a program"
        ) from error
    comes_along = Path(found).is_relative_to(Path(imageio_ffmpeg.__file__).parent)
    return found if comes_along else _checked(found)


def ffmpeg_version(program: str) -> str:
    """The first line that ``ffmpeg -version`` prints.

    Raises:
        FfmpegNotFound: The program cannot be started, or is another one.
    """
    try:
        done = subprocess.run(
            [program, "-version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        raise FfmpegNotFound(f"{program} cannot be started: {error}") from error
    said = done.stdout.partition("\n")[0]
    if not said.startswith("ffmpeg version "):
        raise FfmpegNotFound(f"{program} is no ffmpeg; check --ffmpeg or {FFMPEG_VARIABLE}")
    return said


def described(program: str, url: str, container: str) -> list[str]:
    """The lines in which ffmpeg describes a file.

    Args:
        program: The ffmpeg to start.
        url: What ``local_url`` made of the file's path.
        container: The format that the probe found.

    Raises:
        OSError: The program cannot be started.
        SubprocessError: It takes too long.
    """
    ways = ["-protocol_whitelist", "file,pipe", "-format_whitelist", container]
    command = [program, "-hide_banner", "-nostdin", *ways, "-i", _written_in(url)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    return done.stderr.decode("utf-8", "replace").splitlines()


@cache
def _checked(program: str) -> str:
    """The program, once it has said that it is an ffmpeg that knows what it is asked for."""
    said = ffmpeg_version(program)
    release = _RELEASE.match(said)  # builds between releases have no number
    if release and int(release[1]) < LEAST_FFMPEG:
        raise FfmpegNotFound(
            f"{program} is ffmpeg {release[0].split()[-1]}, and {LEAST_FFMPEG}.0 is the least that "
            f"works; leave --ffmpeg and {FFMPEG_VARIABLE} away to use the one that comes along"
        )
    return program


def local_url(path: str | Path) -> str:
    """The path as ffmpeg takes it without reading options, protocols or patterns into it.

    Bytes of a name that are no UTF-8 are written out, since ffmpeg-python knows text only;
    ``command_line`` puts them back.
    """
    return _NO_TEXT.sub(
        lambda byte: f"\0{ord(byte[0]) - 0xDC00:02x}", f"file:{Path(path).absolute()}"
    )


def media_input(info: MediaInfo, **options: Any) -> Any:
    """The source as ffmpeg-python's input: opened as what the probe found, and nothing else.

    Without the list of formats a file that says something else to ffmpeg than to the probe could
    be a playlist of other files.
    """
    return ffmpeg.input(
        local_url(info.path), protocol_whitelist="file,pipe", format_whitelist=info.container,
        **unwrapped(info.container) | mending_options(info) | input_options(info) | options,
    )  # fmt: skip


def codec_threads(n_threads: int) -> dict[str, int]:
    """Options of an input or an output for so many CPU threads a codec; 0 leaves it to ffmpeg."""
    return {"threads": n_threads} if n_threads else {}


def filtering_threads(n_threads: int) -> dict[str, int]:
    """Options of a command for so many CPU threads a filter; 0 leaves it to ffmpeg."""
    return {"filter_complex_threads": n_threads} if n_threads else {}


def command_line(output: Any, program: str) -> list[str]:
    """The argv of an ffmpeg-python output, messages set up for ``FfmpegLog``."""
    arguments = map(_written_in, output.get_args())
    return [program, "-hide_banner", "-nostdin", "-loglevel", "level+verbose", *arguments]


def _written_in(argument: str) -> str:
    return _WRITTEN_OUT.sub(lambda byte: chr(0xDC00 + int(byte[1], 16)), argument)


@contextmanager
def started(command: Sequence[str], *, stdin: bool = False) -> Iterator[FfmpegRun]:
    """Start ffmpeg and read its messages; it has ended when the block is left, however it is left.

    Its standard output is a pipe. It runs in a session of its own, so that Ctrl-C reaches
    only this program, which then ends it.

    Raises:
        FfmpegNotFound: The program cannot be started.
    """
    process = reader = None
    log = FfmpegLog()
    try:
        with _signals_held():  # else one could come when the program runs and nobody knows it
            process = _start(command, subprocess.PIPE if stdin else subprocess.DEVNULL)
        reader = threading.Thread(target=_read_log, args=(process.stderr, log), daemon=True)
        reader.start()
        yield FfmpegRun(tuple(command), process, log)
    finally:
        if process is not None:
            _end(process)
            if reader is not None:
                reader.join()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    _close_quietly(pipe)


def _start(command: Sequence[str], stdin: int) -> subprocess.Popen[bytes]:
    try:
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            restore_signals=False,  # else SIGXFSZ ends it where a write would fail with a reason
        )
    except OSError as error:
        raise FfmpegNotFound(f"cannot start {command[0]}: {error.strerror}") from error
    for pipe in (process.stdin, process.stdout):
        _enlarge(pipe)
    return process


def _enlarge(pipe: IO[bytes] | None) -> None:
    """Let a pipe hold a whole panel: fewer times in which both sides wait for each other."""
    try:
        import fcntl

        if pipe is not None:
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        return  # not Linux, or this user has too many pipes


_STOPPING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let signals that would stop this program wait until the block is left."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only
        return
    waiting: list[int] = []
    usual = {
        number: signal.signal(number, lambda number, frame: waiting.append(number))
        for number in _STOPPING
    }
    try:
        yield
    finally:
        for each, handler in usual.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)
        for number in waiting:
            signal.raise_signal(number)


def _read_log(stderr: IO[bytes], log: FfmpegLog) -> None:
    for line in stderr:
        log.add(line.decode("utf-8", "replace").rstrip())
    log.begun.set()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def _close_quietly(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()


def read_blocks(run: FfmpegRun, block_bytes: int) -> Iterator[bytes]:
    """What ffmpeg writes to its standard output, in blocks; the last may be shorter."""
    assert run.process.stdout is not None
    while block := run.process.stdout.read(block_bytes):
        yield block
    run.process.wait()


def feed(
    run: FfmpegRun,
    write: Callable[[IO[bytes]], None],
    on_progress: Callable[[float], None] | None,
) -> None:
    """Write to ffmpeg until it has had enough, and wait for its end.

    Args:
        run: Started with ``stdin=True`` and ``-progress pipe:1``.
        write: Called with its standard input; may go on for ever: a ``BrokenPipeError`` is the end,
            since ffmpeg stops reading when its main input ends.
        on_progress: Called from another thread with the seconds of video written so far; what it
            raises ends ffmpeg and is raised here.
    """
    assert run.process.stdin is not None and run.process.stdout is not None
    raised: list[BaseException] = []
    reader = threading.Thread(target=_read_progress, args=(run, on_progress, raised), daemon=True)
    reader.start()
    try:
        write(run.process.stdin)
        run.process.stdin.close()
    except BrokenPipeError:
        pass  # the normal end: the video is over, the panel goes on
    run.process.wait()
    reader.join()
    if raised:
        raise raised[0]


def _read_progress(
    run: FfmpegRun, on_progress: Callable[[float], None] | None, raised: list[BaseException]
) -> None:
    """Tell how far ffmpeg is; what the told one raises ends ffmpeg and is kept."""
    try:
        _tell_progress(run, on_progress)
    except BaseException as error:
        raised.append(error)
        run.process.kill()


def _tell_progress(run: FfmpegRun, on_progress: Callable[[float], None] | None) -> None:
    assert run.process.stdout is not None
    furthest = 0.0  # ffmpeg's own count may step back when one stream ends before another
    for line in run.process.stdout:
        key, _, value = line.partition(b"=")
        if on_progress and key == b"out_time_us" and value.strip().lstrip(b"-").isdigit():
            furthest = max(furthest, int(value) / 1e6)
            on_progress(furthest)


def with_arguments(command: list[str], out: Path, arguments: list[str]) -> list[str]:
    """Options that come several times, which ffmpeg-python cannot say, before the output."""
    before_out = command.index(str(local_url(out)))
    return [*command[:before_out], *arguments, *command[before_out:]]
