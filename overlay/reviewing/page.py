"""The page: the files of ``assets/review`` and the data in one HTML file that fetches nothing.

The scripts are ES modules, one idea each, written in the order of ``_MODULES`` into one: their
imports, which name each other alone, are left out. What a browser may do with the page stands in
its content security policy: run this one script and this one style by their hashes, show pictures
that the page holds, play the one medium beside it, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from typing import Any

from overlay.resources import resource

_MODULES = (
    "words", "elements", "model", "verdicts", "queue", "keeping", "player", "timeline", "list",
    "dialogs", "keys", "app",
)  # fmt: skip
_IMPORT = re.compile(r"^import\b[^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export\s+", re.MULTILINE)
_IN_SCRIPT = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def page(data: Mapping[str, Any], title: str, *, served: bool = False) -> bytes:
    """The HTML of a review page.

    Args:
        data: What it is told; any text in it is text to the page, never markup or script.
        title: Name of the medium.
        served: Whether it comes from the local server, to which it then may talk.
    """
    style, script = _asset("review.css"), _script()
    parts = {
        "policy": html.escape(policy(style, script, served=served)),
        "title": html.escape(title),
        "icon": _icon(),
        "style": style,
        "script": script,
        "data": json_in_script(data),
    }
    filled = _PLACE.sub(lambda place: parts[place[1]], _asset("review.html"))
    return filled.encode("utf-8", "replace")


def policy(style: str, script: str, *, served: bool) -> str:
    """The content security policy of a page of this style and script."""
    rules = {
        "default-src": "'none'",
        "script-src": _hash(script),
        "style-src": _hash(style),
        "img-src": "data: blob:",
        "media-src": "'self'" if served else "'self' file:",
        "connect-src": "'self'" if served else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def json_in_script(data: Any) -> str:
    """JSON that no reader of HTML can take for the end of its script or for a comment."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)


def _script() -> str:
    return "".join(
        f"// {name}.js\n{_EXPORT.sub('', _IMPORT.sub('', _asset(f'{name}.js')))}"
        for name in _MODULES
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _icon() -> str:
    """Held by the page: a browser that asked a server for one would break the policy."""
    svg = base64.b64encode(_asset("icon.svg").encode()).decode("ascii")
    return f"data:image/svg+xml;base64,{svg}"


def _asset(name: str) -> str:
    return resource("assets", "review", name).read_text(encoding="utf-8")


def plain_page(title: str, body: str, *, refresh_s: int | None = None) -> bytes:
    """A page of the server without script, in the same style.

    Args:
        title: Text.
        body: HTML; whoever calls has escaped the text in it.
        refresh_s: After how many seconds it is to be asked for again.
    """
    style = _asset("review.css")
    rules = f"default-src 'none'; img-src data:; style-src {_hash(style)}"
    again = f'<meta http-equiv="refresh" content="{refresh_s}">' if refresh_s else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(rules)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{again}'
        f'<link rel="icon" href="{_icon()}">'
        f"<title>{html.escape(title)}</title><style>{style}</style></head>"
        f'<body class="plain"><main>{body}</main></body></html>'
    ).encode("utf-8", "replace")
