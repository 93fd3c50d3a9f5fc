"""ELAN annotations, one tier a label.

Source:
    Max Planck Institute for Psycholinguistics, EAF format 3.0.
"""

from __future__ import annotations

import datetime
import mimetypes
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from overlay.datatypes import TagEvent
from overlay.export.escaping import one_line, xml_text
from overlay.export.formats import Format, Run

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def _write(run: Run) -> str:
    today = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {"AUTHOR": xml_text(one_line(run.track.model)), "DATE": today, "FORMAT": "3.0",
         "VERSION": "3.0", "xmlns:xsi": _XSI, "xsi:noNamespaceSchemaLocation": _SCHEMA},
    )  # fmt: skip
    header = ElementTree.SubElement(root, "HEADER", {"TIME_UNITS": "milliseconds"})
    kind, _ = mimetypes.guess_type(run.source.name)
    if kind:  # not the name of a score track
        media = f"./{urllib.parse.quote(run.source.name, errors='surrogateescape')}"
        where = {"MEDIA_URL": media, "RELATIVE_MEDIA_URL": media, "MIME_TYPE": kind}
        ElementTree.SubElement(header, "MEDIA_DESCRIPTOR", where)
    order = ElementTree.SubElement(root, "TIME_ORDER")
    number = 0
    for name, same in _tiers(run.events):
        tier = ElementTree.SubElement(
            root, "TIER", {"LINGUISTIC_TYPE_REF": "sound", "TIER_ID": name}
        )
        for event in same:
            number += 1
            _add(order, tier, event, number)
    ElementTree.SubElement(
        root, "LINGUISTIC_TYPE",
        {"GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": "sound", "TIME_ALIGNABLE": "true"},
    )  # fmt: skip
    return ElementTree.tostring(root, "unicode") + "\n"


def _tiers(events: Sequence[TagEvent]) -> Iterator[tuple[str, list[TagEvent]]]:
    """The events of each label under a name of its own: those of one tier must not overlap."""
    by_label: dict[str, list[TagEvent]] = {}
    for event in events:
        by_label.setdefault(event.label, []).append(event)
    known: Counter[str] = Counter()
    for label, same in by_label.items():
        name = xml_text(label) or "?"
        known[name] += 1
        while known[name] > 1:
            name = f"{name} ({known[name]})"
            known[name] += 1
        yield name, same


def _add(
    order: ElementTree.Element, tier: ElementTree.Element, event: TagEvent, number: int
) -> None:
    slots = f"ts{2 * number - 1}", f"ts{2 * number}"
    for slot, seconds in zip(slots, (event.onset_s, event.offset_s), strict=True):
        ms = str(round(seconds * 1000))
        ElementTree.SubElement(order, "TIME_SLOT", {"TIME_SLOT_ID": slot, "TIME_VALUE": ms})
    annotation = ElementTree.SubElement(
        ElementTree.SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION",
        {"ANNOTATION_ID": f"a{number}", "TIME_SLOT_REF1": slots[0], "TIME_SLOT_REF2": slots[1]},
    )  # fmt: skip
    value = ElementTree.SubElement(annotation, "ANNOTATION_VALUE")
    value.text = xml_text(f"{event.label} {round(100 * event.peak)}")


FORMAT = Format("eaf", ".eaf", "ELAN annotations", _write)
