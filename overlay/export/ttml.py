"""TTML captions.

Source:
    W3C, Timed Text Markup Language 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from overlay.datatypes import Cue
from overlay.export.formats import CaptionFormat, clock, one_line
from overlay.export.xml_text import printable

_NAMESPACE = "http://www.w3.org/ns/ttml"
_TAGS = {"en": "en", "zh": "zh-Hans"}


def _write(cues: Sequence[Cue], language: str) -> str:
    root = ElementTree.Element("tt", {"xmlns": _NAMESPACE, "xml:lang": _TAGS[language]})
    block = ElementTree.SubElement(ElementTree.SubElement(root, "body"), "div")
    for cue in cues:
        times = {"begin": clock(cue.start_s), "end": clock(cue.end_s)}
        text = ElementTree.SubElement(block, "p", times)
        text.text = printable(one_line(cue.lines[0]))
        for line in cue.lines[1:]:
            ElementTree.SubElement(text, "br").tail = printable(one_line(line))
    return ElementTree.tostring(root, "unicode", xml_declaration=False) + "\n"


FORMAT = CaptionFormat("ttml", ".ttml", "TTML captions", _write)
