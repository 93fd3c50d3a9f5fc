"""Text from outside as each kind of file can hold it: labels, names of files and models, titles.

What a format has an escape for is escaped and read back as it was; what it has none for is
replaced. Marks that turn the direction of writing (U+202A to U+202E, U+2066 to U+2069) stay in JSON
alone, escaped: elsewhere they would make a line read as another (CVE-2021-42574).
"""

from __future__ import annotations

import json
import re

_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), None)
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_CONTROL = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")
_IN_A_LINE = _CONTROL | _SURROGATES | _TURNS
_IN_A_CELL = {0: " "} | _SURROGATES | _TURNS
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPED_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    """For formats of lines: tabs, line breaks and control characters become spaces."""
    return " ".join(text.translate(_IN_A_LINE).split())


def table_cell(text: str) -> str:
    """For CSV, where a quoted cell holds line breaks: nothing that a spreadsheet would reckon.

    A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break gets an apostrophe in
    front, which spreadsheets do not show.

    Source:
        OWASP, "CSV Injection".
    """
    text = _unix(text.translate(_IN_A_CELL))
    return f"'{text}" if text.lstrip(" \n").startswith(_FORMULAS) else text


def file_cell(name: str) -> str:
    """A file's name in a table, as ``./name`` where a spreadsheet would take it for a formula."""
    name = one_line(name)
    return f"./{name}" if name.startswith(_FORMULAS) else name


def xml_text(text: str) -> str:
    """Without what XML 1.0 has no way to write; markup is the writer's to escape."""
    return _NOT_IN_XML.sub("", _unix(text.translate(_TURNS)))


def json_text(value: object, indent: int | None = None) -> str:
    """JSON, readable in any language; line ends and turns of writing are escaped.

    What JSON may hold as it is, some readers of lines end a line at.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _ESCAPED_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _unix(text: str) -> str:
    """Line ends as one character: a lone carriage return is no line end to some readers."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
