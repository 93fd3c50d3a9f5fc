"""TTML captions.

Source:
    W3C, Timed Text Markup Language 1.
"""

from __future__ import annotations

from xml.etree import ElementTree

from overlay.export.escaping import xml_text
from overlay.export.formats import Format, Run, clock, lines_of

_NAMESPACE = "http://www.w3.org/ns/ttml"
_TAGS = {"en": "en", "zh": "zh-Hans"}


def _write(run: Run) -> str:
    language = _TAGS[run.settings.captions.language]
    root = ElementTree.Element("tt", {"xmlns": _NAMESPACE, "xml:lang": language})
    block = ElementTree.SubElement(ElementTree.SubElement(root, "body"), "div")
    for cue in run.cues:
        times = {"begin": clock(cue.start_s), "end": clock(cue.end_s)}
        text = ElementTree.SubElement(block, "p", times)
        first, *rest = map(xml_text, lines_of(cue))
        text.text = first
        for line in rest:
            ElementTree.SubElement(text, "br").tail = line
    return ElementTree.tostring(root, "unicode", xml_declaration=False) + "\n"


FORMAT = Format("ttml", ".ttml", "TTML captions", _write, "captions")
