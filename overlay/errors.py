"""Everything that can go wrong for a user, as one tree.

    OverlayError
    ├── BatchError                        some files of many failed; exit status of the last
    ├── BatchStopped             exit 8   a batch ended early, and no source is to blame
    ├── UsageError               exit 2   the command line asks for something impossible
    ├── MediaError               exit 3   a media file, or ffmpeg
    │   ├── FfmpegNotFound
    │   ├── ProbeError                    the file cannot be read as media
    │   ├── NoAudioStream
    │   ├── NoVideoStream
    │   ├── DecodeError
    │   ├── EncodeError
    │   └── OutputError                   the target exists, is the input, or cannot be written
    ├── TaggerError              exit 4   a model
    │   ├── UnknownTagger
    │   ├── CheckpointError               weights that do not fit, or are not safe to read
    │   ├── DownloadError
    │   ├── DeviceUnavailable
    │   └── TrainingError                 too few clips, or labels that do not fit
    ├── SettingsError            exit 5   an option, a settings file
    │   ├── ThemeError
    │   ├── FontNotFound
    │   └── LabelError
    └── ExportError              exit 6   score tracks and text files
        ├── TrackError
        ├── UnknownFormat
        └── RulesBroken                   captions that do not keep the rules of a style

Each message is one line that says what went wrong, with which file, and what to do. Mistakes of
the calling program stay ``ValueError``. Every error survives pickling.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


class OverlayError(Exception):
    """Base of all errors that a user can cause and mend.

    Attributes:
        exit_code: Exit status of the command that met it.
    """

    exit_code: int = 1

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state, since the signatures of the subclasses differ."""
        return _restore, (type(self), self.args, self.__dict__)


def _restore(
    kind: type[OverlayError], args: tuple[Any, ...], state: dict[str, Any]
) -> OverlayError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class BatchError(OverlayError):
    """Some files of many failed; each failure has been said already.

    Args:
        n_failed: How many failed.
        n_files: Of how many.
        exit_code: Exit status of the last failure.
    """

    def __init__(self, n_failed: int, n_files: int, exit_code: int) -> None:
        super().__init__(f"{n_failed} of {n_files} files failed")
        self.exit_code = exit_code


class BatchStopped(OverlayError):
    """A batch ended before its end, since the other sources would have failed in the same way."""

    exit_code = 8


class UsageError(OverlayError):
    """The command line asks for something impossible."""

    exit_code = 2


class MediaError(OverlayError):
    """A media file cannot be used, or ffmpeg failed.

    Args:
        message: What went wrong and what to do, without the path.
        path: The file it went wrong with; put in front of the message.
        command: The ffmpeg command line, for ``--debug``.
        stderr_tail: The last lines that ffmpeg printed, for ``--debug``.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        command: Sequence[str] = (),
        stderr_tail: str = "",
    ) -> None:
        super().__init__(f"{path}: {message}" if path is not None else message)
        self.path = None if path is None else str(path)
        self.command = tuple(command)
        self.stderr_tail = stderr_tail


class FfmpegNotFound(MediaError):
    """No ffmpeg program can be started."""


class ProbeError(MediaError):
    """The file does not exist or cannot be read as media."""


class NoAudioStream(MediaError):
    """The file has no audio stream to tag."""


class NoVideoStream(MediaError):
    """The file has no picture to draw on."""


class DecodeError(MediaError):
    """The file is damaged: ffmpeg could not decode all of it."""


class EncodeError(MediaError):
    """ffmpeg could not write the output."""


class OutputError(MediaError):
    """The target exists, is the input, or cannot be written."""


class TaggerError(OverlayError):
    """A tagger cannot be used."""

    exit_code = 4


class UnknownTagger(TaggerError):
    """No tagger has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"unknown model {name!r}; known are {', '.join(self.known)}")


class CheckpointError(TaggerError):
    """A weights file does not fit the network, or is not safe to read.

    Args:
        message: What is wrong and what to do, without the path.
        path: The weights file.
        expected: What the network needs (a shape, a name, a hash), if that is what differs.
        got: What the file holds.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | Path,
        expected: object = None,
        got: object = None,
    ) -> None:
        self.path = str(path)
        self.expected = expected
        self.got = got
        detail = f" (expected {expected}, got {got})" if expected is not None else ""
        super().__init__(f"{path}: {message}{detail}")


class DownloadError(TaggerError):
    """Weights could not be fetched."""


class DeviceUnavailable(TaggerError):
    """The asked-for device is not there."""


class TrainingError(TaggerError):
    """There are too few clips or labels to train on."""


class SettingsError(OverlayError):
    """An option or a settings file is wrong."""

    exit_code = 5


class ThemeError(SettingsError):
    """A theme file is wrong.

    Args:
        message: What is wrong.
        path: The theme file.
        key: The key in it, if one is to blame.
    """

    def __init__(self, message: str, *, path: str | Path, key: str | None = None) -> None:
        self.path = str(path)
        self.key = key
        where = f"{path}: {key}" if key else f"{path}"
        super().__init__(f"{where}: {message}")


class FontNotFound(SettingsError):
    """No usable font is at this path or under this name."""


class LabelError(SettingsError):
    """A label file is wrong, or does not fit the scores."""


class ExportError(OverlayError):
    """A score track or a text file cannot be read or written."""

    exit_code = 6


class TrackError(ExportError):
    """A file is not a score track that can be used."""


class UnknownFormat(ExportError):
    """No export format has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"unknown format {name!r}; known are {', '.join(self.known)}")


class RulesBroken(ExportError):
    """Captions do not keep the rules of a style."""
