"""Where results go: what may be written where, and files that appear only when they are whole."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from overlay.errors import OutputError
from overlay.files import leftovers
from overlay.files.paths import AnyPath, is_folder, is_there, named_after, reason, same, status

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
"""What the disk says to whoever writes into a file of ours, and nobody else says."""
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES)
_SYSTEM_FOLDERS = ("/dev", "/proc", "/sys")


# What may be written where


def check_target(out: AnyPath, *inputs: AnyPath, overwrite: bool) -> None:
    """Refuse a target that is an input, exists, is no regular file, or has no folder to be in.

    Args:
        out: Where a file is to appear.
        inputs: Every file that the command reads, of whatever kind; none is ever overwritten, not
            even through a link.
        overwrite: Whether a regular file that is there may be replaced.

    Raises:
        OutputError: As said.
    """
    out = Path(out)
    _check_no_input(out, inputs)
    if is_folder(out):
        raise OutputError("is a folder; give a file name", path=out)
    _check_place(out)
    if not is_there(out):
        return
    _check_regular(out)
    if not overwrite:
        raise OutputError("exists already; use --overwrite or another name with -o", path=out)


def _check_no_input(out: Path, inputs: Iterable[AnyPath]) -> None:
    for number, each in enumerate(inputs):
        if same(out, each):
            what = "an input, too" if number else "the input itself"
            raise OutputError(f"is {what}; choose another name with -o", path=out)


def _check_place(out: Path) -> None:
    """That there is a folder, and the name can be one in it."""
    folder = out.parent
    try:
        found = os.stat(folder)  # noqa: PTH116  the reason why not is wanted
        with contextlib.suppress(FileNotFoundError):
            os.lstat(out)
    except FileNotFoundError as error:
        raise OutputError(f"there is no folder {folder}; make it first", path=out) from error
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write here: {reason(error)}", path=out) from error
    if not stat.S_ISDIR(found.st_mode):
        raise OutputError(f"there is no folder {folder}; make it first", path=out)
    if not os.access(folder, os.W_OK | os.X_OK):
        read_only = os.statvfs(folder).f_flag & os.ST_RDONLY if hasattr(os, "statvfs") else 0
        refused = OSError(errno.EROFS if read_only else errno.EACCES, "")
        raise OutputError(f"cannot write here: {reason(refused)}", path=out) from refused
    try:
        place = os.path.realpath(folder)
    except OSError as error:
        raise OutputError("the folder that we are in is gone", path=out) from error
    if place in _SYSTEM_FOLDERS or place.startswith(("/proc/", "/sys/")):
        raise OutputError("is no place for files; choose another name with -o", path=out)


def _check_regular(out: Path) -> None:
    found = status(out)
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise OutputError(
            "is a pipe or a device, which is never replaced; give another name with -o", path=out
        )


def check_folder_target(folder: AnyPath, pattern: str, *, overwrite: bool) -> None:
    """Refuse a folder for numbered pictures that holds anything else than such pictures.

    Args:
        folder: Where they go; it need not be there.
        pattern: Their name, with one number such as ``%05d`` in it.
        overwrite: Whether pictures of this name may be replaced.

    Raises:
        OutputError: As said.
    """
    folder = Path(folder)
    _check_place(folder.absolute())
    if not is_there(folder):
        return
    if not is_folder(folder) or folder.is_symlink():
        raise OutputError("exists and is no folder; choose another name with -o", path=folder)
    own = _pictures(pattern)
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise OutputError(f"cannot be looked into: {reason(error)}", path=folder) from error
    for entry in entries:
        if not _is_own(entry, own):
            raise OutputError(
                f"holds {entry.name}; give an empty folder or a new one with -o", path=folder
            )
        if not overwrite:
            raise OutputError("exists already; use --overwrite or another name", path=folder)


def _pictures(pattern: str) -> re.Pattern[str]:
    before, after = re.split(r"%0?\d*d", pattern)
    return re.compile(f"{re.escape(before)}\\d+{re.escape(after)}")


def _is_own(entry: Path, own: re.Pattern[str]) -> bool:
    return own.fullmatch(entry.name) is not None and stat.S_ISREG(entry.lstat().st_mode)


def make_folder(folder: AnyPath) -> Path:
    """Make a folder, and those above it, if it is not there.

    Raises:
        OutputError: It cannot be made.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise OutputError(f"the folder cannot be made: {reason(error)}", path=folder) from error
    return folder


# Whole or absent


@contextmanager
def whole_or_absent(
    target: AnyPath,
    *,
    overwrite: bool,
    inputs: Iterable[AnyPath] = (),
    through: Path | None = None,
) -> Iterator[Path]:
    """A temporary file beside the target that gets its name if the block ends well.

    Otherwise nothing is left. A target that has appeared while the block ran stays, unless
    ``overwrite``; the result is then kept beside it under a name that the error says.

    Args:
        target: The name in the end.
        overwrite: Whether a regular file of this name may be replaced.
        inputs: Files that are read and never replaced.
        through: Folder of the same disk that the temporary file is in; the target's own if
            ``None``, which is looked through for leftovers each time: long where much is in it.

    Yields:
        An empty file, of the target's extension, to be written over.

    Raises:
        OutputError: The target is refused (``check_target``), or cannot be written.
    """
    target, inputs = Path(target), tuple(inputs)
    check_target(target, *inputs, overwrite=overwrite)
    beside = target if through is None else make_folder(through) / target.name
    leftovers.sweep(beside.parent)
    with contextlib.ExitStack() as stack:
        temporary = _entered(stack, beside, folder=False)
        with _disk_errors(target):
            yield temporary
        try:
            _publish(temporary, target, inputs, overwrite=overwrite)
        except (OSError, ValueError) as error:
            raise _not_written(target, error) from error


def write_bytes(
    target: AnyPath,
    content: bytes,
    *,
    overwrite: bool,
    inputs: Iterable[AnyPath] = (),
    through: Path | None = None,
) -> Path:
    """Write a file of this content, whole or not at all; arguments and errors as above."""
    with whole_or_absent(target, overwrite=overwrite, inputs=inputs, through=through) as temporary:
        temporary.write_bytes(content)
    return Path(target)


@contextmanager
def whole_folder_or_absent(
    folder: AnyPath, pattern: str, *, overwrite: bool
) -> Iterator[Path]:  # fmt: skip
    """A temporary folder beside ``folder``, as ``whole_or_absent`` for a file.

    With ``overwrite``, pictures of this pattern are replaced as a whole, and come back if that
    fails. Nothing else is ever deleted: where something else is in the folder in the end, the
    result is kept beside it.

    Args:
        folder: Where numbered pictures are to appear.
        pattern: Their name, as for ``check_folder_target``.
        overwrite: Whether pictures that are there may be replaced.

    Raises:
        OutputError: The folder is refused, or cannot be written.
    """
    folder = Path(folder).absolute()
    check_folder_target(folder, pattern, overwrite=overwrite)
    leftovers.sweep(folder.parent)
    with contextlib.ExitStack() as stack:
        temporary = _entered(stack, folder, folder=True)
        with _disk_errors(folder):
            yield temporary
        try:
            _publish_folder(temporary, folder, pattern, overwrite=overwrite)
        except (OSError, ValueError) as error:
            raise _not_written(folder, error) from error


def _entered(stack: contextlib.ExitStack, target: Path, *, folder: bool) -> Path:
    try:
        return stack.enter_context(leftovers.owned(target, folder=folder))
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write here: {reason(error)}", path=target) from error


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for what is needed on the way only; of a killed run the next one sweeps it.

    Raises:
        OutputError: It cannot be made, or has no room for what the block writes.
    """
    place = temporary_place()
    leftovers.sweep(place)
    with contextlib.ExitStack() as stack:
        temporary = _entered(stack, place / "x", folder=True)
        with _disk_errors(place):
            temporary.chmod(0o700)
            yield temporary


def temporary_place() -> Path:
    """The folder for temporary files, found without the file by which ``tempfile`` tries one.

    A run that ends in that moment would leave it.

    Raises:
        OutputError: There is none.
    """
    for each in (tempfile.tempdir, os.environ.get("TMPDIR"), "/tmp"):
        if each and is_folder(each) and os.access(each, os.W_OK | os.X_OK):
            return Path(each)
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise OutputError("there is no folder for temporary files; set TMPDIR to one") from error


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    """What the disk says while a file of ours is written; other errors are somebody else's."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise _not_written(target, error) from error


def _not_written(target: Path, error: Exception) -> OutputError:
    return OutputError(f"cannot be written: {reason(error)}; nothing was kept", path=target)


def _publish(
    temporary: Path, target: Path, inputs: tuple[AnyPath, ...], *, overwrite: bool
) -> None:
    """Give the file its name; never over anything that may not be replaced."""
    try:
        if overwrite:
            check_target(target, *inputs, overwrite=True)  # hours may have passed
            temporary.replace(target)
        else:
            _name_new(temporary, target)
    except (OutputError, FileExistsError, IsADirectoryError) as error:
        kept = _kept(temporary, target, folder=False)
        raise OutputError(
            f"appeared while we worked and was not replaced; the result is in {kept}", path=target
        ) from error


def _name_new(temporary: Path, target: Path) -> None:
    """Name a file as nothing is named yet.

    Raises:
        FileExistsError: Something is.
    """
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here: the name is taken first, then what has it is replaced.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        temporary.replace(target)


def _kept(temporary: Path, target: Path, *, folder: bool) -> Path:
    """Where the result is, if not under its name."""
    number = 2
    while True:
        ending = f".{number}" if folder else f".{number}{target.suffix}"
        beside = named_after(target, ending)
        number += 1
        if is_there(beside):
            continue
        try:
            if folder:
                temporary.rename(beside)
            else:
                _name_new(temporary, beside)
        except FileExistsError:
            continue
        return beside


def _publish_folder(temporary: Path, folder: Path, pattern: str, *, overwrite: bool) -> None:
    try:
        check_folder_target(folder, pattern, overwrite=overwrite)  # hours may have passed
        _exchange(temporary, folder, _pictures(pattern))
    except OutputError as error:
        kept = _kept(temporary, folder, folder=True)
        raise OutputError(
            f"has changed while we worked and was not replaced; the result is in {kept}",
            path=folder,
        ) from error


def _exchange(temporary: Path, folder: Path, own: re.Pattern[str]) -> None:
    """Put a folder in the place of an older one, whose pictures of ours go."""
    if not is_there(folder):
        temporary.rename(folder)
        return
    old = leftovers.fresh(folder, "old")
    folder.rename(old)
    try:
        temporary.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    for entry in sorted(old.iterdir()):
        if _is_own(entry, own):
            entry.unlink()
        else:  # put there in this moment: it goes where it was meant to be
            entry.rename(folder / entry.name)
    old.rmdir()
