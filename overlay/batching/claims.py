"""Who is at it: a claim is a file that only one can make, and that lives as long as it is renewed.

Safe on NFS: an exclusive create decides. Clocks of machines are not compared: a claim is stale if
nobody renewed it while *we* looked on for a whole lease, by our own clock, or if its owner was a
process of this machine that is no more. Of several who find it stale one wins, since only one can
rename it away. So work is done at least once, and by two at once only if one of them was frozen, or
cut off from the storage, for longer than a lease.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

from overlay.batching.markers import CLAIMS, STATE_FOLDER, identity_of, write_state
from overlay.errors import OutputError, TrackError
from overlay.files import make_folder, path_error, read_bytes, reason

_LARGEST_BYTES = 4096
LEASE_S = 60.0
"""A claim that nobody renewed for this long is nobody's."""


class Claims:
    """The claims of one process.

    Args:
        out: The output that the work is for.
        lease_s: Seconds after which a claim that is not renewed is stale.
        clock: Seconds that pass.
        nap: Waits for some.
    """

    def __init__(
        self,
        out: Path,
        lease_s: float = LEASE_S,
        clock: Callable[[], float] = time.monotonic,
        nap: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = out / STATE_FOLDER / CLAIMS
        self._lease_s, self._clock, self._nap = lease_s, clock, nap
        self._me = f"{_here()}:{os.getpid()}:{uuid4().hex}"

    def path(self, place: str, kind: str) -> Path:
        """Where the claim of a source and a kind lies."""
        name = identity_of(place, kind)
        return self._folder / name[:2] / f"{name[2:]}.claim"

    @contextlib.contextmanager
    def claimed(self, place: str, kind: str, *, patient: bool = False) -> Iterator[bool]:
        """Whether the work is ours while the block lasts.

        Args:
            place: Of the source.
            kind: Of product.
            patient: Look on at another's claim until it is gone, renewed or stale: a lease at most.

        Raises:
            OutputError: The output has no room for a claim.
        """
        path = self.path(place, kind)
        if not self._take(path, patient=patient):
            yield False
            return
        stop = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(path, stop), daemon=True)
        renewer.start()
        try:
            yield True
        finally:
            stop.set()
            renewer.join()
            if self._is_mine(path):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _take(self, path: Path, *, patient: bool) -> bool:
        make_folder(path.parent)
        if self._create(path):
            return True
        content = _read(path)
        is_left = _is_dead(_owner(content))
        if not is_left and not patient:
            return False
        if is_left or (content is not None and self._stays(path, content)):
            return self._put_away(path, content) and self._create(path)
        return self._create(path)  # it may be gone: only the disk knows

    def _stays(self, path: Path, content: bytes) -> bool:
        """Whether a claim is there for a whole lease, and nobody renews it.

        When the storage or this machine stood still the owner may have been unable to, and we
        begin to count anew.
        """
        left_s = self._lease_s
        while left_s > 0:
            began = self._clock()
            self._nap(min(self._lease_s / 20, 1.0))
            if _read(path) != content:
                return False
            took_s = self._clock() - began
            left_s = left_s - took_s if took_s < self._lease_s / 4 else self._lease_s
        return True

    def _put_away(self, path: Path, content: bytes | None) -> bool:
        """Remove a claim that is stale, and no other that has taken its place meanwhile."""
        away = path.with_suffix(f".{uuid4().hex}.stale")
        try:
            path.rename(away)  # of several who try, one succeeds
        except OSError:
            return False
        is_stale = _read(away) == content
        with contextlib.suppress(OSError):
            if not is_stale:
                os.link(away, path)
            away.unlink()
        return is_stale

    def _create(self, path: Path) -> bool:
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self._content(0))
            except BaseException:
                path.unlink(missing_ok=True)  # else nobody could claim it for a lease
                raise
        except FileExistsError:
            return False
        except OSError as error:
            raise OutputError(f"cannot be written: {reason(error)}", path=path) from error
        return True

    def _content(self, count: int) -> bytes:
        return json.dumps({"owner": self._me, "renewed": count}).encode()

    def _renew(self, path: Path, stop: threading.Event) -> None:
        count = 0
        while not stop.wait(self._lease_s / 4):
            count += 1
            content = _read(path)
            if content is None or _owner(content) not in (self._me, ""):
                return
            with contextlib.suppress(OSError, OutputError):
                if content:  # else it cannot be read for the moment
                    write_state(path, self._content(count))

    def _is_mine(self, path: Path) -> bool:
        return _owner(_read(path)) == self._me


def _read(path: Path) -> bytes | None:
    """What is in a claim; nothing if it cannot be read, ``None`` if it is not there."""
    try:
        return read_bytes(path, _LARGEST_BYTES, "the claim", path_error(TrackError, path))
    except TrackError as error:
        return None if isinstance(error.__cause__, FileNotFoundError) else b""


def _owner(content: bytes | None) -> str:
    """Whose a claim is; empty where nobody can tell, and it is stale after a lease."""
    try:
        return str(json.loads(content or b"")["owner"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


@cache
def _here() -> str:
    """Where process ids mean the same as here.

    Machines may have one name, and so may containers: what is made anew at each start of a system
    tells them apart, as far as there is such a thing.
    """
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(parts)


def _is_dead(owner: str) -> bool:
    """Whether the owner was a process of this machine that is no more."""
    here, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if here != _here() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
