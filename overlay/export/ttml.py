"""TTML captions.

Source:
    W3C, Timed Text Markup Language 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from overlay.datatypes import TagEvent
from overlay.export.cues import cues_of
from overlay.export.formats import Format, Run, clock
from overlay.export.xml_text import printable

_NAMESPACE = "http://www.w3.org/ns/ttml"


def _write(events: Sequence[TagEvent], run: Run) -> str:
    root = ElementTree.Element("tt", {"xmlns": _NAMESPACE, "xml:lang": "en"})
    block = ElementTree.SubElement(ElementTree.SubElement(root, "body"), "div")
    for cue in cues_of(events):
        times = {"begin": clock(cue.start_s), "end": clock(cue.end_s)}
        text = ElementTree.SubElement(block, "p", times)
        text.text = printable(cue.lines[0])
        for line in cue.lines[1:]:
            ElementTree.SubElement(text, "br").tail = printable(line)
    return ElementTree.tostring(root, "unicode", xml_declaration=False) + "\n"


FORMAT = Format("ttml", ".ttml", "TTML captions", _write)
