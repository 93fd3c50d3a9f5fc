"""Who is at it: a claim is a file that only one can make, and that lives as long as it is renewed.

Safe on NFS: an exclusive create decides. Clocks of machines are not compared: a claim is stale if
nobody renewed it while *we* looked on for a whole lease, by our own clock. Of several who find it
stale one wins, since only one can rename it away. So work is done at least once, and by two at once
only if one of them was frozen for longer than a lease.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from overlay.batching.markers import CLAIMS, STATE_FOLDER, identity_of
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
    """

    def __init__(self, out: Path, lease_s: float = LEASE_S) -> None:
        self._folder = out / STATE_FOLDER / CLAIMS
        self._lease_s = lease_s
        self._me = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
        self._held: set[Path] = set()
        self._seen: dict[Path, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    def path(self, place: str, kind: str) -> Path:
        """Where the claim of a source and a kind lies."""
        name = identity_of(place, kind)
        return self._folder / name[:2] / f"{name[2:]}.claim"

    @contextlib.contextmanager
    def claimed(self, place: str, kind: str) -> Iterator[bool]:
        """Whether the work is ours while the block lasts.

        Raises:
            OutputError: The output has no room for a claim.
        """
        path = self.path(place, kind)
        mine = self._take(path)
        if not mine:
            yield False
            return
        with self._lock:
            self._held.add(path)
        stop = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(path, stop), daemon=True)
        renewer.start()
        try:
            yield True
        finally:
            stop.set()
            renewer.join()
            with self._lock:
                self._held.discard(path)
            if self._is_mine(path):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _take(self, path: Path) -> bool:
        make_folder(path.parent)
        if self._create(path):
            return True
        if not self._is_stale(path):
            return False
        away = path.with_suffix(f".{uuid4().hex}.stale")
        try:
            path.rename(away)  # of several who try, one succeeds
        except OSError:
            return False
        with contextlib.suppress(OSError):
            away.unlink()
        return self._create(path)

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
            with contextlib.suppress(OSError):
                if not self._is_mine(path):
                    return
                temporary = path.with_suffix(f".{uuid4().hex}.part")
                temporary.write_bytes(self._content(count))
                temporary.replace(path)

    def _is_mine(self, path: Path) -> bool:
        return self._owner(path)[0] == self._me

    def _owner(self, path: Path) -> tuple[str, bytes]:
        try:
            content = read_bytes(path, _LARGEST_BYTES, "the claim", path_error(TrackError, path))
            return str(json.loads(content)["owner"]), content
        except (TrackError, ValueError, KeyError, TypeError, RecursionError):
            return "", b""

    def _is_stale(self, path: Path) -> bool:
        owner, content = self._owner(path)
        if _is_dead(owner):
            return True
        now = time.monotonic()
        known, since = self._seen.get(path, (None, now))
        if known != content:
            self._seen[path] = content, now
            return False
        return now - since > self._lease_s


def _is_dead(owner: str) -> bool:
    """Whether the owner was a process of this machine that is no more."""
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
