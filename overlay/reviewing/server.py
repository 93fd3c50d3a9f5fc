"""The local server: pages, media and verdicts of a desk, to whoever has the link.

    /TOKEN/               all clips
    /TOKEN/N/             the page of clip N
    /TOKEN/N/media        its medium, in ranges (RFC 9110, section 14)
    /TOKEN/N/copy         whether a copy that the browser can play is ready; asking makes it
    /TOKEN/N/verdicts     GET: what has been said; POST: more of it

No path of a request is ever a path on the disk: a clip is a number, its files are known before.
Without the token, which changes with each start, everything is "not found"; so it is for pages from
elsewhere, though they knew it, and for another file that took the place of the one listened to.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import os
import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from overlay.errors import OverlayError, UsageError
from overlay.files import is_there, opened, reason
from overlay.reviewing.browser_support import media_type
from overlay.reviewing.page import plain_page
from overlay.reviewing.session import Clip, Desk, copy_state, stamp_of
from overlay.verdicts import Entry, entry_dict

_MOST_POSTED = 16 << 20
_MOST_MEDIA = 1 << 62
_IDLE_S = 60
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}


class ReviewServer(ThreadingHTTPServer):
    """Serves a desk.

    Args:
        desk: What there is to review.
        host: Address to listen on.
        port: Port; any free one if 0.

    Raises:
        UsageError: It cannot listen there.
    """

    daemon_threads = True

    def __init__(self, desk: Desk, host: str = "127.0.0.1", port: int = 0) -> None:
        self.desk = desk
        self.token = secrets.token_urlsafe(18)
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            raise UsageError(f"cannot listen on {host}:{port}: {reason(error)}") from error

    @property
    def is_local(self) -> bool:
        """Whether only this machine can ask."""
        return str(self.server_address[0]).startswith("127.")

    @property
    def names(self) -> tuple[str, ...]:
        """What a browser on this machine calls it."""
        host, port = self.server_address[:2]
        return f"{host!s}:{port}", f"localhost:{port}"

    @property
    def link(self) -> str:
        """What to open in a browser."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no error."""


class _NotFound(Exception):
    """There is nothing of this name."""


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    server_version, sys_version = "tag-overlay", ""
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing of what is asked for is printed: it holds the token."""

    def do_GET(self) -> None:
        self._answered({"": self._page, "media": self._media, "copy": self._copy,
                        "verdicts": self._verdicts})  # fmt: skip

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        self._answered({"verdicts": self._add})

    def _answered(self, routes: dict[str, Callable[[Clip], None]]) -> None:
        try:
            parts = self.path.partition("?")[0].split("/")
            if (
                not self._is_for_us()
                or len(parts) < 3
                or not hmac.compare_digest(parts[1].encode(), self.server.token.encode())
            ):
                raise _NotFound
            if parts[2:] == [""] and self.command != "POST":
                self._index()
            elif len(parts) == 4 and parts[3] in routes:
                routes[parts[3]](self._clip(parts[2]))
            else:
                raise _NotFound
        except _NotFound:
            self._say(HTTPStatus.NOT_FOUND, "not found")
        except OverlayError as error:
            self._say(HTTPStatus.CONFLICT, str(error))

    def _is_for_us(self) -> bool:
        """Whether no page from elsewhere asks, under a name that it made point here or its own."""
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return False
        return not self.server.is_local or host in self.server.names

    def _clip(self, number: str) -> Clip:
        clips = self.server.desk.clips
        if not re.fullmatch("[0-9]{1,6}", number) or int(number) >= len(clips):
            raise _NotFound
        return clips[int(number)]

    # Answers

    def _head(self, status: HTTPStatus, kind: str, length: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in {
            **_HEADERS, "Content-Type": kind, "Content-Length": str(length),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }.items():  # fmt: skip
            self.send_header(name, value)
        self.end_headers()

    def _send(self, status: HTTPStatus, kind: str, content: bytes, **headers: str) -> None:
        self._head(status, kind, len(content), **headers)
        if self.command != "HEAD":
            self.wfile.write(content)

    def _say(self, status: HTTPStatus, text: str) -> None:
        self.close_connection = True  # what was posted may not have been read
        self._send(status, "text/plain; charset=utf-8", text.encode("utf-8", "replace"))

    def _html(self, content: bytes) -> None:
        self._send(HTTPStatus.OK, "text/html; charset=utf-8", content)

    def _json(self, value: Any, **headers: str) -> None:
        self._send(HTTPStatus.OK, "application/json", json.dumps(value).encode(), **headers)

    # Pages

    def _index(self) -> None:
        rows = [_row(number, clip) for number, clip in enumerate(self.server.desk.clips)]
        waiting = any(clip.page is None and not clip.failure for clip in self.server.desk.clips)
        body = f"<h1>Review · 审核</h1><ol class='clips'>{''.join(rows)}</ol>"
        self._html(plain_page("Review · tag-overlay", body, refresh_s=3 if waiting else None))

    def _page(self, clip: Clip) -> None:
        if clip.page is not None:
            self._html(clip.page.content)
            return
        name = html.escape(clip.name)
        if clip.failure:
            body = f"<h1>{name}</h1><p class='fault'>{html.escape(clip.failure)}</p>"
            self._html(plain_page(clip.name, body))
            return
        self.server.desk.want_page(clip)
        body = f"<h1>{name}</h1><p>It is being listened to… · 正在聆听…</p>"
        self._html(plain_page(clip.name, body, refresh_s=1))

    # Media

    def _copy(self, clip: Clip) -> None:
        self.server.desk.want_copy(clip)
        self._json(copy_state(clip))

    def _media(self, clip: Clip) -> None:
        if clip.page is None:
            raise _NotFound
        path = clip.playable or clip.path
        with opened(path, _MOST_MEDIA, "the medium", lambda said: OverlayError(said)) as file:
            if path is clip.path and stamp_of(os.fstat(file.fileno())) != clip.stamp:
                raise OverlayError(f"{path}: has changed since it was listened to; review it anew")
            self._send_file(file, path)

    def _send_file(self, file: BinaryIO, path: Path) -> None:
        size = os.fstat(file.fileno()).st_size
        span = _span(self.headers.get("Range"), size)
        kind = media_type(path)
        if span is None:
            self._head(HTTPStatus.OK, kind, size, Accept_Ranges="bytes")
            span = range(size)
        elif not span:
            refused = {"Content_Range": f"bytes */{size}"}
            self._send(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "text/plain", b"", **refused)
        else:
            self._head(
                HTTPStatus.PARTIAL_CONTENT, kind, len(span), Accept_Ranges="bytes",
                Content_Range=f"bytes {span.start}-{span.stop - 1}/{size}",
            )  # fmt: skip
        if self.command == "HEAD" or not span:
            return
        file.seek(span.start)
        _copied(file, self.wfile, len(span))

    # Verdicts

    def _verdicts(self, clip: Clip) -> None:
        if clip.page is None:
            raise _NotFound
        entries = [entry_dict(entry) for entry in clip.verdicts().entries]
        ids = "\n".join(entry["id"] for entry in entries)
        tag = f'"{hashlib.sha256(ids.encode()).hexdigest()[:32]}"'
        if self.headers.get("If-None-Match") == tag:
            self._send(HTTPStatus.NOT_MODIFIED, "application/json", b"", ETag=tag)
        else:
            self._json({"entries": entries}, ETag=tag)

    def _add(self, clip: Clip) -> None:
        length = self.headers.get("Content-Length", "")
        if clip.page is None:
            raise _NotFound
        if not re.fullmatch("[0-9]{1,9}", length) or int(length) > _MOST_POSTED:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large, or of unknown length")
            return
        try:
            content = json.loads(self.rfile.read(int(length)))
            entries = [Entry.of(each) for each in content["entries"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            self._say(HTTPStatus.BAD_REQUEST, f"no verdicts: {error!s:.200}")
            return
        self._json({"added": clip.add(entries)})


def _span(header: str | None, size: int) -> range | None:
    """The bytes that are asked for, empty if there are none such; ``None`` for all of them.

    What is no single range of bytes may be passed over, as RFC 9110 says.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        return range(max(0, size - int(found[2])), size)
    first = int(found[1])
    last = int(found[2]) if found[2] else size - 1
    if found[2] and last < first:
        return None
    return range(first, min(last, size - 1) + 1)


def _copied(file: BinaryIO, target: Any, n_bytes: int) -> None:
    while n_bytes:
        piece = file.read(min(1 << 18, n_bytes))
        if not piece:
            raise ConnectionAbortedError  # the file has shrunk: the browser must see it
        target.write(piece)
        n_bytes -= len(piece)


def _row(number: int, clip: Clip) -> str:
    name = html.escape(clip.name)
    if clip.failure:
        why = clip.failure.removeprefix(f"{clip.path}: ")  # the name stands beside it
        state = f"<span class='fault'>{html.escape(why)}</span>"
    elif clip.page is None:
        state = "<span>is being listened to… · 正在聆听…</span>"
    else:
        state = f"<span>{_said(clip)}</span>"
    return f"<li><a href='{number}/' dir='auto'>{name}</a> {state}</li>"


def _said(clip: Clip) -> str:
    if not is_there(clip.verdicts_path):
        return "not judged yet · 尚未审核"
    try:
        n_events = len({entry.event for entry in clip.verdicts().entries})
    except OverlayError as error:
        return html.escape(str(error))
    return f"{n_events} {'event' if n_events == 1 else 'events'} judged · 已审核 {n_events}"
